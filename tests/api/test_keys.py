"""Keys that act for a member, see only some records, or end; and who works together: by the command line."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.access import create_api_key, principal_of_member
from api.cli.keys import end_of, records_of, scopes_of
from api.cli.verbs import app
from api.permissions import RIGHTS, SCOPES, USUAL_SCOPES
from api.store import Store, append_to_workspace
from api.tokens import list_api_keys
from domain.event import MemberId, Refusal
from domain.workspace import (
    WorkspaceEvent,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
)

ANN = MemberId(UUID(int=0xA1))
INVITED = (
    WorkspaceMemberInvited(member_id=ANN, name="Ann"),
    WorkspaceMemberRoleGranted(member_id=ANN, role="agent"),
    WorkspaceMemberJoinedTeam(member_id=ANN, team="north"),
)


def told(store: Store, *events: WorkspaceEvent) -> None:
    with store.pool.connection() as connection:
        for event in events:
            append_to_workspace(connection, None, event)


def test_a_key_of_a_member_does_no_more_than_she_may(store: Store, anonymous: TestClient) -> None:
    told(store, *INVITED)
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'x', tuple(SCOPES), member_id=ANN)}"
    assert anonymous.get("/v1/leads").status_code == 200
    assert anonymous.get("/v1/events").status_code == 403
    told(store, WorkspaceMemberRoleGranted(member_id=ANN, role="auditor"))
    assert anonymous.get("/v1/events").status_code == 200, "a role counts from the next request on"
    told(store, WorkspaceMemberRoleRevoked(member_id=ANN, role="auditor"))
    assert anonymous.get("/v1/events").status_code == 403
    told(store, WorkspaceMemberDeactivated(member_id=ANN))
    assert anonymous.get("/v1/leads").status_code == 401


def test_a_key_does_no_more_than_it_was_made_for(store: Store, anonymous: TestClient) -> None:
    told(store, *INVITED)
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'x', ('kpis:read',), member_id=ANN)}"
    assert anonymous.get("/v1/leads").status_code == 403
    assert anonymous.get("/v1/kpis").status_code == 200


def test_an_expired_key_is_worth_nothing(store: Store, anonymous: TestClient) -> None:
    now = datetime.now(UTC)
    for ends, status in ((now + timedelta(hours=1), 200), (now - timedelta(seconds=1), 401)):
        key = create_api_key(store, "x", tuple(SCOPES), expires_at=ends)
        assert anonymous.get("/v1/leads", headers={"Authorization": f"Bearer {key}"}).status_code == status


def test_roles_add_up(store: Store) -> None:
    told(store, *INVITED, WorkspaceMemberRoleGranted(member_id=ANN, role="analyst"))
    with store.pool.connection() as connection:
        ann = principal_of_member(store, connection, ANN)
    assert ann.scopes == RIGHTS["agent"].scopes | RIGHTS["analyst"].scopes
    assert (ann.sight.records, ann.sight.personal) == ("all", True)


def test_who_has_no_role_may_do_and_see_nothing(store: Store) -> None:
    with store.pool.connection() as connection:
        stranger = principal_of_member(store, connection, ANN)
    assert (stranger.scopes, stranger.sight.records, stranger.sight.personal) == (frozenset(), "none", False)


def run(store: Store, *arguments: str) -> tuple[int, str]:
    assert store.settings.database_url
    environment = {
        "DATABASE_URL": store.settings.database_url.get_secret_value(),
        "EVERFOLD_DATA": str(store.settings.data),
        "EVERFOLD_SECRET": "test",
    }
    result = CliRunner().invoke(app, list(arguments), env=environment)
    return result.exit_code, result.output


def test_what_a_key_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert scopes_of(None, None) == USUAL_SCOPES
    assert scopes_of(["undo"], None) == ("undo",)
    assert set(scopes_of(None, "analyst")) == RIGHTS["analyst"].scopes
    assert (records_of(None, None), records_of("none", "agent"), records_of(None, "agent")) == (None, "none", "team")
    day = datetime(2999, 3, 2, tzinfo=UTC)
    assert (end_of(None), end_of("2999-03-02")) == (None, day)
    assert timedelta(days=89) < (end_of("90d") or day) - datetime.now(UTC) < timedelta(days=91)
    assert timedelta(hours=11) < (end_of("12h") or day) - datetime.now(UTC) < timedelta(hours=13)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--role", "king"], "There is no role 'king'."),
        (["--role", "agent", "--scope", "undo"], "Give either --role or --scope"),
        (["--scope", "leads"], "There is no scope 'leads'."),
        (["--records", "some"], "--records is one of: all, team, own, none."),
        (["--expires", "2020-01-01"], "lies in the past"),
        (["--expires", "soon"], "--expires takes 90d, 12h, a day such as"),
    ],
)
def test_what_a_key_cannot_be_told(options: Sequence[str], sentence: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["key", "create", "x", *options, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert sentence in result.output


def test_keys_and_teams_by_the_command_line(store: Store) -> None:
    told(store, *INVITED)
    code, output = run(store, "key", "create", "x", "--records", "own")
    assert (code, "Name the member" in output) == (2, True)
    options = ("--member", str(ANN), "--records", "own", "--role", "agent", "--expires", "90d", "--json")
    code, output = run(store, "key", "create", "Ann's phone", *options)
    assert code == 0, output
    assert json.loads(output)["scopes"] == sorted(RIGHTS["agent"].scopes)
    (key,) = list_api_keys(store)
    assert (key.member_id, key.records, key.expires_at is None) == (ANN, "own", False)
    assert run(store, "team", "join", "south", str(ANN))[0] == 0
    assert run(store, "team", "leave", "north", str(ANN))[0] == 0
    with store.pool.connection() as connection:
        assert principal_of_member(store, connection, ANN).sight.teams == ("south",)
    code, output = run(store, "team", "join", "south", str(ANN))
    assert (code, "belongs to the team south already" in output) == (2, True)


def test_a_team_is_joined_by_members_alone(store: Store) -> None:
    code, output = run(store, "team", "join", "south", str(ANN))
    assert (code, "no active member" in output) == (2, True)
    with pytest.raises(Refusal, match="no active member"):
        create_api_key(store, "x", (), member_id=ANN)
