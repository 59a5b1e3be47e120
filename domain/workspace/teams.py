"""Which members work together: the teams whose records they share."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never

from domain.event import Command, Event, MemberId, Refusal, Word
from domain.workspace.access import must_be_active
from domain.workspace.state import Workspace


class WorkspaceMemberJoinedTeam(Event):
    """A member belongs to a team, and its records are hers to see where her role lets her see her team's."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    team: Word

    def in_words(self) -> str:
        return f"A member joined the team {self.team}"


class WorkspaceMemberLeftTeam(Event):
    """A member does not belong to a team any more."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    team: Word

    def in_words(self) -> str:
        return f"A member left the team {self.team}"


TeamEvent: TypeAlias = WorkspaceMemberJoinedTeam | WorkspaceMemberLeftTeam


def evolve_teams(workspace: Workspace, event: TeamEvent) -> Workspace:
    """The workspace after the event."""
    of_hers = workspace.teams_of(event.member_id)
    match event:
        case WorkspaceMemberJoinedTeam():
            return replace(workspace, teams={**workspace.teams, event.member_id: of_hers | {event.team}})
        case WorkspaceMemberLeftTeam():
            return replace(workspace, teams={**workspace.teams, event.member_id: of_hers - {event.team}})
        case _:
            assert_never(event)


class JoinTeam(Command):
    """Let a member belong to a team."""

    member_id: MemberId
    team: Word


class LeaveTeam(Command):
    """Let a member no longer belong to a team."""

    member_id: MemberId
    team: Word


class AlreadyInTeam(Refusal):
    """This member belongs to the team {team} already."""


class NotInTeam(Refusal):
    """This member does not belong to the team {team}. {teams}"""


def join_team(workspace: Workspace, command: JoinTeam) -> WorkspaceMemberJoinedTeam:
    """Raises UnknownMember, AlreadyInTeam."""
    must_be_active(workspace, command.member_id)
    if command.team in workspace.teams_of(command.member_id):
        raise AlreadyInTeam(team=command.team)
    return WorkspaceMemberJoinedTeam(member_id=command.member_id, team=command.team)


def leave_team(workspace: Workspace, command: LeaveTeam) -> WorkspaceMemberLeftTeam:
    """Raises UnknownMember, NotInTeam."""
    must_be_active(workspace, command.member_id)
    teams = workspace.teams_of(command.member_id)
    if command.team not in teams:
        had = f"Her teams are: {', '.join(sorted(teams))}." if teams else "She is in none."
        raise NotInTeam(team=command.team, teams=had)
    return WorkspaceMemberLeftTeam(member_id=command.member_id, team=command.team)
