"""Each promise on a ticket is a row, with when it is due and what became of it."""

from datetime import datetime
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import Event
from domain.ticket import (
    SlaEvent,
    TicketEvent,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
)
from eventstore.database import Connection
from tests.domain.tickets import ANSWERED, ASKED, OPENED, any_ticket_event
from tests.projections.records import forget, hour, is_its_replay, merged, registered, rows, standing, told, unmerged

PROMISE = {"policy": "gold", "policy_version": 3}


def applied(target: str, due_at: datetime | None = None, seconds: int = 60) -> Event:
    clock = "running" if due_at else "paused"
    return TicketSlaApplied.model_validate(
        {**PROMISE, "target": target, "clock": clock, "due_at": due_at, "remaining_seconds": seconds}
    )


def met(target: str, due_at: datetime) -> Event:
    return TicketSlaMet.model_validate({**PROMISE, "target": target, "due_at": due_at, "remaining_seconds": 30})


def breached(target: str, due_at: datetime) -> Event:
    return TicketSlaBreached.model_validate({**PROMISE, "target": target, "due_at": due_at})


def cancelled(target: str, due_at: datetime) -> Event:
    return TicketSlaCancelled.model_validate({**PROMISE, "target": target, "due_at": due_at, "remaining_seconds": 30})


def targets(connection: Connection, ticket_id: UUID, *names: str) -> list[tuple[object, ...]]:
    found = sorted(rows(connection, "sla_target", ticket_id=ticket_id), key=lambda row: (row["target"], row["cycle"]))
    return [tuple(row[name] for name in names) for row in found]


def test_a_promise_runs_pauses_and_runs_on(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", applied("resolution", hour(9)))
    names = ("clock", "due_at", "remaining_seconds", "applied_at", "policy", "policy_version")
    assert targets(shared, ticket_id, *names) == [("running", hour(9), 60, hour(0), "gold", 3)]
    told(shared, "ticket", applied("resolution", None, 50), record_id=ticket_id, at=[hour(1)])
    assert targets(shared, ticket_id, *names) == [("paused", None, 50, hour(0), "gold", 3)]
    told(shared, "ticket", applied("resolution", hour(12), 50), record_id=ticket_id, at=[hour(2)])
    assert targets(shared, ticket_id, *names) == [("running", hour(12), 50, hour(0), "gold", 3)]


def test_a_promise_ends_met_breached_or_cancelled(shared: Connection) -> None:
    ticket_id, _ = told(
        shared,
        "ticket",
        OPENED,
        applied("first_response", hour(4)),
        applied("resolution", hour(9)),
        applied("next_reply", hour(8)),
        met("first_response", hour(4)),
        cancelled("next_reply", hour(8)),
        breached("resolution", hour(9)),
    )
    assert targets(shared, ticket_id, "target", "clock", "met_at", "breached_at", "cancelled_at", "due_at") == [
        ("first_response", "stopped", hour(4), None, None, hour(4)),
        ("next_reply", "stopped", None, None, hour(5), hour(8)),
        ("resolution", "stopped", None, hour(6), None, hour(9)),
    ]


def test_each_next_reply_is_promised_anew(shared: Connection) -> None:
    ticket_id, _ = told(
        shared,
        "ticket",
        applied("next_reply", hour(4)),
        met("next_reply", hour(4)),
        applied("next_reply", hour(9)),
        applied("next_reply", hour(8)),
        breached("next_reply", hour(8)),
        applied("next_reply", hour(20)),
    )
    assert targets(shared, ticket_id, "cycle", "due_at", "met_at", "breached_at") == [
        (1, hour(4), hour(1), None),
        (2, hour(8), None, hour(4)),
        (3, hour(20), None, None),
    ]


def test_promises_go_with_the_customer_and_outlive_her_being_forgotten(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared)
    ticket_id, _ = told(shared, "ticket", applied("resolution", hour(9)), customer_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert targets(shared, ticket_id, "customer_id") == [(anna,)]
    unmerged(shared, "customer", merge_id, ann, anna)
    assert targets(shared, ticket_id, "customer_id") == [(ann,)]
    forget(shared, ann)
    assert targets(shared, ticket_id, "customer_id", "clock") == [(ann, "running")]
    assert is_its_replay(shared, "sla_target")


@for_all(events=st.lists(any_ticket_event | st.sampled_from([ASKED, ANSWERED]), max_size=12), cut=st.integers(0, 12))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_the_rows_are_the_promises_of_any_history(shared: Connection, events: list[TicketEvent], cut: int) -> None:
    ticket_id, customer_id = told(shared, "ticket", OPENED, *events[:cut])
    before = rows(shared, "sla_target", ticket_id=ticket_id)
    assert len(before) <= len(events[:cut])
    told(shared, "ticket", *events[cut:], record_id=ticket_id, customer_id=customer_id)
    open_cycle: dict[str, bool] = {}
    expected: list[tuple[str, str, datetime | None]] = []
    for event in standing(OPENED, *events):
        if isinstance(event, SlaEvent):
            if not open_cycle.get(event.target):
                expected.append((event.target, "", None))
            last = max(place for place, (target, *_) in enumerate(expected) if target == event.target)
            clock = event.clock if isinstance(event, TicketSlaApplied) else "stopped"
            expected[last] = (event.target, clock, None if clock == "paused" else event.due_at)
            open_cycle[event.target] = isinstance(event, TicketSlaApplied)
    found = targets(shared, ticket_id, "target", "clock", "due_at")
    assert found == sorted(expected, key=lambda promise: promise[0])


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "sla_target")
