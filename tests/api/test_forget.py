"""Forgetting everywhere: read models, error files, leftovers of killed work, the disk, and what a client is told."""

import csv
import fcntl
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.errors import LockNotAvailable

from api import forget as module
from api.forget import erasure_list, forget
from api.imports.csv_file import RefusedRows
from api.imports.error_files import ImportRunning, Naming, hints_at, importing, remove_rows
from api.imports.lines import FileFormat, Line, Source
from api.store import Store
from domain.customer import CustomerForgotten
from domain.event import CustomerId
from domain.imports import ImportStarted
from domain.workspace import WORKSPACE_ID
from eventstore import log, server
from eventstore.database import UNAVAILABLE, Connection, connect, query
from eventstore.erasure import disk, erasures, forgetting
from eventstore.erasure.forgetting import PersonalValues, ReasonNamesSubject, UnknownSubject
from eventstore.fence import StuckWriter
from projections.read_models import read_models
from replay import differences
from replay import rebuild as rebuilding
from replay.follow import catch_up
from replay.scratch import drop_leftovers, tables_about
from replay.verification import verify
from tests.api.test_cli import Crm
from tests.api.test_leads import act, capture
from tests.eventstore.test_forgetting import about, forget_person, on_disk, registered
from tests.facts import NOBODY, captured, given

BECAUSE = "Asked by letter"


def rows(connection: Connection, customer_id: UUID) -> list[dict[str, object]]:
    return connection.execute("SELECT title, status FROM lead WHERE customer_id = %s", [customer_id]).fetchall()


def test_a_client_reads_what_is_left_and_writes_nothing_more(client: TestClient, store: Store) -> None:
    lead = capture(client)
    forget(store, CustomerId(UUID(lead["customer_id"])), reason=BECAUSE)
    read = client.get(f"/v1/leads/{lead['lead_id']}").json()
    assert (read["title"], read["status"]) == (None, "open")
    refused = act(client, lead, "win")
    assert (refused.status_code, refused.json()["code"]) == (409, "subject_forgotten")
    assert "was forgotten" in refused.json()["detail"]
    again = client.post("/v1/leads", json={"title": "Again", "customer_id": lead["customer_id"]})
    assert again.status_code == 409


def test_every_read_model_follows_an_erasure(connection: Connection) -> None:
    _, customer_id = given(connection, captured("Roof for Ann"), customer_id=registered(connection))
    catch_up(connection)
    assert rows(connection, customer_id) == [{"title": "Roof for Ann", "status": "open"}]
    event = CustomerForgotten(legal_basis="request")
    forgetting.forget(connection, CustomerId(customer_id), event, NOBODY)
    catch_up(connection)
    assert rows(connection, customer_id) == [{"title": None, "status": "open"}]
    assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())


def test_a_person_leaves_the_read_models_too(connection: Connection) -> None:
    customer_id, lead_id, person_id = registered(connection, "Acme"), uuid4(), uuid4()
    event = log.NewEvent(customer_id, "lead", lead_id, 1, captured("Ann's roof"), subject_id=person_id)
    log.append(connection, [event], NOBODY)
    catch_up(connection)
    forget_person(connection, customer_id, person_id)
    catch_up(connection)
    assert rows(connection, customer_id) == [{"title": None, "status": "open"}]
    assert connection.execute("SELECT name FROM customer_360").fetchall() == [{"name": "Acme"}]


def test_tables_of_killed_work_are_dropped(connection: Connection) -> None:
    for schema in ("rebuild_lead", "rebuild_plan", "verify_2026", "asof_2026"):
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        connection.execute(f"CREATE TABLE {schema}.lead AS SELECT 'Ann' AS title".encode())
    assert drop_leftovers(connection) == ["rebuild_lead"]
    left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(rebuild|verify|asof)_' ORDER BY 1")
    assert [row["nspname"] for row in left] == ["asof_2026", "rebuild_plan", "verify_2026"]
    assert drop_leftovers(connection) == []


