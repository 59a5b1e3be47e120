"""Business time of a known span, looked up rather than counted: the story asks for it a million times."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta

from domain.business_time import BusinessCalendar, open_stretches

_NOTHING = timedelta()


class Openings:
    """When the company is open between two moments; answers as `domain.business_time` does, inside that span."""

    def __init__(self, calendar: BusinessCalendar, start: datetime, end: datetime) -> None:
        self._opened: list[datetime] = []
        self._closed: list[datetime] = []
        self._before: list[timedelta] = []
        """How much business time of the span lies before each opening."""
        passed = _NOTHING
        for opened, closed in open_stretches(calendar, start, end):
            self._opened.append(opened)
            self._closed.append(closed)
            self._before.append(passed)
            passed += closed - opened

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The business time between two moments of the span; negative when the second is the earlier one."""
        return self._passed(end) - self._passed(start)

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest moment of the span by which so much business time has passed since the start."""
        if not duration:
            return start
        passed = self._passed(start) + duration
        number = bisect_left(self._before, passed) - 1
        return self._opened[number] + (passed - self._before[number])

    def is_open(self, moment: datetime) -> bool:
        """Whether the company is open at that moment of the span."""
        number = bisect_right(self._opened, moment) - 1
        return number >= 0 and moment < self._closed[number]

    def _passed(self, moment: datetime) -> timedelta:
        number = bisect_right(self._opened, moment) - 1
        if number < 0:
            return _NOTHING
        return self._before[number] + (min(moment, self._closed[number]) - self._opened[number])
