"""A figure by month: which months, what each is worth, and the plot of them."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from api.console import plot, shown
from api.console.plot import Plot, Point
from api.kpis import KpiResult
from api.kpis.answer import Bucket
from api.kpis.buckets import Days
from api.kpis.currencies import main_currency, value_in
from api.kpis.question import Asked
from api.kpis.series import series
from eventstore.database import Connection
from projections.kpi import Kpi, span
from projections.sight import Sight

_MONTHS_AT_FIRST = 12
_MONTHS_AT_MOST = 36


@dataclass(frozen=True, slots=True)
class ByMonth:
    """The plot, None when there is nothing to draw, and what must be said beside it."""

    plot: Plot | None
    currency: str | None = None
    at_month_ends: bool = False
    cut: bool = False


def by_month(connection: Connection, kpi: Kpi, result: KpiResult, asked: Asked) -> ByMonth:
    """The figure that was asked over the months of the result's period; without one, over the last twelve that have
    data."""
    days, cut = _days(connection, kpi, result, ZoneInfo(asked.zone), asked.sight)
    if days is None:
        return ByMonth(None)
    in_total = replace(asked, group_by=None, axis="occurred", as_of=result.as_of, first_day=days[0], end_day=days[1])
    months = series(connection, kpi, in_total, "month").buckets
    currency = main_currency(result)
    points = [_point(month, ZoneInfo(asked.zone), kpi.unit, currency) for month in months]
    return ByMonth(_drawn(kpi, points), currency, kpi.is_of_a_moment, cut)


def _days(
    connection: Connection, kpi: Kpi, result: KpiResult, zone: ZoneInfo, sight: Sight
) -> tuple[Days | None, bool]:
    """First day and day after the last of the months that are drawn, cut to the period; None where there are none. And
    whether earlier ones of the period are left out."""
    data = span(connection, kpi, result.as_of, sight=sight)
    if data is None:
        return None, False
    start = result.period.start and result.period.start.astimezone(zone).date()
    end = result.period.end and result.period.end.astimezone(zone).date()
    first, last = (_month(moment.astimezone(zone).date()) for moment in data)
    if start:
        first = max(first, _month(start))
    if end:
        last = min(last, _month(end) - (end.day == 1))
    if first > last:
        return None, False
    most = _MONTHS_AT_MOST if start else _MONTHS_AT_FIRST
    drawn_from = max(first, last - most + 1)
    first_day, end_day = _first_day(drawn_from), _first_day(last + 1)
    cut = start is not None and drawn_from > first
    return (max(first_day, start or first_day), min(end_day, end or end_day)), cut


def _month(day: date) -> int:
    """Months counted from the year 0."""
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _point(month: Bucket, zone: ZoneInfo, unit: str, currency: str | None) -> Point:
    first = month.start.astimezone(zone)
    value = value_in(month, currency) if currency else month.value
    text = shown.figure(value, unit, currency)
    return Point(f"{first:%b}", f"{first:%Y}", f"{first:%B %Y}", text, month.sample_size, value)


def _drawn(kpi: Kpi, points: list[Point]) -> Plot | None:
    if all(point.value is None for point in points):
        return None
    counts = kpi.unit not in ("ratio", "days", "hours", "amount", "points", "score")
    is_share = kpi.unit == "ratio" and all(point.value is None or point.value <= 1 for point in points)
    return plot.draw(points, bars=counts, whole=counts, top=Decimal(1) if is_share else None)
