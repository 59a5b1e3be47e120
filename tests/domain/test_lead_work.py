"""The work on a lead: interactions and follow-ups with all their refusals, and the first contact they make."""

from datetime import timedelta

import pytest

from domain.event import Command, MemberId, Refusal
from domain.lead import (
    CancelFollowUp,
    CompleteFollowUp,
    ContactLead,
    CorrectInteraction,
    FollowUpAlreadyDone,
    FollowUpAlreadyRetracted,
    FollowUpAlreadyScheduled,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpRetracted,
    FollowUpScheduled,
    InteractionAlreadyLogged,
    InteractionAlreadyRetracted,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    LeadContacted,
    LeadEvent,
    LogInteraction,
    RescheduleFollowUp,
    RetractFollowUp,
    RetractInteraction,
    ScheduleFollowUp,
    UnknownFollowUp,
    UnknownInteraction,
    log_interaction,
    schedule_follow_up,
)
from tests.domain.given import CLOSED, given, refused
from tests.domain.histories import DAY, IDS, decide

CALL, OTHER = IDS[1], IDS[2]
CALLED = InteractionLogged(interaction_id=CALL, kind="call", direction="outbound", summary="Rang her")
CALLED_US = InteractionLogged(interaction_id=CALL, kind="call", direction="inbound")
CONTACTED = LeadContacted(interaction_id=CALL)
RETRACTED = InteractionRetracted(interaction_id=CALL)
TASK = IDS[3]
SCHEDULED = FollowUpScheduled(task_id=TASK, what="Ring again", due_at=DAY)


def test_an_interaction_is_logged_with_all_that_was_said() -> None:
    command = LogInteraction(
        kind="meeting",
        direction="inbound",
        summary="She came by",
        about="roof",
        duration_seconds=600,
        outcome="wants an offer",
        external_id="m-1",
    )
    logged = InteractionLogged(
        interaction_id=CALL,
        kind="meeting",
        direction="inbound",
        summary="She came by",
        about="roof",
        duration_seconds=600,
        outcome="wants an offer",
        external_id="m-1",
    )
    assert log_interaction(given(), command, new_id=CALL) == (logged,)


def test_the_id_in_the_command_goes_before_the_new_one() -> None:
    interaction = LogInteraction(kind="note", interaction_id=OTHER)
    task = ScheduleFollowUp(what="Ring", due_at=DAY, task_id=OTHER)
    assert log_interaction(given(), interaction, CALL) == (InteractionLogged(interaction_id=OTHER, kind="note"),)
    assert schedule_follow_up(given(), task, TASK).task_id == OTHER


def test_the_first_outbound_interaction_is_the_first_contact() -> None:
    command = LogInteraction(kind="call", direction="outbound", summary="Rang her")
    assert log_interaction(given(), command, CALL) == (CALLED, CONTACTED)


def test_the_second_is_not() -> None:
    command = LogInteraction(kind="email", direction="outbound")
    logged = InteractionLogged(interaction_id=OTHER, kind="email", direction="outbound")
    assert log_interaction(given(CALLED, CONTACTED), command, OTHER) == (logged,)


def test_a_note_and_what_the_prospect_does_are_no_contact() -> None:
    assert len(log_interaction(given(), LogInteraction(kind="note"), CALL)) == 1
    assert len(log_interaction(given(), LogInteraction(kind="call", direction="inbound"), CALL)) == 1


def test_an_interaction_corrected_to_outbound_may_be_the_first_contact() -> None:
    command = CorrectInteraction(interaction_id=CALL, kind="call", direction="outbound", summary="Rang her")
    corrected = InteractionCorrected(interaction_id=CALL, kind="call", direction="outbound", summary="Rang her")
    assert decide(given(CALLED_US), command) == (corrected, CONTACTED)
    assert decide(given(CALLED, CONTACTED), command) == (corrected,)


@pytest.mark.parametrize(
    "undoing", [RETRACTED, InteractionCorrected(interaction_id=CALL, kind="call", direction="inbound")]
)
def test_a_first_contact_that_was_none_can_still_be_made(undoing: LeadEvent) -> None:
    lead = given(CALLED, CONTACTED, undoing)
    assert (lead.contacted, lead.contacts) == (False, frozenset())
    logged = InteractionLogged(interaction_id=OTHER, kind="email", direction="outbound")
    command = LogInteraction(kind="email", direction="outbound")
    assert log_interaction(lead, command, OTHER) == (logged, LeadContacted(interaction_id=OTHER))


def test_a_note_is_no_contact_whichever_direction_it_has() -> None:
    note = LogInteraction(kind="note", direction="outbound")
    assert decide(given(), note) == (InteractionLogged(interaction_id=IDS[0], kind="note", direction="outbound"),)
    became_a_note = InteractionCorrected(interaction_id=CALL, kind="note", direction="outbound")
    assert not given(CALLED, CONTACTED, became_a_note).contacted


def test_a_lead_was_contacted_as_long_as_one_contact_stands() -> None:
    mailed = InteractionLogged(interaction_id=OTHER, kind="email", direction="outbound")
    assert given(CALLED, CONTACTED, mailed, RETRACTED).contacted
    assert not given(CALLED, CONTACTED, mailed, RETRACTED, InteractionRetracted(interaction_id=OTHER)).contacted
    assert given(CALLED, CONTACTED, LeadContacted(), RETRACTED).contacted
    assert not given(RETRACTED, CALLED, CONTACTED).contacted


def test_another_interaction_does_not_undo_the_first_contact() -> None:
    retracted = InteractionRetracted(interaction_id=OTHER)
    corrected = InteractionCorrected(interaction_id=CALL, kind="email", direction="outbound")
    assert given(CALLED, CONTACTED, retracted, corrected).contacted


