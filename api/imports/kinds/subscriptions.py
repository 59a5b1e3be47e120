"""Subscriptions: one row what a customer pays for month by month, as it stands in the other system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from api.imports.mapping import SHORT, AmountCell, Cell, CustomerCell, DateCell, Row, RowRefused
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts
from domain.customer import CustomerSubscriptionStarted
from domain.customer import imported_subscription as rules
from domain.customer.imported_pause import ImportedPause
from domain.customer.imported_subscription import ImportedSubscription
from domain.event import Word
from domain.imported import ImportedFact, Past
from domain.money import digits

_MONTHS: Mapping[str, int] = MappingProxyType({"month": 1, "quarter": 3, "year": 12})
_SMALLEST = Decimal("0.000001")

_Status = Literal["active", "paused", "cancelled"]


class RateCell(AmountCell):
    """What is paid a month, or in so many months that `per` names."""

    per: Literal["month", "quarter", "year"] = "month"

    def amount(self, text: str) -> Decimal:
        paid = super().amount(text)
        return paid if self.per == "month" else (paid / _MONTHS[self.per]).quantize(_SMALLEST)


class SubscriptionStatusCell(Cell):
    """Whether it still runs; without it, what has an end is cancelled, and what was paused and not resumed rests."""

    values: Mapping[str, _Status] = Field(default_factory=dict)


class VoluntaryCell(Cell):
    """Whether the customer wanted the end, or did not pay and the like."""

    values: Mapping[str, Literal["yes", "no"]] = Field(default_factory=dict)


class SubscriptionFields(Fields):
    """The fields of a subscription that a file can feed."""

    customer: Annotated[CustomerCell, SHORT]
    plan: Annotated[Cell, SHORT]
    mrr: Annotated[RateCell, SHORT]
    currency: Annotated[Cell, SHORT]
    term_months: Annotated[Cell, SHORT] | None = None
    status: Annotated[SubscriptionStatusCell, SHORT] | None = None
    started_at: Annotated[DateCell, SHORT] | None = None
    paused_at: Annotated[DateCell, SHORT] | None = None
    resumed_at: Annotated[DateCell, SHORT] | None = None
    ended_at: Annotated[DateCell, SHORT] | None = None
    reason: Annotated[Cell, SHORT] | None = None
    voluntary: Annotated[VoluntaryCell, SHORT] | None = None


class Subscriptions(ImportMapping):
    """A mapping file of subscriptions."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "subscription"
    begins: ClassVar[tuple[type, ...]] = (CustomerSubscriptionStarted,)

    kind: Literal["subscriptions"]
    source: Word | None = None
    fields: SubscriptionFields

    def status(self, row: Row) -> str | None:
        cell = self.fields.status
        text = cell.read(row, self.empty) if cell else None
        if cell and text not in get_args(_Status):
            raise RowRefused(f"{text or ''!r} in column {cell.column} is not one of: {', '.join(get_args(_Status))}.")
        return text

    def said(self, texts: Texts, key: str) -> Said:
        fields, term = self.fields, texts.get("term_months")
        mrr = self.money(fields.mrr, texts.get("mrr"), texts.get("currency"))
        if mrr is None or (plan := texts.get("plan")) is None:
            raise RowRefused("A subscription needs a plan and what is paid for it.")
        if term is not None and not term.isdecimal():
            raise RowRefused(f"{term!r} is no number of months.")
        digits(mrr.currency)
        ended_at = self.moment(fields.ended_at, texts.get("ended_at"))
        record = ImportedSubscription(
            plan=plan,
            mrr=mrr,
            term_months=int(term) if term else None,
            started_at=self.moment(fields.started_at, texts.get("started_at")),
            is_cancelled=texts["status"] == "cancelled" if fields.status else ended_at is not None,
            ended_at=ended_at,
            voluntary=texts.get("voluntary") != "no",
            reason=texts.get("reason"),
            pause=ImportedPause(
                is_paused=texts["status"] == "paused" if fields.status and texts["status"] != "cancelled" else None,
                paused_at=self.moment(fields.paused_at, texts.get("paused_at")),
                resumed_at=self.moment(fields.resumed_at, texts.get("resumed_at")),
            ),
        )
        return Said(key=key, record=record, customer=self.customer_of(texts), source=self.source)

    def decide(
        self, record: ImportedSubscription, history: Sequence[Past], deciding: Deciding
    ) -> Sequence[ImportedFact]:
        return rules.reconcile(history, rules.Row(deciding.thing_id, record, self.place, deciding.now))

    def moments(self, record: ImportedSubscription) -> Sequence[tuple[str, datetime | None]]:
        return (("started", record.started_at), ("paused", record.pause.paused_at))
