"""Interactions: one row a call, a mail, a meeting or the like with a customer, or about a lead of hers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import Field, model_validator

from api.imports.mapping import SHORT, Cell, CustomerCell, DateCell, LeadCell, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts, WhichLead
from domain.customer.imported_contact import ImportedInteraction, log_or_correct
from domain.event import Word
from domain.imported import ImportedFact, Past
from domain.interaction import Direction, InteractionKind, InteractionLogged
from domain.lead.imported_work import first_contact

_KINDS: tuple[InteractionKind, ...] = get_args(InteractionKind)
_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_SECONDS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600}

_Unit: TypeAlias = Literal["seconds", "minutes", "hours"]


class KindCell(Cell):
    """How we were in touch."""

    values: Mapping[str, InteractionKind] = Field(default_factory=dict)


class DirectionCell(Cell):
    """Who began."""

    values: Mapping[str, Direction | Literal[""]] = Field(default_factory=dict)


class DurationCell(Cell):
    """How long it took, in whole numbers of a unit."""

    unit: _Unit = "seconds"


class InteractionFields(Fields):
    """The fields of an interaction that a file can feed."""

    customer: Annotated[CustomerCell, SHORT] | None = None
    lead: Annotated[LeadCell, SHORT] | None = None
    """Of a row that names one, the interaction is on that lead, and the customer is the lead's."""
    kind: Annotated[KindCell, SHORT]
    happened_at: Annotated[DateCell, SHORT] | None = None
    direction: Annotated[DirectionCell, SHORT] | None = None
    summary: Annotated[TextCell, SHORT] | None = None
    about: Annotated[Cell, SHORT] | None = None
    duration: Annotated[DurationCell, SHORT] | None = None
    outcome: Annotated[TextCell, SHORT] | None = None

    @model_validator(mode="after")
    def _are_somebodys(self) -> Self:
        if not (self.customer or self.lead):
            raise ValueError("give the customer, the lead, or both: whose a row is")
        return self


class Interactions(ImportMapping):
    """A mapping file of interactions."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "interaction"
    begins: ClassVar[tuple[type, ...]] = (InteractionLogged,)

    kind: Literal["interactions"]
    source: Word | None = None
    fields: InteractionFields

    def said(self, texts: Texts, key: str) -> Said:
        record = ImportedInteraction(
            kind=self._kind(texts.get("kind")),
            happened_at=self.moment(self.fields.happened_at, texts.get("happened_at")),
            direction=self._direction(texts.get("direction")),
            summary=texts.get("summary"),
            about=texts.get("about"),
            duration_seconds=self._seconds(texts.get("duration")),
            outcome=texts.get("outcome"),
            external_id=key,
        )
        lead, key_of_lead = self.fields.lead, texts.get("lead")
        which = WhichLead(system=lead.system or self.system, key=key_of_lead) if lead and key_of_lead else None
        whose = None if which else self.customer_of(texts)
        return Said(key=key, record=record, customer=whose, source=self.source, lead=which)

    def decide(
        self, record: ImportedInteraction, history: Sequence[Past], deciding: Deciding
    ) -> Sequence[ImportedFact]:
        facts = log_or_correct(deciding.part, deciding.thing_id, record, deciding.now)
        return [*facts, *first_contact(history, facts)]

    def moments(self, record: ImportedInteraction) -> Sequence[tuple[str, datetime | None]]:
        return (("held", record.happened_at),)

    def _kind(self, text: str | None) -> InteractionKind:
        for kind in _KINDS:
            if kind == text:
                return kind
        raise RowRefused(f"{text or ''!r} is no kind of interaction. There are: {', '.join(_KINDS)}.")

    def _direction(self, text: str | None) -> Direction | None:
        for direction in _DIRECTIONS:
            if direction == text:
                return direction
        if text is None:
            return None
        raise RowRefused(f"{text!r} is no direction. There are: {', '.join(_DIRECTIONS)}.")

    def _seconds(self, text: str | None) -> int | None:
        cell = self.fields.duration
        if text is None or cell is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise RowRefused(f"{text!r} in column {cell.column} is no whole number of {cell.unit}.")
        return int(text) * _SECONDS[cell.unit]
