"""The columns of a board: what is in a stage, what it adds up to, and which cards have been there for too long."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.pipeline import Pipeline
from projections.reading import Row


@dataclass(frozen=True, slots=True)
class Total:
    """What the leads in one currency add up to, in full and by their chances."""

    currency: str
    amount: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the board, and where its cards can go. A stage that the pipeline has no more keeps its leads."""

    stage: str
    before: str | None
    after: str | None
    retired: bool
    leads: int
    usual_days: int | None
    totals: Sequence[Total]
    cards: Sequence[Row]


def columns(
    pipeline: Pipeline, sums: Sequence[Row], cards: Sequence[Row], stays: Mapping[str, Row], now: datetime
) -> list[Column]:
    """One per stage, in the pipeline's order; after them the stages that it has no more."""
    names = [stage.name for stage in pipeline.stages]
    retired = sorted({row["stage"] for row in sums} - set(names))
    return [
        Column(
            stage=name,
            before=before,
            after=after,
            retired=name in retired,
            leads=sum(row["leads"] for row in sums if row["stage"] == name),
            usual_days=max(1, round(stays[name]["usual"].total_seconds() / 86_400)) if name in stays else None,
            totals=totals(row for row in sums if row["stage"] == name),
            cards=[card | {"ageing": _ageing(card, stays.get(name), now)} for card in cards if card["stage"] == name],
        )
        for name, before, after in [
            *zip(names, [None, *names], [*names[1:], None], strict=False),
            *((name, None, None) for name in retired),
        ]
    ]


def totals(sums: Iterable[Row]) -> list[Total]:
    """By currency, the one that most leads have first."""
    rows = [row for row in sums if row["currency"]]
    leads: Mapping[str, int] = {
        currency: sum(row["leads"] for row in rows if row["currency"] == currency)
        for currency in {row["currency"] for row in rows}
    }
    return [
        Total(
            currency,
            sum((row["amount"] for row in rows if row["currency"] == currency), Decimal()),
            sum((row["weighted_amount"] or Decimal() for row in rows if row["currency"] == currency), Decimal()),
        )
        for currency in sorted(leads, key=lambda currency: (-leads[currency], currency))
    ]


def _ageing(card: Row, stay: Row | None, now: datetime) -> str:
    """Whether a card is there for longer than half of the leads are, or than nine of ten."""
    since = card["stage_since"]
    if since is None or stay is None or now - since <= stay["usual"]:
        return ""
    return "overdue" if now - since > stay["long"] else "slow"
