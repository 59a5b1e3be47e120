"""The row of a ticket says what was told of it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.custom_field import TextValue
from domain.event import FORGOTTEN, Event
from domain.field_value import CustomFieldRecorded
from domain.follow_up import FollowUpCancelled, FollowUpRescheduled, FollowUpRetracted, FollowUpScheduled
from domain.ticket import (
    Reattributed,
    Ticket,
    TicketAssigned,
    TicketCategorised,
    TicketEscalated,
    TicketEvent,
    TicketId,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketPutPending,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaMet,
    TicketSolved,
    evolve,
)
from domain.undo import standing, undone
from eventstore import log
from eventstore.database import Connection
from projections.read_models import read_models
from replay.fold import rows_at
from tests.domain.tickets import (
    ALICE,
    ANSWERED,
    ASKED,
    BOT_SAID,
    CLOSED,
    GOLD,
    NOTED,
    ON_HOLD,
    OPENED,
    PENDING,
    SOLVED,
    SPAM,
    TAKEN,
    any_ticket_event,
)
from tests.projections.records import (
    forget,
    hour,
    is_its_replay,
    merged,
    registered,
    row,
    told,
    unmerged,
)

TASK = uuid4()
EARLIER = TicketId(uuid4())
RESUMED, REOPENED = TicketResumed(), TicketReopened()


def ticket_row(shared: Connection, *events: Event) -> dict[str, Any]:  # Any: a row of the read model
    ticket_id, _ = told(shared, "ticket", *events)
    return row(shared, "ticket", ticket_id=ticket_id)


def applied(target: str, due_at: datetime | None) -> TicketSlaApplied:
    return TicketSlaApplied.model_validate(
        {
            "policy": "gold",
            "policy_version": 3,
            "target": target,
            "clock": "running" if due_at else "paused",
            "due_at": due_at,
            "remaining_seconds": 60,
        }
    )


def met(target: str) -> TicketSlaMet:
    promise = {"policy": "gold", "policy_version": 3, "target": target, "due_at": hour(5), "remaining_seconds": 60}
    return TicketSlaMet.model_validate(promise)


def noted(value: str | None) -> CustomFieldRecorded:
    return CustomFieldRecorded(field_id="roof", field_version=1, value=TextValue(value=value) if value else None)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], {"status": "new", "status_since": hour(0), "opened_at": hour(0), "priority": "normal", "level": 0}),
        (
            [],
            {"awaits": "first_response", "awaits_since": hour(0), "subject": "No heat", "inbound": True, "version": 1},
        ),
        ([TAKEN], {"status": "open", "status_since": hour(1), "assignee_id": ALICE, "awaits": "first_response"}),
        ([TAKEN, TicketAssigned(team="north")], {"assignee_id": None, "team": "north", "status_since": hour(1)}),
        ([TicketAssigned()], {"status": "new"}),
        ([BOT_SAID], {"status": "new", "awaits": "first_response", "first_replied_at": None, "agent_replies": 0}),
        ([NOTED], {"status": "new", "awaits": "first_response", "first_replied_at": None, "agent_replies": 0}),
        ([ANSWERED], {"status": "open", "awaits": None, "first_replied_at": hour(1), "agent_replies": 1}),
        (
            [ANSWERED, ASKED, ASKED],
            {"awaits": "next_reply", "awaits_since": hour(2), "first_replied_at": hour(1), "customer_replies": 2},
        ),
        ([ASKED], {"awaits": "first_response", "awaits_since": hour(0)}),
        ([ANSWERED, ASKED, SOLVED], {"awaits": None, "awaits_since": None}),
        ([TAKEN, PENDING], {"status": "pending", "status_since": hour(2)}),
        ([TAKEN, TicketPutPending(waiting_for="her photo")], {"waiting_for": "her photo"}),
        ([TAKEN, TicketPutPending(waiting_for="her photo"), RESUMED], {"waiting_for": None, "status": "open"}),
        ([TAKEN, ON_HOLD], {"status": "on_hold"}),
        (
            [TAKEN, TicketSolved(resolution="new pipe")],
            {"status": "solved", "first_solved_at": hour(2), "solved_at": hour(2), "resolution": "new pipe"},
        ),
        (
            [TAKEN, SOLVED, REOPENED],
            {"status": "open", "solved_at": None, "resolution": None, "reopened_at": hour(3), "reopenings": 1},
        ),
        (
            [TAKEN, SOLVED, REOPENED, SOLVED, CLOSED],
            {"status": "closed", "first_solved_at": hour(2), "solved_at": hour(4), "closed_at": hour(5)},
        ),
        ([CLOSED], {"status": "closed", "first_solved_at": hour(1), "solved_at": hour(1)}),
        ([SPAM], {"status": "closed", "is_spam": True, "closed_at": hour(1), "solved_at": None}),
        ([SPAM, REOPENED], {"status": "open", "is_spam": False, "reopenings": 0, "reopened_at": None}),
        ([TicketPriorityRaised(from_priority="normal", to_priority="high")], {"priority": "high"}),
        ([TicketPriorityLowered(from_priority="normal", to_priority="low")], {"priority": "low"}),
        ([TicketCategorised(category="boiler")], {"category": "boiler"}),
        ([TicketCategorised(category="boiler"), TicketCategorised()], {"category": None}),
        ([TicketEscalated(level=2)], {"level": 2}),
        ([TicketRated(csat=4), TicketRated(csat=5, comment="fine")], {"csat": 5, "csat_comment": "fine"}),
        ([applied("resolution", hour(9)), applied("first_response", hour(5))], {"sla_target": "first_response"}),
        (
            [applied("resolution", hour(9)), applied("first_response", hour(5)), met("first_response")],
            {"sla_target": "resolution", "sla_due_at": hour(9)},
        ),
        ([applied("resolution", hour(9)), applied("resolution", None)], {"sla_target": None, "sla_due_at": None}),
        ([noted("flat")], {"custom_fields": {"roof": "flat"}}),
        ([noted("flat"), noted("steep")], {"custom_fields": {"roof": "steep"}}),
        ([noted("flat"), noted(None)], {"custom_fields": {}}),
        (
            [CustomFieldRecorded(field_id="roof", field_version=1, personal_value=TextValue(value="hers"))],
            {"custom_fields": {"roof": "hers"}},
        ),
        (
            [CustomFieldRecorded(field_id="roof", field_version=1, personal_value=FORGOTTEN)],
            {"custom_fields": {}},
        ),
        ([FollowUpScheduled(task_id=TASK, what="ring", due_at=hour(8))], {"open_follow_ups": 1}),
        (
            [FollowUpScheduled(task_id=TASK, what="ring", due_at=hour(8)), FollowUpCancelled(task_id=TASK)],
            {"open_follow_ups": 0},
        ),
        ([FollowUpRescheduled(task_id=TASK, due_at=hour(8))], {"open_follow_ups": 1}),
        (
            [FollowUpRescheduled(task_id=TASK, due_at=hour(8)), FollowUpRetracted(task_id=TASK)],
            {"open_follow_ups": 0, "last_event_at": hour(2), "version": 3},
        ),
    ],
)
def test_the_ticket_row_says_what_the_events_say(
    shared: Connection, events: list[Event], expected: dict[str, object]
) -> None:
    found = ticket_row(shared, OPENED, *events)
    assert {name: found[name] for name in expected} == expected


def test_the_row_keeps_what_the_opening_said(shared: Connection) -> None:
    found = ticket_row(
        shared,
        TicketOpened(
            subject="Cold again",
            channel="email",
            priority="urgent",
            category="heat",
            person_id=UUID(int=7),
            inbound=False,
            follows=EARLIER,
            sla_policy=GOLD,
            external_ids={"desk": "T-1"},
        ),
    )
    assert (found["channel"], found["priority"], found["category"]) == ("email", "urgent", "heat")
    assert (found["person_id"], found["follows"], found["inbound"]) == (UUID(int=7), EARLIER, False)
    assert (found["sla_policy"], found["sla_policy_version"]) == ("gold", 3)
    assert (found["external_ids"], found["awaits"]) == ({"desk": "T-1"}, None)


def test_the_same_message_twice_is_one_reply(shared: Connection) -> None:
    twice = TicketReplied(author="customer", body="Hello?", message_id="<m1>")
    found = ticket_row(shared, OPENED, ANSWERED, ANSWERED, twice, twice)
    assert (found["agent_replies"], found["customer_replies"]) == (2, 1)


def test_oddities_of_an_import_are_named(shared: Connection) -> None:
    ticket_id, _ = told(shared, "ticket", SOLVED, flags=("no_open_date",))
    found = row(shared, "ticket", ticket_id=ticket_id)
    assert (found["flags"], found["status"], found["opened_at"]) == (["no_open_date"], "solved", hour(0))


def test_a_merged_ticket_says_so_until_the_merge_is_reverted(shared: Connection) -> None:
    ticket_id, customer_id = told(shared, "ticket", OPENED, TAKEN)
    survivor, _ = told(shared, "ticket", OPENED, customer_id=customer_id)
    merge_id = merged(shared, "ticket", ticket_id, survivor, customer_id)
    found = row(shared, "ticket", ticket_id=ticket_id)
    assert (found["status"], found["merged_into"]) == ("merged", survivor)
    assert row(shared, "ticket", ticket_id=survivor)["merged_into"] is None
    unmerged(shared, "ticket", merge_id, ticket_id, survivor, customer_id=customer_id)
    found = row(shared, "ticket", ticket_id=ticket_id)
    assert (found["status"], found["merged_into"]) == ("open", None)


def test_a_ticket_is_the_surviving_customers_while_a_merge_stands(shared: Connection) -> None:
    ann, anna = registered(shared), registered(shared, "Anna Example")
    ticket_id, _ = told(shared, "ticket", OPENED, customer_id=ann)
    merge_id = merged(shared, "customer", ann, anna)
    assert row(shared, "ticket", ticket_id=ticket_id)["customer_id"] == anna
    assert is_its_replay(shared, "ticket")
    unmerged(shared, "customer", merge_id, ann, anna)
    assert row(shared, "ticket", ticket_id=ticket_id)["customer_id"] == ann
    assert is_its_replay(shared, "ticket")


def test_a_ticket_filed_under_the_wrong_customer_is_the_right_ones(shared: Connection) -> None:
    ticket_id, wrong = told(shared, "ticket", OPENED)
    right = registered(shared)
    filed = Reattributed.model_validate({"from_customer_id": wrong, "to_customer_id": right})
    told(shared, "ticket", filed, record_id=ticket_id, customer_id=wrong)
    assert row(shared, "ticket", ticket_id=ticket_id)["customer_id"] == right
    assert is_its_replay(shared, "ticket")


def test_what_was_personal_is_gone_once_the_customer_is_forgotten(shared: Connection) -> None:
    customer_id = registered(shared)
    words = [
        TicketOpened(subject="No heat", external_ids={"desk": "T-1"}),
        TicketPutPending(waiting_for="Ann"),
        TicketSolved(resolution="Ann did it"),
        TicketRated(csat=5, comment="Thanks, Ann"),
        CustomFieldRecorded(field_id="roof", field_version=1, personal_value=TextValue(value="hers")),
    ]
    ticket_id, _ = told(shared, "ticket", *words, customer_id=customer_id)
    assert row(shared, "ticket", ticket_id=ticket_id)["custom_fields"] == {"roof": "hers"}
    forget(shared, customer_id)
    found = row(shared, "ticket", ticket_id=ticket_id)
    personal = ("subject", "external_ids", "waiting_for", "resolution", "csat_comment")
    assert [found[name] for name in personal] == [None] * len(personal)
    assert (found["status"], found["csat"], found["custom_fields"]) == ("solved", 5, {})
    assert is_its_replay(shared, "ticket")


@for_all(events=st.lists(any_ticket_event, max_size=10))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_ticket_row_and_the_rules_see_the_same_ticket(shared: Connection, events: list[TicketEvent]) -> None:
    ticket_id, customer_id = told(shared, "ticket", OPENED, *events)
    found_rows = rows_at(shared, read_models()["ticket"], ticket_id, 10**9)
    state: Ticket | None = None
    history = log.load(shared, ticket_id).history
    assume(all(past.event.can_be_undone for past in history if past.version in undone(history)))
    for past in standing(history):
        assert isinstance(past.event, TicketEvent)
        state = evolve(state, past.event)
    if state is None:
        assert found_rows == []
        return
    (found,) = found_rows
    assert found["status"] == ("merged" if state.merges.into else state.status)
    assert found["merged_into"] == (state.merges.into.survivor_id if state.merges.into else None)
    assert found["customer_id"] == (state.reattributed_to or customer_id)
    assert found["subject"] == (state.subject if isinstance(state.subject, str) else None)
    assert (found["channel"], found["priority"], found["category"]) == (state.channel, state.priority, state.category)
    assert (found["assignee_id"], found["team"], found["level"]) == (state.assignee_id, state.team, state.level)
    assert (found["awaits"], found["is_spam"], found["person_id"]) == (state.awaits, state.spam, state.person_id)
    assert (found["first_solved_at"] is not None) == state.was_solved
    assert found["csat"] == (state.rating.csat if state.rating else None)
    assert set(found["custom_fields"]) == {
        field_id for field_id, value in state.custom_fields.items() if value != FORGOTTEN
    }
    running = [(clock.due_at, target) for target, clock in state.clocks.items() if clock.due_at]
    assert (found["sla_due_at"], found["sla_target"]) == (min(running) if running else (None, None))
    assert found["open_follow_ups"] == list(state.work.follow_ups.values()).count("scheduled")


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "ticket")
