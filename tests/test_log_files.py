"""A log that was exported and loaded is the same; damaged files bring nothing; who was forgotten stays forgotten."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.exports.whole_log import export_log, load_log
from api.forget import erasure_list, forget
from api.sealing import seals_file
from api.settings import Settings
from api.store import Store
from domain.event import CustomerId
from eventstore import log
from eventstore.audit.accesses import accesses
from eventstore.backup.backup import LogNotEmpty, OtherSecret, RestoredLogWrong
from eventstore.database import Connection, connect, migrate
from eventstore.erasure import erasures, forgetting
from eventstore.log_files import writing
from eventstore.log_files.manifest import NAME, LogFilesDamaged, NotLogFiles
from eventstore.new_folder import FolderThere, LeftOver
from eventstore.sealing.seals import seal_and_export
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify
from tests.api.test_cli import Crm
from tests.eventstore.test_forgetting import about, registered
from tests.facts import NOBODY, captured, given
from tests.test_backup import ROOT, conninfo_of, everything, figures, lived_in, nothing_was_restored
from tests.test_backup import crm as crm


@pytest.fixture
def whole(store: Store, connection: Connection, tmp_path: Path) -> Path:
    """A folder with a log in which much has happened, sealed."""
    lived_in(connection)
    seal_and_export(connection, seals_file(store.settings), force=True)
    export_log(store, tmp_path / "log", "ndjson")
    return tmp_path / "log"


def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all read models."""
    catch_up(connection)
    return {
        table: connection.execute(
            sql.SQL("SELECT * FROM {} AS r ORDER BY r").format(sql.Identifier("public", table))
        ).fetchall()
        for model in read_models().values()
        for table in model.tables
    }


def test_a_loaded_log_is_the_same_and_so_is_all_that_is_folded_from_it(
    whole: Path, settings: Settings, connection: Connection, emptied: Settings
) -> None:
    as_of = log.now(connection)
    before, known, told = everything(connection), rows(connection), figures(connection, as_of)
    seals_file(emptied).parent.mkdir(parents=True)
    seals_file(emptied).write_bytes(seals_file(settings).read_bytes())
    report = load_log(emptied, whole)
    assert (report.left, report.verified.finding) == ((), None)
    assert report.verified.sealed_to == report.verified.events + 1  # a position was drawn for nothing
    assert report.verified.behind == 0
    with connect(conninfo_of(emptied)) as loaded:
        assert everything(loaded) == before
        assert rows(loaded) == known
        assert figures(loaded, as_of) == told
        assert [verify(loaded, model).differing for model in read_models().values()] == [0] * len(read_models())
        indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'log' ORDER BY 1"
        assert loaded.execute(indexes).fetchall() == connection.execute(indexes).fetchall()
        given(loaded, captured("Goes on"))
        row = loaded.execute("SELECT max(position) AS position FROM log.event").fetchone()
        assert row == {"position": report.manifest.last_position + 1}


def test_a_folder_says_what_is_in_it_and_is_for_its_owner_alone(
    whole: Path, connection: Connection, tmp_path: Path
) -> None:
    said = json.loads((whole / NAME).read_text())
    assert said["epoch"] == str(log.epoch(connection))
    files = {file["name"]: file for file in said["members"]}
    assert {path.name for path in whole.iterdir()} == {NAME, *files}
    for name, file in files.items():
        text = (whole / name).read_bytes()
        assert (file["rows"], file["size"]) == (text.count(b"\n"), len(text))
        assert file["sha256"] == hashlib.sha256(text).hexdigest()
    assert {path.stat().st_mode & 0o777 for path in whole.iterdir()} == {0o600}
    assert whole.stat().st_mode & 0o777 == 0o700
    (month,) = (name for name, file in files.items() if file["table"] == "log.event")
    assert month == f"{log.now(connection):%Y-%m}.ndjson"
    events = [json.loads(line) for line in (whole / month).read_text().splitlines()]
    (titled,) = (event for event in events if event["personal"] and "newline" in str(event["personal"]))
    assert titled["personal"]["title"] == 'Tab\t, newline\n, \\N and "é😀"'
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)
    assert len(titled["digest"]) == 2 + 64
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("log")] == ["log"]


