"""What is to be done for customers, wherever it was planned."""

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event import FORGOTTEN, Event
from domain.follow_up import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpEvent,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
)
from domain.work import Work, worked
from eventstore.database import Connection
from tests.domain.histories import examples_of
from tests.domain.tickets import ALICE
from tests.projections.records import forget, hour, is_its_replay, merged, registered, row, rows, told, unmerged

TASK = uuid4()
SCHEDULED = FollowUpScheduled(task_id=TASK, what="Ring her", due_at=hour(24), assignee_id=ALICE, about="boiler")
LATER = FollowUpRescheduled(task_id=TASK, due_at=hour(48))
DONE = FollowUpCompleted(task_id=TASK, outcome="She bought")
DROPPED = FollowUpCancelled(task_id=TASK, reason="She rang")


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], {"status": "scheduled", "what": "Ring her", "due_at": hour(24), "assignee_id": ALICE, "about": "boiler"}),
        ([], {"scheduled_at": hour(0), "done_at": None, "outcome": None}),
        ([LATER], {"status": "scheduled", "due_at": hour(48), "what": "Ring her"}),
        ([DONE], {"status": "completed", "done_at": hour(1), "outcome": "She bought", "due_at": hour(24)}),
        ([LATER, DROPPED], {"status": "cancelled", "done_at": hour(2), "outcome": "She rang"}),
        ([DONE, LATER], {"status": "completed"}),
        ([DONE, SCHEDULED], {"status": "completed"}),
    ],
)
def test_a_follow_up_says_what_is_due_and_what_became_of_it(
    shared: Connection, noun: str, events: list[Event], expected: dict[str, object]
) -> None:
    record_id, customer_id = told(shared, noun, SCHEDULED, *events)
    found = row(shared, "follow_up", stream_id=record_id)
    assert (found["task_id"], found["stream_type"], found["customer_id"]) == (TASK, noun, customer_id)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_what_was_retracted_is_gone_for_good(shared: Connection, noun: str) -> None:
    record_id, _ = told(shared, noun, SCHEDULED, DONE, FollowUpRetracted(task_id=TASK), LATER)
    assert rows(shared, "follow_up", stream_id=record_id) == []


def test_one_whose_planning_lies_elsewhere_is_due_all_the_same(shared: Connection) -> None:
    lead_id, _ = told(shared, "lead", LATER)
    found = row(shared, "follow_up", stream_id=lead_id)
    assert (found["status"], found["due_at"], found["what"], found["scheduled_at"]) == (
        "scheduled",
        hour(48),
        None,
        None,
    )


def test_it_is_the_surviving_customers_while_a_merge_stands(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared)
    lead_id, _ = told(shared, "lead", SCHEDULED, customer_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert row(shared, "follow_up", stream_id=lead_id)["customer_id"] == anna
    assert is_its_replay(shared, "follow_up")
    unmerged(shared, "customer", merge_id, ann, anna)
    assert row(shared, "follow_up", stream_id=lead_id)["customer_id"] == ann


def test_what_was_planned_is_gone_once_the_customer_is_forgotten(shared: Connection) -> None:
    ann = registered(shared)
    told(shared, "customer", SCHEDULED, DONE, record_id=ann)
    assert row(shared, "follow_up", stream_id=ann)["what"] == "Ring her"
    told(shared, "customer", SCHEDULED.model_copy(update={"what": FORGOTTEN}), record_id=ann)
    assert row(shared, "follow_up", stream_id=ann)["what"] is None
    forget(shared, ann)
    found = row(shared, "follow_up", stream_id=ann)
    assert (found["what"], found["outcome"], found["status"]) == (None, None, "completed")
    assert is_its_replay(shared, "follow_up")


KINDS: list[type[FollowUpEvent]] = [
    FollowUpScheduled,
    FollowUpRescheduled,
    FollowUpCompleted,
    FollowUpCancelled,
    FollowUpRetracted,
]
ANY = st.one_of([examples_of(kind) for kind in KINDS])


@for_all(events=st.lists(ANY, max_size=10), cut=st.integers(0, 10))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_in_any_batches_what_is_due_is_what_the_rules_say(
    shared: Connection, events: list[FollowUpEvent], cut: int
) -> None:
    ticket_id, customer_id = uuid4(), uuid4()
    for part in (events[:cut], events[cut:]):
        if part:
            told(shared, "ticket", *part, record_id=ticket_id, customer_id=customer_id)
        rows(shared, "follow_up", stream_id=ticket_id)
    work = Work()
    for event in events:
        work = worked(work, event)
    expected: dict[UUID, str] = {}
    for task_id in {event.task_id for event in events}:
        if (status := work.follow_ups[task_id]) != "retracted":
            expected[task_id] = status
    found = rows(shared, "follow_up", stream_id=ticket_id)
    assert {one["task_id"]: "scheduled" if one["status"] == "scheduled" else "done" for one in found} == expected


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "follow_up")
