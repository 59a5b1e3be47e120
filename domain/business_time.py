"""Business time: how long a company was open between two moments, and when it will have been open for so long.

A moment is in business time when the clock on the wall in the calendar's zone shows one of the day's opening hours. So
an hour that this clock skips in spring does not count, and an hour that it shows twice in autumn counts twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import StringConstraints

from domain.event import Frozen, Refusal, Word

ClockTime: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Hours and minutes on the wall's clock, from 00:00 to 24:00; as text, the earlier one sorts first."""

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Stretch: TypeAlias = tuple[datetime, datetime]
"""From one aware moment up to another, the second not included."""


class Hours(Frozen):
    """Open from one time of a day up to another of the same day; the night of 24:00 is the next day's 00:00."""

    opens: ClockTime
    closes: ClockTime


class WeeklyHours(Hours):
    """Opening hours that return every week."""

    weekday: Weekday


class SpecialHours(Hours):
    """Opening hours of one day; they replace all its weekly hours, also on a holiday."""

    day: date


class Holiday(Frozen):
    """A day on which the company is closed."""

    day: date
    name: Word


class BusinessCalendar(Frozen):
    """When a company is open, in a time zone's local time; every change is a new version."""

    name: Word
    version: int
    zone: Word
    weekly_hours: tuple[WeeklyHours, ...]
    holidays: tuple[Holiday, ...] = ()
    special_hours: tuple[SpecialHours, ...] = ()


class UnknownZone(Refusal):
    """There is no time zone {zone}. Use a name of the IANA list, such as Europe/Berlin or UTC."""


class NegativeBusinessTime(Refusal):
    """A deadline cannot lie a negative time ahead. Give a duration of zero or more."""


class CalendarSeldomOpen(Refusal):
    """The business calendar {calendar} is not open long enough in the {years} years after {start}. Give it more
    opening hours, or ask for less time."""


_YEARS_AHEAD = 20


def elapsed(calendar: BusinessCalendar, start: datetime, end: datetime) -> timedelta:
    """The business time between two moments; negative when the second is the earlier one, as with any subtraction.

    The effort grows with the days in between, less than a millisecond for a year. Raises UnknownZone.
    """
    begin, until = _utc(start), _utc(end)
    if until < begin:
        return -elapsed(calendar, end, start)
    return sum((closed - opened for opened, closed in _open(calendar, begin, until)), timedelta())


def after(calendar: BusinessCalendar, start: datetime, duration: timedelta) -> datetime:
    """The earliest moment, in UTC, by which so much business time has passed since the start.

    So a deadline falls on the evening's closing rather than on the next opening, and without any duration it is the
    start itself, open or not. Raises NegativeBusinessTime, UnknownZone, and CalendarSeldomOpen when 20 years are not
    enough.
    """
    if duration < timedelta():
        raise NegativeBusinessTime()
    begin, left = _utc(start), duration
    if not left:
        return begin.replace(tzinfo=UTC)
    for opened, closed in _open(calendar, begin, begin + timedelta(days=366 * _YEARS_AHEAD)):
        if left <= closed - opened:
            return (opened + left).replace(tzinfo=UTC)
        left -= closed - opened
    raise CalendarSeldomOpen(calendar=calendar.name, years=_YEARS_AHEAD, start=start.isoformat())


def is_open(calendar: BusinessCalendar, moment: datetime) -> bool:
    """Whether the moment is in business time: the opening is, the closing is not. Raises UnknownZone."""
    begin = _utc(moment)
    return any(_open(calendar, begin, begin + timedelta.resolution))


def open_stretches(calendar: BusinessCalendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The stretches of business time between two moments, in order and in UTC. Raises UnknownZone."""
    for opened, closed in _open(calendar, _utc(start), _utc(end)):
        yield opened.replace(tzinfo=UTC), closed.replace(tzinfo=UTC)


def time_zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # a folder's name or an unusable one is no KeyError
        raise UnknownZone(zone=name) from unknown


# From here on moments are in UTC but without saying so: arithmetic on them is exact, and far cheaper.

_AWARE_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = _AWARE_EPOCH.replace(tzinfo=None)
_DAY = timedelta(days=1)
_STEP = timedelta(days=5)
"""No zone has ever moved its clocks twice within six days, so in one step they move once at most."""

_Span: TypeAlias = tuple[timedelta, timedelta]
"""From one time of a day up to another, as distances from midnight on the wall's clock."""


@dataclass(frozen=True)
class _Timetable:
    """A calendar, ready to be asked day by day."""

    week: Sequence[Sequence[_Span]]
    days: Mapping[date, Sequence[_Span]]

    def on(self, day: date) -> Sequence[_Span]:
        other = self.days.get(day)
        return self.week[day.weekday()] if other is None else other


def _utc(moment: datetime) -> datetime:
    return _EPOCH + (moment - _AWARE_EPOCH)  # a naive moment, which could mean anything, fails here


def _open(calendar: BusinessCalendar, begin: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches in business time between two moments, in order."""
    timetable = _timetable(calendar)
    for stretch_begin, stretch_end, offset in _steady(time_zone(calendar.zone), begin, until):
        wall_begin, wall_end = stretch_begin + offset, stretch_end + offset
        midnight = wall_begin.replace(hour=0, minute=0, second=0, microsecond=0)
        while midnight < wall_end:
            for opens, closes in timetable.on(midnight.date()):
                opened, closed = max(midnight + opens, wall_begin), min(midnight + closes, wall_end)
                if opened < closed:
                    yield opened - offset, closed - offset
            midnight += _DAY


def _steady(zone: ZoneInfo, begin: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time between two moments in pieces, each with the distance that the wall's clock keeps from UTC in it."""
    offset = _offset(zone, begin)
    while begin < until:
        end = min(begin + _STEP, until)
        later = _offset(zone, end)
        if later != offset:
            end = _clock_move(zone, begin, end)
        yield begin, end, offset
        begin, offset = end, later


def _clock_move(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime:
    """The first moment with the distance from UTC that holds in the end."""
    old = _offset(zone, begin)
    while end - begin > timedelta.resolution:
        middle = begin + (end - begin) // 2
        if _offset(zone, middle) == old:
            begin = middle
        else:
            end = middle
    return end


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) - moment


def _timetable(calendar: BusinessCalendar) -> _Timetable:
    special = {hours.day for hours in calendar.special_hours}
    return _Timetable(
        week=[_spans(hours for hours in calendar.weekly_hours if hours.weekday == weekday) for weekday in WEEKDAYS],
        days={
            **{holiday.day: [] for holiday in calendar.holidays},
            **{day: _spans(hours for hours in calendar.special_hours if hours.day == day) for day in special},
        },
    )


def _spans(hours: Iterable[Hours]) -> list[_Span]:
    return _merged((_since_midnight(each.opens), _since_midnight(each.closes)) for each in hours)


def _since_midnight(time: ClockTime) -> timedelta:
    return timedelta(hours=int(time[:2]), minutes=int(time[3:]))


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """The same time in order, each part of it once; what ends before it begins is nothing."""
    merged: list[_Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged
