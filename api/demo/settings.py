"""The company's settings over the years: pipelines, hours, promises, members, keys, fields, segments and rates."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from api.demo.company import CROPS, HEATINGS, MEMBERS, Member, Team
from api.demo.office import Office, member_id
from api.demo.openings import Openings
from api.demo.plot import Life
from domain import workspace
from domain.business_time import WEEKDAYS, Holiday, SpecialHours, WeeklyHours
from domain.custom_field import FieldKind, RecordNoun
from domain.event import MemberId
from domain.segment import AssignmentStep, Condition
from domain.sla_policy import Priority, SlaGoal, SlaTarget
from domain.ticket import BusinessTime
from domain.workspace import Role

_ZONE = "Europe/Berlin"
_LATER = timedelta(days=120)
"""How far beyond the story deadlines may lie."""

_HOLIDAYS = (
    (1, 1, "New Year"),
    (5, 1, "Labour Day"),
    (10, 3, "Unity Day"),
    (12, 25, "Christmas"),
    (12, 26, "Christmas"),
)
_RATES = (("USD", "0.92"), ("GBP", "1.16"))
_ROLES: dict[Team, tuple[Role, ...]] = {
    "sales": ("agent", "analyst"),
    "support": ("agent",),
    "success": ("agent", "analyst"),
    "office": ("admin", "manager"),
}
_FIELDS: tuple[tuple[RecordNoun, str, str, FieldKind, tuple[str, ...]], ...] = (
    ("customer", "glass_area", "Area under glass in square metres", "number", ()),
    ("customer", "heating", "Heating", "choice", HEATINGS),
    ("customer", "visit_notes", "What to know before a visit", "text", ()),
    ("customer", "fax_before", "Fax", "text", ()),
    ("lead", "budget_until", "Budget until", "date", ()),
    ("lead", "crops", "Crops", "choices", CROPS),
    ("ticket", "product_version", "Version", "text", ()),
)
_SEGMENTS: tuple[tuple[str, RecordNoun, Condition], ...] = (
    ("large growers", "customer", Condition(field="size", operator="is_any_of", values=("large",))),
    ("food growers", "customer", Condition(field="industry", operator="is_any_of", values=("food",))),
    ("from campaigns", "lead", Condition(field="source", operator="is_any_of", values=("campaign",))),
)
_NO_SECRET = "0" * 64
"""A digest for which nobody knows a secret, so that the demo's key opens nothing."""

_GOALS: dict[SlaTarget, tuple[dict[Priority, float], dict[Priority, float]]] = {
    "first_response": (
        {"urgent": 1, "high": 3, "normal": 6, "low": 10},
        {"urgent": 1, "high": 2.5, "normal": 5, "low": 9},
    ),
    "next_reply": (
        {"urgent": 2, "high": 4, "normal": 8, "low": 12},
        {"urgent": 2, "high": 4, "normal": 7, "low": 12},
    ),
    "resolution": (
        {"urgent": 9, "high": 22, "normal": 45, "low": 90},
        {"urgent": 8, "high": 20, "normal": 45, "low": 90},
    ),
}
"""Business hours by priority, in the first version of the policy and in the second."""


@lru_cache(maxsize=4)
def office(seed: int, until: datetime) -> Office:
    """The workspace's story up to a moment, told once per process. It must not be changed."""
    told = Office(seed, until)
    for life in (_rules(told), _staff(told), _programs(told), _fields(told), _rates(told)):
        told.begin(life)
    told.play()
    return told


@lru_cache(maxsize=4)
def openings(seed: int, until: datetime) -> Openings:
    """The company's business time in the story."""
    told = office(seed, until)
    return Openings(told.calendar, told.began_at - _LATER, until + _LATER)


@lru_cache(maxsize=4)
def business_time(seed: int, until: datetime) -> BusinessTime:
    """The same for the clocks of tickets."""
    hours = openings(seed, until)
    return BusinessTime(after=hours.after, elapsed=hours.elapsed)


def _rules(told: Office) -> Life:
    yield told.began_at
    _publish_pipeline(told, workspace.DEFAULT_PIPELINE)
    told.decide(workspace.publish_business_calendar(told.now_held, _calendar(told)))
    _publish_policy(told, 0)
    yield told.day(290, 10)
    found = zip(workspace.DEFAULT_PIPELINE.stages, ("0.06", "0.14", "0.3", "0.45", "0.65"), strict=True)
    stages = tuple(stage.model_copy(update={"probability": Decimal(chance)}) for stage, chance in found)
    _publish_pipeline(told, workspace.DEFAULT_PIPELINE.model_copy(update={"stages": stages}))
    yield told.day(420, 9)
    _publish_policy(told, 1)


def _publish_pipeline(told: Office, command: workspace.PublishPipeline) -> None:
    published = workspace.publish_pipeline(told.now_held, command)
    told.decide(published)
    told.pipelines.append((told.now, published.pipeline))


