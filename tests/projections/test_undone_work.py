"""The read models of tickets and work after an undo are those of a log in which the events never were."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import Event
from domain.follow_up import FollowUpCompleted, FollowUpScheduled
from domain.interaction import InteractionLogged, InteractionRetracted
from domain.lead import LeadRetitled
from domain.ticket import TicketEvent
from domain.undo import EventsUndone
from eventstore.database import Connection
from tests.domain.histories import IDS
from tests.domain.tickets import OPENED, any_ticket_event
from tests.facts import captured
from tests.projections.records import hour, is_its_replay, rows, told, undone

TABLES = ["ticket", "ticket_status_interval", "sla_target", "ticket_reply_cycle", "interaction", "follow_up", "search"]
OF_THE_LOG = {"ticket_id", "stream_id", "customer_id", "version", "position", "status_position", "answered_position"}
"""What differs between two histories that say the same."""


def answers(connection: Connection, record_id: UUID) -> dict[str, list[Any]]:
    """What the read models say of a record, apart from where its history lies in the log."""
    found = {}
    for table in TABLES:
        key = "stream_id" if table in ("interaction", "follow_up", "search") else "ticket_id"
        told_of = rows(connection, table, **{key: record_id})
        answer = [{name: value for name, value in row.items() if name not in OF_THE_LOG} for row in told_of]
        found[table] = sorted(answer, key=str)
    return found


LOGGED = InteractionLogged(interaction_id=IDS[1], kind="call")
SCHEDULED = FollowUpScheduled(task_id=IDS[2], what="Ring her", due_at=hour(9))


@pytest.mark.parametrize(
    ("noun", "events", "gone", "table", "expected"),
    [
        ("lead", [captured("Ten seats"), LeadRetitled(title="Twenty")], 2, "search", ("text", "Ten seats")),
        ("customer", [LOGGED, InteractionRetracted(interaction_id=IDS[1])], 2, "interaction", ("kind", "call")),
        ("customer", [SCHEDULED, FollowUpCompleted(task_id=IDS[2])], 2, "follow_up", ("status", "scheduled")),
    ],
)
def test_what_was_undone_holds_no_more(
    shared: Connection, noun: str, events: list[Event], gone: int, table: str, expected: tuple[str, str]
) -> None:
    record_id, _ = told(shared, noun, *events)
    undone(shared, noun, record_id, gone)
    (found,) = answers(shared, record_id)[table]
    assert found[expected[0]] == expected[1]


# whose versions count in one of the two logs would not in the other
TOLD = any_ticket_event.filter(lambda event: not isinstance(event, EventsUndone))


@for_all(events=st.lists(TOLD, max_size=6), gone=st.sets(st.integers(1, 7), max_size=4))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_after_an_undo_the_rows_are_those_of_a_log_without_what_was_undone(
    shared: Connection, events: list[TicketEvent], gone: set[int]
) -> None:
    whole = [(event, hour(number)) for number, event in enumerate([OPENED, *events])]
    standing = [past for version, past in enumerate(whole, start=1) if version not in gone]
    record_id, _ = told(shared, "ticket", *(event for event, _ in whole), at=[at for _, at in whole])
    before = answers(shared, record_id)
    for version in gone & set(range(1, len(whole) + 1)):
        undone(shared, "ticket", record_id, version)
    other_id = uuid4()
    if standing:
        told(shared, "ticket", *(event for event, _ in standing), record_id=other_id, at=[at for _, at in standing])
    assert answers(shared, record_id) == answers(shared, other_id)
    assert standing != whole or answers(shared, record_id) == before


@pytest.mark.parametrize("table", TABLES)
def test_the_live_rows_are_those_of_a_replay(shared: Connection, table: str) -> None:
    assert is_its_replay(shared, table)
