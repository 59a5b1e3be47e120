"""`crm team`: who works together, and so sees the same records."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from api.cli.common import Data, fail, opened
from domain.event import MemberId, Refusal

if TYPE_CHECKING:
    from domain.workspace import Workspace, WorkspaceEvent

app = typer.Typer(help="Say which members work together.", no_args_is_help=True)

Team = Annotated[str, typer.Argument(help="The team, as records name it.")]
Member = Annotated[UUID, typer.Argument(help="The member's id.")]


@app.command("join")
def join(team: Team, member: Member, data: Data = None) -> None:
    """Let a member belong to a team."""
    from domain.workspace import JoinTeam, join_team

    _decide(data, lambda workspace: join_team(workspace, JoinTeam(member_id=MemberId(member), team=team)))
    print(f"The member belongs to the team {team} from now on.")


@app.command("leave")
def leave(team: Team, member: Member, data: Data = None) -> None:
    """Let a member no longer belong to a team."""
    from domain.workspace import LeaveTeam, leave_team

    _decide(data, lambda workspace: leave_team(workspace, LeaveTeam(member_id=MemberId(member), team=team)))
    print(f"The member does not belong to the team {team} any more.")


def _decide(data: Data, rule: "Callable[[Workspace], WorkspaceEvent]") -> None:
    from api.store import SYSTEM_ID, append_to_workspace
    from eventstore import log

    by = log.Envelope("system", SYSTEM_ID, "cli")

    with opened(data) as store:

        def attempt() -> None:
            with store.pool.connection() as connection:
                workspace, version = store.settled.now(connection)
                append_to_workspace(connection, version, rule(workspace), by)

        try:
            log.retrying(attempt)
        except Refusal as refusal:
            fail(str(refusal))
        except ValidationError:
            fail("This cannot be the name of a team. Give it a short name, of at most 100 characters.")
