"""The demo company is loaded as a whole log: all or nothing, only into an empty one, and everywhere the same."""

import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from api.backup import back_up, restore
from api.demo.load import Loaded, NotYet, OtherEvents, Phase, load_demo
from api.demo.story import customer_story, workspace_story
from api.demo.telling import Demo, TellerGone, _tell, customers_told
from api.demo.told import Told
from api.forget import erasure_list
from api.settings import Settings
from api.store import open_store
from domain.customer import CustomerForgotten, CustomerPersonForgotten
from domain.event import personal_fields
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.erasure import erasures
from eventstore.erasure.erasures import Erasure
from eventstore.erasure.forgetting import personal_values
from eventstore.sealing import verification
from eventstore.sealing.seals import seal_and_export
from eventstore.whole_log import filling
from projections.read_models import read_models
from replay.follow import advance, fold_side_by_side, position
from replay.verification import verify
from replay.versions import OtherDefinition, lock_checkpoint
from tests.api.test_cli import Crm
from tests.conftest import settings_for
from tests.facts import captured, given
from tests.waiting import comes

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
FEW, WITH_ERASURE = 5, 50
"""From 50 customers on, one of them asks to be forgotten."""

PINNED, DIGEST = 20, "2c4a14dd0352180178a6c491b83e808ebd607ec735e5dea5a355719685b11eb9"
"""What the story of seed 7 up to UNTIL comes to with so many customers."""


def load(
    settings: Settings,
    customers: int = FEW,
    until: datetime | None = UNTIL,
    seed: int = 7,
    processes: int | None = None,
) -> Loaded:
    with open_store(settings, publish=False) as store:
        return load_demo(store, seed=seed, customers=customers, until=until, processes=processes)


