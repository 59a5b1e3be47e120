"""Publishing when the company is open, and how soon tickets are promised to be answered and solved."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeAlias, assert_never

from domain.business_time import BusinessCalendar, Holiday, Hours, SpecialHours, WeeklyHours, time_zone
from domain.event import Command, Event, Refusal, Word
from domain.public_holidays import PublicHolidays, holidays_of
from domain.sla_policy import SlaGoal, SlaPolicy
from domain.workspace.state import Workspace


class WorkspaceBusinessCalendarPublished(Event):
    """From now on business time is counted by this calendar; its holidays hold whichever public ones were asked for."""

    calendar: BusinessCalendar
    public_holidays: PublicHolidays | None = None

    def in_words(self) -> str:
        calendar = self.calendar
        holidays = f"{len(calendar.holidays)} holidays"
        return f"Business calendar {calendar.name}, version {calendar.version}: {calendar.zone}, {holidays}"


class WorkspaceSlaPolicyPublished(Event):
    """From now on new tickets are promised this; those under way keep the version that they were opened with."""

    policy: SlaPolicy

    def in_words(self) -> str:
        return f"SLA policy {self.policy.name}, version {self.policy.version}: {_goals(self.policy)}"


SlaEvent: TypeAlias = WorkspaceBusinessCalendarPublished | WorkspaceSlaPolicyPublished


def evolve_sla(workspace: Workspace, event: SlaEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceBusinessCalendarPublished():
            return replace(workspace, calendars={**workspace.calendars, event.calendar.name: event.calendar})
        case WorkspaceSlaPolicyPublished():
            return replace(workspace, sla_policies={**workspace.sla_policies, event.policy.name: event.policy})
        case _:
            assert_never(event)


class PublishBusinessCalendar(Command):
    """Say when the company is open from now on; a holiday of one's own replaces the public one of that day."""

    name: Word
    zone: Word
    weekly_hours: tuple[WeeklyHours, ...]
    holidays: tuple[Holiday, ...] = ()
    special_hours: tuple[SpecialHours, ...] = ()
    public_holidays: PublicHolidays | None = None


class PublishSlaPolicy(Command):
    """Say what new tickets are promised from now on."""

    name: Word
    calendar: Word
    goals: tuple[SlaGoal, ...]


class CalendarWithoutHours(Refusal):
    """A business calendar needs opening hours on at least one day of the week."""


class HoursNotOpen(Refusal):
    """The opening hours of {day} from {opens} to {closes} are none. Let them close after they open,
    at 24:00 at the latest; what goes on after midnight belongs to the next day."""


class HoursOverlap(Refusal):
    """The opening hours of {day} from {opens} to {closes} begin before the ones before them have ended.
    Make one of the two."""


class HolidayNamedTwice(Refusal):
    """The holiday {day} is there more than once. Name every day once."""


class SlaPolicyWithoutGoals(Refusal):
    """An SLA policy needs at least one goal."""


class SlaGoalNamedTwice(Refusal):
    """There is more than one goal for {target} at priority {priority}. Keep one of them."""


def publish_business_calendar(
    workspace: Workspace, command: PublishBusinessCalendar
) -> WorkspaceBusinessCalendarPublished:
    """Versions of a calendar count up from 1.

    Raises UnknownZone, CalendarWithoutHours, HoursNotOpen, HoursOverlap, HolidayNamedTwice, UnknownCountry,
    UnknownSubdivision.
    """
    time_zone(command.zone)
    if not command.weekly_hours:
        raise CalendarWithoutHours()
    _must_follow_each_other((each.weekday, each) for each in command.weekly_hours)
    _must_follow_each_other((each.day.isoformat(), each) for each in command.special_hours)
    latest = workspace.calendars.get(command.name)
    calendar = BusinessCalendar(
        name=command.name,
        version=latest.version + 1 if latest else 1,
        zone=command.zone,
        weekly_hours=command.weekly_hours,
        holidays=_all_holidays(command),
        special_hours=command.special_hours,
    )
    return WorkspaceBusinessCalendarPublished(calendar=calendar, public_holidays=command.public_holidays)


def publish_sla_policy(workspace: Workspace, command: PublishSlaPolicy) -> WorkspaceSlaPolicyPublished:
    """Versions of a policy count up from 1; raises UnknownCalendar, SlaPolicyWithoutGoals, SlaGoalNamedTwice."""
    workspace.calendar(command.calendar)
    if not command.goals:
        raise SlaPolicyWithoutGoals()
    aims = [(goal.target, goal.priority) for goal in command.goals]
    for target, priority in aims:
        if aims.count((target, priority)) > 1:
            raise SlaGoalNamedTwice(target=target.replace("_", " "), priority=priority)
    latest = workspace.sla_policies.get(command.name)
    version = latest.version + 1 if latest else 1
    policy = SlaPolicy(name=command.name, version=version, calendar=command.calendar, goals=command.goals)
    return WorkspaceSlaPolicyPublished(policy=policy)


def _must_follow_each_other(hours_by_day: Iterable[tuple[str, Hours]]) -> None:
    ends: dict[str, str] = {}
    for day, hours in sorted(hours_by_day, key=lambda each: each[1].opens):
        if hours.closes <= hours.opens:
            raise HoursNotOpen(day=day, opens=hours.opens, closes=hours.closes)
        if hours.opens < ends.get(day, "00:00"):
            raise HoursOverlap(day=day, opens=hours.opens, closes=hours.closes)
        ends[day] = hours.closes


def _all_holidays(command: PublishBusinessCalendar) -> tuple[Holiday, ...]:
    own: dict[date, Holiday] = {}
    for holiday in command.holidays:
        if holiday.day in own:
            raise HolidayNamedTwice(day=holiday.day)
        own[holiday.day] = holiday
    public = holidays_of(command.public_holidays) if command.public_holidays else ()
    every = {**{holiday.day: holiday for holiday in public}, **own}
    return tuple(every[day] for day in sorted(every))


def _goals(policy: SlaPolicy) -> str:
    goals = (
        f"{goal.target.replace('_', ' ')} in {round(goal.within_seconds / 60)} min ({goal.priority})"
        for goal in policy.goals
    )
    return ", ".join(goals) or "nothing"
