"""All figures at a glance: the last month or quarter that is over, the one before, and their course up to it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal, TypeAlias
from urllib.parse import urlencode

from api.console import plot, shown
from api.kpis.answer import Bucket, KpiSeries
from api.kpis.buckets import USUAL, last_whole, starts_before
from api.kpis.currencies import currencies, main_currency, value_in
from api.kpis.question import Asked
from api.kpis.series import ratio, series
from api.store import Store
from domain.business_time import time_zone
from eventstore import log
from projections.kpi import Kpi, kpis

_AT_ONCE = 2
"""Figures that are worked out at the same time: somebody waits for all of them."""

Glance: TypeAlias = Literal["month", "quarter"]


@dataclass(frozen=True, slots=True)
class Card:
    """A figure of the period that was chosen, and of the one before."""

    kpi: Kpi
    values: Sequence[str]
    before: str
    change: str
    target: str | None
    sample_size: int
    excluded: int
    sparkline: Sequence[str]
    course: str
    link: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The cards, and the periods that they are of, in words."""

    period: str
    before: str
    cards: Sequence[Card]


def overview(store: Store, every: Glance) -> Overview:
    """Every figure of the last month or quarter that is over in the workspace's zone, as it is known now."""
    zone = store.settings.zone
    with store.pool.connection() as connection:
        first, end = last_whole(every, log.now(connection).astimezone(time_zone(zone)).date())
    asked = Asked(zone, starts_before(first, every, USUAL - 1), end)

    def card(kpi: Kpi) -> Card:
        with store.pool.connection() as connection:
            return _card(kpi, series(connection, kpi, asked, every), first, end)

    with ThreadPoolExecutor(_AT_ONCE) as several:
        cards = list(several.map(card, kpis().values()))
    return Overview(_named(first, every), _named(starts_before(first, every, 1), every), cards)


def _card(kpi: Kpi, found: KpiSeries, first: date, end: date) -> Card:
    *_, earlier, last = found.buckets
    currency = next((one for bucket in reversed(found.buckets) if (one := main_currency(bucket))), None)
    course = [value_in(bucket, currency) if currency else bucket.value for bucket in found.buckets]
    period = {"as_of": f"{datetime.combine(end, time()):%Y-%m-%dT%H:%M}"} if kpi.is_of_a_moment else {}
    return Card(
        kpi=kpi,
        values=values(kpi, last),
        before=" · ".join(values(kpi, earlier)),
        change=_change(kpi, course[-1], course[-2], currency),
        target=None if found.target is None else shown.figure(found.target, kpi.unit),
        sample_size=last.sample_size,
        excluded=last.excluded,
        sparkline=plot.sparkline(course),
        course=", ".join(shown.figure(value, kpi.unit, currency) for value in course),
        link=f"/console/kpis/{kpi.slug}?{urlencode(period or {'from': first, 'to': end})}",
    )


def values(kpi: Kpi, bucket: Bucket) -> list[str]:
    """The value in its unit; where currencies cannot be added up, one value for each."""
    found = currencies(bucket)
    if not found:
        return [shown.figure(bucket.value, kpi.unit)]
    return [shown.figure(value_in(bucket, currency), kpi.unit, currency) for currency in found]


def _change(kpi: Kpi, value: Decimal | None, earlier: Decimal | None, currency: str | None) -> str:
    """From the period before to this one: of shares in points, of all else in percent."""
    if value is None or earlier is None:
        return ""
    if value == earlier:
        return "unchanged"
    times = ratio(value, earlier) if earlier > 0 else None
    by = (Decimal(value) - Decimal(earlier)) * 100 if kpi.unit == "ratio" else times and (times - 1) * 100
    unit = "points" if kpi.unit == "ratio" else "%"
    return f"{by:+,.1f}\N{NO-BREAK SPACE}{unit} {currency or ''}".strip() if by is not None else ""


def _named(first: date, every: Glance) -> str:
    return f"{first:%B %Y}" if every == "month" else f"quarter {(first.month + 2) // 3} of {first:%Y}"
