"""Forgetting: what is personal goes, that it happened stays, nobody comes back, whoever is writing at that moment."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.customer import CustomerForgotten, CustomerPersonForgotten, CustomerRegistered
from domain.event import FORGOTTEN, CustomerId
from domain.lead import InteractionLogged, LeadRetitled
from domain.workspace import WORKSPACE_ID
from eventstore import database, log
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect
from eventstore.erasure import erasures, forgetting
from eventstore.erasure.erasures import Erasure, ErasureListDamaged
from eventstore.erasure.forgetting import UnknownSubject
from tests.facts import NOBODY, captured, given

ASKED = CustomerForgotten(legal_basis="request", reason="Asked by letter")


def forget(connection: Connection, customer_id: UUID) -> list[forgetting.Erased]:
    return forgetting.forget(connection, CustomerId(customer_id), ASKED, NOBODY)


def forget_person(connection: Connection, customer_id: UUID, person_id: UUID) -> list[forgetting.Erased]:
    event = CustomerPersonForgotten(person_id=person_id, legal_basis="request", reason="Left")
    return forgetting.forget(connection, CustomerId(customer_id), event, NOBODY)


def registered(connection: Connection, name: str = "Ann Example") -> CustomerId:
    customer_id = CustomerId(uuid4())
    event = CustomerRegistered(kind="person", name=name)
    log.append(connection, [log.NewEvent(customer_id, "customer", customer_id, 1, event)], NOBODY)
    return customer_id


def on_disk(connection: Connection) -> bytes:
    """The file of the personal data, as it lies there."""
    connection.execute("CHECKPOINT")
    row = connection.execute("SELECT pg_read_binary_file(pg_relation_filepath('log.personal_data')) AS file").fetchone()
    assert row is not None
    file: bytes = row["file"]
    return file


def about(customer_id: UUID, person_id: UUID | None, summary: str) -> log.NewEvent:
    """An interaction of the customer, about herself or one of her people."""
    event = InteractionLogged(interaction_id=uuid4(), kind="note", summary=summary)
    return log.NewEvent(CustomerId(customer_id), "lead", uuid4(), 1, event, subject_id=person_id)


def merge(connection: Connection, loser: UUID, survivor: UUID, merge_id: UUID, type_: str) -> None:
    """The event as a merge records it on the stream of the one who is absorbed."""
    row = log.new_row(
        NOBODY,
        customer_id=loser,
        stream_type="customer",
        stream_id=loser,
        version=None,
        type_=type_,
        data={"survivor_id": str(survivor), "merge_id": str(merge_id)},
        personal=None,
        part_id=None,
        occurred_at=None,
    )
    log.append_rows(connection, [row], None)


def merged(connection: Connection, loser: UUID, survivor: UUID) -> UUID:
    merge_id = uuid4()
    merge(connection, loser, survivor, merge_id, "customer.merged_into")
    return merge_id


def personal_rows(connection: Connection, customer_id: UUID) -> list[Any]:
    rows = connection.execute(
        "SELECT data - 'external_ids' AS data FROM log.personal_data WHERE customer_id = %s ORDER BY position",
        [customer_id],
    )
    return [row["data"] for row in rows]


def test_what_is_personal_goes_and_that_it_happened_stays(connection: Connection) -> None:
    customer_id, other = registered(connection), registered(connection, "Bob")
    lead_id, _ = given(connection, captured("Roof for Ann"), customer_id=customer_id)
    digests = connection.execute("SELECT position, digest FROM log.event ORDER BY position").fetchall()
    (erased,) = forget(connection, customer_id)
    assert (erased.customer_id, erased.is_new) == (customer_id, True)
    assert (
        connection.execute(
            "SELECT position, digest FROM log.event WHERE position < %s ORDER BY position", [erased.position]
        ).fetchall()
        == digests
    )
    history = log.load(connection, lead_id).history
    assert [recorded.type for recorded in history] == ["lead.captured"]
    assert getattr(history[0].event, "title") == FORGOTTEN  # noqa: B009
    assert log.load(connection, customer_id).history[-1].event == ASKED
    assert personal_rows(connection, customer_id) == [{"reason": "Asked by letter"}]
    assert personal_rows(connection, other) == [{"name": "Bob"}]
    assert connection.execute("SELECT * FROM log.forgotten").fetchall() == [
        {"customer_id": customer_id, "subject_id": customer_id, "position": erased.position}
    ]


def test_nothing_more_is_recorded_of_who_was_forgotten(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    forget(connection, customer_id)
    with pytest.raises(log.SubjectForgotten):
        given(connection, LeadRetitled(title="Again"), lead_id=lead_id, customer_id=customer_id, version=1)
    with pytest.raises(log.SubjectForgotten):
        append_bulk(connection, [about(customer_id, None, "Again")], NOBODY)


def test_her_external_ids_and_snapshots_go(connection: Connection) -> None:
    lead_id, customer_id = uuid4(), CustomerId(uuid4())
    name = log.ExternalId("mail", "ann@example.com", customer_id, lead_id)
    event = log.NewEvent(customer_id, "lead", lead_id, 1, captured("Roof"))
    log.append(connection, [event], NOBODY, external_ids=[name])
    kept = connection.execute(
        "SELECT log.add_snapshot(%s, 1, 'lead', %s::jsonb) AS kept", [lead_id, '{"title": "Roof"}']
    )
    assert kept.fetchone() == {"kept": True}
    forget(connection, customer_id)
    assert log.find_external_id(connection, "mail", "ann@example.com") is None
    assert connection.execute("SELECT FROM log.snapshot").fetchall() == []


def test_forgetting_again_appends_nothing_and_keeps_the_reason(connection: Connection) -> None:
    customer_id = registered(connection)
    (first,) = forget(connection, customer_id)
    (again,) = forget(connection, customer_id)
    assert (again.position, again.is_new) == (first.position, False)
    assert personal_rows(connection, customer_id) == [{"reason": "Asked by letter"}]


def test_whoever_is_unknown_is_not_forgotten(connection: Connection) -> None:
    customer_id = registered(connection)
    for stranger in (uuid4(), WORKSPACE_ID):
        with pytest.raises(UnknownSubject):
            forget(connection, stranger)
    for nobody in (uuid4(), customer_id):
        with pytest.raises(UnknownSubject):
            forget_person(connection, customer_id, nobody)
    assert connection.execute("SELECT FROM log.forgotten").fetchall() == []


def test_a_contact_person_is_forgotten_and_the_others_stay(connection: Connection) -> None:
    customer_id, ann, bob = registered(connection, "Acme"), uuid4(), uuid4()
    said = [
        about(customer_id, ann, "Ann likes red"),
        about(customer_id, bob, "Bob too"),
        about(customer_id, None, "Ok"),
    ]
    log.append(connection, said, NOBODY)
    (erased,) = forget_person(connection, customer_id, ann)
    assert personal_rows(connection, customer_id) == [
        {"name": "Acme"}, {"summary": "Bob too"}, {"summary": "Ok"}, {"reason": "Left"}
    ]  # fmt: skip
    with pytest.raises(log.SubjectForgotten):
        log.append(connection, [about(customer_id, ann, "Again")], NOBODY)
    with pytest.raises(log.SubjectForgotten):
        append_bulk(connection, [about(customer_id, ann, "Again")], NOBODY)
    log.append(connection, [about(customer_id, bob, "More")], NOBODY)
    assert forget_person(connection, customer_id, ann) == [forgetting.Erased(customer_id, erased.position, False)]
    recorded = log.load(connection, customer_id).history[-1]
    assert (recorded.type, recorded.part_id) == ("customer.person_forgotten", ann)


def test_a_contact_person_is_forgotten_by_the_whole_merge_group(connection: Connection) -> None:
    first, second, ann = registered(connection, "Acme"), registered(connection, "Acme Ltd"), uuid4()
    merged(connection, first, second)
    log.append(connection, [about(first, ann, "Ann likes red")], NOBODY)
    erased = forget_person(connection, second, ann)
    assert {found.customer_id for found in erased} == {first, second}
    for customer_id in (first, second):
        with pytest.raises(log.SubjectForgotten):
            log.append(connection, [about(customer_id, ann, "Again")], NOBODY)
    assert {found.is_new for found in forget_person(connection, first, ann)} == {False}


def test_why_others_were_forgotten_is_never_erased(connection: Connection) -> None:
    customer_id, ann = registered(connection, "Acme"), uuid4()
    log.append(connection, [about(customer_id, ann, "Ann likes red")], NOBODY)
    forget_person(connection, customer_id, ann)
    with pytest.raises(UnknownSubject):
        forget_person(connection, customer_id, NOBODY.actor_id)
    forget(connection, customer_id)
    forget(connection, customer_id)
    assert personal_rows(connection, customer_id) == [{"reason": "Left"}, {"reason": "Asked by letter"}]
    assert forgetting.personal_values(connection, [customer_id]).texts == frozenset()


def test_statistics_that_were_there_before_are_dropped(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, texts = f"older_{uuid4().hex[:12]}", database._texts()
    quoting = """
        SELECT tablename
        FROM pg_stats
        WHERE schemaname = 'log'
            AND (tablename, attname) IN (('personal_data', 'data'), ('external_id', 'key'), ('snapshot', 'state'))
        ORDER BY tablename
    """
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            with connect(make_conninfo(cluster, dbname=name)) as connection:
                with monkeypatch.context() as patch:
                    patch.setattr(database, "_texts", lambda: {key: texts[key] for key in texts if key < "0007"})
                    database._apply(connection)
                lead_id, customer_id = uuid4(), CustomerId(uuid4())
                known = log.ExternalId("mail", "ann@example.com", customer_id, lead_id)
                event = log.NewEvent(customer_id, "lead", lead_id, 1, captured("Roof for Ann"))
                log.append(connection, [event], NOBODY, external_ids=[known])
                connection.execute("SELECT log.add_snapshot(%s, 1, 'lead', '{}')", [lead_id])
                connection.execute("ANALYZE")
                assert len(connection.execute(quoting).fetchall()) == 3
                database.migrate(connection)
                assert connection.execute(quoting).fetchall() == []
                connection.execute("ANALYZE")
                assert connection.execute(quoting).fetchall() == []
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize("asked", [0, 1, 2, 3])
def test_the_whole_merge_group_is_forgotten_whoever_of_it_is_named(connection: Connection, asked: int) -> None:
    group = [registered(connection, f"Ann {number}") for number in range(4)]
    merged(connection, group[0], group[1])
    merged(connection, group[2], group[1])
    merged(connection, group[1], group[3])
    stranger = registered(connection, "Bob")
    erased = forget(connection, group[asked])
    assert {found.customer_id for found in erased} == set(group)
    for customer_id in group:
        assert personal_rows(connection, customer_id) == [{"reason": "Asked by letter"}]
        assert log.load(connection, customer_id).history[-1].type == "customer.forgotten"
    assert personal_rows(connection, stranger) == [{"name": "Bob"}]


def test_a_merge_that_was_reverted_joins_nobody(connection: Connection) -> None:
    ann, bob = registered(connection, "Ann"), registered(connection, "Bob")
    merge_id = merged(connection, ann, bob)
    merge(connection, ann, bob, merge_id, "customer.merge_reverted")
    forget(connection, ann)
    assert personal_rows(connection, bob) == [{"name": "Bob"}]


def waits(connection: Connection, pid: int) -> None:
    """Until that session waits for an advisory lock."""
    for _ in range(2_000):
        row = connection.execute(
            "SELECT FROM pg_locks WHERE pid = %s AND locktype = 'advisory' AND NOT granted", [pid]
        ).fetchone()
        if row is not None:
            return
        connection.execute("SELECT pg_sleep(0.002)")
    raise AssertionError("the session does not wait")


@contextmanager
def meanwhile(conninfo: str, act: Callable[[Connection], object]) -> Iterator[tuple[int, list[object]]]:
    """`act` in a session of its own: its pid, and what it answered or raised, once the block has ended."""
    said: list[object] = []
    with connect(conninfo) as other:

        def run() -> None:
            try:
                said.append(act(other))
            except Exception as error:
                said.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield other.info.backend_pid, said
        finally:
            thread.join()


WAYS = pytest.mark.parametrize("way", ["append", "bulk"])


def note(connection: Connection, way: str, customer_id: UUID) -> None:
    event = about(customer_id, None, "Ann likes red")
    if way == "append":
        log.append(connection, [event], NOBODY)
    else:
        append_bulk(connection, [event], NOBODY)


@WAYS
def test_an_append_that_was_first_is_erased_too(connection: Connection, conninfo: str, way: str) -> None:
    customer_id = registered(connection)
    with connect(conninfo) as writer:
        writer.execute("BEGIN")
        note(writer, way, customer_id)
        with meanwhile(conninfo, lambda other: forget(other, customer_id)) as (pid, said):
            waits(connection, pid)
            writer.execute("COMMIT")
    assert isinstance(said[0], list)
    assert personal_rows(connection, customer_id) == [{"reason": "Asked by letter"}]


@WAYS
def test_an_append_that_waits_is_refused(connection: Connection, conninfo: str, way: str) -> None:
    customer_id = registered(connection)
    with connect(conninfo) as eraser:
        eraser.execute("BEGIN")
        forget(eraser, customer_id)
        with meanwhile(conninfo, lambda other: note(other, way, customer_id)) as (pid, said):
            waits(connection, pid)
            eraser.execute("COMMIT")
    assert isinstance(said[0], log.SubjectForgotten)
    assert personal_rows(connection, customer_id) == [{"reason": "Asked by letter"}]


def test_a_forgetting_that_is_rolled_back_has_forgotten_nobody(connection: Connection, conninfo: str) -> None:
    customer_id = registered(connection)
    with connect(conninfo) as eraser:
        eraser.execute("BEGIN")
        forget(eraser, customer_id)
        with meanwhile(conninfo, lambda other: note(other, "append", customer_id)) as (pid, said):
            waits(connection, pid)
            eraser.execute("ROLLBACK")
    assert said == [None]
    assert personal_rows(connection, customer_id) == [{"name": "Ann Example"}, {"summary": "Ann likes red"}]


def test_who_is_merged_at_that_moment_is_forgotten_too(connection: Connection, conninfo: str) -> None:
    ann, survivor = registered(connection, "Ann"), registered(connection, "Anna")
    with connect(conninfo) as writer:
        writer.execute("BEGIN")
        merged(writer, ann, survivor)
        with meanwhile(conninfo, lambda other: forget(other, ann)) as (pid, said):
            waits(connection, pid)
            writer.execute("COMMIT")
    assert isinstance(said[0], list)
    assert {found.customer_id for found in said[0]} == {ann, survivor}
    assert personal_rows(connection, survivor) == [{"reason": "Asked by letter"}]


def test_the_locks_of_those_found_late_are_waited_for_too(connection: Connection, conninfo: str) -> None:
    ann, survivor = registered(connection, "Ann"), registered(connection, "Anna")
    with connect(conninfo) as merging, connect(conninfo) as writer:
        writer.execute("BEGIN")
        note(writer, "append", survivor)
        merging.execute("BEGIN")
        merged(merging, ann, survivor)
        with meanwhile(conninfo, lambda other: forget(other, ann)) as (pid, said):
            waits(connection, pid)
            merging.execute("COMMIT")
            waits(connection, pid)
            writer.execute("COMMIT")
    assert isinstance(said[0], list)
    assert personal_rows(connection, survivor) == [{"reason": "Asked by letter"}]


def test_two_who_forget_at_once_do_it_once(connection: Connection, conninfo: str) -> None:
    customer_id = registered(connection)
    with connect(conninfo) as eraser:
        eraser.execute("BEGIN")
        forget(eraser, customer_id)
        with meanwhile(conninfo, lambda other: forget(other, customer_id)) as (pid, said):
            waits(connection, pid)
            eraser.execute("COMMIT")
    assert isinstance(said[0], list)
    assert [found.is_new for found in said[0]] == [False]


def test_forgetting_needs_to_see_what_was_committed_meanwhile(connection: Connection) -> None:
    customer_id = registered(connection)
    with connection.transaction(), pytest.raises(psycopg.errors.InvalidTransactionState):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        forget(connection, customer_id)


def test_only_the_role_for_it_forgets(connection: Connection, conninfo: str) -> None:
    customer_id = registered(connection)
    for role in ("everfold_app", "everfold_follower", "everfold_analyst", "everfold_auditor"):
        with connect(conninfo, role) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            forget(other, customer_id)
    with connect(conninfo, "everfold_privacy") as other:
        assert forget(other, customer_id)[0].is_new


ANN, BOB = Erasure(UUID(int=1)), Erasure(UUID(int=2), UUID(int=3))


def test_the_list_of_erasures_keeps_each_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "data" / "erasures.ndjson"
    assert erasures.listed(path) == []
    erasures.add(path, [ANN, ANN])
    erasures.add(path, [BOB, ANN])
    assert erasures.listed(path) == [ANN, BOB]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()] == ["customer", "person"]


def test_a_line_that_a_killed_process_left_unfinished_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "erasures.ndjson"
    erasures.add(path, [ANN])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind": "customer", "custom')
    assert erasures.listed(path) == [ANN]
    erasures.add(path, [BOB])
    assert erasures.listed(path) == [ANN, BOB]


@pytest.mark.parametrize("line", [b"{}", b"[]", b"nonsense", b'{"customer_id": 7}', b'{"customer_id": "ann"}'])
def test_a_damaged_list_is_refused_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "erasures.ndjson"
    erasures.add(path, [ANN])
    path.write_bytes(path.read_bytes() + line + b"\n")
    for use in (lambda: erasures.listed(path), lambda: erasures.add(path, [BOB])):
        with pytest.raises(ErasureListDamaged, match="Line 2 of"):
            use()


def test_processes_that_list_at_once_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "erasures.ndjson"
    threads = [threading.Thread(target=erasures.add, args=(path, [Erasure(UUID(int=n))])) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {erasure.customer_id.int for erasure in erasures.listed(path)} == set(range(20))
