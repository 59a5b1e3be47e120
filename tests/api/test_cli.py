"""The command line: what it prints, what it refuses with a sentence, and that `crm run` stops cleanly."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import importing
from api.imports.kinds import KINDS
from eventstore.database import Connection
from projections.read_models import read_models
from tests.facts import captured, given

ROOT = Path(__file__).resolve().parents[2]


class Crm:
    """Runs `crm` on a test's own database."""

    def __init__(self, conninfo: str, data: Path) -> None:
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": conninfo,
            "EVERFOLD_DATA": str(data),
            "EVERFOLD_SECRET": "test",
            "COLUMNS": "120",
        }

    def __call__(self, *arguments: str, code: int = 0) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "api", *arguments], env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout if code == 0 else ended.stdout + ended.stderr

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "api", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def running(crm: Crm, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`crm run` on an empty log, and the line it prints."""
    process = crm.start("run", "--port", str(port), "--no-demo")
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()


def test_run_prints_one_line_with_a_link_that_signs_in_once(
    running: tuple[subprocess.Popen[str], str], port: int
) -> None:
    _, line = running
    assert "./crm key create NAME" in line
    link = re.search(r"http://\S+", line)
    assert link is not None
    assert link[0].startswith(f"http://127.0.0.1:{port}/console/sign-in?token=")
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link[0]) as board:
        assert board.url == f"http://127.0.0.1:{port}/console"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(link[0])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_run_stops_cleanly(running: tuple[subprocess.Popen[str], str], how: signal.Signals) -> None:
    process, _ = running
    process.send_signal(how)
    out, error = process.communicate(timeout=30)
    assert (out, error) == ("", "")
    assert process.returncode == 0


def test_run_says_when_its_port_is_taken(running: tuple[subprocess.Popen[str], str], crm: Crm, port: int) -> None:
    said = crm("run", "--port", str(port), "--no-demo", code=2)
    assert f"Port {port} cannot be used" in said
    assert "Traceback" not in said


def test_a_key_is_made_and_shown_once(crm: Crm) -> None:
    assert re.fullmatch(r"everfold_[0-9a-f]{32}_\S{43}\n", crm("key", "create", "shop"))
    assert json.loads(crm("key", "create", "shop", "--scope", "leads:read", "--json"))["scopes"] == ["leads:read"]
    assert "There are: leads:read" in crm("key", "create", "shop", "--scope", "everything", code=2)


@pytest.mark.full
def test_keys_are_listed_without_themselves_and_revoked(crm: Crm) -> None:
    key = crm("key", "create", "shop", "--scope", "leads:read").strip()
    crm("key", "create", "mail", "--scope", "undo")
    shop, mail = json.loads(crm("key", "list", "--json"))
    assert (shop["label"], shop["scopes"], mail["label"]) == ("shop", ["leads:read"], "mail")
    assert shop["key_id"].replace("-", "") == key.split("_")[1]
    listed = crm("key", "list")
    assert f"{shop['key_id']}  shop: leads:read" in listed
    assert key.split("_")[2] not in listed
    assert crm("key", "revoke", shop["key_id"]) == "The key is revoked.\n"
    assert [one["label"] for one in json.loads(crm("key", "list", "--json"))] == ["mail"]
    assert "Those in force: ./crm key list" in crm("key", "revoke", shop["key_id"], code=2)


def test_a_key_whose_name_is_no_text_is_refused_without_repeating_it(crm: Crm) -> None:
    said = crm("key", "create", "Ann\udcff", code=2)
    assert said.startswith("This cannot be the name of a key.")
    assert "Ann" not in said


def test_replay_and_verify_report_each_read_model(crm: Crm, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    reports = json.loads(crm("replay", "--all", "--json"))
    assert {report["read_model"]: report["rows_differ"] for report in reports} == dict.fromkeys(read_models(), 0)
    lines = crm("replay", "--all").splitlines()
    assert all(line.endswith("0 rows differ") for line in lines)
    assert len(lines) == len(reports)
    crm("verify")
    connection.execute("UPDATE lead SET stage = 'forged'")
    found = crm("verify", code=1)
    assert f"lead_id={lead_id}: stage" in found
    assert "1 rows differ" in crm("replay", "lead", "--customer", str(customer_id))
    crm("verify", "lead")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay"], "Name a read model"),
        (["replay", "nonsense"], "There is no read model 'nonsense'. There are: campaign, "),
        (["verify", "nonsense"], "There is no read model"),
        (["kpi", "run", "nonsense"], "There is no KPI of that name. There are: active_customers"),
        (["kpi", "run", "win_rate", "--axis", "sideways"], "--axis is recorded"),
        (["kpi", "run", "win_rate", "--as-of", "tomorrow"], "--as-of takes a day such as"),
        (["kpi", "run", "win_rate", "--group-by", "colour"], "can be grouped by: owner, team, product, source"),
        (["kpi", "run", "win_rate", "--zone", "Mars"], "There is no such time zone"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(crm: Crm, arguments: list[str], sentence: str) -> None:
    said = crm(*arguments, code=2)
    assert sentence in said
    assert "Traceback" not in said


def test_a_database_that_does_not_answer_is_said_so(crm: Crm) -> None:
    crm.environment["DATABASE_URL"] = "postgresql://127.0.0.1:1/nowhere"
    said = crm("verify", code=2)
    assert "Check DATABASE_URL" in said
    assert "Traceback" not in said


@pytest.mark.full
def test_figures_are_listed_shown_and_run(crm: Crm) -> None:
    assert "win_rate" in crm("kpi", "list")
    shown = crm("kpi", "show", "win_rate")
    assert "won / (won + lost)" in shown
    assert "FROM lead_at" in shown
    result = json.loads(crm("kpi", "run", "win_rate", "--from", "2016-01-01", "--to", "2018-01-01", "--json"))
    assert result["value"] is None
    assert result["period"] == {"start": "2016-01-01T00:00:00Z", "end": "2018-01-01T00:00:00Z"}
    assert "Win rate: – ratio" in crm("kpi", "run", "win_rate", "--group-by", "owner")


def test_no_log_line_repeats_what_was_sent(
    running: tuple[subprocess.Popen[str], str], crm: Crm, connection: Connection, port: int
) -> None:
    process, _ = running
    key = crm("key", "create", "tests").strip()
    # an error of the database whose message quotes the row
    connection.execute("ALTER TABLE log.personal_data ADD CHECK (data->>'title' IS DISTINCT FROM 'Canary')")
    ask = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/leads",
        json.dumps({"title": "Canary", "customer_name": "Canary"}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as failure:
        urllib.request.urlopen(ask)
    assert failure.value.code == 500
    assert "Canary" not in failure.value.read().decode()
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert "unexpected error" in error
    assert "Canary" not in out + error
    assert key not in out + error


@pytest.mark.full
def test_the_embedded_server_stops_with_the_last_who_used_it(tmp_path: Path, port: int) -> None:
    data = tmp_path / "data"
    crm = Crm("", data)
    for how in (signal.SIGINT, signal.SIGTERM):
        process = crm.start("run", "--port", str(port), "--no-demo")
        assert process.stdout is not None
        assert "Everfold is running" in process.stdout.readline()
        record = (data / "postgres").resolve() / "data" / "postmaster.pid"
        assert record.exists()
        process.send_signal(how)
        assert process.communicate(timeout=60) == ("", "")
        assert not record.exists()
    shutil.rmtree((data / "postgres").resolve())


def test_another_installations_secret_is_refused(crm: Crm) -> None:
    crm("key", "create", "tests")
    crm.environment["EVERFOLD_SECRET"] = "other"
    said = crm("key", "create", "tests", code=2)
    assert "another secret" in said
    assert "Traceback" not in said


def test_a_database_with_tables_of_others_is_left_alone(crm: Crm, connection: Connection) -> None:
    connection.execute("DELETE FROM replay.checkpoint")
    connection.execute("DROP TABLE relation")
    connection.execute("CREATE TABLE relation (precious text)")
    connection.execute("INSERT INTO relation VALUES ('kept')")
    assert "Give Everfold a database of its own" in crm("verify", code=2)
    assert connection.execute("SELECT precious FROM relation").fetchall() == [{"precious": "kept"}]


@pytest.mark.parametrize(
    "verb",
    [
        ("verify",),
        ("verify", "--log"),
        ("seal",),
        ("psql",),
        ("replay", "--all"),
        ("backup", "file.tar.gz"),
        ("sign-in",),
        ("key", "create", "shop"),
    ],
    ids=" ".join,
)
def test_a_verb_that_only_looks_makes_no_installation(tmp_path: Path, verb: tuple[str, ...]) -> None:
    """A mistyped folder would look empty and in order."""
    data = tmp_path / "mistyped"
    said = Crm("", data)(*verb, code=2)
    assert said == f"There is no installation in {data}. Name its folder with --data, or make one: ./crm run\n"
    assert not data.exists()


@pytest.mark.full
def test_looking_writes_nothing_to_an_empty_log(crm: Crm, connection: Connection) -> None:
    connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
    connection.execute("DELETE FROM log.event")
    for verb in (("verify",), ("replay", "--all"), ("kpi", "run", "win_rate")):
        crm(*verb)
    assert connection.execute("SELECT FROM log.event").fetchall() == []


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    said = Crm("nonsense", tmp_path)("verify", code=2)
    assert said.startswith("DATABASE_URL is not a connection string.")
    assert "Traceback" not in said


def test_a_reason_is_a_sentence(crm: Crm) -> None:
    said = crm("forget", "00000000-0000-7000-8000-00000000000f", "--reason", "x" * 1_001, code=2)
    assert said == "The reason is longer than 1,000 characters. Say it in a sentence.\n"


def test_there_is_a_command_for_each_kind_of_file() -> None:
    assert list(importing.KINDS) == list(KINDS)
