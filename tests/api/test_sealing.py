"""Sealing and verifying the log from the command line, also when the log is too damaged for anything else."""

import json
from pathlib import Path

import pytest

from eventstore.database import Connection
from eventstore.sealing import seal_file
from tests.api.test_cli import Crm
from tests.eventstore.roles import login
from tests.eventstore.test_seals import KEY, events
from tests.facts import captured, given

SECRET = bytes(range(32)).hex()
PUBLIC = seal_file.public_key(KEY).hex()


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


def damage(connection: Connection, statement: str) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute(statement.encode())
    connection.execute("RESET session_replication_role")


def test_a_log_is_sealed_exported_and_verified(crm: Crm, connection: Connection, tmp_path: Path) -> None:
    events(connection, 3)
    assert "No seals were exported yet" in crm("verify", "--log")
    crm.environment["EVERFOLD_SEAL_KEY"] = SECRET
    sealed = json.loads(crm("seal", "--json"))
    assert (sealed["number"], sealed["made"], sealed["exported"], sealed["public_key"]) == (1, 1, 1, PUBLIC)
    assert Path(sealed["file"]) == tmp_path / "data" / "seals.ndjson"
    assert "0 seals were added" in crm("seal")
    events(connection, 2)
    report = json.loads(crm("verify", "--log", "--json"))
    assert report["ok"]
    assert (report["events"], report["sealed_to"], report["behind"]) == (6, sealed["last_position"], 2)
    assert report["signature_valid"]
    assert report["finding"] is None
    assert "(1 seal, signed); 2 later events" in crm("verify", "--log")


@pytest.mark.full
def test_a_change_ends_with_1_and_its_position(crm: Crm, connection: Connection) -> None:
    events(connection, 3)
    crm("seal")
    damage(connection, "UPDATE log.event SET occurred_at = occurred_at + interval '1 hour' WHERE position = 2")
    assert "Position 2: changed." in crm("verify", "--log", code=1)
    report = json.loads(crm("verify", "--log", "--json", code=1))
    assert not report["ok"]
    assert (report["finding"]["position"], report["finding"]["what"]) == (2, "changed")
    assert "not as they were sealed" in crm("verify", "--log", "--proof", "1", code=2)


def test_a_log_that_the_program_cannot_read_is_verified_all_the_same(crm: Crm, connection: Connection) -> None:
    events(connection, 1)
    crm("seal")
    damage(connection, "UPDATE log.event SET data = '[]' WHERE stream_type = 'workspace' AND version = 1")
    assert "Position 1: changed." in crm("verify", "--log", code=1)


@pytest.mark.full
def test_seals_can_be_checked_with_a_copy_and_the_public_key_alone(
    crm: Crm, connection: Connection, tmp_path: Path
) -> None:
    events(connection, 1)
    (tmp_path / "key").write_text(SECRET)
    crm.environment["EVERFOLD_SEAL_KEY_FILE"] = str(tmp_path / "key")
    crm.environment["EVERFOLD_SEALS"] = str(tmp_path / "elsewhere" / "seals")
    crm("seal")
    del crm.environment["EVERFOLD_SEAL_KEY_FILE"], crm.environment["EVERFOLD_SEALS"]
    copy = ["--seals", str(tmp_path / "elsewhere" / "seals")]
    assert "(1 seal);" in crm("verify", "--log", *copy)
    assert "(1 seal, signed);" in crm("verify", "--log", *copy, "--public-key", PUBLIC)
    assert "bad signature" in crm("verify", "--log", *copy, "--public-key", "00" * 32, code=1)
    assert "seals missing" in crm("verify", "--log", code=1)
    assert json.loads(crm("verify", "--log", *copy, "--proof", "1"))["seal"]["signature"]


@pytest.mark.full
def test_what_cannot_be_done_is_refused_with_a_sentence(crm: Crm, connection: Connection, tmp_path: Path) -> None:
    assert "--seals, --public-key and --proof belong to --log" in crm("verify", "--proof", "1", code=2)
    assert "leave out the name" in crm("verify", "lead", "--log", code=2)
    assert "There is no file" in crm("verify", "--log", "--seals", str(tmp_path / "nowhere"), code=2)
    assert "32 bytes" in crm("verify", "--log", "--public-key", "zz", code=2)
    assert "cannot be read" in crm("verify", "--log", "--proof", "1", code=2)
    crm.environment["EVERFOLD_SEAL_KEY"] = "not a key"
    refused = crm("seal", code=2)
    assert "not an Ed25519 key" in refused
    assert "not a key" not in refused
    del crm.environment["EVERFOLD_SEAL_KEY"]
    crm.environment["EVERFOLD_SEAL_KEY_FILE"] = str(tmp_path / "nowhere")
    assert "EVERFOLD_SEAL_KEY_FILE" in crm("seal", code=2)


@pytest.mark.full
def test_an_auditor_needs_no_other_right(crm: Crm, connection: Connection, conninfo: str) -> None:
    given(connection, captured())
    crm("psql", "-c", "SELECT 1")  # brings the database up to date
    assert "may not" in as_auditor(crm, conninfo, "seal", code=2)
    crm("seal")
    for _ in range(2):
        assert "all as recorded" in as_auditor(crm, conninfo, "verify", "--log")
        assert json.loads(as_auditor(crm, conninfo, "verify", "--log", "--proof", "1"))["position"] == 1
        # a later version, of which only the roles are other ones
        connection.execute("UPDATE public.everfold_migration SET sha256 = 'older' WHERE name = 'roles'")
    connection.execute("DELETE FROM public.everfold_migration WHERE name LIKE '0008%'")
    assert "once with the login that owns" in as_auditor(crm, conninfo, "verify", "--log", code=2)


def as_auditor(crm: Crm, conninfo: str, *arguments: str, code: int = 0) -> str:
    with login(conninfo, "everfold_auditor") as own:
        auditor = Crm(own, Path(crm.environment["EVERFOLD_DATA"]))
        return auditor(*arguments, code=code)
