"""Who has a ticket, how pressing it is, what it is about; and what would change nothing."""

import pytest

from domain.event import Command, Refusal
from domain.sla_policy import Priority
from domain.ticket import (
    HIGHEST_LEVEL,
    AssignTicket,
    CategoriseTicket,
    EscalateTicket,
    LowerTicketPriority,
    PriorityNotHigher,
    PriorityNotLower,
    RaiseTicketPriority,
    TicketAlreadyAssigned,
    TicketAlreadyCategorised,
    TicketAlreadyEscalated,
    TicketAssigned,
    TicketCategorised,
    TicketEscalated,
    TicketEvent,
    TicketPriorityLowered,
    TicketPriorityRaised,
)
from tests.domain.tickets import ALICE, BOB, CLOSED, SOLVED, TAKEN, decide, given, refused

UP = TicketEscalated(level=2)


@pytest.mark.parametrize(
    ("history", "command", "happened"),
    [
        ((), AssignTicket(assignee_id=ALICE, rule="zip"), TicketAssigned(assignee_id=ALICE, rule="zip")),
        ((TAKEN,), AssignTicket(assignee_id=BOB), TicketAssigned(assignee_id=BOB)),
        ((TAKEN,), AssignTicket(assignee_id=ALICE, team="north"), TicketAssigned(assignee_id=ALICE, team="north")),
        ((TAKEN,), AssignTicket(), TicketAssigned()),
        ((TAKEN, SOLVED), AssignTicket(team="north"), TicketAssigned(team="north")),
        ((), EscalateTicket(), TicketEscalated(level=1)),
        ((UP,), EscalateTicket(cause="sla", reason="Angry"), TicketEscalated(level=3, cause="sla", reason="Angry")),
        ((UP,), EscalateTicket(level=7), TicketEscalated(level=7)),
        ((), CategoriseTicket(category="pump"), TicketCategorised(category="pump")),
        ((TicketCategorised(category="pump"),), CategoriseTicket(), TicketCategorised()),
        ((TAKEN, SOLVED, CLOSED), CategoriseTicket(category="pump"), TicketCategorised(category="pump")),
        (
            (),
            RaiseTicketPriority(to_priority="urgent", reason="Frost"),
            TicketPriorityRaised(from_priority="normal", to_priority="urgent", reason="Frost"),
        ),
        (
            (),
            LowerTicketPriority(to_priority="low", reason="Spring"),
            TicketPriorityLowered(from_priority="normal", to_priority="low", reason="Spring"),
        ),
    ],
)
def test_when_this_is_wanted_that_happens(
    history: tuple[TicketEvent, ...], command: Command, happened: TicketEvent
) -> None:
    assert decide(given(*history), command) == (happened,)


@pytest.mark.parametrize(
    ("history", "command", "refusal"),
    [
        ((), AssignTicket(rule="zip"), TicketAlreadyAssigned),
        ((TAKEN,), AssignTicket(assignee_id=ALICE), TicketAlreadyAssigned),
        ((TicketAssigned(team="north"),), AssignTicket(team="north"), TicketAlreadyAssigned),
        ((UP,), EscalateTicket(level=2), TicketAlreadyEscalated),
        ((UP,), EscalateTicket(level=1), TicketAlreadyEscalated),
        ((TicketEscalated(level=HIGHEST_LEVEL),), EscalateTicket(), TicketAlreadyEscalated),
        ((), CategoriseTicket(), TicketAlreadyCategorised),
        ((TicketCategorised(category="pump"),), CategoriseTicket(category="pump"), TicketAlreadyCategorised),
    ],
)
def test_what_changes_nothing_is_refused(
    history: tuple[TicketEvent, ...], command: Command, refusal: type[Refusal]
) -> None:
    refused(refusal, given(*history), command)


@pytest.mark.parametrize("to", ["low", "normal"])
def test_a_priority_is_raised_only_to_a_higher_one(to: Priority) -> None:
    sentence = refused(PriorityNotHigher, given(), RaiseTicketPriority(to_priority=to))
    assert sentence == f"The priority of this ticket is normal, and {to} is not higher."


@pytest.mark.parametrize("to", ["normal", "high", "urgent"])
def test_a_priority_is_lowered_only_to_a_lower_one(to: Priority) -> None:
    sentence = refused(PriorityNotLower, given(), LowerTicketPriority(to_priority=to))
    assert sentence == f"The priority of this ticket is normal, and {to} is not lower."


def test_an_escalation_says_how_high_the_ticket_is() -> None:
    sentence = refused(TicketAlreadyEscalated, given(UP), EscalateTicket(level=1))
    assert sentence == "This ticket is already escalated to level 2. Choose a higher one, up to 9, or work on it there."
