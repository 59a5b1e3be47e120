"""Interactions and follow-ups of a ticket: the shared rules, at any time until it is merged."""

import pytest

from domain.event import Command, Refusal
from domain.ticket import (
    CancelFollowUp,
    CompleteFollowUp,
    CorrectInteraction,
    FollowUpAlreadyScheduled,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpScheduled,
    InteractionAlreadyLogged,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    LogInteraction,
    RescheduleFollowUp,
    RetractInteraction,
    ScheduleFollowUp,
    TicketEvent,
    TicketMerged,
    UnknownFollowUp,
    UnknownInteraction,
)
from tests.domain.histories import DAY, IDS
from tests.domain.tickets import STATES, decide, fold, given, refused

CALL, TASK = IDS[0], IDS[3]
CALLED = InteractionLogged(interaction_id=CALL, kind="call", direction="outbound")
SCHEDULED = FollowUpScheduled(task_id=TASK, what="Ring", due_at=DAY)

WORK: list[tuple[Command, TicketEvent]] = [
    (LogInteraction(kind="note", interaction_id=IDS[1]), InteractionLogged(interaction_id=IDS[1], kind="note")),
    (CorrectInteraction(interaction_id=CALL, kind="chat"), InteractionCorrected(interaction_id=CALL, kind="chat")),
    (RetractInteraction(interaction_id=CALL), InteractionRetracted(interaction_id=CALL)),
    (ScheduleFollowUp(what="Ring", due_at=DAY), FollowUpScheduled(task_id=IDS[0], what="Ring", due_at=DAY)),
    (RescheduleFollowUp(task_id=TASK, due_at=DAY), FollowUpRescheduled(task_id=TASK, due_at=DAY)),
    (CompleteFollowUp(task_id=TASK), FollowUpCompleted(task_id=TASK)),
    (CancelFollowUp(task_id=TASK), FollowUpCancelled(task_id=TASK)),
]


@pytest.mark.parametrize("place", STATES)
@pytest.mark.parametrize(("command", "happened"), WORK, ids=lambda value: type(value).__name__)
def test_work_goes_on_until_a_ticket_is_merged(command: Command, happened: TicketEvent, place: str) -> None:
    ticket = fold((CALLED, SCHEDULED, *STATES[place]))
    if place == "merged":
        refused(TicketMerged, ticket, command)
    else:
        assert decide(ticket, command) == (happened,)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (LogInteraction(kind="call"), InteractionAlreadyLogged),
        (CorrectInteraction(interaction_id=TASK, kind="call"), UnknownInteraction),
        (RetractInteraction(interaction_id=TASK), UnknownInteraction),
        (ScheduleFollowUp(task_id=TASK, what="Ring", due_at=DAY), FollowUpAlreadyScheduled),
        (RescheduleFollowUp(task_id=CALL, due_at=DAY), UnknownFollowUp),
        (CompleteFollowUp(task_id=CALL), UnknownFollowUp),
        (CancelFollowUp(task_id=CALL), UnknownFollowUp),
    ],
)
def test_what_does_not_fit_is_refused_as_everywhere(command: Command, refusal: type[Refusal]) -> None:
    refused(refusal, given(CALLED, SCHEDULED), command)


def test_an_outbound_call_is_no_answer() -> None:
    ticket = given(CALLED)
    assert (ticket.status, ticket.awaits) == ("new", "first_response")
