"""Figures at a glance: the last month or quarter that is over, the one before, and their course up to it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal, TypeAlias
from urllib.parse import urlencode

from api.console import plot, shown
from api.console.shapes import Shape, has_shape, shape
from api.kpis.answer import Bucket, KpiResult, KpiSeries
from api.kpis.asking import answer, is_met
from api.kpis.buckets import USUAL, Every, last_whole, starts_before
from api.kpis.currencies import currencies, main_currency, value_in
from api.kpis.question import Asked
from api.kpis.series import ratio, series
from api.store import Store
from domain.business_time import time_zone
from eventstore import log
from eventstore.database import Connection
from projections.kpi import Kpi
from projections.sight import Sight

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
    unit: str
    target: str | None
    is_met: bool | None
    sample_size: int
    excluded: int
    sparkline: Sequence[str]
    shape: Shape | None
    course: str
    link: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The cards, and the periods that they are of, in words."""

    period: str
    before: str
    cards: Sequence[Card]


def overview(store: Store, every: Glance, sight: Sight, wanted: Sequence[Kpi]) -> Overview:
    """These figures of the last month or quarter that is over in the workspace's zone, as it is known now."""
    zone = store.settings.zone
    with store.pool.connection() as connection:
        first, end = last_whole(every, log.now(connection).astimezone(time_zone(zone)).date())
    asked = Asked(zone, starts_before(first, every, USUAL - 1), end, sight=sight)

    def card(kpi: Kpi) -> Card:
        with store.pool.connection() as connection:
            found = series(connection, kpi, asked, every)
            if any(has_shape(bucket.details) for bucket in found.buckets):
                return _shaped(kpi, *(_of_a_course(connection, kpi, asked, every, back) for back in (0, 1)))
            return _card(kpi, found, first, end)

    with ThreadPoolExecutor(_AT_ONCE) as several:
        cards = list(several.map(card, wanted))
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
        unit=unit_beside(kpi),
        target=shown.target(found.target, found.target_is, kpi.unit),
        is_met=is_met(last.value, found.target, found.target_is),
        sample_size=last.sample_size,
        excluded=last.excluded,
        sparkline=plot.sparkline(course),
        shape=None,
        course=", ".join(shown.figure(value, kpi.unit, currency) for value in course),
        link=f"/console/kpis/{kpi.slug}?{urlencode(period or {'from': first, 'to': end})}",
    )


def _of_a_course(connection: Connection, kpi: Kpi, asked: Asked, every: Every, back: int) -> KpiResult:
    """The figure of all buckets together, or of as many that end so many earlier: those who came in the last of them
    have not been watched long enough to tell anything."""
    assert asked.first_day and asked.end_day
    first, end = (starts_before(day, every, back) for day in (asked.first_day, asked.end_day))
    return answer(connection, kpi, replace(asked, first_day=first, end_day=end))


def _shaped(kpi: Kpi, result: KpiResult, earlier: KpiResult) -> Card:
    """The card of a figure that is a shape: what it comes to, or as far as it goes."""
    drawn = shape(result)
    ends = drawn.curve.words if drawn and drawn.curve else None
    is_number = result.value is not None or ends is None
    days = {"from": result.params["from"], "to": result.params["to"]}
    return Card(
        kpi=kpi,
        values=[shown.figure(result.value, kpi.unit)] if is_number else [str(ends)],
        before=shown.figure(earlier.value, kpi.unit),
        change=_change(kpi, result.value, earlier.value, None),
        unit=f"{unit_beside(kpi) if is_number else ''} of who came since {days['from']}".strip(),
        target=shown.target(result.target, result.target_is, kpi.unit),
        is_met=result.is_met,
        sample_size=result.sample_size,
        excluded=result.excluded,
        sparkline=(),
        shape=drawn,
        course=ends or shown.figure(result.value, kpi.unit),
        link=f"/console/kpis/{kpi.slug}?{urlencode(days)}",
    )


def unit_beside(kpi: Kpi) -> str:
    """The unit where the value does not say it."""
    return "" if kpi.unit in ("ratio", "days", "amount") else kpi.unit


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
    if by is None:
        return ""
    sign = "\N{MINUS SIGN}" if by < 0 else "+"
    return f"{sign}{abs(by):,.1f}\N{NO-BREAK SPACE}{unit}{f' in {currency}' if currency else ''}"


def _named(first: date, every: Glance) -> str:
    return f"{first:%B %Y}" if every == "month" else f"quarter {(first.month + 2) // 3} of {first:%Y}"
