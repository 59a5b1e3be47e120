"""Interactions and follow-ups are the same on customers, leads and tickets, each until it says that it is over."""

from uuid import UUID

import pytest

from domain import customer as customers
from domain import lead as leads
from domain import ticket as tickets
from domain.customer import CustomerAlreadyForgotten, CustomerMerged
from domain.event import Command, Refusal
from domain.follow_up import (
    CancelFollowUp,
    CompleteFollowUp,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
    RescheduleFollowUp,
    RetractFollowUp,
    ScheduleFollowUp,
)
from domain.interaction import (
    CorrectInteraction,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    LogInteraction,
    RetractInteraction,
)
from domain.lead import LeadMerged
from domain.merge import MergedInto
from domain.ticket import TicketMerged
from domain.work import Work, WorkEvent, worked
from tests.domain import customers as some_customer
from tests.domain import histories as some_lead
from tests.domain import tickets as some_ticket
from tests.domain.histories import DAY, IDS

NEW, CALL, TASK = IDS[2], IDS[0], IDS[1]
HAPPENED = (
    InteractionLogged(interaction_id=CALL, kind="call", direction="outbound"),
    FollowUpScheduled(task_id=TASK, what="Ring", due_at=DAY),
)
MERGED = MergedInto(survivor_id=IDS[3], merge_id=IDS[2])

CUSTOMER, LEAD, TICKET = some_customer.fold(HAPPENED), some_lead.fold(HAPPENED), some_ticket.fold(HAPPENED)

WORK: list[tuple[Command, WorkEvent]] = [
    (LogInteraction(kind="note", interaction_id=NEW), InteractionLogged(interaction_id=NEW, kind="note")),
    (CorrectInteraction(interaction_id=CALL, kind="chat"), InteractionCorrected(interaction_id=CALL, kind="chat")),
    (RetractInteraction(interaction_id=CALL), InteractionRetracted(interaction_id=CALL)),
    (
        ScheduleFollowUp(task_id=NEW, what="Ring", due_at=DAY),
        FollowUpScheduled(task_id=NEW, what="Ring", due_at=DAY),
    ),
    (RescheduleFollowUp(task_id=TASK, due_at=DAY), FollowUpRescheduled(task_id=TASK, due_at=DAY)),
    (CompleteFollowUp(task_id=TASK), FollowUpCompleted(task_id=TASK)),
    (CancelFollowUp(task_id=TASK), FollowUpCancelled(task_id=TASK)),
    (RetractFollowUp(task_id=TASK), FollowUpRetracted(task_id=TASK)),
]
EVERY_WORK = pytest.mark.parametrize(("command", "happened"), WORK, ids=lambda value: type(value).__name__)


@EVERY_WORK
def test_the_same_is_said_of_each(command: Command, happened: WorkEvent) -> None:
    assert some_customer.decide(CUSTOMER, command) == (happened,)
    assert some_lead.decide(LEAD, command) == (happened,)
    assert some_ticket.decide(TICKET, command) == (happened,)


@EVERY_WORK
def test_the_same_comes_of_it_on_each(command: Command, happened: WorkEvent) -> None:
    work = worked(CUSTOMER.work, happened)
    assert customers.evolve(CUSTOMER, happened).work == work
    assert leads.evolve(LEAD, happened).work == work
    assert tickets.evolve(TICKET, happened).work == work


@EVERY_WORK
def test_a_merged_record_takes_nothing_new_but_what_lies_there_is_brought_to_its_end(
    command: Command, happened: WorkEvent
) -> None:
    customer = customers.evolve(CUSTOMER, some_customer.MERGED)
    lead, ticket = leads.evolve(LEAD, MERGED), tickets.evolve(TICKET, MERGED)
    if isinstance(command, LogInteraction | ScheduleFollowUp):
        some_customer.refused(CustomerMerged, customer, command)
        some_ticket.refused(TicketMerged, ticket, command)
        with pytest.raises(LeadMerged):
            some_lead.decide(lead, command)
    else:
        assert some_customer.decide(customer, command) == (happened,)
        assert some_lead.decide(lead, command) == (happened,)
        assert some_ticket.decide(ticket, command) == (happened,)


@EVERY_WORK
def test_nothing_more_is_recorded_of_a_customer_who_was_forgotten(command: Command, happened: WorkEvent) -> None:
    forgotten = customers.evolve(CUSTOMER, some_customer.FORGOTTEN_CUSTOMER)
    some_customer.refused(CustomerAlreadyForgotten, forgotten, command)


@pytest.mark.parametrize("place", [place for place in some_ticket.STATES if place != "merged"])
@EVERY_WORK
def test_work_goes_on_wherever_a_ticket_is_in_its_life(command: Command, happened: WorkEvent, place: str) -> None:
    assert some_ticket.decide(some_ticket.fold(some_ticket.STATES[place], TICKET), command) == (happened,)


def test_an_outbound_call_is_no_answer_to_a_ticket() -> None:
    ticket = some_ticket.given(*HAPPENED)
    assert (ticket.status, ticket.awaits) == ("new", "first_response")


def test_a_command_goes_to_the_record_before_anything_is_said_of_the_work() -> None:
    unknown: list[tuple[Command, type[Refusal]]] = [
        (CorrectInteraction(interaction_id=NEW, kind="call"), CustomerAlreadyForgotten),
        (LogInteraction(interaction_id=CALL, kind="call"), CustomerAlreadyForgotten),
        (ScheduleFollowUp(task_id=TASK, what="Ring", due_at=DAY), CustomerAlreadyForgotten),
        (RetractFollowUp(task_id=NEW), CustomerAlreadyForgotten),
    ]
    for command, refusal in unknown:
        some_customer.refused(refusal, customers.evolve(CUSTOMER, some_customer.FORGOTTEN_CUSTOMER), command)


def layers(work: Work) -> list[object]:
    return [*work.interactions.layers, *work.follow_ups.layers]


def test_a_long_history_copies_little() -> None:
    work, copied, count = Work(), 0, 1024
    for number in range(count):
        part_id = UUID(int=number)
        for event in (
            InteractionLogged(interaction_id=part_id, kind="note"),
            FollowUpScheduled(task_id=part_id, what="Ring", due_at=DAY),
        ):
            before, work = work, worked(work, event)
            kept = {id(layer) for layer in layers(before)}
            new = (layer for layer in layers(work) if id(layer) not in kept)
            copied += sum(len(layer) for layer in new if isinstance(layer, dict))
    assert len(work.interactions) == len(work.follow_ups) == count
    # each entry is copied at most once for every doubling; copied frozensets would have been a million
    assert 2 * count <= copied <= 2 * count * count.bit_length()
