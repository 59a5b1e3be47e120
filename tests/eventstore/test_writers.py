"""Sixty-four writers on one stream: one winner per version, and versions rise with positions."""

from threading import Barrier, Thread

import pytest

from domain.event import CustomerId
from domain.lead import LeadContacted, LeadQualified
from eventstore import log
from eventstore.database import Connection, connect
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
