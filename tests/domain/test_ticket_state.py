"""What a ticket is after each event: every branch of `evolve`, and histories no rule would have allowed."""

from dataclasses import replace
from typing import Any

import pytest

from domain.custom_field import ChoiceValue
from domain.event import FORGOTTEN, CustomerId
from domain.field_value import CustomFieldRecorded
from domain.merge import Absorbed, Merge, MergedInto, MergeReverted, Merges
from domain.reattribution import Reattributed
from domain.ticket import (
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    SlaClock,
    Ticket,
    TicketAssigned,
    TicketCategorised,
    TicketEscalated,
    TicketEvent,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    evolve,
)
from domain.undo import EventsUndone
from tests.domain.histories import DAY, IDS, forgotten, work
from tests.domain.tickets import (
    ALICE,
    ANSWERED,
    ASKED,
    BOT_SAID,
    CLOSED,
    GOLD,
    MERGE,
    MERGED,
    NOTED,
    ON_HOLD,
    PENDING,
    SOLVED,
    SPAM,
    STATES,
    TAKEN,
    TICKET_EVENTS,
    fold,
    given,
)

ONE = frozenset({IDS[1]})
RATED = TicketRated(csat=4)
POLICY: dict[str, Any] = {"policy": "gold", "policy_version": 3}  # Any: fields of several types

BEFORE = Ticket(
    status="open",
    subject="No heat",
    channel="email",
    priority="high",
    category="heating",
    person_id=IDS[2],
    awaits="next_reply",
    message_ids=frozenset({"m-1"}),
    spam=True,
    clocks={"resolution": SlaClock("gold", 3, DAY, 60)},
)


def clocks(due: SlaClock) -> dict[str, Any]:  # Any: as above
    return {"clocks": {"resolution": due}}


# Any: as above
CHANGES: list[tuple[TicketEvent, dict[str, Any]]] = [
    (
        TicketOpened(subject="Frost", priority="low", sla_policy=GOLD),
        {
            "subject": "Frost",
            "channel": None,
            "priority": "low",
            "category": None,
            "person_id": None,
            "awaits": "first_response",
            "sla_policy": GOLD,
        },
    ),
    (TicketAssigned(assignee_id=ALICE, team="north"), {"assignee_id": ALICE, "team": "north"}),
    (TicketEscalated(level=2), {"level": 2}),
    (TicketPriorityRaised(from_priority="low", to_priority="urgent"), {"priority": "urgent"}),
    (TicketPriorityLowered(from_priority="high", to_priority="low"), {"priority": "low"}),
    (TicketCategorised(category="pump"), {"category": "pump"}),
    (
        TicketReplied(author="agent", body="Yes", message_id="m-2"),
        {"awaits": None, "message_ids": frozenset({"m-1", "m-2"})},
    ),
    (PENDING, {"status": "pending", "spam": False}),
    (ON_HOLD, {"status": "on_hold", "spam": False}),
    (TicketResumed(), {"status": "open", "spam": False}),
    (SOLVED, {"status": "solved", "spam": False, "awaits": None, "was_solved": True}),
    (TicketReopened(), {"status": "open", "spam": False}),
    (CLOSED, {"status": "closed", "spam": False, "awaits": None, "was_solved": True}),
    (SPAM, {"status": "closed", "spam": True}),
    (RATED, {"rating": RATED}),
    (
        TicketSlaApplied(target="resolution", clock="running", due_at=DAY, remaining_seconds=9, **POLICY),
        clocks(SlaClock("gold", 3, DAY, 9)),
    ),
    (
        TicketSlaMet(target="resolution", due_at=DAY, remaining_seconds=9, **POLICY),
        clocks(SlaClock("gold", 3, None, 9, "met")),
    ),
    (
        TicketSlaBreached(target="resolution", due_at=DAY, **POLICY),
        clocks(SlaClock("gold", 3, None, 0, "breached")),
    ),
    (
        TicketSlaCancelled(target="resolution", due_at=DAY, remaining_seconds=9, **POLICY),
        clocks(SlaClock("gold", 3, None, 9, "cancelled")),
    ),
    (MergedInto(survivor_id=IDS[1], merge_id=IDS[2]), {"merges": Merges(Merge(IDS[1], IDS[2]))}),
    (Absorbed(merged_id=IDS[1], merge_id=IDS[2]), {"merges": Merges(None, {IDS[2]: IDS[1]})}),
    (MergeReverted(merge_id=IDS[2]), {}),
    (Reattributed(from_customer_id=CustomerId(IDS[0]), to_customer_id=CustomerId(IDS[1])), {"reattributed_to": IDS[1]}),
    (
        CustomFieldRecorded(field_id="roof_kind", field_version=1, value=ChoiceValue(value="flat")),
        {"custom_fields": {"roof_kind": ChoiceValue(value="flat")}},
    ),
    (InteractionLogged(interaction_id=IDS[1], kind="call"), {"work": work("logged", None)}),
    (InteractionCorrected(interaction_id=IDS[1], kind="call"), {"work": work("logged", None)}),
    (InteractionRetracted(interaction_id=IDS[1]), {"work": work("retracted", None)}),
    (FollowUpScheduled(task_id=IDS[1], what="Ring", due_at=DAY), {"work": work(None, "scheduled")}),
    (FollowUpRescheduled(task_id=IDS[1], due_at=DAY), {"work": work(None, "scheduled")}),
    (FollowUpCompleted(task_id=IDS[1]), {"work": work(None, "done")}),
    (FollowUpCancelled(task_id=IDS[1]), {"work": work(None, "done")}),
    (FollowUpRetracted(task_id=IDS[1]), {"work": work(None, "retracted")}),
    (EventsUndone(versions=(1,)), {}),
]


