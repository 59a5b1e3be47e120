"""What must hold of every history of a ticket: it evolves, survives forgetting, and its status and clocks agree."""

import inspect
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import ticket as tickets
from domain.event import Command, Refusal, personal_fields
from domain.follow_up import FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.merge import MergeReverted
from domain.ticket import (
    SlaEvent,
    Ticket,
    TicketEvent,
    TicketReplied,
    TicketSlaApplied,
    with_clocks,
)
from domain.work import WorkEvent
from tests.domain.histories import DAY, examples_of, forgotten, patient
from tests.domain.tickets import (
    AROUND_THE_CLOCK,
    GOLD,
    MERGE,
    RULES,
    TICKET_EVENTS,
    any_ticket_command,
    any_ticket_event,
    decide,
    fold,
)

PERSONAL = {name for event in TICKET_EVENTS for name in personal_fields(event)}
STATUSES = {"new", "open", "pending", "on_hold", "solved", "closed"}
steps = st.floats(0, 40).map(lambda hours: timedelta(hours=hours))
recorded_histories = st.lists(any_ticket_event, max_size=8)


def refusal_of(ticket: Ticket, command: Command) -> str | None:
    """The sentence with which the rule refuses, if it does; it may also find that there is nothing to record."""
    try:
        decide(ticket, command)
    except Refusal as refusal:
        return str(refusal)
    return None


def answers(ticket: Ticket, command: Command) -> None:
    """Fails when a rule neither decides nor refuses with a sentence."""
    sentence = refusal_of(ticket, command)
    assert sentence is None or (sentence.endswith(".") and "{" not in sentence and "None" not in sentence)


def apart_from_words(ticket: Ticket) -> tuple[object, ...]:
    """What is left of a ticket when all that is personal is forgotten."""
    return (
        ticket.status,
        ticket.priority,
        ticket.category,
        ticket.assignee_id,
        ticket.team,
        ticket.level,
        ticket.awaits,
        ticket.was_solved,
        ticket.spam,
        ticket.merges,
        ticket.reattributed_to,
        ticket.clocks,
        ticket.work,
        set(ticket.custom_fields),
    )


def going(ticket: Ticket) -> list[tuple[str, bool]]:
    """The targets that are owed, and whether their clocks run."""
    return [(target, clock.due_at is not None) for target, clock in ticket.clocks.items() if clock.outcome is None]


class TicketsLife(RuleBasedStateMachine):
    """A ticket to which people say anything, in any order, at any time."""

    @initialize(command=examples_of(tickets.OpenTicket))
    def opened(self, command: tickets.OpenTicket) -> None:
        self.at = DAY
        self.history: list[TicketEvent] = []
        self.ticket = Ticket()
        self.record(tickets.open_ticket(command, GOLD))

    @rule(command=any_ticket_command, step=steps)
    def said(self, command: Command, step: timedelta) -> None:
        self.at += step
        self.ask(command)

    @rule(
        command=st.sampled_from(
            [
                tickets.ReplyToTicket(body="On our way"),
                tickets.ReplyToTicket(author="customer", body="Still cold"),
                tickets.PutTicketPending(),
                tickets.ResumeTicket(),
                tickets.SolveTicket(),
                tickets.ReopenTicket(),
                tickets.BreachSla(target="first_response"),
                tickets.RevertMerge(merge_id=MERGE),
            ]
        ),
        step=steps,
    )
    def worked_on(self, command: Command, step: timedelta) -> None:
        self.at += step
        self.ask(command)

    def ask(self, command: Command) -> None:
        known = list(self.history)
        try:
            decided = decide(self.ticket, command, self.at)
        except Refusal as refusal:
            assert str(refusal).endswith(".")
            assert self.history == known
            return
        if self.ticket.merges.into:
            assert isinstance(decided[0], MergeReverted | WorkEvent)
            assert not isinstance(decided[0], InteractionLogged | FollowUpScheduled), "nothing new is begun"
        self.record(decided)

    def record(self, decided: Sequence[TicketEvent]) -> None:
        events = with_clocks(self.ticket, decided, self.at, AROUND_THE_CLOCK)
        for event in events:
            if isinstance(event, SlaEvent) and not isinstance(event, TicketSlaApplied):
                assert self.ticket.clocks[event.target].outcome is None
            self.ticket = fold([event], self.ticket)
        self.history.extend(events)
        for clock in self.ticket.clocks.values():
            assert clock.due_at is None or clock.due_at >= self.at

    @invariant()
    def the_history_evolves_to_the_ticket(self) -> None:
        assert fold(self.history) == self.ticket
        assert self.ticket.status in STATUSES

    @invariant()
    def new_is_what_nobody_has_taken_up(self) -> None:
        answered = any(
            isinstance(event, TicketReplied) and event.public and event.author == "agent" for event in self.history
        )
        taken = self.ticket.assignee_id or self.ticket.team or answered
        assert self.ticket.status != "new" or not taken

    @invariant()
    def spam_is_closed(self) -> None:
        assert not self.ticket.spam or self.ticket.status == "closed"

    @invariant()
    def clocks_go_only_while_the_ticket_is_worked_on_and_run_only_while_we_wait_for_nobody(self) -> None:
        if self.ticket.merges.into or self.ticket.status in ("solved", "closed"):
            assert going(self.ticket) == []
        waits = self.ticket.status in ("pending", "on_hold")
        assert all(runs != waits for _, runs in going(self.ticket))
        assert {target for target, _ in going(self.ticket)} <= {self.ticket.awaits, "resolution"}

    @invariant()
    def what_is_forgotten_is_only_words(self) -> None:
        middle = len(self.history) // 2
        known = apart_from_words(fold(self.history))
        for until in (middle, len(self.history)):
            kept = [*map(forgotten, self.history[:until]), *self.history[until:]]
            assert apart_from_words(fold(kept)) == known


TicketsLife.TestCase.settings = settings(patient, max_examples=60, stateful_step_count=25)
test_a_tickets_life = TicketsLife.TestCase


def test_every_command_of_a_ticket_has_its_rule_here() -> None:
    commands = {
        thing
        for _, thing in inspect.getmembers(tickets, inspect.isclass)
        if issubclass(thing, Command) and thing is not Command and not thing.__subclasses__()
    }
    assert commands == {*RULES, tickets.OpenTicket, tickets.OpenFollowUpTicket}


@patient
@given(recorded_histories)
def test_any_recorded_history_evolves_also_forgotten(history: list[TicketEvent]) -> None:
    assert fold(history).status in STATUSES
    assert fold(map(forgotten, history)).status in STATUSES


@settings(patient, max_examples=150)
@given(recorded_histories, any_ticket_command)
def test_the_rules_answer_whatever_was_recorded(history: list[TicketEvent], command: Command) -> None:
    answers(fold(history), command)


@settings(patient, max_examples=150)
@given(recorded_histories, any_ticket_event, steps)
def test_the_clocks_answer_whatever_was_recorded(
    history: list[TicketEvent], event: TicketEvent, step: timedelta
) -> None:
    ticket = fold(history)
    events = with_clocks(ticket, [event], DAY + step, AROUND_THE_CLOCK)
    assert events[0] == event
    assert fold(events, ticket).status in STATUSES


@settings(patient, max_examples=150)
@given(recorded_histories, any_ticket_command)
def test_a_refusal_says_nothing_personal(history: list[TicketEvent], command: Command) -> None:
    marked = command.model_copy(update=dict.fromkeys(PERSONAL & set(type(command).model_fields), "PERSONAL"))
    assert "PERSONAL" not in (refusal_of(fold(history), marked) or "")
