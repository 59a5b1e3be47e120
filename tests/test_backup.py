"""A backup brings everything back as it was; a damaged one brings nothing; who was forgotten stays forgotten."""

import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api import cursors
from api.access import SCOPES, create_api_key
from api.app import create_app
from api.backup import back_up, restore
from api.forget import erasure_list, forget
from api.kpis import ask
from api.sealing import seals_file
from api.settings import Settings
from api.store import open_store
from domain.event import CustomerId
from domain.lead import LeadLost, LeadWon
from domain.money import Money
from eventstore import log
from eventstore.backup import archive
from eventstore.backup.archive import ArchiveDamaged, NotABackup
from eventstore.backup.backup import FileExists, LogNotEmpty, OtherSecret, RestoredLogWrong
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect, migrate
from eventstore.erasure import erasures, forgetting
from eventstore.sealing.seals import seal_and_export
from projections.kpi import kpis
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.api.test_cli import Crm
from tests.eventstore.test_forgetting import about, on_disk, registered
from tests.facts import NOBODY, captured, given

ROOT = Path(__file__).resolve().parent.parent


def conninfo_of(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def lived_in(connection: Connection) -> tuple[UUID, UUID]:
    """A log with commands, external ids, gaps, odd characters, a forgotten customer and a forgotten person."""
    euro = Money.model_validate({"amount": "1200.50", "currency": "EUR"})
    lead_id, customer_id = given(connection, captured('Tab\t, newline\n, \\N and "é😀"'), LeadWon(value=euro))
    given(connection, captured("Lost one"), LeadLost(reason="price"))
    with connection.transaction(force_rollback=True):  # a gap
        given(connection, captured("Never happened"))
    named = log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, captured("Named"))
    claim = log.Claim(named.customer_id, uuid4(), b"\x00\xff hash")
    names = [log.ExternalId("mail", "ann@example.com", named.customer_id, named.stream_id)]
    log.append(connection, [named], NOBODY, claim, names)
    append_bulk(connection, [about(customer_id, None, "In bulk")], NOBODY)
    for event in ("gone", "half gone"):
        gone = registered(connection, event)
        person_id = uuid4()
        log.append(connection, [about(gone, person_id, "Of a person")], NOBODY)
        if event == "gone":
            connection.execute("SELECT log.forget(%s, NULL, %s)", [gone, _row(gone)])
        else:
            connection.execute("SELECT log.forget(%s, %s, %s)", [gone, person_id, _row(gone)])
    with connection.transaction(force_rollback=True):  # a gap at the end
        given(connection, captured("Never happened"))
    return lead_id, customer_id


def _row(customer_id: UUID) -> str:
    from domain.customer import CustomerForgotten

    event = CustomerForgotten(legal_basis="request")
    return json.dumps(log.row_of(log.NewEvent(CustomerId(customer_id), "customer", customer_id, None, event), NOBODY))


def everything(connection: Connection) -> dict[str, Any]:
    """Each table of a backup, byte for byte, and the last position drawn; the epochs apart."""
    connection.execute("SET TimeZone TO 'UTC'")
    kept = {
        table: connection.execute(
            sql.SQL("SELECT record_send(t) AS row FROM {} AS t ORDER BY 1").format(sql.Identifier(*table.split(".")))
        ).fetchall()
        for table in archive.TABLES
        if table != "log.epoch"
    }
    assert all(kept.values()), {table: len(rows) for table, rows in kept.items()}
    drawn = connection.execute("SELECT last_value - (NOT is_called)::integer AS drawn FROM log.event_position")
    return kept | {"drawn": drawn.fetchone()}


def figures(connection: Connection, as_of: datetime) -> dict[str, object]:
    catch_up(connection)
    found = {
        slug: ask(connection, kpi, "UTC", None, None, as_of, "occurred", None, sight=EVERYTHING)
        for slug, kpi in kpis().items()
    }
    return {slug: result.model_dump() for slug, result in found.items()}


