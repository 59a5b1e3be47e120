"""The days of a calendar, cut into periods: buckets of a series, and the period before another one."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, TypeAlias, get_args

from api.problems import BadParameter

Every: TypeAlias = Literal["day", "week", "month", "quarter", "year"]

EVERY: tuple[Every, ...] = get_args(Every)
MOST = 400
USUAL = 12
_FIRST_YEAR, _LAST_YEAR = 1900, 9000

Days: TypeAlias = tuple[date, date]
"""First day and day after the last."""


def buckets(first: date | None, end: date | None, every: Every, today: date) -> list[Days]:
    """The buckets of a period, cut to it; none begins after today.

    Without a first day there are twelve; without an end, that of today is the last. Raises BadParameter for years
    that no calendar here has, and for more than 400 buckets.
    """
    for day in (first, end):
        if day and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise BadParameter(f"A series lies in the years from {_FIRST_YEAR} to {_LAST_YEAR}.")
    start_of = _START[every]
    last = min(end - timedelta(days=1), today) if end else today
    start = start_of(first, 0) if first else start_of(last, 1 - USUAL)
    found: list[Days] = []
    while start <= last:
        if len(found) == MOST:
            raise BadParameter(
                f"That is a series of more than {MOST} buckets. Ask for longer ones, or a shorter period."
            )
        following = start_of(start, 1)
        found.append((max(start, first or start), min(following, end or following)))
        start = following
    return found


def before(first: date, end: date) -> Days:
    """The period of the same length before: so many whole months where it has whole months, else so many days."""
    if first.day == 1 and end.day == 1:
        return _month(first, -_months_between(first, end)), first
    return first - (end - first), first


def last_whole(every: Every, today: date) -> Days:
    """The last bucket that is over."""
    start = _START[every](today, -1)
    return start, _START[every](today, 0)


def starts_before(start: date, every: Every, buckets: int) -> date:
    """The first day of the bucket that lies so many of them before the one that begins then."""
    return _START[every](start, -buckets)


def _months_between(first: date, end: date) -> int:
    return (end.year - first.year) * 12 + end.month - first.month


def _week(day: date, further: int) -> date:
    return day - timedelta(days=day.weekday()) + timedelta(weeks=further)


def _month(day: date, further: int, months: int = 1) -> date:
    """The first day of the month, quarter or year that lies so many of them further."""
    number = (day.year * 12 + day.month - 1) // months + further
    return date(number * months // 12, number * months % 12 + 1, 1)


_START: dict[Every, Callable[[date, int], date]] = {
    "day": lambda day, further: day + timedelta(days=further),
    "week": _week,
    "month": lambda day, further: _month(day, further),
    "quarter": lambda day, further: _month(day, further, 3),
    "year": lambda day, further: _month(day, further, 12),
}
