"""Business time: worked examples, and what must hold in every zone: additive, monotone, inverse, as the clock shows."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.business_time import (
    WEEKDAYS,
    BusinessCalendar,
    CalendarSeldomOpen,
    Holiday,
    Hours,
    NegativeBusinessTime,
    SpecialHours,
    UnknownZone,
    WeeklyHours,
    after,
    elapsed,
    is_open,
    open_stretches,
)
from tests.domain.histories import patient

NONE, MINUTE, HOUR, DAY, TICK = (
    timedelta(),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta.resolution,
)
NEVER = BusinessCalendar(name="never", version=1, zone="UTC", weekly_hours=())


def calendar(hours: str, zone: str = "UTC", days: Sequence[str] = WEEKDAYS[:5]) -> BusinessCalendar:
    """Open at the same hours, such as `09:00-12:00 13:00-17:00`, on all these days."""
    spans = [span.split("-") for span in hours.split()]
    weekly = [{"weekday": day, "opens": opens, "closes": closes} for day in days for opens, closes in spans]
    return BusinessCalendar.model_validate({"name": "office", "version": 1, "zone": zone, "weekly_hours": weekly})


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


OFFICE = calendar("09:00-12:00 13:00-17:00")
ALWAYS = calendar("00:00-24:00", days=WEEKDAYS)
BERLIN = calendar("09:00-17:00", "Europe/Berlin")
HOLIDAY = OFFICE.model_copy(update={"holidays": (Holiday(day=date(2026, 11, 5), name="Founder's day"),)})
FAIR = HOLIDAY.model_copy(
    update={
        "special_hours": (
            SpecialHours(day=date(2026, 11, 5), opens="10:00", closes="12:00"),
            SpecialHours(day=date(2026, 11, 7), opens="09:00", closes="10:00"),
            SpecialHours(day=date(2026, 11, 7), opens="20:00", closes="24:00"),
        )
    }
)


@pytest.mark.parametrize(
    ("hours", "start", "end", "expected"),
    [
        (OFFICE, "2026-11-05 09:00", "2026-11-05 17:00", 7 * HOUR),
        (OFFICE, "2026-11-05 00:00", "2026-11-06 00:00", 7 * HOUR),
        (OFFICE, "2026-11-05 11:30", "2026-11-05 13:15", 45 * MINUTE),
        (OFFICE, "2026-11-05 12:00", "2026-11-05 13:00", NONE),
        (OFFICE, "2026-11-07 00:00", "2026-11-09 09:00", NONE),
        (OFFICE, "2026-11-06 16:00", "2026-11-09 10:00", 2 * HOUR),
        (OFFICE, "2026-11-09 10:00", "2026-11-06 16:00", -2 * HOUR),
        (OFFICE, "2026-12-31 16:00", "2027-01-01 10:00", 2 * HOUR),
        (OFFICE, "2026-01-01 00:00", "2027-01-01 00:00", 261 * 7 * HOUR),
        (HOLIDAY, "2026-11-04 16:00", "2026-11-06 10:00", 2 * HOUR),
        (FAIR, "2026-11-04 16:00", "2026-11-06 10:00", 4 * HOUR),
        (FAIR, "2026-11-07 00:00", "2026-11-09 00:00", 5 * HOUR),
        (ALWAYS, "2026-11-05 22:00", "2026-11-07 03:00:00.000001", 29 * HOUR + TICK),
        (NEVER, "2026-01-01 00:00", "2027-01-01 00:00", NONE),
    ],
)
def test_only_opening_hours_count(hours: BusinessCalendar, start: str, end: str, expected: timedelta) -> None:
    assert elapsed(hours, at(start), at(end)) == expected


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-05 09:00", 1, "2026-11-05 10:00"),
        ("2026-11-05 11:30", 1, "2026-11-05 13:30"),
        ("2026-11-05 09:00", 3, "2026-11-05 12:00"),  # not 13:00, when the office opens again
        ("2026-11-06 16:00", 2, "2026-11-09 10:00"),
        ("2026-11-07 03:00", 7, "2026-11-09 17:00"),
        ("2026-11-07 03:00", 0, "2026-11-07 03:00"),
        ("2026-12-31 16:00", 2, "2027-01-01 10:00"),
    ],
)
def test_a_deadline_lies_so_many_business_hours_ahead(start: str, hours: int, expected: str) -> None:
    due = after(OFFICE, at(start), hours * HOUR)
    assert due == at(expected)
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "hours", "start", "end", "expected"),
    [
        ("Europe/Berlin", "01:00-04:00", "2026-03-29 00:00", "2026-03-30 00:00", 2 * HOUR),
        ("Europe/Berlin", "01:00-04:00", "2026-10-25 00:00", "2026-10-26 00:00", 4 * HOUR),
        ("Europe/Berlin", "02:15-02:45", "2026-03-29 00:00", "2026-03-30 00:00", NONE),
        ("Europe/Berlin", "02:15-02:45", "2026-10-25 00:00", "2026-10-26 00:00", HOUR),
        ("Europe/Berlin", "02:30-03:30", "2026-03-29 00:00", "2026-03-30 00:00", HOUR / 2),
        ("Europe/Berlin", "00:00-24:00", "2026-03-29 00:00", "2026-03-30 00:00", 23 * HOUR),
        ("Europe/Berlin", "09:00-17:00", "2026-03-28 12:00", "2026-03-29 12:00", 8 * HOUR),
        ("Europe/Berlin", "00:00-24:00", "2026-01-01 00:00", "2027-01-01 00:00", 365 * DAY),
        ("Australia/Lord_Howe", "00:00-24:00", "2026-10-04 00:00", "2026-10-05 00:00", 23.5 * HOUR),
        ("America/Sao_Paulo", "00:00-01:00", "2018-11-03 12:00", "2018-11-04 12:00", NONE),
        ("Pacific/Apia", "09:00-17:00", "2011-12-29 00:00", "2012-01-01 00:00", 16 * HOUR),
    ],
)
def test_hours_that_the_clock_skips_do_not_count_and_hours_it_shows_twice_count_twice(
    zone: str, hours: str, start: str, end: str, expected: timedelta
) -> None:
    assert elapsed(calendar(hours, zone, WEEKDAYS), at(start, zone), at(end, zone)) == expected


def test_deadlines_follow_the_clock_on_the_wall_when_it_moves() -> None:
    start = at("2026-03-27 16:00", "Europe/Berlin")
    assert start.astimezone(UTC) == at("2026-03-27 15:00")
    assert after(BERLIN, start, 2 * HOUR) == at("2026-03-30 08:00")


def test_the_stretches_of_business_time_are_told_in_order_and_in_utc() -> None:
    stretches = list(open_stretches(BERLIN, at("2026-10-23T12:00"), at("2026-10-26T10:00")))
    assert stretches == [
        (at("2026-10-23T12:00"), at("2026-10-23T15:00")),
        (at("2026-10-26T08:00"), at("2026-10-26T10:00")),
    ]
    assert {opened.tzinfo for opened, _ in open_stretches(BERLIN, at("2026-10-23T12:00"), at("2026-10-27T10:00"))} == {
        UTC
    }


def test_opening_belongs_to_business_time_and_closing_does_not() -> None:
    moments = ["2026-11-05 08:59:59.999999", "2026-11-05 09:00", "2026-11-05 11:59:59.999999", "2026-11-05 12:00"]
    assert [is_open(OFFICE, at(moment)) for moment in moments] == [False, True, True, False]


def test_both_showings_of_a_repeated_hour_are_told_apart() -> None:
    first = at("2026-10-25 02:30", "Europe/Berlin")
    second = first.replace(fold=1)
    always = calendar("00:00-24:00", "Europe/Berlin", WEEKDAYS)
    assert elapsed(always, first, second) == HOUR
    assert elapsed(always, second, first) == -HOUR
    assert after(always, first, HOUR) == second.astimezone(UTC)


def test_hours_that_overlap_count_once_and_hours_that_end_before_they_begin_not_at_all() -> None:
    odd = calendar("07:00-08:00 09:00-12:00 11:00-13:00 10:00-11:00 17:00-15:00 14:00-14:00")
    assert elapsed(odd, at("2026-11-05 00:00"), at("2026-11-06 00:00")) == 5 * HOUR


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Europe", "", "../etc/passwd", "/etc/localtime", "Ö", "a\tb"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    nowhere = OFFICE.model_copy(update={"zone": zone})
    with pytest.raises(UnknownZone, match="There is no time zone"):
        elapsed(nowhere, at("2026-11-05 00:00"), at("2026-11-07 00:00"))
    with pytest.raises(UnknownZone):
        after(nowhere, at("2026-11-05 00:00"), HOUR)
    with pytest.raises(UnknownZone):
        is_open(nowhere, at("2026-11-05 00:00"))


def test_a_calendar_that_is_never_open_is_refused_rather_than_searched_for_ever() -> None:
    with pytest.raises(
        CalendarSeldomOpen, match="calendar never is not open long enough in the 20 years after 2026-11-05"
    ):
        after(NEVER, at("2026-11-05 00:00"), TICK)
    assert after(NEVER, at("2026-11-05 00:00"), NONE) == at("2026-11-05 00:00")


def test_a_calendar_that_is_seldom_open_is_refused_only_when_20_years_are_not_enough() -> None:
    days = [date(year, 6, 1) for year in range(2026, 2060)]
    special = tuple(SpecialHours(day=day, opens="09:00", closes="10:00") for day in days)
    yearly = NEVER.model_copy(update={"special_hours": special})
    assert after(yearly, at("2026-01-01 00:00"), 20 * HOUR) == at("2045-06-01 10:00")
    with pytest.raises(CalendarSeldomOpen):
        after(yearly, at("2026-01-01 00:00"), 20 * HOUR + TICK)


def test_the_zone_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    start, end = at("2026-03-27 16:00", "Europe/Berlin"), at("2026-03-30 12:00", "Europe/Berlin")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert elapsed(BERLIN, start, end) == 4 * HOUR
        assert after(BERLIN, start, 2 * HOUR) == at("2026-03-30 08:00")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_deadline_does_not_lie_in_the_past() -> None:
    with pytest.raises(NegativeBusinessTime):
        after(OFFICE, at("2026-11-05 10:00"), -TICK)


def test_a_moment_without_its_offset_is_not_guessed_at() -> None:
    with pytest.raises(TypeError):
        is_open(OFFICE, at("2026-11-05 10:00").replace(tzinfo=None))


@pytest.mark.parametrize("time", ["9:00", "24:01", "23:60", "-1:00", "09:00:00", "noon", ""])
def test_opening_hours_are_times_of_a_day(time: str) -> None:
    with pytest.raises(ValidationError):
        Hours(opens=time, closes="24:00")
    with pytest.raises(ValidationError):
        Hours(opens="00:00", closes=time)


def test_a_calendar_survives_json() -> None:
    assert BusinessCalendar.model_validate_json(FAIR.model_dump_json()) == FAIR


# In every zone, around the days on which clocks move and years change.

AROUND = [
    ("UTC", date(2028, 2, 29)),
    ("Asia/Kathmandu", date(2026, 12, 31)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/St_Johns", date(2010, 11, 7)),  # at a minute past midnight
    ("America/Sao_Paulo", date(2018, 2, 18)),  # at midnight
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Beirut", date(2022, 3, 27)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Antarctica/Troll", date(2026, 3, 29)),  # by two hours
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that was left out
    ("Asia/Gaza", date(2040, 10, 20)),  # two moves in one week
]

TIMES = ["00:00", "00:30", "01:30", "02:00", "02:15", "02:45", "03:00", "09:00", "17:59", "24:00"]
hours_of_a_day = {"opens": st.sampled_from(TIMES), "closes": st.sampled_from(TIMES)}
weekly_hours = st.builds(WeeklyHours, weekday=st.sampled_from(WEEKDAYS), **hours_of_a_day)


@st.composite
def situations(draw: st.DrawFn) -> tuple[BusinessCalendar, datetime]:
    """A calendar, and midnight in UTC of a day on which something odd happens to its clocks."""
    zone, day = draw(st.sampled_from(AROUND))
    near = st.integers(-3, 3).map(lambda days: day + timedelta(days))
    drawn = st.builds(
        BusinessCalendar,
        name=st.just("drawn"),
        version=st.just(1),
        zone=st.just(zone),
        weekly_hours=st.lists(weekly_hours, max_size=14).map(tuple),
        holidays=st.lists(st.builds(Holiday, day=near, name=st.just("closed")), max_size=2).map(tuple),
        special_hours=st.lists(st.builds(SpecialHours, day=near, **hours_of_a_day), max_size=3).map(tuple),
    )
    return draw(drawn), datetime(day.year, day.month, day.day, tzinfo=UTC)


minutes = st.integers(-2000, 2000).map(lambda number: number * MINUTE)
distances = minutes | st.timedeltas(timedelta(-400), timedelta(400))
durations = st.timedeltas(NONE, timedelta(hours=40)) | st.integers(0, 60).map(lambda number: number * HOUR)


def shows_open(hours: BusinessCalendar, moment: datetime) -> bool:
    """What somebody would say who looks at the clock on the wall and at the sign on the door."""
    wall = moment.astimezone(ZoneInfo(hours.zone))
    today: list[Hours] = [each for each in hours.special_hours if each.day == wall.date()]
    if not today and wall.date() not in {holiday.day for holiday in hours.holidays}:
        today = [each for each in hours.weekly_hours if WEEKDAYS.index(each.weekday) == wall.weekday()]
    return any(each.opens <= f"{wall:%H:%M}" < each.closes for each in today)


def counted(hours: BusinessCalendar, start: datetime, end: datetime) -> timedelta:
    """The same, asked every minute."""
    number = (end - start) // MINUTE
    asked = (start + minute * MINUTE for minute in range(number))
    return sum((MINUTE for moment in asked if shows_open(hours, moment)), NONE)


@settings(patient, max_examples=60)
@given(situations(), minutes, minutes)
def test_business_time_is_what_the_clock_and_the_sign_on_the_door_say(
    situation: tuple[BusinessCalendar, datetime], before: timedelta, later: timedelta
) -> None:
    hours, day = situation
    start, end = sorted((day + before, day + later))
    assert elapsed(hours, start, end) == counted(hours, start, end)
    assert is_open(hours, start) == shows_open(hours, start)


@patient
@given(situations(), distances, distances, distances)
def test_business_time_adds_up_and_never_runs_backwards(
    situation: tuple[BusinessCalendar, datetime], one: timedelta, two: timedelta, three: timedelta
) -> None:
    hours, day = situation
    first, second, third = day + one, day + two, day + three
    assert elapsed(hours, first, second) + elapsed(hours, second, third) == elapsed(hours, first, third)
    assert elapsed(hours, first, second) == -elapsed(hours, second, first)
    assert NONE <= elapsed(hours, min(first, second), max(first, second)) <= abs(second - first)


@patient
@given(situations(), distances, durations, durations)
def test_a_deadline_is_the_first_moment_by_which_the_time_has_passed(
    situation: tuple[BusinessCalendar, datetime], distance: timedelta, duration: timedelta, more: timedelta
) -> None:
    hours, day = situation
    start = day + distance
    try:
        due = after(hours, start, duration)
        later = after(hours, due, more)
    except CalendarSeldomOpen:
        assert not hours.weekly_hours or all(each.opens >= each.closes for each in hours.weekly_hours)
        return
    assert elapsed(hours, start, due) == duration
    assert due == start or elapsed(hours, start, due - TICK) < duration
    assert start <= due <= later
    assert not more or later == after(hours, start, duration + more)


@patient
@given(situations(), distances, minutes.map(abs))
def test_after_the_time_that_passed_nothing_was_open_any_more(
    situation: tuple[BusinessCalendar, datetime], distance: timedelta, length: timedelta
) -> None:
    hours, day = situation
    start, end = day + distance, day + distance + length
    due = after(hours, start, elapsed(hours, start, end))
    assert due <= end
    assert elapsed(hours, due, end) == NONE


@patient
@given(situations(), distances, distances, st.sampled_from(["UTC", "Asia/Tokyo", "Europe/Berlin"]))
def test_it_does_not_matter_in_which_zone_a_moment_is_said(
    situation: tuple[BusinessCalendar, datetime], one: timedelta, two: timedelta, zone: str
) -> None:
    hours, day = situation
    start, end, said = day + one, day + two, ZoneInfo(zone)
    assert elapsed(hours, start.astimezone(said), end.astimezone(said)) == elapsed(hours, start, end)
    assert is_open(hours, start.astimezone(said)) == is_open(hours, start)