def test_events_lie_in_the_month_in_which_they_were_recorded(
    store: Store, connection: Connection, tmp_path: Path
) -> None:
    given(connection, captured())
    recorded(connection, "2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z")
    export_log(store, tmp_path / "log", "ndjson")
    assert [path.name for path in sorted(tmp_path.glob("log/2*"))] == ["2026-01.ndjson", "2026-02.ndjson"]


def recorded(connection: Connection, *moments: str) -> None:
    """Move the log's events to these moments."""
    connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
    for position, moment in enumerate(moments, start=1):
        connection.execute("UPDATE log.event SET recorded_at = %s WHERE position = %s", [moment, position])
    connection.execute("ALTER TABLE log.event ENABLE TRIGGER ALL")


def test_everybody_in_it_was_shown(store: Store, connection: Connection, tmp_path: Path) -> None:
    ann = registered(connection, "Ann")
    export_log(store, tmp_path / "log", "ndjson")
    assert [seen.way for seen in accesses(connection, [ann], 9)] == ["crm export --log"]


def test_who_was_forgotten_after_the_export_stays_forgotten(
    store: Store, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    ann, acme = registered(connection, "Ann"), registered(connection, "Acme")
    person_id = uuid4()
    log.append(connection, [about(acme, person_id, "Likes red")], NOBODY)
    export_log(store, tmp_path / "log", "ndjson")
    for customer_id, person in ((ann, None), (acme, person_id)):
        forget(store, customer_id, person, reason="Asked by letter")
    report = load_log(emptied, tmp_path / "log", erasure_list(store.settings.data))
    assert set(report.restored.erased) == {ann, acme}
    assert set(erasures.listed(erasure_list(emptied.data))) == set(erasures.listed(erasure_list(store.settings.data)))
    with connect(conninfo_of(emptied)) as loaded:
        assert forgetting.personal_values(loaded, [ann]).texts == frozenset()
        assert forgetting.personal_values(loaded, [acme]).texts == {"Acme"}
        with pytest.raises(log.SubjectForgotten):
            log.append(loaded, [about(ann, None, "Again")], NOBODY)


def flipped(path: Path) -> None:
    text = path.read_bytes()
    path.write_bytes(text[:-9] + bytes([text[-9] ^ 1]) + text[-8:])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def repeated(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


def said(folder: Path, **change: object) -> None:
    path = folder / NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize("damage", [Path.unlink, flipped, cut, repeated])
def test_files_that_are_not_as_they_were_bring_nothing(
    whole: Path, emptied: Settings, damage: Callable[[Path], None]
) -> None:
    for name in [path.name for path in whole.iterdir()]:
        kept = (whole / name).read_bytes()
        damage(whole / name)
        if (whole / name).exists() and (whole / name).read_bytes() == kept:
            continue
        with pytest.raises((LogFilesDamaged, NotLogFiles)) as refused:
            load_log(emptied, whole)
        assert name in str(refused.value)
        assert "Lost one" not in str(refused.value)
        (whole / name).write_bytes(kept)
    assert nothing_was_restored(emptied)
    load_log(emptied, whole)


def test_a_month_too_many_is_refused(whole: Path, emptied: Settings) -> None:
    (whole / "1999-01.ndjson").write_bytes(b"")
    with pytest.raises(LogFilesDamaged, match="not in the manifest"):
        load_log(emptied, whole)
    assert nothing_was_restored(emptied)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "format 2"),
        ({"migrations": ["0001_log", "9999_later"]}, "newer Everfold"),
        ({"written_as": "parquet"}, "exported as Parquet"),
        ({"members": []}, "names other tables"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_said_so(
    whole: Path, emptied: Settings, change: dict[str, object], sentence: str
) -> None:
    said(whole, **change)
    with pytest.raises(Exception, match=sentence):
        load_log(emptied, whole)
    assert nothing_was_restored(emptied)


def test_a_manifest_leads_to_no_other_folder(whole: Path, emptied: Settings) -> None:
    members = json.loads((whole / NAME).read_text())["members"]
    said(whole, members=[members[0] | {"name": "../elsewhere.ndjson"}, *members[1:]])
    with pytest.raises(LogFilesDamaged, match="cannot be read"):
        load_log(emptied, whole)


def test_a_forged_event_under_a_true_checksum_is_noticed(whole: Path, emptied: Settings) -> None:
    members = json.loads((whole / NAME).read_text())["members"]
    month = whole / members[0]["name"]
    forged = month.read_bytes().replace(b"1200.5", b"9200.5")
    assert forged != month.read_bytes()
    month.write_bytes(forged)
    said(whole, members=[members[0] | {"sha256": hashlib.sha256(forged).hexdigest()}, *members[1:]])
    with pytest.raises(RestoredLogWrong, match="Nothing was restored"):
        load_log(emptied, whole)
    assert nothing_was_restored(emptied)


def test_only_an_empty_log_with_the_same_secret_is_filled(whole: Path, settings: Settings, emptied: Settings) -> None:
    with pytest.raises(LogNotEmpty):
        load_log(settings, whole)
    other = emptied.model_copy(update={"secret": type(emptied.secret)("another")})  # type: ignore[misc]  # it is set
    with pytest.raises(OtherSecret, match="file 'secret'"):
        load_log(other, whole)
    load_log(emptied, whole)
    load_log(emptied, whole)  # as if the first had been killed at its end
    with connect(conninfo_of(emptied)) as connection:
        given(connection, captured())
    with pytest.raises(LogNotEmpty):
        load_log(emptied, whole)


def test_a_load_that_is_killed_leaves_an_empty_log_and_can_be_run_again(whole: Path, emptied: Settings) -> None:
    with connect(conninfo_of(emptied)) as connection, connect(conninfo_of(emptied)) as watching:
        migrate(connection)
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE log.seal IN ACCESS EXCLUSIVE MODE")  # it will stop in the middle
        environment = os.environ | {
            "DATABASE_URL": conninfo_of(emptied),
            "EVERFOLD_DATA": str(emptied.data),
            "EVERFOLD_SECRET": "test",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "api", "import", "log", str(whole)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        name = conninfo_to_dict(conninfo_of(emptied))["dbname"]
        waiting = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' AND query ~ 'seal'"
        while watching.execute(waiting, [name]).fetchone() is None:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
        process.communicate()
        connection.execute("ROLLBACK")
    assert nothing_was_restored(emptied)
    load_log(emptied, whole)


def test_an_export_overwrites_nothing_and_leaves_nothing_half(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "log"
    mine.mkdir()
    with pytest.raises(FolderThere):
        export_log(store, mine, "ndjson")
    mine.rmdir()
    with monkeypatch.context() as patch:
        patch.setattr(writing, "facts", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            export_log(store, mine, "ndjson")
    assert list(tmp_path.glob("log*")) == []
    (tmp_path / "log.part").mkdir()
    with pytest.raises(LeftOver, match="Remove it"):
        export_log(store, mine, "ndjson")


def test_an_export_is_of_one_moment(
    store: Store, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(connection, "Ann")
    by_month = writing._by_month

    def and_then_somebody_writes(*arguments: Any) -> Any:
        files = by_month(*arguments)
        with connect(store.conninfo) as other:
            named = log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, captured("Meanwhile"))
            names = [log.ExternalId("mail", "ann", named.customer_id, named.stream_id)]
            log.append(other, [named], NOBODY, None, names)
        return files

    monkeypatch.setattr(writing, "_by_month", and_then_somebody_writes)
    export_log(store, tmp_path / "log", "ndjson")
    assert (tmp_path / "log" / "external_id.ndjson").read_bytes() == b""


@pytest.mark.full
def test_the_commands_say_what_was_done_and_why_not(crm: Crm, emptied: Settings, tmp_path: Path) -> None:
    folder = str(tmp_path / "log")
    assert "Say where to" in crm("export", "--log", code=2)
    assert "give only" in crm("export", "leads", "--log", "--output", folder, code=2)
    assert "can be exported as" in crm("export", "--log", "--format", "csv", "--output", folder, code=2)
    assert f"1 events of 1 months, up to position 1, are in {folder}." in crm("export", "--log", "--output", folder)
    assert "is there already" in crm("export", "--log", "--output", folder, code=2)
    assert "This log has events already" in crm("import", "log", folder, code=2)
    assert "no manifest.json" in crm("import", "log", str(tmp_path), code=2)
    crm.environment["DATABASE_URL"] = conninfo_of(emptied)
    loaded = json.loads(crm("import", "log", folder, "--json"))
    assert (loaded["events"], loaded["erased"], loaded["left"]) == (1, [], [])
    assert UUID(loaded["epoch"])