def test_a_rebuild_that_began_before_brings_nobody_back(
    store: Store, connection: Connection, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = registered(connection)
    given(connection, captured("Roof for Ann"), customer_id=customer_id)
    catch_up(connection)
    filled, go_on = Signal(), Signal()

    def compare(*arguments: Any) -> Any:
        filled.set()
        assert go_on.wait(30)
        return differences.compare(*arguments)

    monkeypatch.setattr(rebuilding, "compare", compare)

    def rebuild() -> None:
        with connect(conninfo) as other:
            rebuilding.rebuild(other, read_models()["lead"])

    with ThreadPoolExecutor() as threads:
        rebuilt = threads.submit(rebuild)
        assert filled.wait(30)
        forgotten = threads.submit(forget, store, customer_id, reason=BECAUSE)
        waits(connection, "rebuild lead")
        go_on.set()
        rebuilt.result()
        assert forgotten.result().left == ()
    assert rows(connection, customer_id) == [{"title": None, "status": "open"}]


def waits(connection: Connection, work: str) -> None:
    """Until somebody waits for his turn at this work."""
    asked = "SELECT FROM pg_locks WHERE NOT granted AND objid = (hashtext(%s)::bigint & 4294967295)"
    for _ in range(2_000):
        if connection.execute(asked, [work]).fetchone() is not None:
            return
        connection.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("nobody waits")


def test_only_tables_about_her_are_written_anew(connection: Connection) -> None:
    _, customer_id = given(connection, captured())
    given(connection, captured(), customer_id=registered(connection))
    catch_up(connection)
    assert {schema for schema, _ in tables_about(connection, [customer_id])} == {"public"}
    about = {"lead", "lead_stage_interval", "lead_response", "search", *read_models()["customer_360"].tables}
    assert {table for _, table in tables_about(connection, [customer_id])} == about
    assert tables_about(connection, [uuid4()]) == []


def test_the_reason_must_not_name_her(store: Store, connection: Connection) -> None:
    customer_id = registered(connection, "Ann Example")
    for reason in ("ann   EXAMPLE wrote", "A letter by Example, Ann"):
        with pytest.raises(ReasonNamesSubject):
            forget(store, customer_id, reason=reason)
    assert not erasure_list(store.settings.data).exists()
    assert forgetting.personal_values(connection, [customer_id]).texts == {"Ann Example"}


def test_who_is_unknown_is_not_listed(store: Store, connection: Connection) -> None:
    lead_id, _ = given(connection, captured())
    for stranger in (uuid4(), lead_id, WORKSPACE_ID):
        with pytest.raises(UnknownSubject):
            forget(store, CustomerId(stranger), reason=BECAUSE)
    with pytest.raises(UnknownSubject):
        forget(store, registered(connection), uuid4(), reason=BECAUSE)
    assert not erasure_list(store.settings.data).exists()


@pytest.mark.parametrize("step", ["forgetting.forget", "erasures.add", "remove_rows", "catch_up", "disk.purge"])
def test_whatever_is_cut_off_a_repetition_completes(
    store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    customer_id = registered(connection, "Ann Example")
    given(connection, captured("Roof"), customer_id=customer_id)
    errors = refused_rows(store, connection, [["Ann Example", "x"], ["Bob", "y"]])
    with monkeypatch.context() as patch:
        patch.setattr(f"api.forget.{step}", killed)
        with pytest.raises(Killed):
            forget(store, customer_id, reason=BECAUSE)
    listed = step != "erasures.add"
    assert [found.customer_id for found in erasures.listed(erasure_list(store.settings.data))] == [customer_id] * listed
    done = forget(store, customer_id, reason=BECAUSE)
    assert done.was_forgotten == (step in ("catch_up", "disk.purge"))
    assert done.left == ()
    assert "Ann" not in errors.read_text()
    assert rows(connection, customer_id) == [{"title": None, "status": "open"}]
    assert erasures.listed(erasure_list(store.settings.data)) == [erasures.Erasure(customer_id)]


def test_a_write_that_does_not_end_is_not_waited_for_for_ever(
    store: Store, connection: Connection, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = registered(connection)
    monkeypatch.setattr(module, "_PATIENCE", "SET lock_timeout = '50ms'")
    with connect(conninfo) as writer:
        writer.execute("BEGIN")
        given(writer, captured(), customer_id=customer_id)
        with pytest.raises(UNAVAILABLE):
            forget(store, customer_id, reason=BECAUSE)
        writer.execute("ROLLBACK")
    assert not forget(store, customer_id, reason=BECAUSE).was_forgotten


def refused_rows(
    store: Store,
    connection: Connection,
    cells: Sequence[Sequence[str]],
    *,
    encoding: str = "utf-8-sig",
    delimiter: str = ",",
) -> Path:
    """An import's error file with these rows, as an import leaves it."""
    import_id = uuid4()
    form = f'[file]\nencoding = "{encoding}"\n'
    started = ImportStarted(kind="leads", file_sha256="ab" * 32, mapping=form)
    log.append(connection, [log.NewEvent(WORKSPACE_ID, "import", import_id, 1, started)], NOBODY)
    path = store.settings.data / "imports" / f"{import_id}-errors.csv"
    header = tuple(f"column {number}" for number in range(len(cells[0])))
    source = Source(path, encoding, delimiter, header, "", 0, FileFormat(encoding=encoding))
    with RefusedRows(path, source) as refused:
        for number, row in enumerate(cells, start=2):
            refused.add(Line(number, number, row), "It cannot be read.")
    return path


VALUES = PersonalValues(
    frozenset({"Ann Lee", "Roof  for\nAnn", "Bo", "Straße 7", "mail", "K-77", "7", "a@b.nl"}),
    frozenset({"Ann Lee", "Bo"}),
)


@pytest.mark.parametrize(
    "cells",
    [
        ["Ann Lee", "x"],
        ["x", "call ANN  LEE today"],
        ["Ann", "Lee"],
        ["Lee", "Ann"],
        ["x", "roof for ann, urgent"],
        ["bo", "x"],
        ["x", "STRASSE 7, b"],
        ["k-77", "x"],
        ["x", "write to <A@B.nl>"],
    ],
)
def test_a_row_that_names_her_is_told(cells: list[str]) -> None:
    assert Naming(VALUES)(cells)


@pytest.mark.parametrize(
    "cells",
    [
        ["Ann", "x"],
        ["Bob", "x"],
        ["bo x", "y"],
        ["Roof", "for"],
        ["", ""],
        ["x", "Straße 77"],
        ["Bob", "bob@gmail.com"],
        ["Bob", "mail"],
        ["Joann Leeward", "x"],
        ["Bob", "7"],
        ["Bob", "AK-77"],
        ["Bob", "my K-77"],
    ],
)
def test_a_row_that_does_not_name_her_is_left(cells: list[str]) -> None:
    assert not Naming(VALUES)(cells)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_her_rows_leave_the_error_files(store: Store, connection: Connection, encoding: str, delimiter: str) -> None:
    cells = [["Straße 7", 'He said "no",\nand left'], ["Bob", 'Tab\tand; "quote"'], ["Ann", "Lee"]]
    path = refused_rows(store, connection, cells, encoding=encoding, delimiter=delimiter)
    cleaned = remove_rows(connection, store.settings.data, VALUES)
    assert (cleaned.rows, cleaned.left) == (2, ())
    with path.open(encoding=encoding, newline="") as text:
        header, *kept = csv.reader(text, delimiter=delimiter)
    assert header == ["column 0", "column 1", "refused_line", "refused_because"]
    assert kept == [["Bob", 'Tab\tand; "quote"', "3", "It cannot be read."]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_an_error_file_with_nobody_else_in_it_goes(store: Store, connection: Connection) -> None:
    path = refused_rows(store, connection, [["Ann", "Lee"]])
    assert remove_rows(connection, store.settings.data, VALUES).rows == 1
    assert not path.exists()


def test_the_number_of_a_line_names_nobody(store: Store, connection: Connection) -> None:
    path = refused_rows(store, connection, [["Bob", "x"]] * 1200)
    values = PersonalValues(frozenset({"1024"}), frozenset())
    assert remove_rows(connection, store.settings.data, values).rows == 0
    assert path.exists()


def test_nobody_is_forgotten_while_an_import_may_set_her_rows_aside(
    store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = registered(connection, "Ann Example")
    path = refused_rows(store, connection, [["Ann Example", "x"], ["Bob", "y"]])
    monkeypatch.setattr(module, "_PATIENCE_WITH_IMPORTS", 0.05)
    with importing(store.settings.data), pytest.raises(ImportRunning):
        forget(store, customer_id, reason=BECAUSE)
    assert not erasure_list(store.settings.data).exists()
    assert forgetting.personal_values(connection, [customer_id]).texts == {"Ann Example"}
    assert forget(store, customer_id, reason=BECAUSE).error_rows == 1
    assert "Ann" not in path.read_text()


def test_imports_wait_until_she_is_forgotten(
    store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = registered(connection, "Ann Example")
    real, free = forgetting.forget, list[bool]()

    def is_free() -> bool:
        folder = os.open(store.settings.data / "imports", os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(folder)
        return True

    def watched(*arguments: Any) -> Any:
        done = real(*arguments)
        free.append(is_free())
        return done

    monkeypatch.setattr(forgetting, "forget", watched)
    forget(store, customer_id, reason=BECAUSE)
    assert free == [False]
    assert is_free()


@pytest.mark.parametrize(
    ("step", "trouble"),
    [
        ("catch_up", StuckWriter(7, timedelta(minutes=1))),
        ("drop_leftovers", LockNotAvailable("...")),
        ("disk.purge", LockNotAvailable("...")),
    ],
)
def test_a_trouble_after_the_erasure_is_left_to_do(
    store: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch, step: str, trouble: Exception
) -> None:
    def troubled(*_: object) -> None:
        raise trouble

    customer_id = registered(connection, "Ann Example")
    with monkeypatch.context() as patch:
        patch.setattr(f"api.forget.{step}", troubled)
        done = forget(store, customer_id, reason=BECAUSE)
    assert (done.was_forgotten, len(done.positions), len(done.left)) == (False, 1, 1)
    assert "then forget again" in done.left[0]
    assert forget(store, customer_id, reason=BECAUSE).left == ()


def test_an_error_file_that_cannot_be_read_is_said_so(store: Store, connection: Connection) -> None:
    path = store.settings.data / "imports" / "strange-errors.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\xfd")
    assert str(path) in remove_rows(connection, store.settings.data, VALUES).left[0]


def forget_person_of(connection: Connection) -> None:
    """Delete something."""
    customer_id, person_id = registered(connection), uuid4()
    log.append(connection, [about(customer_id, person_id, "Likes red")], NOBODY)
    forget_person(connection, customer_id, person_id)


def test_who_still_sees_what_was_deleted_is_waited_for_and_named(connection: Connection, conninfo: str) -> None:
    with connect(conninfo) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT FROM log.event")
        forget_person_of(connection)
        steps = disk.purge(connection, [], patience=0.05)
        assert str(reader.info.backend_pid) in (steps[0].left or "")
        reader.execute("COMMIT")
    assert disk.purge(connection, disk.BESIDE_THE_LOG, patience=30)[0].left is None


def test_who_writes_in_another_database_keeps_what_was_deleted(
    connection: Connection, new_database: Callable[[], str]
) -> None:
    """A table that is written anew keeps what the oldest transaction of any database might still see."""
    with connect(new_database()) as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_current_xact_id()")
        gone = registered(connection, "Unspeakable")
        forgetting.forget(connection, gone, CustomerForgotten(legal_basis="request", reason="Left"), NOBODY)
        (first, *_) = disk.purge(connection, disk.BESIDE_THE_LOG, patience=0.05)
        assert b"Unspeakable" in on_disk(connection)
        assert "End the session" in (first.left or ""), "or that of another test, which is older"
        other.execute("COMMIT")
    steps = disk.purge(connection, disk.BESIDE_THE_LOG, patience=30)
    assert not any(step.left for step in steps)
    assert b"Unspeakable" not in on_disk(connection)


def test_a_session_whose_age_is_hidden_is_named_without_it(connection: Connection, conninfo: str) -> None:
    with connect(conninfo) as reader, connection.transaction(force_rollback=True):
        connection.execute("CREATE ROLE bare_login")
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT")
        boundary = connection.execute("SELECT pg_current_xact_id()::xid::text AS boundary").fetchone()
        assert boundary is not None
        later = {"boundary": str(int(boundary["boundary"]) + 1)}
        connection.execute("SET LOCAL ROLE bare_login")
        found = connection.execute(query("eventstore.erasure", "old_snapshots"), later).fetchall()
        ending = f"SELECT pg_terminate_backend({reader.info.backend_pid})"
    assert {"what": "End the session", "statement": ending, "began": ""} in found


def test_prepared_transactions_and_replication_slots_keep_what_was_deleted(tmp_path: Path) -> None:
    needed = {"max_prepared_transactions": "2", "wal_level": "logical", "fsync": "off"}
    with server.running(tmp_path, settings=needed) as own, connect(own) as connection:
        with connect(own) as other:
            other.execute("BEGIN")
            other.execute("SELECT pg_current_xact_id()")
            other.execute("PREPARE TRANSACTION 'it''s held'")
        (step, *_) = disk.purge(connection, [], patience=0.05)
        assert "End the prepared transaction in the database everfold, which began 0" in (step.left or "")
        assert "ROLLBACK PREPARED 'it''s held'" in (step.left or "")
        connection.execute("ROLLBACK PREPARED 'it''s held'")
        connection.execute("SELECT pg_create_logical_replication_slot('copy', 'pgoutput')")
        connection.execute("SELECT pg_current_xact_id()")
        (step, *_) = disk.purge(connection, [], patience=0.05)
        assert "replication slot: SELECT pg_drop_replication_slot('copy')" in (step.left or "")
        connection.execute("SELECT pg_drop_replication_slot('copy')")
        assert disk.purge(connection, [], patience=30)[0].left is None


def test_one_purge_at_a_time(connection: Connection, conninfo: str) -> None:
    with connect(conninfo) as other:
        other.execute(disk._TURN)  # as another purge holds it
        (step,) = disk.purge(connection, disk.BESIDE_THE_LOG, patience=0.05)
        assert step.name == "wait for another purge"
        assert "then forget again" in (step.left or "")
    assert len(disk.purge(connection, [], patience=30)) > 1
    with connect(conninfo) as other:
        assert other.execute(disk._TURN).fetchone() == {"is_mine": True}


def test_a_table_that_is_read_at_length_is_said_so(connection: Connection, conninfo: str) -> None:
    with connect(conninfo) as reader:
        reader.execute("BEGIN")
        reader.execute("LOCK TABLE log.personal_data IN ACCESS SHARE MODE")
        steps = {step.name: step.left for step in disk.purge(connection, disk.BESIDE_THE_LOG, patience=0.05)}
    assert "Forget again later" in (steps["write log.personal_data anew"] or "")
    assert steps["write log.external_id anew"] is None


def test_what_a_login_may_not_do_is_left_to_an_administrator(conninfo: str) -> None:
    with connect(conninfo, "everfold_app") as connection:
        steps = {step.name: step.left for step in disk.purge(connection, disk.BESIDE_THE_LOG, patience=30)}
    assert 'VACUUM (FULL, ANALYZE) "log"."personal_data"' in (steps["write log.personal_data anew"] or "")
    assert 'VACUUM (FULL) "pg_catalog"."pg_statistic"' in (steps["write pg_catalog.pg_statistic anew"] or "")
    assert "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT" in (steps["turn the write-ahead log over"] or "")


def test_segments_that_are_reused_are_said_so(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    real = connection.execute

    def recycling(statement: object, *arguments: object) -> object:
        return real("SELECT 'on' AS wal_recycle") if statement == "SHOW wal_recycle" else real(statement, *arguments)  # type: ignore[call-overload]  # passed on

    monkeypatch.setattr(connection, "execute", recycling)
    steps = {step.name: step.left for step in disk.purge(connection, [])}
    assert "ALTER SYSTEM SET wal_recycle = off" in (steps["turn the write-ahead log over"] or "")


def test_segments_that_somebody_keeps_are_said_so(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_wal_files", lambda _: [{"name": "0" * 24, "is_behind": True}])
    steps = {step.name: step.left for step in disk.purge(connection, [])}
    assert "1 old segments are kept" in (steps["turn the write-ahead log over"] or "")


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


def test_the_command_says_what_was_done(crm: Crm, connection: Connection) -> None:
    customer_id = str(registered(connection, "Ann Example"))
    said = crm("forget", customer_id, "--reason", BECAUSE, "--basis", "objection")
    assert said.startswith("Customer forgotten. The log says so at position ")
    assert "done: turn the write-ahead log over" in said
    assert "LEFT TO DO" not in said
    assert "had been forgotten before" in crm("forget", customer_id, "--reason", BECAUSE)
    event = log.load(connection, UUID(customer_id)).history[-1]
    assert event.event == CustomerForgotten(legal_basis="objection", reason=BECAUSE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say why with --reason"),
        (["--reason", " "], "Say why with --reason"),
        (["--reason", BECAUSE], "The log knows nothing of this customer"),
        (["--reason", BECAUSE, "--basis", "mood"], "There is no legal basis 'mood'. There are: request"),
    ],
)
def test_the_command_says_why_not(crm: Crm, arguments: list[str], sentence: str) -> None:
    said = crm("forget", str(uuid4()), *arguments, code=2)
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "reason",
    ["Mrs Zackenbarsch asked", "zackenbarsch, by phone", "+49 (170) 555-1234 called", "b.meyer wrote to us"],
)
def test_a_reason_that_hints_at_her_is_not_kept(reason: str) -> None:
    texts = {"Brunhilde Zackenbarsch", "+49 170 5551234", "b.meyer@example.org", "call me at work"}
    values = PersonalValues(frozenset(texts), frozenset({"Brunhilde Zackenbarsch"}))
    assert hints_at(values, reason)
    assert not hints_at(values, "she asked us to, at work, on 3 March 2026")