def _publish_policy(told: Office, version: int) -> None:
    goals = tuple(
        SlaGoal(target=target, priority=priority, within_seconds=int(hours * 3600))
        for target, versions in _GOALS.items()
        for priority, hours in versions[version].items()
    )
    command = workspace.PublishSlaPolicy(name="standard", calendar="default", goals=goals)
    published = workspace.publish_sla_policy(told.now_held, command)
    told.decide(published)
    told.policies.append((told.now, published.policy))


def _calendar(told: Office) -> workspace.PublishBusinessCalendar:
    years = range(told.began_at.year - 1, told.until.year + 2)
    return workspace.PublishBusinessCalendar(
        name="default",
        zone=_ZONE,
        weekly_hours=tuple(WeeklyHours(weekday=day, opens="08:00", closes="18:00") for day in WEEKDAYS[:5]),
        holidays=tuple(
            Holiday(day=date(year, month, day), name=name) for year in years for month, day, name in _HOLIDAYS
        ),
        special_hours=tuple(SpecialHours(day=date(year, 12, 24), opens="08:00", closes="12:00") for year in years),
    )


def _staff(told: Office) -> Life:
    yield told.began_at + timedelta(minutes=10)
    for member in sorted(MEMBERS, key=lambda member: member.joins):
        if member.joins:
            yield told.day(member.joins - 7, 9)
        known = member_id(told.seed, member)
        told.decide(workspace.invite_member(told.now_held, workspace.InviteMember(member_id=known, name=member.name)))
        for role in _ROLES[member.team]:
            told.decide(workspace.grant_role(told.now_held, workspace.GrantRole(member_id=known, role=role)))
        joined = workspace.JoinTeam(member_id=known, team=member.team)
        told.decide(workspace.join_team(told.now_held, joined))
        if member.leaves is not None:
            told.begin(_leaving(told, known, member))


def _leaving(told: Office, known: MemberId, member: Member) -> Life:
    assert member.leaves is not None
    yield told.day(member.leaves - 30, 15)
    told.decide(workspace.revoke_role(told.now_held, workspace.RevokeRole(member_id=known, role="analyst")))
    yield told.day(member.leaves - 1, 16)
    told.decide(workspace.leave_team(told.now_held, workspace.LeaveTeam(member_id=known, team=member.team)))
    yield told.day(member.leaves, 16)
    left = workspace.DeactivateMember(member_id=known, reason="Left for a seed company")
    told.decide(workspace.deactivate_member(told.now_held, left))


def _programs(told: Office) -> Life:
    yield told.began_at + timedelta(minutes=30)
    for (_, known), label, scopes in (
        (told.website, "Forms of the website", ("leads:write",)),
        (told.old_shop, "The old shop", ("leads:write", "customers:write")),
    ):
        key = workspace.IssueApiKey(key_id=known, label=label, secret_digest=_NO_SECRET, scopes=scopes)
        told.decide(workspace.issue_api_key(told.now_held, key))
    yield told.day(200, 11)
    told.decide(workspace.revoke_api_key(told.now_held, workspace.RevokeApiKey(key_id=told.old_shop[1])))


def _fields(told: Office) -> Life:
    yield told.began_at + timedelta(minutes=40)
    for noun, field_id, label, kind, choices in _FIELDS:
        field = workspace.DefineCustomField(
            noun=noun, field_id=field_id, label=label, kind=kind, is_personal=kind == "text", choices=choices
        )
        told.decide(workspace.define_custom_field(told.now_held, field))
    for name, noun, condition in _SEGMENTS:
        segment = workspace.DefineSegment(name=name, noun=noun, groups=((condition,),))
        told.decide(workspace.define_segment(told.now_held, segment))
    for name, noun, team in (("by-turns", "lead", "sales"), ("to-support", "ticket", "support")):
        rule = workspace.PublishAssignmentRule(name=name, noun=noun, steps=(AssignmentStep(team=team),))
        told.decide(workspace.publish_assignment_rule(told.now_held, rule))
    yield told.day(365, 14)
    retired = workspace.RetireCustomField(noun="customer", field_id="fax_before")
    told.decide(workspace.retire_custom_field(told.now_held, retired))


def _rates(told: Office) -> Life:
    """A walk from month to month, with one rate for the years before."""
    random = Random(f"{told.seed} rates")  # noqa: S311  # nothing here is secret
    yield told.began_at + timedelta(minutes=50)
    rates = {currency: Decimal(rate) for currency, rate in _RATES}
    day = date(told.began_at.year - 6, 1, 1)
    while True:
        for currency, rate in rates.items():
            command = workspace.PublishExchangeRate(from_currency=currency, to_currency="EUR", rate=rate, valid_on=day)
            told.decide(workspace.publish_exchange_rate(command))
            rates[currency] = rate + Decimal(random.randint(-120, 120)) / 10_000
        yield (told.now + timedelta(days=32)).replace(day=1, hour=7, minute=5, second=0)
        day = told.now.date()
