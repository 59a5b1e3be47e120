"""What must hold of every history: it evolves, survives JSON and forgetting, and the rules always have an answer."""

import inspect

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import lead as leads
from domain.event import Command, Event, Refusal, personal_fields
from domain.lead import Lead, LeadCaptured, LeadContacted, LeadEvent, LeadLost, LeadWon
from tests.domain.histories import (
    LEAD_EVENTS,
    RULES,
    accepted_histories,
    any_command,
    any_event,
    any_lead_event,
    decide,
    fold,
    forgotten,
    patient,
    recorded_histories,
)

PERSONAL = {name for event in LEAD_EVENTS for name in personal_fields(event)}
STATUSES = {"open", "won", "lost", "disqualified"}


def refusal_of(lead: Lead, command: Command) -> str | None:
    """The sentence with which the rule refuses, if it does; it may also find that there is nothing to record."""
    try:
        decide(lead, command)
    except Refusal as refusal:
        return str(refusal)
    return None


def free_text(command: Command) -> set[str]:
    """Fields of the command that are personal once they are in an event."""
    return PERSONAL & set(type(command).model_fields)


def answers(lead: Lead, command: Command) -> None:
    """Fails when a rule neither decides nor refuses with a sentence."""
    sentence = refusal_of(lead, command)
    assert sentence is None or (sentence.endswith(".") and "{" not in sentence and "None" not in sentence)


def test_every_command_of_a_lead_has_its_rule_here() -> None:
    commands = {
        thing
        for _, thing in inspect.getmembers(leads, inspect.isclass)
        if issubclass(thing, Command) and thing is not Command and not thing.__subclasses__()
    }
    assert commands == {*RULES, leads.CaptureLead}


@settings(patient, max_examples=300)
@given(any_event)
def test_events_survive_json(event: Event) -> None:
    assert type(event).model_validate_json(event.model_dump_json()) == event


@patient
@given(accepted_histories)
def test_an_accepted_history_begins_with_the_capture_and_evolves(history: list[LeadEvent]) -> None:
    assert isinstance(history[0], LeadCaptured)
    assert fold(history).status in STATUSES


@patient
@given(accepted_histories)
def test_people_close_only_what_is_open_and_contact_first_only_once(history: list[LeadEvent]) -> None:
    for index, event in enumerate(history[1:], start=1):
        before = fold(history[:index])
        assert not isinstance(event, LeadWon | LeadLost) or before.status == "open"
        if isinstance(event, LeadContacted):
            # the interaction that makes the contact is recorded right before it
            is_its_own = getattr(history[index - 1], "interaction_id", None) == event.interaction_id is not None
            assert not (fold(history[: index - 1]) if is_its_own else before).contacted


@patient
@given(st.lists(any_lead_event, min_size=1, max_size=8))
def test_any_recorded_history_evolves(history: list[LeadEvent]) -> None:
    assert fold(history).status in STATUSES


@patient
@given(accepted_histories, st.data(), any_command)
def test_forgetting_at_any_point_leaves_a_lead_that_answers(
    history: list[LeadEvent], data: st.DataObject, command: Command
) -> None:
    # of a contact person any events are erased, of a customer all up to a point
    erased = data.draw(st.sets(st.sampled_from(range(len(history)))) | st.integers(0, len(history)).map(range))
    lead = fold(forgotten(event) if number in erased else event for number, event in enumerate(history))
    answers(lead, command)
    known = fold(history)
    assert (lead.status, lead.stage, lead.products, lead.work, lead.merges, set(lead.custom_fields)) == (
        known.status, known.stage, known.products, known.work, known.merges, set(known.custom_fields),
    )  # fmt: skip


@settings(patient, max_examples=150)
@given(recorded_histories, any_command)
def test_the_rules_answer_whatever_was_recorded(history: list[LeadEvent], command: Command) -> None:
    answers(fold(history) if history else Lead(), command)


@settings(patient, max_examples=150)
@given(recorded_histories, any_command)
def test_a_refusal_says_nothing_personal(history: list[LeadEvent], command: Command) -> None:
    marked = command.model_copy(update=dict.fromkeys(free_text(command), "PERSONAL"))
    assert "PERSONAL" not in (refusal_of(fold(history) if history else Lead(), marked) or "")
