"""Leads: one row a deal, as it stands in the other system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from api.imports.mapping import (
    SHORT,
    AmountCell,
    Cell,
    CustomerCell,
    DateCell,
    ImportRefused,
    Row,
    RowRefused,
    TextCell,
)
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts, name_of
from domain.event import Refusal, Word
from domain.imported import Past
from domain.lead import LeadCaptured, LeadEvent, LeadStatus
from domain.lead.imported import ImportedFact, ImportedLead, reconcile
from domain.workspace import Workspace

_STATUSES: tuple[LeadStatus, ...] = get_args(LeadStatus)


class StatusCell(Cell):
    """Whether a lead is open, and how it was closed if not."""

    values: Mapping[str, LeadStatus] = Field(default_factory=dict)


class LeadFields(Fields):
    """The fields of a lead that a file can feed."""

    title: Annotated[TextCell, SHORT] | None = None
    customer: Annotated[CustomerCell, SHORT] | None = None
    owner: Annotated[Cell, SHORT] | None = None
    status: Annotated[StatusCell, SHORT] | None = None
    stage: Annotated[Cell, SHORT] | None = None
    source: Annotated[Cell, SHORT] | None = None
    product: Annotated[Cell, SHORT] | None = None
    captured_at: Annotated[DateCell, SHORT] | None = None
    closed_at: Annotated[DateCell, SHORT] | None = None
    value: Annotated[AmountCell, SHORT] | None = None
    currency: Annotated[Cell, SHORT] | None = None
    lost_reason: Annotated[Cell, SHORT] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.value and not self.currency:
            raise ValueError('value needs a currency, such as currency = { constant = "EUR" }')
        if self.status and self.status.only_for:
            raise ValueError("status cannot be read only for some outcomes: it tells the outcome")
        for name, cell in self.cells():
            for outcome in cell.only_for:
                if outcome not in _STATUSES:
                    raise ValueError(f"{name} is read only for {outcome!r}; there are: {', '.join(_STATUSES)}")
        return self


class Leads(ImportMapping):
    """A mapping file of leads."""

    noun: ClassVar[Literal["lead"]] = "lead"
    about: ClassVar[str] = "lead"
    begins: ClassVar[tuple[type, ...]] = (LeadCaptured,)

    kind: Literal["leads"]
    pipeline: Word = "default"
    fields: LeadFields

    def must_suit(self, workspace: Workspace) -> None:
        try:
            pipeline = workspace.pipeline(self.pipeline)
        except Refusal as refusal:
            raise ImportRefused(f"The mapping's pipeline does not fit. {refusal}") from None
        if stage := self.fields.stage:
            try:
                for wanted in filter(None, (stage.constant, *stage.values.values())):
                    pipeline.stage(wanted)
            except Refusal as refusal:
                raise ImportRefused(f"The mapping's fields.stage does not fit: {refusal}") from None

    def said(self, texts: Texts, key: str) -> Said:
        record = ImportedLead(
            title=texts.get("title") or (None if self.fields.title is None else f"Lead {key}"),
            source=texts.get("source"),
            stage=texts.get("stage"),
            status=self._known_status(texts),
            captured_at=self.moment(self.fields.captured_at, texts.get("captured_at")),
            closed_at=self.moment(self.fields.closed_at, texts.get("closed_at")),
            value=self.money(self.fields.value, texts.get("value"), texts.get("currency")),
            product_ids=(product,) if (product := texts.get("product")) else None,
            lost_reason=texts.get("lost_reason"),
            external_ids={self.system: key},
        )
        owner = name_of(texts.get("owner"))
        return Said(key=key, record=record, customer=self.customer_of(texts), owner=owner, source=record.source)

    def status(self, row: Row) -> str | None:
        """Open, or how it was closed. Raises RowRefused for another word."""
        if not self.fields.status:
            return "open"
        text = self.fields.status.read(row, self.empty)
        if text in _STATUSES:
            return text
        column = self.fields.status.column
        if text is None:
            raise RowRefused(
                f'There is no status in column {column}; the mapping can say what that means: "" = "open".'
            )
        raise RowRefused(f"{text!r} in column {column} is not one of: {', '.join(_STATUSES)}.")

    def decide(self, record: ImportedLead, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        past: list[tuple[LeadEvent, datetime]] = []
        told: list[LeadEvent] = []
        for one in history:
            assert isinstance(one.event, LeadEvent)
            past.append((one.event, one.occurred_at))
            if one.by_import:
                told.append(one.event)
        wanted = record.model_copy(update={"owner_id": deciding.owner_id})
        return reconcile(past, wanted, deciding.workspace.pipeline(self.pipeline), deciding.now, told)

    def moments(self, record: ImportedLead) -> Sequence[tuple[str, datetime | None]]:
        return (("captured", record.captured_at), ("closed", record.closing_at))

    @staticmethod
    def _known_status(texts: Texts) -> LeadStatus:
        return next(status for status in _STATUSES if status == texts["status"])
