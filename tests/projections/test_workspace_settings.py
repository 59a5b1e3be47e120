"""The workspace's settings as tables: pipelines, custom fields, exchange rates, members, and all others by version."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias, get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import TypeAdapter

from domain.custom_field import CustomField
from domain.event import FORGOTTEN, Event, MemberId
from domain.exchange_rate import ExchangeRate
from domain.segment import AssignmentStep
from domain.workspace import (
    WORKSPACE_ID,
    Pipeline,
    Role,
    Stage,
    Workspace,
    WorkspaceAssignmentRulePublished,
    WorkspaceBusinessCalendarPublished,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    WorkspaceEvent,
    WorkspaceExchangeRatePublished,
    WorkspaceKpiDefinitionPublished,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberLeftTeam,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
    WorkspaceModelFitted,
    WorkspacePipelinePublished,
    WorkspaceSegmentDefined,
    WorkspaceSlaPolicyPublished,
    evolve,
)
from eventstore.database import Connection
from tests.domain.histories import CALENDAR, CUSTOM_FIELD, FROM_FAIRS, SLA_POLICY, examples_of
from tests.projections.records import all_rows, tell, values

DAY = datetime(2026, 3, 1, tzinfo=UTC)
MEMBER = MemberId(uuid4())
DIGEST = "0" * 64


def told(connection: Connection, *events: Event) -> None:
    moments = [DAY + timedelta(days=number) for number in range(len(events))]
    tell(connection, WORKSPACE_ID, *events, at=moments, noun="workspace")


def pipeline(version: int, *stages: str) -> WorkspacePipelinePublished:
    return WorkspacePipelinePublished(
        pipeline=Pipeline(
            name="partners",
            version=version,
            stages=tuple(Stage(name=stage, probability=Decimal("0.5")) for stage in stages),
        )
    )


def rate(valid_on: date, value: str, from_currency: str = "USD") -> WorkspaceExchangeRatePublished:
    return WorkspaceExchangeRatePublished(
        exchange_rate=ExchangeRate(
            from_currency=from_currency, to_currency="EUR", rate=Decimal(value), valid_on=valid_on
        )
    )


def test_the_stages_of_each_version_of_a_pipeline_in_order(connection: Connection) -> None:
    told(connection, pipeline(1, "told", "signed"), pipeline(2, "signed"))
    found = values(connection, "pipeline_stage", "pipeline", "version", "place", "stage", "is_current", order="2, 3, 4")
    assert [row[1:] for row in found if row[0] == "partners"] == [
        (1, 1, "told", False),
        (1, 2, "signed", False),
        (2, 1, "signed", True),
    ]


def test_a_custom_field_as_it_was_defined_last(connection: Connection) -> None:
    wider = CUSTOM_FIELD.model_copy(update={"version": 2, "choices": ("flat", "steep", "round")})
    told(
        connection,
        WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD),
        WorkspaceCustomFieldDefined(custom_field=wider),
        WorkspaceCustomFieldRetired(noun="lead", field_id="roof_kind"),
    )
    (row,) = all_rows(connection, "custom_field")
    assert row == {
        "customer_id": WORKSPACE_ID,
        "noun": "lead",
        "field_id": "roof_kind",
        "version": 2,
        "label": "Kind of roof",
        "kind": "choice",
        "is_personal": False,
        "choices": ["flat", "steep", "round"],
        "refers_to": None,
        "defined_at": DAY + timedelta(days=1),
        "is_retired": True,
    }


def test_a_field_defined_again_is_in_use_again_and_one_never_defined_is_none(connection: Connection) -> None:
    told(
        connection,
        WorkspaceCustomFieldRetired(noun="ticket", field_id="never"),
        WorkspaceCustomFieldRetired(noun="lead", field_id="roof_kind"),
        WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD),
    )
    assert values(connection, "custom_field", "field_id", "is_retired") == [("roof_kind", False)]


def test_a_rate_holds_until_the_next_and_the_later_published_one_of_a_day_counts(connection: Connection) -> None:
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    told(connection, rate(second, "0.92"), rate(first, "0.91"), rate(second, "0.93"), rate(second, "0.1", "SEK"))
    columns = ("from_currency", "to_currency", "valid_from", "valid_to", "rate")
    assert values(connection, "exchange_rate", *columns, order="from_currency, valid_from") == [
        ("SEK", "EUR", second, None, Decimal("0.1")),
        ("USD", "EUR", first, second, Decimal("0.91")),
        ("USD", "EUR", second, None, Decimal("0.93")),
    ]


SETTINGS = {
    ("pipeline", "partners"): pipeline(1, "told"),
    ("business_calendar", "office"): WorkspaceBusinessCalendarPublished(calendar=CALENDAR),
    ("sla_policy", "gold"): WorkspaceSlaPolicyPublished(policy=SLA_POLICY),
    ("segment", "from fairs"): WorkspaceSegmentDefined(
        name="from fairs", version=1, noun="lead", groups=((FROM_FAIRS,),)
    ),
    ("assignment_rule", "leads"): WorkspaceAssignmentRulePublished(
        name="leads", version=1, noun="lead", steps=(AssignmentStep(team="north"),)
    ),
    ("kpi_definition", "win_rate"): WorkspaceKpiDefinitionPublished(
        kpi="win_rate", version=1, formula_digest=DIGEST, parameters={"within": "90 days"}
    ),
    ("model", "clv"): WorkspaceModelFitted(
        model="clv",
        version=1,
        parameters={"alpha": Decimal("4.414")},
        from_day=date(2025, 1, 1),
        until_day=date(2026, 1, 1),
        observations=100,
    ),
}


@pytest.mark.parametrize("key", SETTINGS)
def test_each_setting_is_kept_as_it_was_published(connection: Connection, key: tuple[str, str]) -> None:
    event = SETTINGS[key]
    told(connection, event)
    (row,) = [row for row in all_rows(connection, "workspace_setting") if (row["kind"], row["name"]) == key]
    assert (row["version"], row["is_current"], row["published_at"]) == (1, True, DAY)
    field = {"pipeline": "pipeline", "business_calendar": "calendar", "sla_policy": "policy"}.get(key[0])
    published = getattr(event, field) if field else event
    assert TypeAdapter(type(published)).validate_python(row["definition"]) == published


def test_what_is_forgotten_of_a_setting_or_a_member_is_null(connection: Connection) -> None:
    told(
        connection,
        WorkspaceSegmentDefined(name="regulars", version=1, noun="customer", groups=FORGOTTEN),
        WorkspaceMemberInvited(member_id=MEMBER, name=FORGOTTEN),
    )
    found = {row["name"]: row["definition"] for row in all_rows(connection, "workspace_setting")}
    assert found["regulars"] == {"name": "regulars", "version": 1, "noun": "customer", "groups": None}
    assert values(connection, "workspace_member", "name") == [(None,)]


def test_of_each_setting_every_version_is_kept_and_the_last_one_is_current(connection: Connection) -> None:
    told(
        connection,
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY),
        WorkspaceSlaPolicyPublished(policy=SLA_POLICY.model_copy(update={"version": 2, "goals": ()})),
    )
    found = values(connection, "workspace_setting", "kind", "version", "is_current", order="kind, version")
    assert [row[1:] for row in found if row[0] == "sla_policy"] == [(1, False), (2, True)]


def test_members_with_the_roles_that_they_have_now(connection: Connection) -> None:
    roles: tuple[Role, ...] = ("manager", "agent")
    told(
        connection,
        WorkspaceMemberInvited(member_id=MEMBER, name="Ann"),
        *(WorkspaceMemberRoleGranted(member_id=MEMBER, role=role) for role in roles),
    )
    columns = ("name", "roles", "invited_at", "deactivated_at")
    assert values(connection, "workspace_member", *columns) == [("Ann", ["agent", "manager"], DAY, None)]
    told(connection, WorkspaceMemberRoleRevoked(member_id=MEMBER, role="agent"))
    assert values(connection, "workspace_member", *columns) == [("Ann", ["manager"], DAY, None)]
    told(connection, WorkspaceMemberDeactivated(member_id=MEMBER))
    assert values(connection, "workspace_member", *columns) == [("Ann", [], DAY, DAY)]


def test_a_member_invited_again_begins_without_roles(connection: Connection) -> None:
    told(
        connection,
        WorkspaceMemberInvited(member_id=MEMBER, name="Ann"),
        WorkspaceMemberRoleGranted(member_id=MEMBER, role="agent"),
        WorkspaceMemberDeactivated(member_id=MEMBER),
        WorkspaceMemberInvited(member_id=MEMBER, name="Ann Smith"),
    )
    columns = ("name", "roles", "invited_at", "deactivated_at")
    assert values(connection, "workspace_member", *columns) == [("Ann Smith", [], DAY + timedelta(days=3), None)]


def test_a_role_given_to_nobody_who_was_invited_makes_no_member(connection: Connection) -> None:
    told(connection, WorkspaceMemberRoleGranted(member_id=MEMBER, role="agent"))
    assert all_rows(connection, "workspace_member") == []


def test_members_with_the_teams_that_they_are_in_now(connection: Connection) -> None:
    told(
        connection,
        WorkspaceMemberInvited(member_id=MEMBER, name="Ann"),
        *(WorkspaceMemberJoinedTeam(member_id=MEMBER, team=team) for team in ("south", "north", "west")),
        WorkspaceMemberLeftTeam(member_id=MEMBER, team="west"),
    )
    assert values(connection, "workspace_member", "teams") == [(["north", "south"],)]
    told(connection, WorkspaceMemberDeactivated(member_id=MEMBER), WorkspaceMemberInvited(member_id=MEMBER, name="Ann"))
    assert values(connection, "workspace_member", "teams") == [([],)]


MemberEvent: TypeAlias = (
    WorkspaceMemberInvited
    | WorkspaceMemberRoleGranted
    | WorkspaceMemberRoleRevoked
    | WorkspaceMemberJoinedTeam
    | WorkspaceMemberLeftTeam
    | WorkspaceMemberDeactivated
)
EVENTS: SearchStrategy[WorkspaceEvent] = st.one_of(
    examples_of(WorkspaceCustomFieldDefined),
    examples_of(WorkspaceCustomFieldRetired),
    st.one_of([examples_of(event) for event in get_args(MemberEvent)]),
)


@for_all(events=st.lists(EVENTS, min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_tables_and_the_rules_see_the_same_members_and_fields(
    connection: Connection, events: list[WorkspaceEvent]
) -> None:
    ids = {UUID(int=number): uuid4() for number in range(1, 5)}
    own = [
        event.model_copy(update={"member_id": ids[event.member_id]}) if isinstance(event, MemberEvent) else event
        for event in events
    ]
    told(connection, *own)
    known = Workspace()
    for event in own:
        known = evolve(known, event)
    members = {
        row["member_id"]: (frozenset(row["roles"]), frozenset(row["teams"]), row["deactivated_at"] is not None)
        for row in all_rows(connection, "workspace_member")
        if row["member_id"] in ids.values()
    }
    assert members == {
        member_id: (known.roles_of(member_id), known.teams_of(member_id), member_id in known.deactivated)
        for member_id in known.members
    }
    for field in all_rows(connection, "custom_field") if known.custom_fields else []:
        read = {name: field[name] for name in CustomField.model_fields}
        assert [CustomField.model_validate(read)] == list(known.custom_fields.values())
        assert field["is_retired"] == bool(known.retired_fields & known.custom_fields.keys())
