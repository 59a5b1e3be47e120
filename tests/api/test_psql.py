"""`crm psql` opens the database as a role, hands everything else on to psql, and shows no secret."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import gettempdir

import pytest
from psycopg.conninfo import make_conninfo

from eventstore.database import Connection
from eventstore.psql import run
from tests.api.test_cli import Crm
from tests.conftest import remove
from tests.eventstore.roles import ROLES, login
from tests.facts import captured, given


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


def test_an_analyst_sees_what_was_just_recorded_and_changes_nothing(crm: Crm, connection: Connection) -> None:
    given(connection, captured())
    assert crm("psql", "-At", "-c", "SELECT title FROM lead") == "Ten seats\n"
    shown = "SELECT current_user, current_setting('statement_timeout'), current_setting('search_path')"
    assert crm("psql", "-Atc", shown) == "everfold_analyst|1min|public\n"
    assert "read-only transaction" in crm("psql", "-c", "DELETE FROM lead", code=1)
    insist = ("-c", "SET default_transaction_read_only = off", "-c", "DELETE FROM lead")
    assert "permission denied for table lead" in crm("psql", *insist, code=1)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_can_be_taken(crm: Crm, role: str) -> None:
    assert crm("psql", "--role", role, "-At", "-c", "SELECT current_user") == f"everfold_{role}\n"


@pytest.mark.parametrize("role", ["analyst", "auditor", "privacy"])
def test_a_login_needs_no_other_role(crm: Crm, conninfo: str, role: str) -> None:
    crm("psql", "-c", "SELECT 1")  # brings the database up to date
    with login(conninfo, f"everfold_{role}") as own:
        crm.environment["DATABASE_URL"] = own
        assert crm("psql", "--role", role, "-Atc", "SELECT current_user") == f"everfold_{role}\n"
        assert "This login may not act as everfold_app." in crm("psql", "--role", "app", code=2)


def test_all_other_arguments_are_psqls_and_so_is_the_exit_code(crm: Crm, tmp_path: Path) -> None:
    script = tmp_path / "script.sql"
    script.write_text("SELECT :'word', :number;\nSELECT 1 / 0;\nSELECT 'never';\n")
    said = crm(
        "psql", "-v", "word=--role", "--role", "auditor", "-f", str(script),
        "--set=number=7", "-At", "--set", "ON_ERROR_STOP=1", code=3,
    )  # fmt: skip
    assert said.startswith("--role|7\n")
    assert "division by zero" in said
    assert "never" not in said


@pytest.mark.full
def test_what_cannot_be_is_told_in_a_sentence(crm: Crm, conninfo: str, tmp_path: Path) -> None:
    said = crm("psql", "--role", "king", code=2)
    assert said == "There is no role 'king'. There are: owner, app, follower, analyst, auditor, privacy.\n"
    with login(conninfo, "everfold_app", "everfold_follower") as own:
        crm("psql", "-c", "SELECT 1")  # brings the database up to date, which the other login may not
        crm.environment["DATABASE_URL"] = own
        said = crm("psql", code=2)
        assert said.startswith("This login may not act as everfold_analyst. An administrator can allow it: GRANT ")
        assert crm("psql", "--role", "app", "-Atc", "SELECT 1") == "1\n"
    crm.environment |= {"DATABASE_URL": conninfo, "CRM_PG_BIN": str(tmp_path)}
    assert f"There is no psql in {tmp_path}." in crm("psql", "-c", "SELECT 1", code=2)


def test_no_secret_stands_in_the_list_of_processes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "psql"
    program.write_text('#!/bin/sh\necho "$@"\necho "$PGUSER $PGPASSWORD $PGHOST $PGOPTIONS $KEPT"\nexit 5\n')
    program.chmod(0o755)
    address = make_conninfo(user="ann", password="hidden one", host="db.example", options="-c work_mem=5MB")
    assert run(address, "everfold_auditor", ["-c", "SELECT 1"], {"KEPT": "too", "PGHOST": "other"}, tmp_path) == 5
    assert capfd.readouterr().out.splitlines() == [
        "-c SELECT 1",
        "ann hidden one db.example -c work_mem=5MB -c role=everfold_auditor too",
    ]


def test_ctrl_c_ends_the_query_and_not_the_program(crm: Crm, connection: Connection) -> None:
    command = [sys.executable, "-m", "api", "psql", "-c", "SELECT pg_sleep(100)", "-c", "SELECT 'still here'"]
    process = subprocess.Popen(
        command,
        env=crm.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    sleeping = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%%'"
        " AND state = 'active'"
    )
    deadline = time.monotonic() + 30
    while not connection.execute(sleeping.encode(), {}).fetchall():
        assert time.monotonic() < deadline
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert "canceling statement due to user request" in said
    assert "Traceback" not in said
    assert process.returncode == 1


@pytest.mark.full
def test_the_embedded_server_is_up_as_long_as_psql_is(tmp_path: Path) -> None:
    # not below `tmp_path`: that is closed to the account that root lends the server
    data = Path(gettempdir()) / f"everfold-psql-{tmp_path.stat().st_ino}"
    data.mkdir(mode=0o755)
    try:
        Crm("", data)("demo", "--customers", "1")
        said = Crm("", data)("psql", "--role", "owner", "-Atc", "SELECT current_database(), session_user")
        assert said == "everfold|postgres\n"
        assert not (data / "postgres" / "data" / "postmaster.pid").exists()
    finally:
        remove(data)