def test_every_event_of_a_ticket_is_in_the_table() -> None:
    assert {type(event) for event, _ in CHANGES} == set(TICKET_EVENTS)


@pytest.mark.parametrize(("event", "changes"), CHANGES, ids=lambda value: type(value).__name__)
def test_an_event_changes_this_and_nothing_else(event: TicketEvent, changes: dict[str, Any]) -> None:  # Any: as above
    assert evolve(BEFORE, event) == replace(BEFORE, **changes)


@pytest.mark.parametrize("event", [event for event, _ in CHANGES], ids=lambda event: type(event).__name__)
def test_a_history_may_begin_with_anything_also_forgotten(event: TicketEvent) -> None:
    assert isinstance(evolve(None, event), Ticket)
    assert isinstance(evolve(None, forgotten(event)), Ticket)


def test_what_was_forgotten_is_still_a_ticket() -> None:
    ticket = evolve(None, forgotten(TicketOpened(subject="Frost", category="pump")))
    assert (ticket.subject, ticket.category, ticket.status) == (FORGOTTEN, "pump", "new")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (TAKEN, "open"),
        (TicketAssigned(team="north"), "open"),
        (TicketAssigned(), "new"),
        (TicketAssigned(rule="zip"), "new"),
        (ANSWERED, "open"),
        (NOTED, "new"),
        (BOT_SAID, "new"),
        (ASKED, "new"),
        (TicketEscalated(level=1), "new"),
    ],
)
def test_new_ends_with_the_first_assignment_or_public_reply_of_an_agent(event: TicketEvent, status: str) -> None:
    assert given(event).status == status


def test_new_never_comes_back() -> None:
    assert given(TAKEN, TicketAssigned()).status == "open"
    assert given(SPAM, TicketReopened()).status == "open"


@pytest.mark.parametrize("event", [TAKEN, ANSWERED, ASKED])
@pytest.mark.parametrize("name", ["pending", "on_hold", "solved", "closed"])
def test_who_has_it_and_who_writes_does_not_turn_a_ticket_by_itself(name: str, event: TicketEvent) -> None:
    assert fold((*STATES[name], event)).status == name


@pytest.mark.parametrize(
    ("history", "awaits"),
    [
        ((), "first_response"),
        ((ASKED,), "first_response"),
        ((NOTED,), "first_response"),
        ((BOT_SAID,), "first_response"),
        ((TicketReplied(author="customer", body="Aside", public=False),), "first_response"),
        ((ANSWERED,), None),
        ((ANSWERED, ASKED), "next_reply"),
        ((ANSWERED, TicketReplied(author="customer", body="Aside", public=False)), None),
        ((ANSWERED, ASKED, BOT_SAID), "next_reply"),
        ((ANSWERED, ASKED, ANSWERED), None),
        ((SOLVED,), None),
        ((SOLVED, ASKED), "next_reply"),
        ((SOLVED, CLOSED), None),
        ((SPAM,), "first_response"),
    ],
)
def test_what_the_customer_waits_for(history: tuple[TicketEvent, ...], awaits: str | None) -> None:
    assert given(*history).awaits == awaits


def test_nobody_waits_on_a_ticket_that_we_began() -> None:
    began = TicketOpened(subject="Recall", inbound=False)
    assert fold([began]).awaits is None
    assert fold([began, ASKED]).awaits == "next_reply"


def test_the_same_message_twice_is_one_reply() -> None:
    asked = TicketReplied(author="customer", body="Still cold", message_id="m-1")
    answered = given(asked, ANSWERED)
    assert evolve(answered, asked) == answered
    assert evolve(answered, ASKED).awaits == "next_reply"


def test_a_message_whose_id_was_forgotten_is_a_reply_of_its_own() -> None:
    asked = TicketReplied(author="customer", body=FORGOTTEN, message_id=FORGOTTEN)
    ticket = given(asked, ANSWERED, asked)
    assert (ticket.awaits, ticket.message_ids) == ("next_reply", frozenset())


def test_a_paused_clock_is_due_at_no_moment() -> None:
    paused = TicketSlaApplied(target="resolution", clock="paused", due_at=DAY, remaining_seconds=9, **POLICY)
    assert given(paused).clocks["resolution"] == SlaClock("gold", 3, None, 9)


def test_a_clock_of_one_target_leaves_the_others() -> None:
    met = TicketSlaMet(target="first_response", due_at=DAY, remaining_seconds=9, **POLICY)
    assert evolve(BEFORE, met).clocks == {
        "resolution": SlaClock("gold", 3, DAY, 60),
        "first_response": SlaClock("gold", 3, None, 9, "met"),
    }


def test_odd_histories_end_as_their_last_event_says() -> None:
    assert fold([SOLVED]).status == "solved"
    assert fold([CLOSED, CLOSED]).status == "closed"
    assert fold([CLOSED, TicketResumed(), PENDING, SOLVED, ON_HOLD]).status == "on_hold"
    assert fold([SPAM, PENDING]) == Ticket(status="pending")
    assert fold([MERGED, MERGED, MergeReverted(merge_id=MERGE)]).merges == Merges()
