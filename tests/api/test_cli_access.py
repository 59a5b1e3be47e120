"""`crm member` and `crm key`: who gets in, told and changed on the command line."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import typer
from pytest import CaptureFixture

from api.cli import access
from eventstore.database import Connection
from tests.api.test_cli import Crm

ISSUER = "https://id.example"


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.mark.full
def test_a_members_life(crm: Crm, connection: Connection) -> None:
    ann = crm("member", "invite", "Ann Example", "--role", "admin").strip()
    assert UUID(ann)
    bob = json.loads(crm("member", "invite", "Bob", "--json"))["member_id"]
    assert crm("member", "list").splitlines() == [f"{ann}  Ann Example: admin", f"{bob}  Bob: no role"]
    assert crm("member", "role", bob, "agent") == "The member is now agent.\n"
    assert "already has the role agent" in crm("member", "role", bob, "agent", code=2)
    assert crm("member", "role", bob, "agent", "--revoke") == "The member is no longer agent.\n"
    assert "There is no role 'king'. There are: admin, " in crm("member", "role", bob, "king", code=2)

    assert "Say which sign-in service" in crm("member", "identify", bob, "bob-7", code=2)
    assert "from now on" in crm("member", "identify", bob, "bob-7", "--issuer", ISSUER)
    crm.environment["EVERFOLD_OIDC_ISSUER"] = ISSUER
    assert f"the member {bob} already" in crm("member", "identify", ann, "bob-7", code=2)
    assert f"Bob: no role; signs in with {ISSUER}" in crm("member", "list")
    assert "no longer" in crm("member", "identify", bob, "bob-7", "--revoke")
    assert "is named by its address" in crm("member", "identify", bob, "x", "--issuer", "id.example", code=2)

    link = crm("member", "link", bob, "--port", "8123")
    assert re.fullmatch(r"http://127\.0\.0\.1:8123/console/sign-in\?token=[\w-]{43}\n", link)
    assert connection.execute("SELECT member_id FROM access.sign_in_link").fetchall() == [{"member_id": UUID(bob)}]
    assert crm("member", "sign-out", bob) == "0 sessions ended.\n"
    assert connection.execute("SELECT FROM access.sign_in_link").fetchall() == []

    crm("member", "link", bob)
    assert crm("member", "deactivate", bob, "--reason", "Retired") == "The member is deactivated.\n"
    assert connection.execute("SELECT FROM access.sign_in_link").fetchall() == []
    assert f"{bob}  Bob: deactivated" in crm("member", "list")
    assert "no active member" in crm("member", "link", bob, code=2)
    assert "last admin" in crm("member", "deactivate", ann, code=2)


def test_links_lead_to_where_browsers_reach_the_console(crm: Crm) -> None:
    crm("key", "create", "makes the installation")
    crm.environment["EVERFOLD_PUBLIC_URL"] = "https://crm.example/"
    assert crm("sign-in").startswith("https://crm.example/console/sign-in?token=")


@pytest.mark.full
def test_a_key_is_rotated(crm: Crm) -> None:
    crm("key", "create", "shop", "--scope", "leads:read")
    (shop,) = json.loads(crm("key", "list", "--json"))
    made = json.loads(crm("key", "rotate", shop["key_id"], "--overlap", "2d", "--expires", "90d", "--json"))
    assert re.fullmatch(r"everfold_[0-9a-f]{32}_\S{43}", made["key"])
    in_two_days = datetime.now(UTC) + timedelta(days=2)
    assert abs(datetime.fromisoformat(made["old_key_ends_at"]) - in_two_days) < timedelta(minutes=5)
    old, new = json.loads(crm("key", "list", "--json"))
    assert (old["replaced_by"], new["label"], new["scopes"]) == (new["key_id"], "shop", ["leads:read"])
    assert f"{old['key_id']}  shop: leads:read; until {in_two_days:%Y-%m-%d}" in crm("key", "list")
    assert "was replaced by the key" in crm("key", "rotate", old["key_id"], code=2)
    assert "so the new one needs an end" in crm("key", "rotate", new["key_id"], code=2)
    assert "no API key" in crm("key", "rotate", str(uuid4()), code=2)


@pytest.mark.parametrize(
    ("overlap", "expires", "sentence"),
    [
        ("soon", None, "--overlap takes hours or days, such as 24h or 7d."),
        ("", None, "--overlap takes hours"),
        ("-1h", None, "--overlap takes hours"),
        ("24h", "0d", "This end lies in the past."),
        ("24h", "2026-01-01", "This end lies in the past."),
        ("24h", "some day", "--expires takes a time such as 90d,"),
    ],
)
def test_ends_are_given_in_hours_or_days_or_as_a_day(
    overlap: str, expires: str | None, sentence: str, capsys: CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        access.rotate_key(uuid4(), overlap, expires)
    assert sentence in capsys.readouterr().err


def test_a_setting_that_cannot_be_used_is_named_and_not_repeated(crm: Crm) -> None:
    crm.environment |= {"EVERFOLD_OIDC_ISSUER": "http://secret.example", "EVERFOLD_VERIFY_HOURS": "-4"}
    said = crm("key", "list", code=2)
    assert "EVERFOLD_OIDC_ISSUER cannot be used: String should match pattern" in said
    assert "EVERFOLD_VERIFY_HOURS cannot be used: Input should be greater than 0." in said
    assert "secret.example" not in said
    crm.environment |= {"EVERFOLD_OIDC_ISSUER": "", "EVERFOLD_VERIFY_HOURS": "", "EVERFOLD_OIDC_CLIENT_ID": "c"}
    crm.environment |= {"EVERFOLD_OIDC_CLIENT_SECRET": "very-secret"}
    said = crm("key", "list", code=2)
    assert said == "EVERFOLD_OIDC_ISSUER must name the sign-in service as well.\n"
