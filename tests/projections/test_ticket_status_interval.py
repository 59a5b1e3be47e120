"""From when to when a ticket had a status, a priority and somebody who worked on it."""

from datetime import datetime
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import Event
from domain.merge import MergeReverted
from domain.ticket import (
    TicketAssigned,
    TicketCategorised,
    TicketEvent,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketReopened,
    TicketReplied,
    TicketResumed,
)
from eventstore.database import Connection
from tests.domain.tickets import (
    ALICE,
    ANSWERED,
    ASKED,
    BOB,
    BOT_SAID,
    CLOSED,
    MERGE,
    MERGED,
    NOTED,
    ON_HOLD,
    OPENED,
    PENDING,
    SOLVED,
    SPAM,
    TAKEN,
    fold,
)
from tests.projections.records import forget, hour, is_its_replay, merged, registered, rows, told, unmerged

RAISED = TicketPriorityRaised(from_priority="normal", to_priority="high")
LOWERED = TicketPriorityLowered(from_priority="high", to_priority="low")
RESUMED, REOPENED = TicketResumed(), TicketReopened()
CUSTOMER_WROTE_M1 = TicketReplied(author="customer", body="Hello?", message_id="m1")
ANSWERED_AS_M1 = TicketReplied(author="agent", body="Hello!", message_id="m1")


def intervals(connection: Connection, ticket_id: UUID, *names: str) -> list[tuple[object, ...]]:
    found = sorted(rows(connection, "ticket_status_interval", ticket_id=ticket_id), key=lambda row: row["valid_from"])
    return [tuple(row[name] for name in names) for row in found]


def test_intervals_say_what_held_when(shared: Connection) -> None:
    ticket_id, _ = told(
        shared, "ticket", OPENED, TAKEN, RAISED, PENDING, RESUMED, ON_HOLD, ASKED, SOLVED, REOPENED, SOLVED, CLOSED
    )
    assert intervals(shared, ticket_id, "status", "priority", "valid_from", "valid_to", "status_since") == [
        ("new", "normal", hour(0), hour(1), hour(0)),
        ("open", "normal", hour(1), hour(2), hour(1)),
        ("open", "high", hour(2), hour(3), hour(1)),
        ("pending", "high", hour(3), hour(4), hour(3)),
        ("open", "high", hour(4), hour(5), hour(4)),
        ("on_hold", "high", hour(5), hour(7), hour(5)),
        ("solved", "high", hour(7), hour(8), hour(7)),
        ("open", "high", hour(8), hour(9), hour(8)),
        ("solved", "high", hour(9), hour(10), hour(9)),
        ("closed", "high", hour(10), None, hour(10)),
    ]


def test_who_has_it_and_what_it_is_about_changes_in_time(shared: Connection) -> None:
    ticket_id, _ = told(
        shared,
        "ticket",
        OPENED,
        TAKEN,
        TicketAssigned(assignee_id=BOB, team="north"),
        TicketCategorised(category="boiler"),
        LOWERED,
        TicketAssigned(),
    )
    assert intervals(shared, ticket_id, "assignee_id", "team", "category", "priority", "status") == [
        (None, None, None, "normal", "new"),
        (ALICE, None, None, "normal", "open"),
        (BOB, "north", None, "normal", "open"),
        (BOB, "north", "boiler", "normal", "open"),
        (BOB, "north", "boiler", "low", "open"),
        (None, None, "boiler", "low", "open"),
    ]