def test_a_restored_log_is_the_same_byte_for_byte(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    lived_in(connection)
    seal_and_export(connection, tmp_path / "seals.ndjson", force=True)
    as_of = log.now(connection)
    figures_before = figures(connection, as_of)
    before, epoch = everything(connection), log.epoch(connection)
    path = tmp_path / "backup"
    manifest = back_up(settings, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir() if "backup" in entry.name] == ["backup"]

    report = restore(emptied, path)
    assert (report.left, report.restored.erased) == ((), ())
    with connect(conninfo_of(emptied)) as restored:
        assert everything(restored) == before
        assert figures(restored, as_of) == figures_before
        epochs = [row["epoch"] for row in restored.execute("SELECT epoch FROM log.epoch ORDER BY started_at")]
        assert epochs[:-1] == [epoch]
        assert log.epoch(restored) == report.restored.epoch != epoch
        given(restored, captured("Goes on"))
        row = restored.execute("SELECT max(position) AS position FROM log.event").fetchone()
        assert row == {"position": manifest.last_position + 1}


def test_who_was_forgotten_after_the_backup_stays_forgotten(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    ann, acme, kept = registered(connection, "Ann"), registered(connection, "Acme"), registered(connection, "Kept")
    person_id = uuid4()
    log.append(connection, [about(acme, person_id, "Likes red")], NOBODY)
    path = tmp_path / "backup"
    back_up(settings, path)
    later = registered(connection, "Later")
    with open_store(settings) as store:
        for customer_id, person in ((ann, None), (acme, person_id), (later, None)):
            forget(store, customer_id, person, reason="Asked by letter")
    report = restore(emptied, path, erasure_list(settings.data))
    assert set(report.restored.erased) == {ann, acme}
    assert set(erasures.listed(erasure_list(emptied.data))) == set(erasures.listed(erasure_list(settings.data)))
    with connect(conninfo_of(emptied)) as restored:
        assert forgetting.personal_values(restored, [ann]).texts == frozenset()
        assert forgetting.personal_values(restored, [acme]).texts == {"Acme"}
        assert forgetting.personal_values(restored, [kept]).texts == {"Kept"}
        names = restored.execute("SELECT name FROM public.customer_360 WHERE name IS NOT NULL").fetchall()
        assert {row["name"] for row in names} == {"Acme", "Kept"}
        with pytest.raises(log.SubjectForgotten):
            log.append(restored, [about(ann, None, "Again")], NOBODY)
    with open_store(emptied) as store:
        assert forget(store, ann, reason="Once more").was_forgotten


@pytest.fixture
def recalled(settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path) -> Path:
    """A backup of Unspeakable and Kept; the first is on the list of erasures where it is to be restored."""
    gone = registered(connection, "Unspeakable")
    registered(connection, "Kept")
    back_up(settings, tmp_path / "backup")
    erasures.add(erasure_list(emptied.data), [erasures.Erasure(gone)])
    return tmp_path / "backup"


def test_a_restore_that_fails_leaves_nothing_of_the_forgotten_on_the_disk(
    recalled: Path, emptied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api import backup as module

    def fail(*_: object) -> None:
        with connect(conninfo_of(emptied)) as connection:
            assert b"Unspeakable" in on_disk(connection)
        raise RestoredLogWrong("changed", "As the test wants it.")

    with monkeypatch.context() as patch:
        patch.setattr(module, "verify", fail)
        with pytest.raises(RestoredLogWrong):
            restore(emptied, recalled)
    assert nothing_was_restored(emptied)
    with connect(conninfo_of(emptied)) as connection:
        assert b"Unspeakable" not in on_disk(connection)


class Killed(BaseException):
    """As a kill: nothing is tidied up."""


@pytest.mark.parametrize("where", ["verify", "open_store"])
def test_a_restore_that_was_cut_off_is_ended_by_the_same_command(
    recalled: Path, emptied: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before it was committed, and after that."""
    from api import backup as module

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, where, die)
        with pytest.raises(Killed):
            restore(emptied, recalled)
    with connect(conninfo_of(emptied)) as connection:
        assert b"Unspeakable" in on_disk(connection)
    report = restore(emptied, recalled)
    assert report.manifest.events == report.verified.events - 1  # the erasure by the list
    with connect(conninfo_of(emptied)) as connection:
        assert b"Unspeakable" not in on_disk(connection)
        assert b"Kept" in on_disk(connection)
        assert log.epoch(connection) == report.restored.epoch
        given(connection, captured("Goes on"))
    with pytest.raises(LogNotEmpty):
        restore(emptied, recalled)


def test_a_new_epoch_is_the_current_one_also_when_the_clock_was_ahead(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    connection.execute("UPDATE log.epoch SET started_at = started_at + interval '1 year'")
    back_up(settings, tmp_path / "backup")
    report = restore(emptied, tmp_path / "backup")
    with connect(conninfo_of(emptied)) as restored:
        assert log.epoch(restored) == report.restored.epoch != log.epoch(connection)


def test_a_cursor_of_before_is_told_of_the_new_epoch(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    given(connection, captured())
    with open_store(settings) as store:
        key = create_api_key(store, "tests", tuple(SCOPES))
        cursor = cursors.encode(store, "events", log.epoch(connection).hex, 1)
        back_up(settings, tmp_path / "backup")
    restore(emptied, tmp_path / "backup")
    with open_store(emptied) as store, TestClient(create_app(store)) as client:
        headers = {"Authorization": f"Bearer {key}"}  # the same key: the workspace came back too
        assert client.get("/v1/events", headers=headers).status_code == 200
        answer = client.get("/v1/events", params={"cursor": cursor}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (410, "epoch_ended")


def test_a_backup_overwrites_nothing(settings: Settings, connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_text("mine")
    with pytest.raises(FileExists):
        back_up(settings, path)
    assert path.read_text() == "mine"


def test_a_backup_leaves_what_lies_beside_it_alone(settings: Settings, connection: Connection, tmp_path: Path) -> None:
    for name in (".backup.d", ".backup.2.everfold-abcdefgh", ".backup.everfold-abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    back_up(settings, tmp_path / "backup")
    assert len(list(tmp_path.glob(".backup*/kept"))) == 3


def test_a_backup_holds_one_moment(settings: Settings, connection: Connection, tmp_path: Path) -> None:
    """What a writer under way commits in the middle is in none of the tables or in all."""
    given(connection, captured())
    real = connection.execute("SELECT count(*) AS events FROM log.event").fetchone()
    from eventstore.backup import backup as module

    copied = module._copied

    def and_then_somebody_writes(*arguments: Any) -> archive.Member:
        member = copied(*arguments)
        given(connection, captured("Meanwhile"))
        return member

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_copied", and_then_somebody_writes)
        manifest = back_up(settings, tmp_path / "backup")
    assert real == {"events": manifest.events}
    assert manifest.members[1].rows == manifest.events - 1  # all but the pipeline's event have a personal part


def test_only_an_empty_log_is_restored_into(settings: Settings, connection: Connection, tmp_path: Path) -> None:
    back_up(settings, tmp_path / "backup")
    with pytest.raises(LogNotEmpty):
        restore(settings, tmp_path / "backup")


def test_another_secret_is_said_so(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    back_up(settings, tmp_path / "backup")
    other = emptied.model_copy(update={"secret": type(emptied.secret)("another")})  # type: ignore[misc]  # it is set
    with pytest.raises(OtherSecret, match="file 'secret'"):
        restore(other, tmp_path / "backup")
    restore(emptied, tmp_path / "backup")


def nothing_was_restored(settings: Settings) -> bool:
    with connect(conninfo_of(settings)) as connection:
        migrate(connection)
        tables = [table for table in archive.TABLES if table != "log.epoch"]
        left = [
            connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(*table.split(".")))).fetchall()
            for table in tables
        ]
        epochs = connection.execute("SELECT FROM log.epoch").fetchall()
        drawn = connection.execute("SELECT is_called FROM log.event_position").fetchone()
    return not any(left) and len(epochs) == 1 and drawn == {"is_called": False}


def repacked(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write the archive anew with its members changed, or left out where `change` says None."""
    members = []
    with tarfile.open(path) as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            assert content is not None
            members.append((entry.name, change(entry.name, content.read())))
    with tarfile.open(path, "w:gz") as tar:
        for name, text in members:
            if text is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))


@pytest.fixture
def whole(settings: Settings, connection: Connection, tmp_path: Path) -> Path:
    """A good backup."""
    lived_in(connection)
    seal_and_export(connection, tmp_path / "elsewhere.ndjson", force=True)
    back_up(settings, tmp_path / "backup")
    return tmp_path / "backup"


def says_the_same(one: bytes, other: bytes) -> bool:
    try:
        return gzip.decompress(one) == gzip.decompress(other)
    except (OSError, EOFError, zlib.error):
        return False


def test_an_archive_that_was_cut_short_or_flipped_restores_nothing(whole: Path, emptied: Settings) -> None:
    content = whole.read_bytes()
    chance = random.Random(3)
    for number in range(30):
        # the first ten bytes are gzip's own: among them a date that says nothing
        place = chance.randrange(10, len(content))
        flipped = content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
        damaged = content[:place] if number % 3 == 0 else flipped
        if says_the_same(damaged, content):  # some bits at the end of a compressed block are never read
            continue
        whole.write_bytes(damaged)
        with pytest.raises((ArchiveDamaged, NotABackup)) as refused:
            restore(emptied, whole)
        assert "Lost one" not in str(refused.value)
    assert nothing_was_restored(emptied)
    whole.write_bytes(content)
    restore(emptied, whole)


@pytest.mark.parametrize("missing", [archive.MANIFEST, *(f"{table}.copy" for table in archive.TABLES)])
def test_an_archive_without_one_of_its_members_restores_nothing(whole: Path, emptied: Settings, missing: str) -> None:
    repacked(whole, lambda name, text: None if name == missing else text)
    with pytest.raises(ArchiveDamaged):
        restore(emptied, whole)
    assert nothing_was_restored(emptied)


@pytest.mark.parametrize("table", archive.TABLES)
def test_a_member_that_was_changed_or_emptied_restores_nothing(whole: Path, emptied: Settings, table: str) -> None:
    content = whole.read_bytes()
    for number in range(4):
        whole.write_bytes(content)

        def change(name: str, text: bytes, number: int = number) -> bytes:
            changed = (b"", text + text, text[:-2] + b"?\n", b"?" + text)[number]
            return changed if name == f"{table}.copy" else text

        repacked(whole, change)
        with pytest.raises(ArchiveDamaged):
            restore(emptied, whole)
    assert nothing_was_restored(emptied)


def test_the_end_of_an_archive_is_looked_at_too(whole: Path, emptied: Settings) -> None:
    content = whole.read_bytes()
    for place in range(len(content) - 8, len(content)):  # the checksum of all that was packed, and its length
        whole.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ArchiveDamaged):
            restore(emptied, whole)
    plain = gzip.decompress(content)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        end = max(entry.offset_data + (entry.size + 511) // 512 * 512 for entry in tar)
    more = tarfile.TarInfo("log.more.copy").tobuf()
    whole.write_bytes(gzip.compress(plain[:end] + more + bytes(1024)))
    with pytest.raises(ArchiveDamaged):
        restore(emptied, whole)
    assert nothing_was_restored(emptied)


def test_a_forged_event_in_a_well_formed_archive_is_noticed(whole: Path, emptied: Settings) -> None:
    import hashlib

    forged: dict[str, bytes] = {}

    def forge(name: str, text: bytes) -> bytes:
        if name == "log.event.copy":
            forged["text"] = text.replace(b"1200.5", b"9200.5")
            assert forged["text"] != text
            return forged["text"]
        return text

    def admit(name: str, text: bytes) -> bytes:
        if name != archive.MANIFEST:
            return text
        said = json.loads(text)
        said["members"][0]["sha256"] = hashlib.sha256(forged["text"]).hexdigest()
        return json.dumps(said).encode()

    repacked(whole, forge)
    repacked(whole, admit)
    with pytest.raises(RestoredLogWrong, match="Nothing was restored"):
        restore(emptied, whole)
    assert nothing_was_restored(emptied)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 2}, "format 2"),
        ({"migrations": ["0001_log", "9999_later"]}, "newer Everfold"),
    ],
)
def test_a_backup_of_a_newer_version_is_said_so(
    whole: Path, emptied: Settings, change: dict[str, object], sentence: str
) -> None:
    repacked(
        whole, lambda name, text: json.dumps(json.loads(text) | change).encode() if name == archive.MANIFEST else text
    )
    with pytest.raises(NotABackup, match=sentence):
        restore(emptied, whole)
    assert nothing_was_restored(emptied)


