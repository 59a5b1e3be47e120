"""The workspace: which members work together."""

import pytest

from domain.event import MemberId
from domain.workspace import (
    AlreadyInTeam,
    JoinTeam,
    LeaveTeam,
    NotInTeam,
    UnknownMember,
    WorkspaceEvent,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberLeftTeam,
    join_team,
    leave_team,
)
from tests.domain.histories import IDS
from tests.domain.test_workspace import given

ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
INVITED = WorkspaceMemberInvited(member_id=ALICE, name="Alice")
GONE = WorkspaceMemberDeactivated(member_id=ALICE)


def joined(team: str, member_id: MemberId = ALICE) -> WorkspaceMemberJoinedTeam:
    return WorkspaceMemberJoinedTeam(member_id=member_id, team=team)


def left(team: str) -> WorkspaceMemberLeftTeam:
    return WorkspaceMemberLeftTeam(member_id=ALICE, team=team)


def test_a_member_joins_a_team_once() -> None:
    command = JoinTeam(member_id=ALICE, team="north")
    assert join_team(given(INVITED), command) == joined("north")
    with pytest.raises(AlreadyInTeam, match="the team north already"):
        join_team(given(INVITED, joined("north")), command)
    assert join_team(given(INVITED, joined("north"), left("north")), command) == joined("north")


def test_a_member_is_in_several_teams_and_leaves_each_on_its_own() -> None:
    workspace = given(INVITED, joined("north"), joined("south"))
    assert workspace.teams_of(ALICE) == {"north", "south"}
    assert leave_team(workspace, LeaveTeam(member_id=ALICE, team="north")) == left("north")
    assert given(INVITED, joined("north"), joined("south"), left("north")).teams_of(ALICE) == {"south"}


def test_a_team_that_she_is_not_in_is_not_left() -> None:
    command = LeaveTeam(member_id=ALICE, team="north")
    with pytest.raises(NotInTeam, match=r"the team north. She is in none\."):
        leave_team(given(INVITED), command)
    with pytest.raises(NotInTeam, match=r"the team north. Her teams are: south, west\."):
        leave_team(given(INVITED, joined("west"), joined("south")), command)


@pytest.mark.parametrize("history", [(), (INVITED, GONE)], ids=["never invited", "deactivated"])
def test_who_is_not_an_active_member_has_no_part_in_it(history: tuple[WorkspaceEvent, ...]) -> None:
    with pytest.raises(UnknownMember):
        join_team(given(*history), JoinTeam(member_id=ALICE, team="north"))
    with pytest.raises(UnknownMember):
        leave_team(given(*history), LeaveTeam(member_id=ALICE, team="north"))


def test_who_is_deactivated_leaves_all_teams_and_is_in_none_when_invited_again() -> None:
    assert given(INVITED, joined("north"), GONE).teams_of(ALICE) == frozenset()
    assert given(INVITED, joined("north"), GONE, INVITED).teams_of(ALICE) == frozenset()


def test_who_works_together_is_found_by_any_of_the_teams() -> None:
    workspace = given(INVITED, joined("north"), joined("south", BOB))
    assert workspace.members_of(frozenset({"north"})) == {ALICE}
    assert workspace.members_of(frozenset({"north", "south"})) == {ALICE, BOB}
    assert workspace.members_of(frozenset()) == frozenset()