def test_spam_is_told_from_other_closed_tickets(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", OPENED, SPAM, REOPENED)
    expected = [("new", False), ("closed", True), ("open", False)]
    assert intervals(shared, ticket_id, "status", "is_spam") == expected


def test_only_an_answer_that_the_customer_reads_takes_a_ticket_up(shared: Connection) -> None:
    ticket_id, _ = told(
        shared, "ticket", OPENED, BOT_SAID, NOTED, CUSTOMER_WROTE_M1, ANSWERED_AS_M1, ANSWERED, ANSWERED
    )
    assert intervals(shared, ticket_id, "status", "valid_from") == [("new", hour(0)), ("open", hour(5))]


def test_an_answer_that_is_recorded_late_takes_it_up_when_it_was_given(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", OPENED, TAKEN, ANSWERED, at=[hour(0), hour(5), hour(2)])
    expected = [("new", None, hour(0)), ("open", None, hour(2)), ("open", ALICE, hour(5))]
    assert intervals(shared, ticket_id, "status", "assignee_id", "valid_from") == expected


def test_a_history_that_began_elsewhere_has_no_opening(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", RAISED, SOLVED)
    assert intervals(shared, ticket_id, "status", "opened_at") == [("new", None), ("solved", None)]


def test_a_merge_holds_from_then_on_and_never_held_once_reverted(shared: Connection) -> None:
    ticket_id, customer_id = told(shared, "ticket", OPENED, TAKEN)
    survivor, _ = told(shared, "ticket", OPENED, customer_id=customer_id)
    told(shared, "ticket", MERGED, record_id=ticket_id, customer_id=customer_id, at=[hour(3)])
    expected = [("new", hour(0)), ("open", hour(1)), ("merged", hour(3))]
    assert intervals(shared, ticket_id, "status", "valid_from") == expected
    told(shared, "ticket", MergeReverted(merge_id=MERGE), record_id=ticket_id, customer_id=customer_id, at=[hour(4)])
    assert intervals(shared, ticket_id, "status", "valid_from") == expected[:2]
    told(shared, "ticket", MERGED, record_id=ticket_id, customer_id=customer_id, at=[hour(5)])
    assert intervals(shared, ticket_id, "status", "valid_from") == [*expected[:2], ("merged", hour(5))]
    assert intervals(shared, survivor, "status") == [("new",)]


def test_intervals_go_with_the_customer_and_outlive_her_being_forgotten(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared)
    ticket_id, _ = told(shared, "ticket", OPENED, TAKEN, customer_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert intervals(shared, ticket_id, "customer_id") == [(anna,), (anna,)]
    unmerged(shared, "customer", merge_id, ann, anna)
    forget(shared, ann)
    assert intervals(shared, ticket_id, "customer_id", "status") == [(ann, "new"), (ann, "open")]
    assert is_its_replay(shared, "ticket_status_interval")


MOMENTS = st.integers(0, 6).map(hour)
CHANGES = st.sampled_from(
    [
        TAKEN,
        TicketAssigned(team="north"),
        TicketAssigned(),
        ANSWERED,
        NOTED,
        CUSTOMER_WROTE_M1,
        ANSWERED_AS_M1,
        RAISED,
        LOWERED,
        TicketCategorised(category="boiler"),
        PENDING,
        ON_HOLD,
        RESUMED,
        SOLVED,
        REOPENED,
        CLOSED,
        SPAM,
    ]
)


def held_at(history: list[tuple[TicketEvent, datetime]], moment: datetime) -> tuple[object, ...]:
    """What the rules make of the events that had happened by then, in the order in which they were recorded."""
    heard: set[object] = set()
    happened: list[TicketEvent] = []
    for event, at in history:
        message = event.message_id if isinstance(event, TicketReplied) else None
        # a message that was told before is none, whenever that is said to have been
        if at <= moment and message not in heard:
            happened.append(event)
        heard |= {message} - {None}
    ticket = fold(happened)
    return ticket.status, ticket.priority, ticket.category, ticket.assignee_id, ticket.team, ticket.spam


@for_all(changes=st.lists(st.tuples(CHANGES, MOMENTS), max_size=8), cut=st.integers(0, 8))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_at_any_moment_it_is_what_the_rules_say(
    shared: Connection, changes: list[tuple[TicketEvent, datetime]], cut: int
) -> None:
    history: list[tuple[TicketEvent, datetime]] = [(OPENED, hour(0)), *changes]
    ticket_id, customer_id = uuid4(), uuid4()
    for part in (history[: cut + 1], history[cut + 1 :]):
        events: list[Event] = [event for event, _ in part]
        told(shared, "ticket", *events, record_id=ticket_id, customer_id=customer_id, at=[at for _, at in part])
        rows(shared, "ticket_status_interval", ticket_id=ticket_id)
    names = ("status", "priority", "category", "assignee_id", "team", "is_spam")
    for moment in map(hour, range(7)):
        found = shared.execute(
            "SELECT * FROM ticket_status_interval WHERE ticket_id = %s AND valid_from <= %s"
            " AND (valid_to IS NULL OR valid_to > %s)",
            [ticket_id, moment, moment],
        ).fetchall()
        assert [tuple(row[name] for name in names) for row in found] == [held_at(history, moment)]


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "ticket_status_interval")