def test_what_is_no_backup_is_said_so(emptied: Settings, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Ann")
    with pytest.raises(NotABackup):
        restore(emptied, tmp_path / "letter")
    with gzip.open(tmp_path / "packed", "wb") as packed:
        packed.write(b"Dear Ann")
    with pytest.raises(ArchiveDamaged):
        restore(emptied, tmp_path / "packed")
    with pytest.raises(FileNotFoundError):
        restore(emptied, tmp_path / "nothing")


def test_a_restore_that_is_killed_leaves_an_empty_log_and_can_be_run_again(whole: Path, emptied: Settings) -> None:
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
        command = [sys.executable, "-m", "api", "restore", str(whole)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        name = conninfo_to_dict(conninfo_of(emptied))["dbname"]
        waiting = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' AND query ~ '^COPY'"
        while watching.execute(waiting, [name]).fetchone() is None:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
        process.communicate()
        connection.execute("ROLLBACK")
    assert nothing_was_restored(emptied)
    restore(emptied, whole)


def test_exported_seals_prove_what_came_back_and_tell_what_is_lost(
    settings: Settings, connection: Connection, emptied: Settings, tmp_path: Path
) -> None:
    given(connection, captured())
    seals = seals_file(emptied)
    seals.parent.mkdir(parents=True)
    sealed = seal_and_export(connection, seals, force=True)
    assert sealed.last is not None
    back_up(settings, tmp_path / "backup")
    whole = seals.read_text()
    seals.write_text(whole.replace(f'"last_position": {sealed.last.last_position}', '"last_position": 77'))
    with pytest.raises(RestoredLogWrong):
        restore(emptied, tmp_path / "backup")
    seals.write_text(whole)
    given(connection, captured("Lost"))
    seal_and_export(connection, seals, force=True)
    report = restore(emptied, tmp_path / "backup")
    assert report.verified.sealed_to == sealed.last.last_position
    assert "has 1 seals of events that came after this backup" in report.left[0]


def test_a_damaged_list_of_erasures_stops_the_restore(whole: Path, emptied: Settings, tmp_path: Path) -> None:
    listed = tmp_path / "erasures.ndjson"
    listed.write_text("nonsense\n")
    with pytest.raises(erasures.ErasureListDamaged):
        restore(emptied, whole, listed)
    with pytest.raises(FileNotFoundError):
        restore(emptied, whole, tmp_path / "nothing")
    assert nothing_was_restored(emptied)


def test_an_erasure_of_somebody_the_backup_never_knew_is_passed_over(whole: Path, emptied: Settings) -> None:
    erasures.add(erasure_list(emptied.data), [erasures.Erasure(uuid4()), erasures.Erasure(uuid4(), uuid4())])
    assert restore(emptied, whole).restored.erased == ()


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.mark.full
def test_the_commands_say_what_was_done_and_why_not(crm: Crm, emptied: Settings, tmp_path: Path) -> None:
    path = str(tmp_path / "backup")
    assert f"are in {path}." in crm("backup", path)
    assert "a backup never overwrites one" in crm("backup", path, code=2)
    assert "No such file or directory" in crm("backup", str(tmp_path / "no folder" / "backup"), code=2)
    assert "This log has events already" in crm("restore", path, code=2)
    assert "No such file" in crm("restore", str(tmp_path / "nothing"), code=2)
    crm.environment["DATABASE_URL"] = conninfo_of(emptied)
    assert "no such list" in crm("restore", path, "--erasures", str(tmp_path / "nothing"), code=2)
    said = json.loads(crm("restore", path, "--json"))
    assert (said["events"], said["erased"], said["left"]) == (1, [], [])
