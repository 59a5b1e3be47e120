"""Tickets: one row a ticket, as it stands in the other system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from api.imports.kinds.ticket_events import PriorityCell, priority_of
from api.imports.mapping import SHORT, Cell, CustomerCell, DateCell, Row, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts, name_of
from domain.imported import ImportedFact, Past
from domain.ticket import TicketOpened, TicketStatus
from domain.ticket.imported import ImportedTicket, reconcile

_STATUSES: tuple[TicketStatus, ...] = get_args(TicketStatus)


class TicketStatusCell(Cell):
    """How far the ticket is; without it, what was closed or solved at some moment is that, and all else open."""

    values: Mapping[str, TicketStatus] = Field(default_factory=dict)


class TicketFields(Fields):
    """The fields of a ticket that a file can feed."""

    subject: Annotated[TextCell, SHORT] | None = None
    customer: Annotated[CustomerCell, SHORT] | None = None
    status: Annotated[TicketStatusCell, SHORT] | None = None
    assignee: Annotated[Cell, SHORT] | None = None
    priority: Annotated[PriorityCell, SHORT] | None = None
    category: Annotated[Cell, SHORT] | None = None
    channel: Annotated[Cell, SHORT] | None = None
    opened_at: Annotated[DateCell, SHORT] | None = None
    solved_at: Annotated[DateCell, SHORT] | None = None
    closed_at: Annotated[DateCell, SHORT] | None = None
    resolution: Annotated[TextCell, SHORT] | None = None


class Tickets(ImportMapping):
    """A mapping file of tickets."""

    noun: ClassVar[Literal["ticket"]] = "ticket"
    about: ClassVar[str] = "ticket"
    begins: ClassVar[tuple[type, ...]] = (TicketOpened,)

    kind: Literal["tickets"]
    fields: TicketFields

    def status(self, row: Row) -> str | None:
        cell = self.fields.status
        text = cell.read(row, self.empty) if cell else None
        if cell and text not in _STATUSES:
            raise RowRefused(f"{text or ''!r} in column {cell.column} is not one of: {', '.join(_STATUSES)}.")
        return text

    def said(self, texts: Texts, key: str) -> Said:
        solved_at = self.moment(self.fields.solved_at, texts.get("solved_at"))
        closed_at = self.moment(self.fields.closed_at, texts.get("closed_at"))
        told: TicketStatus = "closed" if closed_at else "solved" if solved_at else "open"
        record = ImportedTicket(
            subject=texts.get("subject") or f"Ticket {key}",
            channel=texts.get("channel"),
            priority=priority_of(texts.get("priority")),
            category=texts.get("category"),
            status=next((status for status in _STATUSES if status == texts["status"]), told),
            opened_at=self.moment(self.fields.opened_at, texts.get("opened_at")),
            solved_at=solved_at,
            closed_at=closed_at,
            resolution=texts.get("resolution"),
            external_ids={self.system: key},
        )
        return Said(key=key, record=record, customer=self.customer_of(texts), owner=name_of(texts.get("assignee")))

    def decide(self, record: ImportedTicket, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        return reconcile(history, record, deciding.owner_id, deciding.now)

    def moments(self, record: ImportedTicket) -> Sequence[tuple[str, datetime | None]]:
        moments = (("opened", record.opened_at), ("solved", record.solved_at), ("closed", record.closed_at))
        return moments if record.status in ("solved", "closed") else moments[:1]
