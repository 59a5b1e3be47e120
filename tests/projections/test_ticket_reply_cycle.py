"""Each wait of a customer for an answer on a ticket is a row, with when it was answered and by whom."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import undo
from domain.ticket import TicketEvent, TicketOpened, TicketReopened, TicketReplied, TicketResumed
from eventstore.database import Connection
from projections.reading import Row
from tests.domain.tickets import (
    ANSWERED,
    ASKED,
    BOT_SAID,
    CLOSED,
    NOTED,
    ON_HOLD,
    OPENED,
    PENDING,
    SOLVED,
    SPAM,
    TAKEN,
    any_ticket_event,
)
from tests.facts import NOBODY
from tests.projections.records import forget, hour, is_its_replay, merged, registered, rows, told, unmerged
from tests.projections.reply_figures import Wait, waits
from tests.projections.ticket_figures import Told

REOPENED, RESUMED = TicketReopened(), TicketResumed()
OUTBOUND = TicketOpened(subject="Yearly check", inbound=False)
TABLE = "ticket_reply_cycle"


def cycles(connection: Connection, ticket_id: UUID) -> list[Row]:
    return sorted(rows(connection, TABLE, ticket_id=ticket_id), key=lambda row: (row["asked_at"], row["position"]))


def as_waits(found: list[Row]) -> list[Wait]:
    def number(row: Row, name: str) -> float | None:
        return None if row[name] is None else (row[name] - hour(0)).total_seconds() / 3600

    return [
        Wait(
            row["cycle"],
            number(row, "asked_at") or 0.0,
            number(row, "answered_at"),
            number(row, "ended_at") if row["answered_at"] is None else None,
        )
        for row in found
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([OPENED], [Wait("first", 0)]),
        ([OPENED, ANSWERED], [Wait("first", 0, 1)]),
        ([OPENED, BOT_SAID, NOTED, TAKEN, ANSWERED], [Wait("first", 0, 4)]),
        ([OPENED, ASKED, ANSWERED, ANSWERED], [Wait("first", 0, 2)]),
        ([OPENED, ANSWERED, ASKED, ASKED, ANSWERED], [Wait("first", 0, 1), Wait("next", 2, 4)]),
        ([OPENED, TAKEN, SOLVED, CLOSED], [Wait("first", 0, settled_at=2)]),
        ([OUTBOUND, ANSWERED], []),
        ([OUTBOUND, ASKED, ANSWERED], [Wait("next", 1, 2)]),
        ([OPENED, ANSWERED, PENDING, ASKED, RESUMED, ANSWERED], [Wait("first", 0, 1), Wait("next", 3, 5)]),
        ([OPENED, ANSWERED, SOLVED, ASKED], [Wait("first", 0, 1)]),
        ([OPENED, ANSWERED, SOLVED, ASKED, REOPENED, ANSWERED], [Wait("first", 0, 1), Wait("reopened", 4, 5)]),
        ([OPENED, ANSWERED, SOLVED, REOPENED, ASKED], [Wait("first", 0, 1), Wait("reopened", 4)]),
        ([OPENED, ANSWERED, SOLVED, REOPENED, ANSWERED, ASKED], [Wait("first", 0, 1), Wait("next", 5)]),
        ([OPENED, ANSWERED, SPAM, REOPENED, ASKED], [Wait("first", 0, 1), Wait("next", 4)]),
        ([OPENED, ANSWERED, SOLVED, ASKED, SPAM], [Wait("first", 0, 1)]),
        ([ASKED, ANSWERED], [Wait("next", 0, 1)]),
    ],
)
def test_who_waits_from_when_to_when(shared: Connection, events: list[TicketEvent], expected: list[Wait]) -> None:
    ticket_id, _ = told(shared, "ticket", *events)
    assert as_waits(cycles(shared, ticket_id)) == expected
    history = [Told(event, at) for at, event in enumerate(events)]
    assert waits(history, 99) == expected


def test_a_wait_names_who_answered_and_the_events_of_both(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", OPENED, TAKEN, ANSWERED)
    (row,) = cycles(shared, ticket_id)
    assert row["answered_by"] == {"kind": NOBODY.actor_kind, "id": str(NOBODY.actor_id)}
    assert row["answered_position"] == row["position"] + 2


def test_a_late_answer_counts_from_when_it_was_given(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", OPENED, ASKED, ANSWERED, at=[hour(0), hour(5), hour(2)])
    assert as_waits(cycles(shared, ticket_id)) == [Wait("first", 0, 2), Wait("next", 5)]


def test_the_same_message_twice_is_one(shared: Connection) -> None:
    again = TicketReplied(author="customer", body="Hello?", message_id="m1")
    ticket_id, _ = told(shared, "ticket", OPENED, again, ANSWERED, again)
    assert as_waits(cycles(shared, ticket_id)) == [Wait("first", 0, 2)]


def test_waits_go_with_the_customer_and_outlive_her_being_forgotten(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared)
    ticket_id, _ = told(shared, "ticket", OPENED, ANSWERED, customer_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert [row["customer_id"] for row in cycles(shared, ticket_id)] == [anna]
    unmerged(shared, "customer", merge_id, ann, anna)
    forget(shared, ann)
    assert [(row["customer_id"], row["cycle"]) for row in cycles(shared, ticket_id)] == [(ann, "first")]
    assert is_its_replay(shared, TABLE)


EVENTS: st.SearchStrategy[TicketEvent] = any_ticket_event | st.sampled_from(
    [ASKED, ASKED, ANSWERED, NOTED, BOT_SAID, SOLVED, CLOSED, REOPENED, RESUMED, ON_HOLD, SPAM]
)


@for_all(
    told_events=st.lists(st.tuples(EVENTS, st.integers(0, 6)), max_size=12),
    cut=st.integers(0, 12),
    as_of=st.integers(0, 6),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_the_rows_are_the_waits_of_any_history(
    shared: Connection, told_events: list[tuple[TicketEvent, int]], cut: int, as_of: int
) -> None:
    events = [event for event, _ in told_events]
    moments = [hour(at) for _, at in told_events]
    ticket_id, customer_id = told(shared, "ticket", OPENED, *events[:cut], at=[hour(0), *moments[:cut]])
    rows(shared, TABLE, ticket_id=ticket_id)
    told(shared, "ticket", *events[cut:], record_id=ticket_id, customer_id=customer_id, at=moments[cut:])
    found = as_waits(cycles(shared, ticket_id))
    past = [Past(version, event, at) for version, (event, at) in enumerate([(OPENED, 0), *told_events], start=1)]
    history = [Told(one.event, one.at) for one in undo.standing(past)]
    assert found == waits(history, 99)
    # what is to come changes no wait that was known
    assert [by_then(wait, as_of) for wait in found if wait.asked_at <= as_of] == waits(history, as_of)


@dataclass(frozen=True)
class Past:
    """An event of a history in which some may be undone."""

    version: int
    event: TicketEvent
    at: float


def by_then(wait: Wait, as_of: int) -> Wait:
    def known(at: float | None) -> float | None:
        return at if at is not None and at <= as_of else None

    return Wait(wait.cycle, wait.asked_at, known(wait.answered_at), known(wait.settled_at))


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, TABLE)
