"""How the tests of tickets speak, and what they draw from."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import get_args

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain import ticket as tickets
from domain.customer import Customer
from domain.event import Command, CustomerId, MemberId, Refusal
from domain.merge import MergedInto
from domain.sla_policy import SlaGoal, SlaPolicy
from domain.ticket import (
    BusinessTime,
    Ticket,
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketId,
    TicketMarkedSpam,
    TicketOpened,
    TicketPutOnHold,
    TicketPutPending,
    TicketReplied,
    TicketSolved,
    evolve,
)
from tests.domain.histories import DAY, IDS, WORKSPACE, examples_of

HOUR = 3600
ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
THIS, OTHER = TicketId(IDS[0]), TicketId(IDS[1])
MERGE = IDS[2]

GOLD = SlaPolicy(
    name="gold",
    version=3,
    goals=(
        SlaGoal(target="first_response", priority="normal", within_seconds=4 * HOUR),
        SlaGoal(target="first_response", priority="urgent", within_seconds=HOUR),
        SlaGoal(target="next_reply", priority="normal", within_seconds=8 * HOUR),
        SlaGoal(target="next_reply", priority="urgent", within_seconds=2 * HOUR),
        SlaGoal(target="resolution", priority="normal", within_seconds=72 * HOUR),
        SlaGoal(target="resolution", priority="high", within_seconds=24 * HOUR),
        SlaGoal(target="resolution", priority="urgent", within_seconds=8 * HOUR),
    ),
)
"""A low priority is promised nothing, a high one only to be solved."""

AROUND_THE_CLOCK = BusinessTime(after=lambda start, duration: start + duration, elapsed=lambda start, end: end - start)

OPENED = TicketOpened(subject="No heat")
TAKEN = TicketAssigned(assignee_id=ALICE)
ASKED = TicketReplied(author="customer", body="Still cold")
ANSWERED = TicketReplied(author="agent", body="On our way")
NOTED = TicketReplied(author="agent", body="She is angry", public=False)
BOT_SAID = TicketReplied(author="bot", body="Have you tried")
PENDING, ON_HOLD, SOLVED, CLOSED = TicketPutPending(), TicketPutOnHold(), TicketSolved(), TicketClosed()
SPAM, MERGED = TicketMarkedSpam(), MergedInto(survivor_id=OTHER, merge_id=MERGE)

STATES: dict[str, tuple[TicketEvent, ...]] = {
    "new": (OPENED,),
    "open": (OPENED, TAKEN),
    "pending": (OPENED, TAKEN, PENDING),
    "on_hold": (OPENED, TAKEN, ON_HOLD),
    "solved": (OPENED, TAKEN, SOLVED),
    "closed": (OPENED, TAKEN, SOLVED, CLOSED),
    "spam": (OPENED, SPAM),
    "merged": (OPENED, TAKEN, MERGED),
}
"""A history for each place in a ticket's life."""

RULES: dict[type[Command], Callable[..., TicketEvent | tuple[TicketEvent, ...]]] = {
    tickets.AssignTicket: tickets.assign,
    tickets.EscalateTicket: tickets.escalate,
    tickets.RaiseTicketPriority: tickets.raise_priority,
    tickets.LowerTicketPriority: tickets.lower_priority,
    tickets.CategoriseTicket: tickets.categorise,
    tickets.ReplyToTicket: tickets.reply,
    tickets.RateTicket: tickets.rate,
    tickets.PutTicketPending: tickets.put_pending,
    tickets.PutTicketOnHold: tickets.put_on_hold,
    tickets.ResumeTicket: tickets.resume,
    tickets.SolveTicket: tickets.solve,
    tickets.ReopenTicket: tickets.reopen,
    tickets.CloseTicket: tickets.close,
    tickets.MarkTicketSpam: tickets.mark_spam,
    tickets.MergeTicket: partial(tickets.merge, ticket_id=THIS, merge_id=MERGE),
    tickets.RevertMerge: tickets.revert_merge,
    tickets.Reattribute: partial(tickets.reattribute, customer_id=CustomerId(IDS[0]), to=Customer()),
    tickets.RecordCustomField: partial(tickets.record_custom_field, workspace=WORKSPACE),
    tickets.BreachSla: partial(tickets.breach_sla, at=DAY),
    tickets.LogInteraction: partial(tickets.log_interaction, new_id=IDS[0]),
    tickets.CorrectInteraction: tickets.correct_interaction,
    tickets.RetractInteraction: tickets.retract_interaction,
    tickets.ScheduleFollowUp: partial(tickets.schedule_follow_up, new_id=IDS[0]),
    tickets.RescheduleFollowUp: tickets.reschedule_follow_up,
    tickets.CompleteFollowUp: tickets.complete_follow_up,
    tickets.CancelFollowUp: tickets.cancel_follow_up,
    tickets.RetractFollowUp: tickets.retract_follow_up,
}
TICKET_EVENTS: list[type[TicketEvent]] = list(get_args(TicketEvent))
any_ticket_event: SearchStrategy[TicketEvent] = st.one_of([examples_of(event) for event in TICKET_EVENTS])
any_ticket_command = st.one_of([examples_of(command) for command in RULES])


def fold(events: Iterable[TicketEvent], ticket: Ticket | None = None) -> Ticket:
    """The ticket after these events."""
    for event in events:
        ticket = evolve(ticket, event)
    return ticket or Ticket()


def given(*events: TicketEvent) -> Ticket:
    return fold((OPENED, *events))


def decide(ticket: Ticket, command: Command, at: datetime = DAY) -> tuple[TicketEvent, ...]:
    """What the command's rule says, or its refusal; only the breach of a target depends on the moment."""
    if isinstance(command, tickets.BreachSla):
        return (tickets.breach_sla(ticket, command, at),)
    decided = RULES[type(command)](ticket, command)
    return decided if isinstance(decided, tuple) else (decided,)


def refused(refusal: type[Refusal], ticket: Ticket, command: Command) -> str:
    with pytest.raises(refusal) as raised:
        decide(ticket, command)
    sentence = str(raised.value)
    assert "None" not in sentence
    return sentence


def hours(number: float) -> datetime:
    """So many hours after the ticket was opened."""
    return DAY + timedelta(hours=number)
