"""A figure by month: which months, what each is worth, and the plot of them."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from api.console import plot, shown
from api.console.plot import Plot, Point
from api.kpis import KpiResult
from api.kpis.asking import answer
from api.kpis.currencies import main_currency, value_in
from api.kpis.question import Asked
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
    zone = ZoneInfo(asked.zone)
    in_total = replace(asked, group_by=None, axis="occurred")
    months, cut = _months(connection, kpi, result, zone, asked.sight)
    currency = main_currency(result)
    at_month_ends = kpi.is_of_a_moment
    points = []
    for first, end in months:
        if at_month_ends:
            moment = min(result.as_of, datetime.combine(end, time(), zone))
            of_month = replace(in_total, first_day=None, end_day=end, as_of=moment)
        else:
            of_month = replace(in_total, first_day=first, end_day=end, as_of=result.as_of)
        points.append(_point(first, answer(connection, kpi, of_month), kpi.unit, currency))
    return ByMonth(_drawn(kpi, points), currency, at_month_ends, cut)


def _months(
    connection: Connection, kpi: Kpi, result: KpiResult, zone: ZoneInfo, sight: Sight
) -> tuple[list[tuple[date, date]], bool]:
    """First day and day after the last of each month, cut to the period, and whether earlier ones were left out."""
    data = span(connection, kpi, result.as_of, sight=sight)
    if data is None:
        return [], False
    start = result.period.start and result.period.start.astimezone(zone).date()
    end = result.period.end and result.period.end.astimezone(zone).date()
    first, last = (_month(moment.astimezone(zone).date()) for moment in data)
    if start:
        first = max(first, _month(start))
    if end:
        last = min(last, _month(end) - (end.day == 1))
    most = _MONTHS_AT_MOST if start else _MONTHS_AT_FIRST
    shown_from = max(first, last - most + 1)
    months = [(_first_day(month), _first_day(month + 1)) for month in range(shown_from, last + 1)]
    cut = [(max(day, start or day), min(after, end or after)) for day, after in months]
    return cut, start is not None and shown_from > first


def _month(day: date) -> int:
    """Months counted from the year 0."""
    return day.year * 12 + day.month - 1


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _point(first: date, result: KpiResult, unit: str, currency: str | None) -> Point:
    value = value_in(result, currency) if currency else result.value
    text = shown.figure(value, unit, currency)
    return Point(f"{first:%b}", f"{first:%Y}", f"{first:%B %Y}", text, result.sample_size, value)


def _drawn(kpi: Kpi, points: list[Point]) -> Plot | None:
    if all(point.value is None for point in points):
        return None
    counts = kpi.unit not in ("ratio", "days", "hours", "amount", "points", "score")
    is_share = kpi.unit == "ratio" and all(point.value is None or point.value <= 1 for point in points)
    return plot.draw(points, bars=counts, whole=counts, top=Decimal(1) if is_share else None)
