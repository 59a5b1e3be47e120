"""What was known at a position is what a log cut there gives; folded once, bounded, and there while it is read."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import CustomerRegistered, CustomerRenamed
from domain.event import Event
from domain.lead import LeadQualified, LeadWon
from eventstore.database import Connection, connect
from eventstore.fence import horizon
from projections.read_models import ReadModel, read_models
from replay import asof
from replay.asof import Limits, drop, drop_all, drop_old, known_at, listed, reading
from replay.differences import compare
from replay.fold import create_table, fill, insert
from replay.recall import customer_at, table_at
from replay.rewind import make
from replay.versions import turn
from tests.facts import captured, given
from tests.projections.records import forget, hour, merged, registered, tell, undone, unmerged
from tests.projections.test_customer_histories import happenings, record_of
from tests.replay.histories import STEPS, Company, Step
from tests.waiting import comes

LEAD = [read_models()["lead"]]
EVERY = list(read_models().values())
seldom = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


def is_that_of_a_cut_log(connection: Connection, position: int, models: Collection[ReadModel] = EVERY) -> bool:
    """Whether the schema of the past is what a replay gives of a log that ends at the position."""
    past = known_at(connection, position, models)
    differing = 0
    with connection.transaction(force_rollback=True):
        connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM log.event WHERE position > %s", [position])
        connection.execute("CREATE SCHEMA cut")
        for model in models:
            create_table(connection, model, "cut")
            fill(connection, model, "cut", 10**9, insert)
            differing += compare(connection, model, past.schema, "cut")[0]
    drop_all(connection)
    return differing == 0


@for_all(steps=STEPS, data=st.data())
@seldom
def test_whatever_changes_hands_the_past_is_that_of_a_cut_log(
    connection: Connection, steps: list[Step], data: st.DataObject
) -> None:
    company = Company(connection)
    company.begin()
    begun = horizon(connection)
    for step in steps:
        company.take(*step)
    position = data.draw(st.integers(begun, horizon(connection)))
    assert is_that_of_a_cut_log(connection, position)


@for_all(history=st.lists(happenings, min_size=4, max_size=20), at=st.floats(0, 1))
@seldom
def test_whatever_happens_the_past_is_that_of_a_cut_log(
    connection: Connection, history: list[tuple[UUID, tuple[str, Event]]], at: float
) -> None:
    begun = horizon(connection)
    for number, (customer_id, (noun, event)) in enumerate(history):
        # some facts are told late
        moments = [hour(number) if number % 3 else None]
        tell(connection, customer_id, event, noun=noun, stream_id=record_of(noun, customer_id), at=moments)
    assert is_that_of_a_cut_log(connection, begun + round(at * (horizon(connection) - begun)))


def test_merges_and_undone_events_hold_from_their_positions_on(connection: Connection) -> None:
    ann, bob = registered(connection, "Ann"), registered(connection, "Bob")
    lead_id, _ = given(connection, captured(), LeadQualified(), customer_id=ann)
    apart = horizon(connection)
    merge_id = merged(connection, "customer", ann, bob)
    together = horizon(connection)
    undone(connection, "lead", lead_id, 2)
    unmerged(connection, "customer", merge_id, ann, bob)
    parted = horizon(connection)
    assert [customer_at(connection, ann, at) for at in (apart, together, parted)] == [ann, bob, ann]
    asked = (apart, together, parted)
    leads = [[row["open_leads"] for row in table_at(connection, "customer_360", bob, at)] for at in asked]
    assert leads == [[0], [1], [0]]
    qualified = [table_at(connection, "lead", lead_id, at)[0]["qualified_at"] is None for at in asked]
    assert qualified == [False, False, True]
    for position in asked:
        assert is_that_of_a_cut_log(connection, position)


@for_all(steps=STEPS)
@seldom
def test_one_customer_is_what_the_whole_past_says_of_her(connection: Connection, steps: list[Step]) -> None:
    company = Company(connection)
    company.begin()
    for step in steps:
        company.take(*step)
    position = horizon(connection) - len(steps) // 2
    tables = ("customer_360", "contact_point", "consent", "customer_lifecycle_interval", "relation", "interaction")
    past = known_at(connection, position, asof.models_of(tables))
    for customer_id in company.customers:
        for table in tables[:-1]:
            rows = connection.execute(
                f"SELECT * FROM {past.schema}.{table} WHERE customer_id = %s".encode(), [customer_id]
            ).fetchall()
            assert sorted(map(str, table_at(connection, table, customer_id, position))) == sorted(map(str, rows))
    drop_all(connection)


def test_who_was_forgotten_is_gone_from_the_past_too(connection: Connection) -> None:
    ann = registered(connection, "Ann")
    given(connection, captured("Roof for Ann"), customer_id=ann)
    before = horizon(connection)
    assert table_at(connection, "customer_360", ann, before)[0]["name"] == "Ann"
    forget(connection, ann)
    (row,) = table_at(connection, "customer_360", ann, before)
    assert (row["name"], row["status"]) == (None, "prospect")
    past = known_at(connection, before, EVERY)
    assert connection.execute(f"SELECT title FROM {past.schema}.lead".encode()).fetchall() == [{"title": None}]
    assert is_that_of_a_cut_log(connection, before)


def test_the_same_moment_is_folded_once_and_what_it_lacks_is_added(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(connection, captured(), LeadWon())
    folded: list[str] = []

    def counting(connection: Connection, model: ReadModel, schema: str, position: int) -> None:
        folded.append(model.name)
        make(connection, model, schema, position)

    monkeypatch.setattr(asof, "make", counting)
    position = horizon(connection)
    first = known_at(connection, position, LEAD)
    assert known_at(connection, position, LEAD).made_at == first.made_at
    both = known_at(connection, position, asof.models_of(["lead", "ticket"]))
    assert folded == ["lead", "ticket"]
    assert (both.schema, both.models, both.made_at) == (first.schema, ("lead", "ticket"), first.made_at)
    assert both.bytes > first.bytes
    given(connection, captured())
    assert known_at(connection, horizon(connection), LEAD).schema != first.schema


def test_rows_by_another_definition_are_folded_anew(connection: Connection) -> None:
    given(connection, captured())
    position = horizon(connection)
    first = known_at(connection, position, asof.models_of(["lead", "ticket"]))
    connection.execute('UPDATE replay.asof SET definitions = definitions || \'{"lead": "older"}\'')
    connection.execute(f"DELETE FROM {first.schema}.lead".encode())
    again = known_at(connection, position, LEAD)
    assert again.models == ("lead",)
    assert connection.execute(f"SELECT status FROM {first.schema}.lead".encode()).fetchall() == [{"status": "open"}]


def test_two_who_ask_at_once_get_one(conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        given(connection, captured())
    position, folded = horizon(connection), list[str]()

    def counting(connection: Connection, model: ReadModel, schema: str, position: int) -> None:
        folded.append(model.name)
        make(connection, model, schema, position)

    monkeypatch.setattr(asof, "make", counting)

    def ask(_: int) -> asof.Past:
        with connect(conninfo) as own:
            return known_at(own, position, asof.models_of(["lead", "ticket"]))

    with ThreadPoolExecutor(4) as pool:
        assert {past.made_at for past in pool.map(ask, range(4))} == {listed(connection)[0].made_at}
    assert sorted(folded) == ["lead", "ticket"]


def test_who_does_not_want_to_wait_is_told(conninfo: str, connection: Connection) -> None:
    position = horizon(connection)
    with connect(conninfo) as other, turn(other, asof.WORK), pytest.raises(asof.Busy, match="Try again"):
        known_at(connection, position, LEAD, patience="50ms")
    assert connection.execute("SHOW lock_timeout").fetchone() == {"lock_timeout": "0"}
    known_at(connection, position, LEAD, patience="50ms")


def test_what_was_killed_half_way_is_not_taken_for_whole(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(connection, captured())
    position = horizon(connection)

    def killed(own: Connection, model: ReadModel, schema: str, position: int) -> None:
        make(own, model, schema, position)
        if model.name == "ticket":
            own.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(asof, "make", killed)
        with pytest.raises(psycopg.OperationalError), connect(conninfo) as own:
            known_at(own, position, asof.models_of(["lead", "ticket"]))
    assert [past.models for past in listed(connection)] == [("lead",)]
    with reading(connection, position, asof.models_of(["ticket"])) as schema:
        assert schema is None
    assert known_at(connection, position, asof.models_of(["lead", "ticket"])).models == ("lead", "ticket")


def schemas(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'asof%' ORDER BY 1")
    return [row["nspname"] for row in rows]


def moments(connection: Connection, number: int, limits: Limits | None = None) -> list[str]:
    """So many schemas, each with one lead more."""
    made = []
    for _ in range(number):
        given(connection, captured())
        made.append(known_at(connection, horizon(connection), LEAD, limits).schema)
    return made


def test_what_was_asked_for_longest_ago_makes_room(connection: Connection) -> None:
    first, _, third = moments(connection, 3, Limits(schemas=3))
    known_at(connection, int(first.removeprefix("asof_")), LEAD)
    (fourth,) = moments(connection, 1, Limits(schemas=3))
    assert [past.schema for past in listed(connection)] == [fourth, first, third]
    assert schemas(connection) == sorted([first, third, fourth])
    one = listed(connection)[0].bytes
    (fifth,) = moments(connection, 1, Limits(bytes=2 * one))
    assert [past.schema for past in listed(connection)] == [fifth, fourth]


def test_what_would_take_all_the_room_is_refused_and_leaves_nothing(connection: Connection) -> None:
    given(connection, captured())
    with pytest.raises(asof.TooLarge, match="EVERFOLD_ASOF_BYTES"):
        known_at(connection, horizon(connection), LEAD, Limits(bytes=100))
    assert schemas(connection) == []


def test_a_schema_goes_a_day_after_it_was_last_asked_for(connection: Connection) -> None:
    old, fresh = moments(connection, 2)
    connection.execute("UPDATE replay.asof SET used_at = used_at - %s", [timedelta(hours=23)])
    assert drop_old(connection) == []
    at = int(old.removeprefix("asof_"))
    connection.execute("UPDATE replay.asof SET used_at = used_at - %s WHERE position = %s", [timedelta(hours=2), at])
    assert drop_old(connection) == [old]
    assert schemas(connection) == [fresh]
    connection.execute("UPDATE replay.asof SET used_at = used_at - %s", [timedelta(days=2)])
    (newest,) = moments(connection, 1)
    assert schemas(connection) == [newest]


def by_the_program(own: Connection, position: int) -> None:
    with reading(own, position, LEAD):
        own.execute("SELECT pg_advisory_lock(77)")


def by_an_analyst(own: Connection, position: int) -> None:
    with own.transaction():
        own.execute(f"SELECT count(*) FROM asof_{position}.lead".encode())
        own.execute("SELECT pg_advisory_lock(77)")


@pytest.mark.parametrize("reads", [by_the_program, by_an_analyst])
def test_what_is_being_read_stays(
    conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch, reads: Callable[[Connection, int], None]
) -> None:
    monkeypatch.setattr(asof, "_LONGEST_WAIT", "50ms")
    (schema,) = moments(connection, 1)
    position = int(schema.removeprefix("asof_"))
    connection.execute("SELECT pg_advisory_lock(77)")

    def read() -> None:
        with connect(conninfo) as own:
            reads(own, position)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            waits = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            assert comes(lambda: connection.execute(waits).fetchone() is not None)
            assert not drop(connection, position)
            with pytest.raises(asof.InUse, match=schema):
                drop_all(connection)
            assert connection.execute(f"SELECT count(*) AS n FROM {schema}.lead".encode()).fetchone() == {"n": 1}
            moments(connection, 1, Limits(schemas=1))
            assert schema in schemas(connection)
        finally:
            connection.execute("SELECT pg_advisory_unlock(77)")
        reader.result()
    assert drop(connection, position)
    assert schema not in schemas(connection)


def test_somebody_elses_schema_of_that_name_is_left_alone(connection: Connection) -> None:
    given(connection, captured())
    position = horizon(connection)
    connection.execute(f"CREATE SCHEMA asof_{position}".encode())
    with pytest.raises(asof.NotOurs, match="Rename it"):
        known_at(connection, position, LEAD)
    assert drop_all(connection) == []
    assert not drop(connection, position)
    assert schemas(connection) == [f"asof_{position}"]


def test_before_everything_nothing_was_known(connection: Connection) -> None:
    stranger = uuid4()
    tell(connection, stranger, CustomerRegistered(kind="person", name="Ann"), CustomerRenamed(name="Anna"))
    last = horizon(connection)
    names = [[row["name"] for row in table_at(connection, "customer_360", stranger, at)] for at in (0, last - 1, last)]
    assert names == [[], ["Ann"], ["Anna"]]
    assert known_at(connection, 0, EVERY).models == tuple(sorted(read_models()))
