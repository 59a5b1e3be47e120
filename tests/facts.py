"""Facts to begin a test with: a pipeline, a lead's first events, and appending them to a log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from domain import lead
from domain.event import CustomerId, Event
from domain.lead import CaptureLead
from domain.workspace import DEFAULT_PIPELINE, Workspace, publish_pipeline
from eventstore import log
from eventstore.database import Connection

PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
NOBODY = log.Envelope("system", UUID(int=0), "test")


def captured(title: str = "Ten seats", **fields: object) -> Event:
    """The first event of a lead."""
    (event,) = lead.capture(CaptureLead.model_validate({"title": title, **fields}), PIPELINE, Workspace())
    return event


def given(
    connection: Connection,
    *events: Event,
    lead_id: UUID | None = None,
    customer_id: UUID | None = None,
    at: Sequence[datetime | None] = (),
    version: int | None = 0,
    flags: tuple[str, ...] = (),
) -> tuple[UUID, UUID]:
    """Append events to one lead's stream, `at` these moments, after `version`; returns the ids of lead and customer."""
    lead_id, customer_id = lead_id or uuid4(), customer_id or uuid4()
    moments = [*at, *[None] * (len(events) - len(at))]
    new = [
        log.NewEvent(
            CustomerId(customer_id),
            "lead",
            lead_id,
            None if version is None else version + number,
            event,
            moment,
            flags,
        )
        for number, (event, moment) in enumerate(zip(events, moments, strict=True), start=1)
    ]
    log.append(connection, new, NOBODY)
    return lead_id, customer_id
