"""Figures about money: amounts of several currencies are never added up, so that each is told apart."""

from decimal import Decimal
from typing import TypeAlias

from api.kpis.answer import Bucket, KpiGroup, KpiResult

Answered: TypeAlias = KpiResult | KpiGroup | Bucket


def main_currency(result: Answered) -> str | None:
    """The currency that most deals or customers are in, when the figure is about money."""
    return next(iter(currencies(result)), None)


def currencies(result: Answered) -> list[str]:
    """The currencies that the figure is reported in, that of most deals or customers first."""
    parts = result.details.get("by_currency", {})
    return sorted(
        parts, key=lambda currency: (-parts[currency].get("deals", parts[currency].get("customers")), currency)
    )


def value_in(result: Answered, currency: str) -> Decimal | None:
    """The figure in one currency."""
    part = result.details.get("by_currency", {}).get(currency, {})
    value = part.get("mean", part.get("value"))
    return None if value is None else Decimal(str(value))
