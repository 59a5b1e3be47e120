"""Sixty-four writers on one stream: one winner per version, and versions rise with positions."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from domain.event import CustomerId
from domain.lead import LeadContacted, LeadQualified
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import Connection, connect, new_pool
from tests.facts import NOBODY, captured, given

WRITERS = 64


def together(conninfo: str, write: object) -> None:
    start = Barrier(WRITERS)

    def run() -> None:
        with connect(conninfo) as own:
            start.wait()
            assert callable(write)
            write(own)

    threads = [Thread(target=run) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.full)])
def test_one_writer_wins_each_version(conninfo: str, connection: Connection, rounds: int) -> None:
    lead_id, customer_id = given(connection, captured())
    won: list[int] = []

    def write(own: Connection) -> None:
        for _ in range(rounds):
            version = log.load(own, lead_id).version + 1
            event = log.NewEvent(CustomerId(customer_id), "lead", lead_id, version, LeadQualified())
            try:
                log.append(own, [event], NOBODY)
                won.append(version)
            except log.VersionConflict:
                continue

    together(conninfo, write)
    history = log.load(connection, lead_id).history
    assert sorted(won) == [recorded.version for recorded in history[1:]]
    assert len(won) >= rounds


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.full)])
def test_with_any_version_nobody_loses_and_no_two_events_are_out_of_order(
    conninfo: str, connection: Connection, rounds: int
) -> None:
    lead_id, customer_id = given(connection, captured())

    def write(own: Connection) -> None:
        event = log.NewEvent(CustomerId(customer_id), "lead", lead_id, None, LeadQualified())
        for _ in range(rounds):
            log.retrying(lambda: log.append(own, [event], NOBODY), tries=10_000)

    together(conninfo, write)
    history = log.load(connection, lead_id).history
    assert [recorded.version for recorded in history] == list(range(1, WRITERS * rounds + 2))
    positions = [recorded.position for recorded in history]
    assert positions == sorted(positions)


def test_several_streams_of_one_append_may_take_turns(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    other_id, _ = given(connection, captured(), customer_id=customer_id)
    events = [
        log.NewEvent(CustomerId(customer_id), "lead", stream_id, None, event)
        for stream_id, event in [
            (lead_id, LeadQualified()),
            (other_id, LeadQualified()),
            (lead_id, LeadContacted(interaction_id=customer_id)),
        ]
    ]
    positions = log.append(connection, events, NOBODY)
    assert positions == sorted(positions)
    assert [r.version for r in log.load(connection, lead_id).history] == [1, 2, 3]
    assert [r.version for r in log.load(connection, other_id).history] == [1, 2]


def test_appends_to_two_streams_in_opposite_orders_wait_outside_the_fence(
    conninfo: str, connection: Connection
) -> None:
    customer_id = CustomerId(uuid4())
    one, other = (given(connection, captured(), customer_id=customer_id)[0] for _ in range(2))
    start = Barrier(2)

    def write(streams: tuple[UUID, UUID]) -> None:
        with connect(conninfo) as own:
            events = [log.NewEvent(customer_id, "lead", stream, None, LeadQualified()) for stream in streams]
            for _ in range(200):
                start.wait()
                log.append(own, events, NOBODY)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, order) for order in ((one, other), (other, one))]:
            done.result()
    assert log.load(connection, one).version == log.load(connection, other).version == 401


@pytest.mark.parametrize("bulk", [False, True])
def test_an_append_in_a_transaction_with_an_older_view_is_refused(
    connection: Connection, conninfo: str, bulk: bool
) -> None:
    """It would not see who was forgotten while it waited."""
    event = log.NewEvent(CustomerId(uuid4()), "lead", uuid4(), 1, captured())
    connection.execute("SET default_transaction_isolation TO 'repeatable read'")
    with pytest.raises(errors.InvalidTransactionState, match="READ COMMITTED"):
        _ = append_bulk(connection, [event], NOBODY) if bulk else log.append(connection, [event], NOBODY)
    with connect(make_conninfo(conninfo, options="-c default_transaction_isolation=serializable")) as own:
        log.append(own, [event], NOBODY)


def test_a_function_of_somebody_elses_never_stands_in_for_ours(conninfo: str, connection: Connection) -> None:
    connection.execute(
        "CREATE FUNCTION public.uuid_hash_extended(uuid, integer) RETURNS bigint LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'not ours'; END $$"
    )
    connection.execute(
        "CREATE FUNCTION public.jsonb_array_length(text) RETURNS integer LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'not ours'; END $$"
    )
    with connect(conninfo) as own, new_pool(conninfo, size=1) as pool, pool.connection() as pooled:
        given(own, captured())
        given(pooled, captured())
        path = own.execute("SHOW search_path").fetchone(), pooled.execute("SHOW search_path").fetchone()
    assert path == ({"search_path": "pg_catalog"},) * 2