def conninfo_of(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


@pytest.fixture
def opened(emptied: Settings) -> Iterator[Connection]:
    """A connection to the empty database, set up."""
    with open_store(emptied, publish=False), connect(conninfo_of(emptied)) as connection:
        yield connection


def streams(told: list[Told]) -> list[tuple[UUID, list[Told]]]:
    def stream(one: Told) -> UUID:
        return one.stream_id

    return [(stream_id, list(of)) for stream_id, of in groupby(sorted(told, key=stream), key=stream)]


def everything_told(customers: int) -> list[Told]:
    told = list(workspace_story(7, UNTIL, customers))
    return told + [one for number in range(customers) for one in customer_story(7, number, UNTIL, customers)]


def test_the_log_holds_what_was_told_with_its_times(emptied: Settings) -> None:
    loaded = load(emptied)
    told = everything_told(FEW)
    assert loaded.contents.events == len(told)
    assert sum(loaded.contents.streams.values()) == len(streams(told))
    with connect(conninfo_of(emptied)) as connection:
        for stream_id, expected in streams(told):
            history = log.load(connection, stream_id).history
            assert [
                (r.event, r.version, r.occurred_at, r.recorded_at, r.customer_id, r.correlation_id) for r in history
            ] == [
                (one.event, one.version, one.occurred_at, one.recorded_at, one.customer_id, one.correlation_id)
                for one in expected
            ]
            assert [(r.actor, r.metadata["channel"]) for r in history] == [
                ({"kind": one.actor[0], "id": str(one.actor[1])}, one.channel) for one in expected
            ]
            assert [tuple(r.metadata.get("flags", ())) for r in history] == [one.flags for one in expected]
            assert "simulated" in history[0].metadata["flags"]
        for one in told:
            for system, key in one.external_ids:
                claimed = log.ExternalId(system, key, one.customer_id, one.stream_id)
                assert log.find_external_id(connection, system, key) == claimed
        events = connection.execute("SELECT position, recorded_at FROM log.event ORDER BY position").fetchall()
    assert [row["position"] for row in events] == list(range(1, len(told) + 1))
    moments = [row["recorded_at"] for row in events]
    assert moments == sorted(moments)
    assert moments[-1] <= UNTIL


def test_what_was_known_at_a_moment_is_the_log_up_to_a_position(emptied: Settings) -> None:
    """A late fact is behind what was recorded before it, though it happened earlier."""
    load(emptied)
    with connect(conninfo_of(emptied)) as connection:
        row = connection.execute(
            "SELECT count(*) AS late FROM log.event WHERE occurred_at < recorded_at - interval '1 hour'"
        ).fetchone()
        assert row is not None
        assert row["late"] > 0
        for days in (30, 300, 600):
            moment = UNTIL - timedelta(days=days)
            row = connection.execute(
                """
                SELECT max(position) FILTER (WHERE recorded_at <= %(moment)s) AS horizon,
                       count(*) FILTER (WHERE recorded_at <= %(moment)s) AS known
                FROM log.event
                """,
                {"moment": moment},
            ).fetchone()
            assert row is not None
            assert row["horizon"] == row["known"] > 0


def test_the_digest_is_the_same_everywhere(
    new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each run, by any number of processes, and in any time zone."""
    here = load(settings_for(new_database(), tmp_path / "a"), processes=1)
    other = new_database()
    with psycopg.connect(other, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET timezone TO 'Asia/Kathmandu'".encode())
    monkeypatch.setenv("TZ", "America/St_Johns")
    there = load(settings_for(other, tmp_path / "b"), processes=2)
    assert there == here
    unlike = load(settings_for(new_database(), tmp_path / "c"), seed=8)
    assert unlike.contents.digest != here.contents.digest


def test_the_digest_is_that_of_the_last_commit(emptied: Settings) -> None:
    """Whoever changes the story on purpose puts the new digest here: the failed test shows it, as does `crm demo
    --customers 20 --seed 7 --until 2026-11-01` with a new data folder."""
    assert load(emptied, PINNED).contents.digest.hex() == DIGEST


INDEXES = """
SELECT
    i.indrelid::regclass::text AS table,
    i.indexrelid::regclass::text AS name,
    index.relowner::regrole::text AS owner,
    i.indisprimary,
    i.indisvalid,
    pg_get_indexdef(i.indexrelid) AS definition,
    pg_get_constraintdef(c.oid) AS constraint
FROM pg_index AS i
JOIN pg_class AS index ON index.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = index.relnamespace
LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
WHERE n.nspname IN ('log', 'public')
ORDER BY 1, 2
"""
COLUMNS = """
SELECT attrelid::regclass::text, attname, attnotnull
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = attrelid AND c.relkind = 'r'
WHERE c.relnamespace::regnamespace::text IN ('log', 'public') AND attnum > 0
ORDER BY 1, 2
"""


def test_all_tables_have_the_indexes_that_they_had(emptied: Settings, opened: Connection) -> None:
    """They are made when the tables are full."""
    before = [opened.execute(query).fetchall() for query in (INDEXES, COLUMNS)]
    names = {row["name"] for row in before[0]}
    assert {"log.event_pkey", "log.event_version", "log.event_in_order", "public.search_of_customer"} <= names
    load(emptied)
    assert [opened.execute(query).fetchall() for query in (INDEXES, COLUMNS)] == before
    sizes = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples >= 0"
    )
    counted = {row["relname"] for row in opened.execute(sizes).fetchall()}
    assert counted >= {table for model in read_models().values() for table in model.tables}, "plans are no guesses"


def test_everything_verifies_and_live_equals_replay(emptied: Settings, tmp_path: Path) -> None:
    loaded = load(emptied, WITH_ERASURE)
    with connect(conninfo_of(emptied)) as connection:
        seal_and_export(connection, tmp_path / "seals.ndjson", force=True)
        report = verification.verify(connection, tmp_path / "seals.ndjson")
        assert (report.finding, report.events, report.sealed_to) == (None, *[loaded.contents.events] * 2)
        for model in read_models().values():
            found = verify(connection, model)
            assert found.differing == 0
            assert found.rows > 0


def test_a_restored_backup_of_it_is_the_same(
    emptied: Settings, new_database: Callable[[], str], tmp_path: Path
) -> None:
    loaded = load(emptied, WITH_ERASURE)
    back_up(emptied, tmp_path / "backup")
    again = settings_for(new_database(), tmp_path / "again")
    restore(again, tmp_path / "backup")
    assert load(again, WITH_ERASURE) == Loaded(loaded.demo, loaded.contents, was_there=True)


def personal_texts(told: Told) -> set[str]:
    values = [getattr(told.event, name) for name in personal_fields(type(told.event))]
    return {value for value in values if isinstance(value, str)}


def test_who_was_forgotten_in_the_story_is_nowhere(emptied: Settings, opened: Connection) -> None:
    load(emptied, WITH_ERASURE)
    told = everything_told(WITH_ERASURE)
    gone = [one for one in told if one.is_forgotten]
    kept = "\n".join(text for one in told if not one.is_forgotten for text in personal_texts(one))
    secrets = {text for one in gone for text in personal_texts(one) if len(text) >= 8 and text not in kept}
    assert len(secrets) > 2
    files = opened.execute(
        """
        SELECT pg_read_binary_file(pg_relation_filepath(oid)) AS content FROM pg_class
        WHERE relkind IN ('r', 't', 'i') AND NOT relisshared AND pg_relation_filenode(oid) IS NOT NULL
        UNION ALL
        -- another test's server process may recycle one in between
        SELECT pg_read_binary_file('pg_wal/' || name, 0, size, true) FROM pg_ls_waldir()
        """
    ).fetchall()
    disk = b"".join(row["content"] or b"" for row in files)
    assert max(kept.splitlines(), key=len).encode() in disk
    assert {text for text in secrets if text.encode() in disk} == set()


def test_who_was_forgotten_in_the_story_stays_forgotten(emptied: Settings, opened: Connection) -> None:
    load(emptied, WITH_ERASURE)
    told = everything_told(WITH_ERASURE)
    marks = [one for one in told if isinstance(one.event, CustomerForgotten | CustomerPersonForgotten)]
    assert {type(one.event) for one in marks} == {CustomerForgotten, CustomerPersonForgotten}
    for mark in marks:
        person_id = mark.event.person_id if isinstance(mark.event, CustomerPersonForgotten) else None
        assert Erasure(mark.customer_id, person_id) in erasures.listed(erasure_list(emptied.data))
        assert not personal_values(opened, [mark.customer_id], person_id).texts
        event = mark.event.model_copy(update={"reason": "Once more"})
        again = log.NewEvent(mark.customer_id, "customer", mark.stream_id, None, event, subject_id=person_id)
        with pytest.raises(log.SubjectForgotten):
            log.append(opened, [again], log.Envelope("user", UUID(int=0), "test"))


def test_how_long_each_part_took_is_told(emptied: Settings) -> None:
    loaded = load(emptied)
    assert [phase.name for phase in loaded.phases] == ["told", "filled", "counted", "folded", "all of it"]
    assert {phase.events for phase in loaded.phases} == {loaded.contents.events}
    *parts, whole = [phase.seconds for phase in loaded.phases]
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(whole)
    assert load(emptied).phases == ()


def test_a_phase_says_its_rate() -> None:
    assert str(Phase("told", 30_000, 1.5)) == "told            30,000 events     1.500 s     20,000 events/s"
    assert Phase("told", 3, 0.0).rate == 3_000


def test_who_has_begun_to_fold_is_waited_for(emptied: Settings, opened: Connection) -> None:
    """A follower has one read model in hand, and has folded another already."""
    lead, ticket = read_models()["lead"], read_models()["ticket"]
    load(emptied)
    head = position(opened, lead)
    with opened.transaction():
        opened.execute("TRUNCATE public.lead")
        opened.execute("UPDATE replay.checkpoint SET position = 0 WHERE projection = 'lead'")
    with ThreadPoolExecutor(1) as pool, connect(conninfo_of(emptied)) as follower:
        with follower.transaction():
            begun = lock_checkpoint(follower, lead)
            assert begun is not None
            assert begun.position == 0
            ended = pool.submit(fold_side_by_side, conninfo_of(emptied))
            waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            assert comes(lambda: bool(opened.execute(waiting).fetchall()))
            advance(follower, lead, head)
        ended.result(timeout=30)
    for model in (lead, ticket):
        assert position(opened, model) == head
        assert verify(opened, model).differing == 0


def test_what_keeps_one_read_model_from_being_folded_is_said(emptied: Settings, opened: Connection) -> None:
    opened.execute("UPDATE replay.checkpoint SET definition = 'another' WHERE projection = 'lead'")
    with pytest.raises(OtherDefinition):
        fold_side_by_side(conninfo_of(emptied))


def test_loading_it_again_changes_nothing(emptied: Settings, opened: Connection) -> None:
    first = load(emptied)
    epoch = log.epoch(opened)
    assert not first.was_there
    assert load(emptied) == load(emptied, until=None) == Loaded(first.demo, first.contents, was_there=True)
    lead_id, _ = given(opened, captured())
    assert load(emptied).contents == first.contents
    (recorded,) = log.load(opened, lead_id).history
    assert recorded.position == first.contents.events + 1
    assert log.epoch(opened) == epoch


def test_only_an_empty_log_is_filled(emptied: Settings, opened: Connection, settings: Settings) -> None:
    with pytest.raises(NotYet):
        load(emptied, until=datetime.now(UTC) + timedelta(hours=1))
    load(emptied)
    with pytest.raises(OtherEvents):
        load(emptied, seed=8)
    with pytest.raises(OtherEvents):
        load(emptied, FEW + 1)
    with pytest.raises(OtherEvents):
        load(emptied, until=UNTIL - timedelta(days=1))
    with pytest.raises(OtherEvents):
        load(settings)  # somebody's pipeline is published there
    with connect(conninfo_of(settings)) as connection:
        assert [r.type for r in log.load(connection, WORKSPACE_ID).history] == ["workspace.pipeline_published"]


def test_without_a_moment_the_history_ends_where_today_begins(emptied: Settings) -> None:
    until = load(emptied, until=None).demo.until
    assert timedelta(0) <= datetime.now(UTC) - until < timedelta(days=1, minutes=1)
    assert (until.hour, until.minute, until.second, until.microsecond) == (0, 0, 0, 0)


def test_two_that_load_at_once_load_it_once(emptied: Settings, opened: Connection) -> None:
    loaded: list[Loaded] = []
    together = threading.Barrier(2)

    def one() -> None:
        together.wait()
        loaded.append(load(emptied))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.was_there for each in loaded) == [False, True]
    assert loaded[0].contents == loaded[1].contents


def test_a_read_model_that_had_passed_drawn_positions_begins_anew(emptied: Settings, opened: Connection) -> None:
    """Positions were drawn and never written, and the read models were told."""
    opened.execute("SELECT nextval('log.event_position') FROM generate_series(1, 20)")
    opened.execute("UPDATE replay.checkpoint SET position = 20")
    load(emptied)
    assert [verify(opened, model).differing for model in read_models().values()] == [0] * len(read_models())


def test_only_the_owner_fills_a_log(emptied: Settings, opened: Connection) -> None:
    with (
        connect(conninfo_of(emptied), "everfold_app") as connection,
        connection.transaction(),
        pytest.raises(filling.NotTheOwner, match="login that owns the database"),
    ):
        filling.hold_still(connection)


def test_a_kill_in_the_middle_leaves_an_empty_log(emptied: Settings, opened: Connection, tmp_path: Path) -> None:
    """When all rows are in the tables, and their numbering waits for somebody."""
    crm = Crm(conninfo_of(emptied), emptied.data)
    arguments = ("demo", "--customers", str(FEW), "--until", "2026-11-01", "--json")
    with connect(conninfo_of(emptied)) as somebody, somebody.transaction():
        somebody.execute("SELECT nextval('log.event_position')")
        process = crm.start(*arguments)
        waiting = "SELECT pid FROM pg_locks WHERE relation = to_regclass('log.event_position') AND NOT granted"
        assert comes(lambda: somebody.execute(waiting).fetchone() is not None)
        loader = somebody.execute(waiting).fetchone()
        assert loader is not None
        opened.execute("SET lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            opened.execute("SELECT FROM log.event")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert comes(lambda: not opened.execute("SELECT FROM pg_stat_activity WHERE pid = %(pid)s", loader).fetchall())
    assert filling.is_empty(opened)
    said = json.loads(crm(*arguments))
    assert said["streams"]["customer"] >= FEW
    assert [phase["phase"] for phase in said["phases"]] == ["told", "filled", "counted", "folded", "all of it"]
    for phase in said["phases"]:
        assert phase["events"] == said["events"]
        assert phase["events_per_second"] == pytest.approx(phase["events"] / phase["seconds"], rel=0.2)
    assert verify(opened, read_models()["customer_360"]).differing == 0


@pytest.mark.parametrize(
    ("seed", "number", "until"),
    [(1, 6911, datetime(2026, 11, 23, tzinfo=UTC)), *((n, 10 * n, UNTIL) for n in range(40))],
)
def test_nobody_does_in_the_story_what_the_rules_refuse(seed: int, number: int, until: datetime) -> None:
    """Of the first, a subscription that ends on this very day is to be changed."""
    assert list(customer_story(seed, number, until, 13_400))


def test_who_tells_ends_when_nobody_listens() -> None:
    ours, theirs = get_context("spawn").Pipe(duplex=False)
    teller = get_context("spawn").Process(target=_tell, args=(theirs, Demo(7, 100_000, UNTIL), 0, 1))
    teller.start()
    theirs.close()
    ours.recv_bytes()
    ours.close()
    teller.join(timeout=30)
    assert teller.exitcode == 0


def test_a_story_that_breaks_off_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process cannot tell of customers that are no number."""
    with pytest.raises(TellerGone):
        list(customers_told(Demo(7, None, UNTIL), processes=2))  # type: ignore[arg-type]  # to make it fail


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--until", "soon"], "--until takes a day such as 2026-03-03, or a moment with its offset from UTC"),
        (["--until", "2026-03-03T09:00:00"], "a moment with its offset from UTC"),
        (["--until", "8999-01-01"], "Give --until a moment that has passed"),
        (["--until", "0002-01-01"], "Give --until a day from 1990 on"),
        ([], "Name a new data folder with --data"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_sentence(
    conninfo: str, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    said = Crm(conninfo, tmp_path)("demo", *arguments, code=2)
    assert sentence in said
    assert "Traceback" not in said


def test_the_command_says_what_is_there(emptied: Settings) -> None:
    crm = Crm(conninfo_of(emptied), emptied.data)
    arguments = ("demo", "--customers", str(FEW), "--seed", "7", "--until", "2026-11-01T01:00+01:00")
    first = crm(*arguments)
    assert first.startswith("The demo company is loaded, up to 2026-11-01 00:00 UTC: ")
    assert re.search(r"^folded +[\d,]+ events +\d+\.\d{3} s +[\d,]+ events/s$", first, re.MULTILINE)
    there = crm(*arguments)
    assert there.startswith("The demo company is there already, up to 2026-11-01 00:00 UTC: ")
    said = json.loads(crm(*arguments, "--json"))
    assert (said["seed"], said["customers"], said["until"]) == (7, FEW, "2026-11-01T00:00:00+00:00")
    assert said["events"] == sum(said["types"].values())
    assert f"Digest: {said['digest']}" in there
    assert "events/s" not in there
    assert said["phases"] == []


@pytest.mark.parametrize("demo", [pytest.param(True, marks=pytest.mark.full), False])
def test_run_fills_an_empty_log_unless_told_not_to(emptied: Settings, opened: Connection, demo: bool) -> None:
    process = Crm(conninfo_of(emptied), emptied.data).start("run", "--port", "0", *(() if demo else ("--no-demo",)))
    try:
        assert process.stdout is not None
        assert "Everfold is running" in process.stdout.readline()
    finally:
        process.terminate()
        process.communicate()
    history = log.load(opened, WORKSPACE_ID).history
    assert ("demo" in history[0].metadata) == demo
    assert any(recorded.type == "workspace.pipeline_published" for recorded in history)
