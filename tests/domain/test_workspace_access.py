"""The workspace: members with their roles; somebody is always admin."""

from typing import get_args

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.event import FORGOTTEN, MemberId, Refusal
from domain.workspace import (
    ROLES,
    AlreadyMember,
    DeactivateMember,
    GrantRole,
    InviteMember,
    LastAdmin,
    RevokeRole,
    Role,
    RoleAlreadyGranted,
    RoleNotGranted,
    UnknownMember,
    Workspace,
    WorkspaceEvent,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
    deactivate_member,
    evolve,
    grant_role,
    invite_member,
    revoke_role,
)
from tests.domain.histories import IDS, examples_of, forgotten, patient
from tests.domain.test_workspace import given

ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
INVITED = WorkspaceMemberInvited(member_id=ALICE, name="Alice")
BOB_INVITED = WorkspaceMemberInvited(member_id=BOB, name="Bob")
GONE = WorkspaceMemberDeactivated(member_id=ALICE, reason="Retired")
BOB_GONE = WorkspaceMemberDeactivated(member_id=BOB)


def granted(role: Role, member_id: MemberId = ALICE) -> WorkspaceMemberRoleGranted:
    return WorkspaceMemberRoleGranted(member_id=member_id, role=role)


def revoked(role: Role, member_id: MemberId = ALICE) -> WorkspaceMemberRoleRevoked:
    return WorkspaceMemberRoleRevoked(member_id=member_id, role=role)


@pytest.mark.parametrize("role", ROLES)
def test_a_member_is_granted_any_role_once(role: Role) -> None:
    command = GrantRole(member_id=ALICE, role=role)
    assert grant_role(given(INVITED), command) == granted(role)
    workspace = given(INVITED, granted(role))
    assert workspace.roles_of(ALICE) == {role}
    with pytest.raises(RoleAlreadyGranted, match=f"the role {role}"):
        grant_role(workspace, command)


def test_there_are_six_roles() -> None:
    assert ROLES == ("admin", "manager", "agent", "analyst", "auditor", "integration")
    with pytest.raises(ValidationError):
        GrantRole.model_validate({"member_id": ALICE, "role": "king"})


def test_a_member_may_have_several_roles_and_each_is_revoked_on_its_own() -> None:
    workspace = given(INVITED, granted("agent"), granted("analyst"))
    assert revoke_role(workspace, RevokeRole(member_id=ALICE, role="agent")) == revoked("agent")
    assert given(INVITED, granted("agent"), granted("analyst"), revoked("agent")).roles_of(ALICE) == {"analyst"}


def test_a_role_that_was_not_granted_is_not_revoked() -> None:
    command = RevokeRole(member_id=ALICE, role="agent")
    with pytest.raises(RoleNotGranted, match=r"the role agent. She has none\."):
        revoke_role(given(INVITED), command)
    with pytest.raises(RoleNotGranted, match=r"the role agent. Her roles are: analyst, auditor\."):
        revoke_role(given(INVITED, granted("auditor"), granted("analyst")), command)


@pytest.mark.parametrize("history", [(), (INVITED, GONE)], ids=["never invited", "deactivated"])
def test_who_is_not_an_active_member_has_no_part_in_it(history: tuple[WorkspaceEvent, ...]) -> None:
    workspace = given(BOB_INVITED, *history)
    with pytest.raises(UnknownMember, match=f"no active member {ALICE}"):
        grant_role(workspace, GrantRole(member_id=ALICE, role="agent"))
    with pytest.raises(UnknownMember):
        revoke_role(workspace, RevokeRole(member_id=ALICE, role="agent"))
    with pytest.raises(UnknownMember):
        deactivate_member(workspace, DeactivateMember(member_id=ALICE))


def test_a_deactivated_member_loses_her_roles_and_keeps_her_name() -> None:
    assert deactivate_member(given(INVITED), DeactivateMember(member_id=ALICE, reason="Retired")) == GONE
    workspace = given(INVITED, granted("agent"), GONE)
    assert workspace.roles_of(ALICE) == frozenset()
    assert workspace.members == {ALICE: "Alice"}
    assert forgotten(GONE).reason == FORGOTTEN


