"""Figures about money: amounts of several currencies are never added up, so that each is told apart.

`details` has `by_currency`: the amount of each, or what there is to say of it, the value among that.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from api.kpis.answer import Bucket, KpiGroup, KpiResult

Answered: TypeAlias = KpiResult | KpiGroup | Bucket

_COUNTS = ("deals", "customers", "qualified_open")


def main_currency(result: Answered) -> str | None:
    """The currency that most deals or customers are in, when the figure is about money."""
    return next(iter(currencies(result)), None)


def currencies(result: Answered) -> list[str]:
    """The currencies that the figure is reported in, that of most deals or customers first; else the largest."""
    parts = _parts(result)
    return sorted(parts, key=lambda currency: (-_weight(parts[currency]), currency))


def value_in(result: Answered, currency: str) -> Decimal | None:
    """The figure in one currency."""
    part = _parts(result).get(currency)
    value = part.get("mean", part.get("value")) if isinstance(part, Mapping) else part
    return None if value is None else Decimal(str(value))


def _parts(result: Answered) -> Mapping[str, Any]:  # Any: JSON
    return result.details.get("by_currency") or {}


def _weight(part: Any) -> Decimal:  # Any: JSON
    if isinstance(part, Mapping):
        part = next((part[name] for name in _COUNTS if part.get(name) is not None), 0)
    return Decimal(str(part or 0))