@pytest.mark.parametrize(
    ("history", "command", "happened"),
    [
        ((CALLED_US,), RetractInteraction(interaction_id=CALL, reason="Not her"),
         InteractionRetracted(interaction_id=CALL, reason="Not her")),
        ((SCHEDULED,), RescheduleFollowUp(task_id=TASK, due_at=DAY + timedelta(1)),
         FollowUpRescheduled(task_id=TASK, due_at=DAY + timedelta(1))),
        ((SCHEDULED,), CompleteFollowUp(task_id=TASK, outcome="Done"), FollowUpCompleted(task_id=TASK, outcome="Done")),
        ((SCHEDULED,), CancelFollowUp(task_id=TASK, reason="Moot"), FollowUpCancelled(task_id=TASK, reason="Moot")),
        ((SCHEDULED, FollowUpCompleted(task_id=TASK)), RetractFollowUp(task_id=TASK, reason="Not hers"),
         FollowUpRetracted(task_id=TASK, reason="Not hers")),
    ],
)  # fmt: skip
def test_when_this_is_wanted_that_happens(
    history: tuple[LeadEvent, ...], command: Command, happened: LeadEvent
) -> None:
    assert decide(given(*history), command) == (happened,)


def test_a_follow_up_is_scheduled_with_all_that_was_said() -> None:
    command = ScheduleFollowUp(what="Ring again", due_at=DAY, assignee_id=MemberId(IDS[0]), about="roof")
    assert schedule_follow_up(given(), command, TASK) == FollowUpScheduled(
        task_id=TASK, what="Ring again", due_at=DAY, assignee_id=MemberId(IDS[0]), about="roof"
    )


LOG_AGAIN = LogInteraction(interaction_id=CALL, kind="call")
CORRECT = CorrectInteraction(interaction_id=CALL, kind="call")
RETRACT = RetractInteraction(interaction_id=CALL)
SCHEDULE_AGAIN = ScheduleFollowUp(task_id=TASK, what="Ring", due_at=DAY)
RESCHEDULE = RescheduleFollowUp(task_id=TASK, due_at=DAY)
RETRACT_TASK, TASK_RETRACTED = RetractFollowUp(task_id=TASK), FollowUpRetracted(task_id=TASK)
COMPLETED, CANCELLED = FollowUpCompleted(task_id=TASK), FollowUpCancelled(task_id=TASK)


@pytest.mark.parametrize(
    ("history", "command", "refusal"),
    [
        ((CALLED,), LOG_AGAIN, InteractionAlreadyLogged),
        ((CALLED, RETRACTED), LOG_AGAIN, InteractionAlreadyLogged),
        ((RETRACTED,), LOG_AGAIN, InteractionAlreadyLogged),
        ((), CORRECT, UnknownInteraction),
        ((), RETRACT, UnknownInteraction),
        ((CALLED, RETRACTED), CORRECT, InteractionAlreadyRetracted),
        ((RETRACTED, CALLED), CORRECT, InteractionAlreadyRetracted),
        ((CANCELLED, SCHEDULED), RESCHEDULE, FollowUpAlreadyDone),
        ((CALLED, RETRACTED), RETRACT, InteractionAlreadyRetracted),
        ((SCHEDULED,), SCHEDULE_AGAIN, FollowUpAlreadyScheduled),
        ((COMPLETED,), SCHEDULE_AGAIN, FollowUpAlreadyScheduled),
        ((), RESCHEDULE, UnknownFollowUp),
        ((), CompleteFollowUp(task_id=TASK), UnknownFollowUp),
        ((), CancelFollowUp(task_id=TASK), UnknownFollowUp),
        ((SCHEDULED, COMPLETED), RESCHEDULE, FollowUpAlreadyDone),
        ((SCHEDULED, COMPLETED), CompleteFollowUp(task_id=TASK), FollowUpAlreadyDone),
        ((SCHEDULED, COMPLETED), CancelFollowUp(task_id=TASK), FollowUpAlreadyDone),
        ((SCHEDULED, CANCELLED), RESCHEDULE, FollowUpAlreadyDone),
        ((), RETRACT_TASK, UnknownFollowUp),
        ((SCHEDULED, TASK_RETRACTED), RETRACT_TASK, FollowUpAlreadyRetracted),
        ((SCHEDULED, TASK_RETRACTED), RESCHEDULE, FollowUpAlreadyRetracted),
        ((COMPLETED, TASK_RETRACTED), CompleteFollowUp(task_id=TASK), FollowUpAlreadyRetracted),
        ((SCHEDULED, TASK_RETRACTED, COMPLETED), CancelFollowUp(task_id=TASK), FollowUpAlreadyRetracted),
        ((SCHEDULED, TASK_RETRACTED), SCHEDULE_AGAIN, FollowUpAlreadyScheduled),
    ],
)
def test_what_does_not_fit_is_refused_by_its_id(
    history: tuple[LeadEvent, ...], command: Command, refusal: type[Refusal]
) -> None:
    sentence = refused(refusal, given(*history), command)
    assert str(CALL) in sentence or str(TASK) in sentence


@CLOSED
@pytest.mark.parametrize(
    "command",
    [
        LogInteraction(kind="call", direction="outbound", interaction_id=OTHER),
        CORRECT,
        RETRACT,
        ScheduleFollowUp(what="Ask why", due_at=DAY),
        RESCHEDULE,
        CompleteFollowUp(task_id=TASK),
        CancelFollowUp(task_id=TASK),
        ContactLead(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_work_goes_on_when_a_lead_is_closed(closing: LeadEvent, command: Command) -> None:
    assert decide(given(CALLED_US, SCHEDULED, closing), command)