def test_a_deactivated_member_is_invited_again_and_begins_without_roles() -> None:
    command = InviteMember(member_id=ALICE, name="Alice")
    assert invite_member(given(INVITED, granted("agent"), GONE), command) == INVITED
    back = given(INVITED, granted("agent"), GONE, INVITED)
    assert back.roles_of(ALICE) == frozenset()
    with pytest.raises(AlreadyMember):
        invite_member(back, command)


@pytest.mark.parametrize(
    "history",
    [
        (),
        (BOB_INVITED, granted("manager", BOB)),
        (BOB_INVITED, granted("admin", BOB), revoked("admin", BOB)),
        (BOB_INVITED, granted("admin", BOB), BOB_GONE),
        (granted("admin", BOB),),
        (BOB_INVITED, BOB_GONE, granted("admin", BOB)),
    ],
    ids=["alone", "another role", "revoked", "deactivated", "imported without invitation", "imported after leaving"],
)
def test_the_last_admin_stays(history: tuple[WorkspaceEvent, ...]) -> None:
    workspace = given(INVITED, granted("admin"), granted("agent"), *history)
    with pytest.raises(LastAdmin, match="to somebody else first"):
        revoke_role(workspace, RevokeRole(member_id=ALICE, role="admin"))
    with pytest.raises(LastAdmin):
        deactivate_member(workspace, DeactivateMember(member_id=ALICE))
    assert revoke_role(workspace, RevokeRole(member_id=ALICE, role="agent")) == revoked("agent")


def test_an_admin_goes_when_there_is_another() -> None:
    workspace = given(INVITED, granted("admin"), BOB_INVITED, granted("admin", BOB))
    assert revoke_role(workspace, RevokeRole(member_id=ALICE, role="admin")) == revoked("admin")
    assert deactivate_member(workspace, DeactivateMember(member_id=BOB)) == BOB_GONE


def test_where_another_is_the_last_admin_everybody_else_may_go() -> None:
    workspace = given(INVITED, granted("agent"), BOB_INVITED, granted("admin", BOB))
    assert deactivate_member(workspace, DeactivateMember(member_id=ALICE, reason="Retired")) == GONE


any_workspace_history = st.lists(st.one_of([examples_of(event) for event in get_args(WorkspaceEvent)]), max_size=10)
any_change_of_rights = st.one_of(examples_of(GrantRole), examples_of(RevokeRole), examples_of(DeactivateMember))


@patient
@drawn(any_workspace_history)
def test_any_recorded_history_of_the_workspace_evolves_also_once_forgotten(history: list[WorkspaceEvent]) -> None:
    known, gone = given(*history), given(*map(forgotten, history))
    assert (known.roles, known.deactivated, known.custom_fields) == (gone.roles, gone.deactivated, gone.custom_fields)
    assert (set(known.members), set(known.webhooks)) == (set(gone.members), set(gone.webhooks))


@patient
@drawn(any_workspace_history, st.lists(any_change_of_rights, max_size=8))
def test_where_there_is_an_admin_there_will_be_one(
    history: list[WorkspaceEvent], commands: list[GrantRole | RevokeRole | DeactivateMember]
) -> None:
    workspace = given(*history, INVITED, granted("admin"))
    for command in commands:
        try:
            workspace = evolve(workspace, decide(workspace, command))
        except Refusal:
            continue
        assert any(
            "admin" in workspace.roles_of(member_id) for member_id in workspace.members.keys() - workspace.deactivated
        )


def decide(workspace: Workspace, command: GrantRole | RevokeRole | DeactivateMember) -> WorkspaceEvent:
    match command:
        case GrantRole():
            return grant_role(workspace, command)
        case RevokeRole():
            return revoke_role(workspace, command)
        case DeactivateMember():
            return deactivate_member(workspace, command)
