"""The workspace: business calendars and SLA policies, in versions."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from domain.business_time import BusinessCalendar, Holiday, SpecialHours, UnknownZone, WeeklyHours
from domain.event import Refusal
from domain.public_holidays import PublicHolidays, UnknownCountry, UnknownSubdivision, holidays_of
from domain.sla_policy import SlaGoal
from domain.workspace import (
    CalendarWithoutHours,
    HolidayNamedTwice,
    HoursNotOpen,
    HoursOverlap,
    PublishBusinessCalendar,
    PublishSlaPolicy,
    SlaGoalNamedTwice,
    SlaPolicyWithoutGoals,
    UnknownCalendar,
    Workspace,
    WorkspaceBusinessCalendarPublished,
    WorkspaceSlaPolicyPublished,
    publish_business_calendar,
    publish_sla_policy,
)
from tests.domain.histories import CALENDAR, SLA_POLICY
from tests.domain.test_workspace import given

MORNING = WeeklyHours(weekday="monday", opens="09:00", closes="12:00")
AFTERNOON = WeeklyHours(weekday="monday", opens="12:00", closes="24:00")
TUESDAY = WeeklyHours(weekday="tuesday", opens="00:00", closes="12:30")
FAIR = SpecialHours(day=date(2026, 12, 24), opens="09:00", closes="12:00")
NEW_YEAR = Holiday(day=date(2026, 1, 1), name="Long night")
CHRISTMAS = Holiday(day=date(2026, 12, 24), name="Christmas")
PUBLISHED = WorkspaceBusinessCalendarPublished(calendar=CALENDAR)
PROMISED = WorkspaceSlaPolicyPublished(policy=SLA_POLICY)
URGENT = SlaGoal(target="first_response", priority="urgent", within_seconds=900)


def publish(**fields: Any) -> PublishBusinessCalendar:  # Any: fields of several types
    """The command that published CALENDAR, but with these fields."""
    command = PublishBusinessCalendar(name="office", zone="Europe/Berlin", weekly_hours=CALENDAR.weekly_hours)
    return command.model_copy(update=fields)


def refused(refusal: type[Refusal], **fields: Any) -> str:  # Any: fields of several types
    with pytest.raises(refusal) as raised:
        publish_business_calendar(Workspace(), publish(**fields))
    return str(raised.value)


def test_a_calendar_is_published_as_it_was_given() -> None:
    assert publish_business_calendar(Workspace(), publish()) == PUBLISHED
    hours = (TUESDAY, AFTERNOON, MORNING)
    event = publish_business_calendar(
        Workspace(), publish(weekly_hours=hours, special_hours=(FAIR,), holidays=(CHRISTMAS, NEW_YEAR))
    )
    assert event.calendar == BusinessCalendar(
        name="office",
        version=1,
        zone="Europe/Berlin",
        weekly_hours=hours,
        special_hours=(FAIR,),
        holidays=(NEW_YEAR, CHRISTMAS),
    )


def test_versions_of_a_calendar_count_up_each_on_its_own() -> None:
    second = CALENDAR.model_copy(update={"version": 2})
    other = CALENDAR.model_copy(update={"name": "night"})
    workspace = given(PUBLISHED)
    assert publish_business_calendar(workspace, publish()).calendar == second
    assert publish_business_calendar(workspace, publish(name="night")).calendar == other


def test_the_latest_version_of_a_calendar_holds() -> None:
    second = CALENDAR.model_copy(update={"version": 2})
    other = CALENDAR.model_copy(update={"name": "night"})
    workspace = given(PUBLISHED, *(WorkspaceBusinessCalendarPublished(calendar=each) for each in (other, second)))
    assert workspace.calendar("office") == second
    assert workspace.calendar("night") == other


def test_a_calendar_nobody_published_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownCalendar, match=r"no such business calendar. The calendars are: none yet\."):
        Workspace().calendar("office")
    other = WorkspaceBusinessCalendarPublished(calendar=CALENDAR.model_copy(update={"name": "fair"}))
    with pytest.raises(UnknownCalendar, match=r"The calendars are: office, fair\."):
        given(PUBLISHED, other).calendar("night")


def test_a_calendar_needs_opening_hours_every_week() -> None:
    assert "at least one day" in refused(CalendarWithoutHours, weekly_hours=(), special_hours=(FAIR,))


@pytest.mark.parametrize(("opens", "closes"), [("12:00", "09:00"), ("09:00", "09:00"), ("24:00", "24:00")])
def test_opening_hours_close_after_they_open(opens: str, closes: str) -> None:
    weekly = WeeklyHours(weekday="friday", opens=opens, closes=closes)
    special = SpecialHours(day=date(2026, 12, 24), opens=opens, closes=closes)
    assert f"of friday from {opens} to {closes} are none" in refused(HoursNotOpen, weekly_hours=(MORNING, weekly))
    assert f"of 2026-12-24 from {opens} to {closes} are none" in refused(HoursNotOpen, special_hours=(special,))


def test_opening_hours_of_one_day_do_not_overlap() -> None:
    late = WeeklyHours(weekday="monday", opens="11:59", closes="13:00")
    other = FAIR.model_copy(update={"opens": "10:00", "closes": "11:00"})
    told = "The opening hours of monday from 11:59 to 13:00 begin before the ones before them have ended."
    assert refused(HoursOverlap, weekly_hours=(late, MORNING)).startswith(told)
    assert "of 2026-12-24 from 10:00 to 11:00 begin" in refused(HoursOverlap, special_hours=(FAIR, other))
    on_tuesday = late.model_copy(update={"weekday": "wednesday"})
    assert publish_business_calendar(Workspace(), publish(weekly_hours=(MORNING, on_tuesday)))


def test_a_day_is_one_holiday() -> None:
    again = CHRISTMAS.model_copy(update={"name": "Christmas Eve"})
    assert "The holiday 2026-12-24 is there more than once" in refused(HolidayNamedTwice, holidays=(CHRISTMAS, again))


def test_the_zone_of_a_calendar_exists() -> None:
    assert "There is no time zone Europe/Atlantis." in refused(UnknownZone, zone="Europe/Atlantis")


def test_public_holidays_are_copied_into_the_event_as_days() -> None:
    asked = PublicHolidays(country="DE", subdivision="BY", years=(2026,))
    event = publish_business_calendar(Workspace(), publish(public_holidays=asked, holidays=(CHRISTMAS, NEW_YEAR)))
    holidays = {holiday.day: holiday.name for holiday in event.calendar.holidays}
    assert event.public_holidays == asked
    assert holidays[date(2026, 4, 3)] == "Karfreitag"
    assert holidays[date(2026, 6, 4)] == "Fronleichnam"
    assert holidays[date(2026, 12, 24)] == "Christmas"
    assert holidays[date(2026, 1, 1)] == "Long night"  # the company's own name for it
    assert list(holidays) == sorted(holidays)
    assert {day.year for day in holidays} == {2026}


@pytest.mark.parametrize(
    ("asked", "day", "name"),
    [
        (PublicHolidays(country="DE", years=(2026,)), date(2026, 6, 4), None),
        (PublicHolidays(country="DE", years=(2026, 2027)), date(2027, 1, 1), "Neujahr"),
        (PublicHolidays(country="GB", subdivision="SCT", years=(2026,)), date(2026, 11, 30), "Saint Andrew's Day"),
        (PublicHolidays(country="GB", subdivision="ENG", years=(2026,)), date(2026, 11, 30), None),
        (PublicHolidays(country="US", years=(2026,)), date(2026, 7, 4), "Independence Day"),
        (PublicHolidays(country="BB", years=(2026,)), date(2026, 11, 30), "Independence Day"),
    ],
)
def test_public_holidays_of_a_country_or_a_part_of_it(asked: PublicHolidays, day: date, name: str | None) -> None:
    assert {holiday.day: holiday.name for holiday in holidays_of(asked)}.get(day) == name


def test_the_names_of_public_holidays_do_not_hang_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = PublicHolidays(country="DE", years=(2026,))
    here = holidays_of(asked)
    for name in ("LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.setenv(name, "uk")
    assert holidays_of(asked) == here


def test_a_very_long_name_of_a_holiday_is_cut() -> None:
    holidays = holidays_of(PublicHolidays(country="TH", years=(2025, 2026)))
    assert max(len(holiday.name) for holiday in holidays) == 100
    assert [holiday.day for holiday in holidays] == sorted(holiday.day for holiday in holidays)


def test_a_country_without_known_holidays_is_refused() -> None:
    asked = PublicHolidays(country="ZZ", years=(2026,))
    assert "The public holidays of ZZ are not known." in refused(UnknownCountry, public_holidays=asked)


def test_a_subdivision_that_does_not_exist_is_refused_with_those_that_do() -> None:
    asked = PublicHolidays(country="AT", subdivision="BY", years=(2026,))
    told = refused(UnknownSubdivision, public_holidays=asked)
    assert told == "AT has no subdivision BY with public holidays of its own. It has: 1, 2, 3, 4, 5, 6, 7, 8, 9."
    asked = PublicHolidays(country="BB", subdivision="BY", years=(2026,))
    assert refused(UnknownSubdivision, public_holidays=asked).endswith("It has: none.")


@pytest.mark.parametrize(
    "asked",
    [
        {"country": "de", "years": (2026,)},
        {"country": "DE", "years": ()},
        {"country": "DE", "years": (1949,)},
        {"country": "DE", "years": (2101,)},
        {"country": "DE", "years": tuple(range(1950, 2001))},
    ],
)
def test_what_is_no_country_or_year_is_malformed(asked: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PublicHolidays.model_validate(asked)


def test_public_holidays_are_taken_over_for_50_years_at_most_from_1950_to_2100() -> None:
    assert PublicHolidays(country="DE", years=(1950, 2100)).years == (1950, 2100)
    assert len(PublicHolidays(country="DE", years=tuple(range(1950, 2000))).years) == 50


def test_a_policy_is_published_as_it_was_given() -> None:
    command = PublishSlaPolicy(name="gold", calendar="office", goals=SLA_POLICY.goals)
    assert publish_sla_policy(given(PUBLISHED), command) == PROMISED


def test_versions_of_a_policy_count_up_and_the_latest_holds() -> None:
    workspace = given(PUBLISHED, PROMISED)
    event = publish_sla_policy(workspace, PublishSlaPolicy(name="gold", calendar="office", goals=(URGENT,)))
    other = publish_sla_policy(workspace, PublishSlaPolicy(name="silver", calendar="office", goals=(URGENT,)))
    assert (event.policy.version, event.policy.goals, other.policy.version) == (2, (URGENT,), 1)
    workspace = given(PUBLISHED, PROMISED, event, other)
    assert workspace.sla_policies == {"gold": event.policy, "silver": other.policy}
    third = publish_sla_policy(workspace, PublishSlaPolicy(name="gold", calendar="office", goals=(URGENT,)))
    assert third.policy.version == 3


def test_new_tickets_are_promised_the_only_policy_or_the_standard_one() -> None:
    assert given(PUBLISHED).policy_of_new_tickets is None
    assert given(PUBLISHED, PROMISED).policy_of_new_tickets == SLA_POLICY
    silver, standard = (
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY.model_copy(update={"name": name}))
        for name in ("silver", "standard")
    )
    assert given(PUBLISHED, PROMISED, silver).policy_of_new_tickets is None
    assert given(PUBLISHED, PROMISED, silver, standard).policy_of_new_tickets == standard.policy


def test_a_policy_counts_in_a_calendar_that_exists() -> None:
    with pytest.raises(UnknownCalendar):
        publish_sla_policy(Workspace(), PublishSlaPolicy(name="gold", calendar="office", goals=(URGENT,)))


def test_a_policy_needs_a_goal() -> None:
    with pytest.raises(SlaPolicyWithoutGoals):
        publish_sla_policy(given(PUBLISHED), PublishSlaPolicy(name="gold", calendar="office", goals=()))


def test_a_policy_promises_one_thing_for_each_target_and_priority() -> None:
    other = URGENT.model_copy(update={"within_seconds": 60})
    with pytest.raises(SlaGoalNamedTwice, match="more than one goal for first response at priority urgent"):
        publish_sla_policy(given(PUBLISHED), PublishSlaPolicy(name="gold", calendar="office", goals=(URGENT, other)))
    both = (URGENT, URGENT.model_copy(update={"target": "resolution"}), *SLA_POLICY.goals)
    event = publish_sla_policy(given(PUBLISHED), PublishSlaPolicy(name="gold", calendar="office", goals=both))
    assert event.policy.goals == both
