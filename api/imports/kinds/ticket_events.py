"""Ticket events: one row one thing that happened to a ticket, in the order in which it did; the first one opens it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from api.imports.mapping import SHORT, Cell, CustomerCell, DateCell, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts, name_of
from domain.event import Event
from domain.imported import ImportedFact, Past
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket.imported_event import Activity, ImportedActivity, reconcile

_ACTIVITIES: tuple[Activity, ...] = get_args(Activity)


class ActivityCell(Cell):
    """What happened; what has no word of ours is a note."""

    values: Mapping[str, Activity] = Field(default_factory=dict)


class PriorityCell(Cell):
    """How pressing a ticket is."""

    values: Mapping[str, Priority | Literal[""]] = Field(default_factory=dict)


class TicketEventFields(Fields):
    """The fields of what happened to a ticket that a file can feed. The external id is the ticket's."""

    activity: Annotated[ActivityCell, SHORT]
    happened_at: Annotated[DateCell, SHORT] | None = None
    customer: Annotated[CustomerCell, SHORT] | None = None
    resource: Annotated[Cell, SHORT] | None = None
    text: Annotated[TextCell, SHORT] | None = None
    subject: Annotated[TextCell, SHORT] | None = None
    priority: Annotated[PriorityCell, SHORT] | None = None
    category: Annotated[Cell, SHORT] | None = None
    channel: Annotated[Cell, SHORT] | None = None

    @model_validator(mode="after")
    def _cannot_count(self) -> Self:
        if self.external_id.numbered:
            raise ValueError("external_id cannot be numbered: all rows about a ticket have the same")
        return self


class TicketEvents(ImportMapping):
    """A mapping file of ticket events."""

    noun: ClassVar[Literal["ticket"]] = "ticket"
    about: ClassVar[str] = "ticket"
    begins: ClassVar[tuple[type, ...]] = (Event,)
    rows_repeat: ClassVar[bool] = True

    kind: Literal["ticket-events"]
    fields: TicketEventFields

    def said(self, texts: Texts, key: str) -> Said:
        record = ImportedActivity(
            activity=self._activity(texts.get("activity")),
            happened_at=self.moment(self.fields.happened_at, texts.get("happened_at")),
            text=texts.get("text"),
            priority=priority_of(texts.get("priority")),
            subject=texts.get("subject") or f"Ticket {key}",
            category=texts.get("category"),
            channel=texts.get("channel"),
            external_ids={self.system: key},
        )
        owner = name_of(texts.get("resource")) if record.activity == "assigned" else None
        return Said(key=key, record=record, customer=self.customer_of(texts), owner=owner)

    def decide(self, record: ImportedActivity, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        moment = record.happened_at.isoformat() if record.happened_at else ""
        row_id = deciding.new_id(record.activity, moment, str(deciding.nth))
        return reconcile(history, record, deciding.owner_id, row_id, deciding.nth, deciding.now)

    def moments(self, record: ImportedActivity) -> Sequence[tuple[str, datetime | None]]:
        return (("done", record.happened_at),)

    def _activity(self, text: str | None) -> Activity:
        for activity in _ACTIVITIES:
            if activity == text:
                return activity
        said = f"{text!r} in column {self.fields.activity.column}" if text else "What happened"
        raise RowRefused(f"{said} is not one of: {', '.join(_ACTIVITIES)}.")


def priority_of(text: str | None) -> Priority | None:
    """Raises RowRefused for another word."""
    for priority in PRIORITIES:
        if priority == text:
            return priority
    if text is None:
        return None
    raise RowRefused(f"{text!r} is no priority. There are: {', '.join(PRIORITIES)}.")
