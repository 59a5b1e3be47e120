"""The `lead` read model as it is usually made with the library: an event at a time, with state kept in memory."""

import time
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from bench.append import stock_environment
from bench.ground import statement
from domain.catalogue import EVENT_TYPES
from domain.event import Forgotten
from domain.lead import Lead, evolve
from eventstore import log
from eventstore.database import connect
from eventstore.fence import horizon
from eventstore.library import StreamEvent

_PAGE = 500
_PATIENCE = 3600.0


class LeadRows(PostgresTrackingRecorder):
    """The table, with how far it is."""

    def write(self, lead_id: UUID, version: int, lead: Lead, tracking: Tracking) -> None:
        """Put a lead's row in its place, and say so, in one transaction."""
        row = {
            "lead_id": lead_id,
            "version": version,
            "status": lead.status,
            "title": None if isinstance(lead.title, Forgotten) else lead.title,
            "source": lead.source,
            "pipeline": lead.pipeline,
            "stage": lead.stage,
            "owner_id": lead.owner_id,
            "team": lead.team,
            "amount": lead.value and lead.value.amount,
            "currency": lead.value and lead.value.currency,
            "product_ids": sorted(lead.products),
            "recycled_until": lead.recycled_until,
            "merged_into": lead.merges.into and lead.merges.into.survivor_id,
        }
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(statement("projected_lead"), row, prepare=True)


class LeadProjection(Projection[LeadRows]):
    """Folds each event into its lead."""

    name = "projected"

    def __init__(self, view: LeadRows) -> None:
        super().__init__(view)
        self._leads: dict[UUID, Lead] = {}

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # Any: as in the library
        """The handler that is called for each event."""
        lead_id = domain_event.originator_id
        lead = evolve(self._leads.get(lead_id), domain_event.event)
        self._leads[lead_id] = lead
        self.view.write(lead_id, domain_event.originator_version, lead, tracking)


def rate(conninfo: str, source: str, events: int) -> float:
    """Events per second of the library's runner, over that many events of leads out of the log at `source`.

    The database at `conninfo` is the library's alone.
    """
    env = stock_environment(conninfo)
    with connect(conninfo) as connection:
        connection.execute(statement("projected_lead_table"))
    with Application[UUID](env) as application:
        saved = _save(application, source, events)
        last = application.recorder.max_notification_id()
    began = time.perf_counter()
    runner = ProjectionRunner[Application[UUID], LeadRows](
        application_class=Application[UUID], projection_class=LeadProjection, view_class=LeadRows, env=env
    )
    with runner:
        runner.wait(last, timeout=_PATIENCE)
        return saved / (time.perf_counter() - began)


def _save(application: Application[UUID], source: str, events: int) -> int:
    """Give the library's own recorder the events, in the order of the log; returns how many there are."""
    types = [name for name in EVENT_TYPES if name.startswith("lead.")]
    with connect(source) as connection:
        found = log.read(connection, after=0, horizon=horizon(connection), limit=events, types=types)
    happened = [StreamEvent(each.stream_id, each.version, "lead", each.event) for each in found]
    for start in range(0, len(happened), _PAGE):
        application.save(*happened[start : start + _PAGE])
    return len(happened)
