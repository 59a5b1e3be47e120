"""The clocks of a ticket: what each command does to them, hour by hour."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from domain import business_time
from domain.business_time import BusinessCalendar, WeeklyHours
from domain.event import Command
from domain.merge import RevertMerge
from domain.sla_policy import PRIORITIES, TARGETS, Priority, SlaPolicy, SlaTarget
from domain.ticket import (
    AssignTicket,
    BreachSla,
    BusinessTime,
    CategoriseTicket,
    CloseTicket,
    EscalateTicket,
    LogInteraction,
    LowerTicketPriority,
    MarkTicketSpam,
    MergeTicket,
    OpenFollowUpTicket,
    OpenTicket,
    PutTicketOnHold,
    PutTicketPending,
    RaiseTicketPriority,
    ReopenTicket,
    ReplyToTicket,
    ResumeTicket,
    SlaClock,
    SlaEvent,
    SlaNotRunning,
    SlaNotYetDue,
    SolveTicket,
    Ticket,
    TicketEvent,
    TicketMerged,
    TicketOpened,
    TicketReplied,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    breach_sla,
    evolve,
    open_follow_up,
    open_ticket,
    with_clocks,
)
from tests.domain.histories import DAY
from tests.domain.tickets import (
    ALICE,
    ANSWERED,
    AROUND_THE_CLOCK,
    BOB,
    GOLD,
    HOUR,
    MERGED,
    OTHER,
    STATES,
    THIS,
    decide,
    fold,
    given,
    hours,
)

FIRST: SlaTarget = "first_response"
NEXT: SlaTarget = "next_reply"
RESOLUTION: SlaTarget = "resolution"

ANSWER = ReplyToTicket(body="On our way")
ASK = ReplyToTicket(author="customer", body="Still cold")
TAKE = AssignTicket(assignee_id=ALICE)
WAIT, RESUME, SOLVE, REOPEN = PutTicketPending(), ResumeTicket(), SolveTicket(), ReopenTicket()
MERGE, UNMERGE = MergeTicket(survivor_id=OTHER), RevertMerge(merge_id=MERGED.merge_id)


def due(target: SlaTarget, at: float, left: float, policy: SlaPolicy = GOLD) -> TicketSlaApplied:
    return TicketSlaApplied(
        policy=policy.name,
        policy_version=policy.version,
        target=target,
        clock="running",
        due_at=hours(at),
        remaining_seconds=round(left * HOUR),
    )


def paused(target: SlaTarget, left: float) -> TicketSlaApplied:
    return TicketSlaApplied(
        policy="gold", policy_version=3, target=target, clock="paused", remaining_seconds=round(left * HOUR)
    )


def met(target: SlaTarget, at: float, left: float) -> TicketSlaMet:
    return TicketSlaMet(
        policy="gold", policy_version=3, target=target, due_at=hours(at), remaining_seconds=round(left * HOUR)
    )


def breached(target: SlaTarget, at: float) -> TicketSlaBreached:
    return TicketSlaBreached(policy="gold", policy_version=3, target=target, due_at=hours(at))


def cancelled(target: SlaTarget, at: float, left: float) -> TicketSlaCancelled:
    return TicketSlaCancelled(
        policy="gold", policy_version=3, target=target, due_at=hours(at), remaining_seconds=round(left * HOUR)
    )


Step = tuple[float, Command]


def play(steps: Sequence[Step], command: OpenTicket, policy: SlaPolicy | None = GOLD) -> list[tuple[TicketEvent, ...]]:
    """What each step recorded, the opening at hour 0 first."""
    recorded = [with_clocks(None, open_ticket(command, policy), DAY, AROUND_THE_CLOCK)]
    ticket = fold(recorded[0])
    for hour, step in steps:
        events = with_clocks(ticket, decide(ticket, step, hours(hour)), hours(hour), AROUND_THE_CLOCK)
        ticket = fold(events, ticket)
        recorded.append(events)
    return recorded


def turns(events: Sequence[TicketEvent]) -> tuple[TicketEvent, ...]:
    """What became of the clocks."""
    return tuple(event for event in events if isinstance(event, SlaEvent))


OPEN = OpenTicket(subject="No heat")
TOLD = OpenTicket(subject="Recall", inbound=False)

STORIES: dict[str, tuple[list[Step], tuple[SlaEvent, ...]]] = {
    "the first public reply of an agent meets the first response": ([(1, ANSWER)], (met(FIRST, 4, 3),)),
    "at the very moment it is due it is met": ([(4, ANSWER)], (met(FIRST, 4, 0),)),
    "later it is breached, though nobody watched": ([(5, ANSWER)], (breached(FIRST, 4),)),
    "a bot never meets it": ([(1, ReplyToTicket(author="bot", body="Hello"))], ()),
    "nor does an internal note": ([(1, ReplyToTicket(body="Angry", public=False))], ()),
    "nor does a bot on time before an agent who is late": (
        [(1, ReplyToTicket(author="bot", body="Hello")), (5, ANSWER)],
        (breached(FIRST, 4),),
    ),
    "who has it or what it is about turns no clock": (
        [(1, TAKE), (2, CategoriseTicket(category="pump")), (3, EscalateTicket())],
        (),
    ),
    "a message before the first answer starts no other clock": ([(1, ASK)], ()),
    "a message after it starts the next reply": ([(1, ANSWER), (2, ASK)], (due(NEXT, 10, 8),)),
    "who asks again does not wait longer": ([(1, ANSWER), (2, ASK), (3, ASK)], ()),
    "an answer meets the next reply": ([(1, ANSWER), (2, ASK), (4, ANSWER)], (met(NEXT, 10, 6),)),
    "a second answer meets nothing": ([(1, ANSWER), (2, ANSWER)], ()),
    "each message after an answer starts it with all its time": (
        [(1, ANSWER), (2, ASK), (4, ANSWER), (6, ASK)],
        (due(NEXT, 14, 8),),
    ),
    "also when the one before was breached": ([(1, ANSWER), (2, ASK), (11, ANSWER), (12, ASK)], (due(NEXT, 20, 8),)),
    "the clocks pause": ([(1, TAKE), (2, WAIT)], (paused(FIRST, 2), paused(RESOLUTION, 70))),
    "a pause that changes its kind changes no clock": ([(1, TAKE), (2, WAIT), (3, PutTicketOnHold())], ()),
    "the clocks go on with what was left": (
        [(1, TAKE), (2, WAIT), (10, RESUME)],
        (due(FIRST, 12, 2), due(RESOLUTION, 80, 70)),
    ),
    "two pauses add up": (
        [(1, TAKE), (2, WAIT), (10, RESUME), (11, PutTicketOnHold()), (20, RESUME)],
        (due(FIRST, 21, 1), due(RESOLUTION, 89, 69)),
    ),
    "an answer during a pause meets it": ([(1, TAKE), (2, WAIT), (10, ANSWER)], (met(FIRST, 12, 2),)),
    "a message resumes the clocks and starts the next reply": (
        [(1, ANSWER), (2, WAIT), (10, ASK)],
        (due(NEXT, 18, 8), due(RESOLUTION, 80, 70)),
    ),
    "what is overdue when the ticket pauses is breached": (
        [(1, TAKE), (5, WAIT)],
        (breached(FIRST, 4), paused(RESOLUTION, 67)),
    ),
    "what was breached is not owed again after a pause": (
        [(1, TAKE), (5, WAIT), (6, RESUME)],
        (due(RESOLUTION, 73, 67),),
    ),
    "solving meets the resolution and cancels an answer that nobody waits for": (
        [(1, TAKE), (2, SOLVE)],
        (cancelled(FIRST, 4, 2), met(RESOLUTION, 72, 70)),
    ),
    "solving during a pause meets it as if it had gone on then": (
        [(1, ANSWER), (2, WAIT), (10, SOLVE)],
        (met(RESOLUTION, 80, 70),),
    ),
    "solving too late breaches it": ([(1, ANSWER), (73, SOLVE)], (breached(RESOLUTION, 72),)),
    "reopened, the resolution goes on with what was left": (
        [(1, ANSWER), (2, SOLVE), (50, REOPEN)],
        (due(RESOLUTION, 120, 70),),
    ),
    "a message after solving owes the next reply too": (
        [(1, TAKE), (2, SOLVE), (50, ASK)],
        (due(NEXT, 58, 8), due(RESOLUTION, 120, 70)),
    ),
    "a resolution that was breached is not owed again": ([(1, ANSWER), (73, SOLVE), (74, REOPEN)], ()),
    "an answer to a solved ticket meets nothing": ([(1, TAKE), (2, SOLVE), (3, ANSWER)], ()),
    "closing turns no clock": ([(1, ANSWER), (2, SOLVE), (3, CloseTicket())], ()),
    "nothing is owed to spam": ([(1, MarkTicketSpam())], (cancelled(FIRST, 4, 3), cancelled(RESOLUTION, 72, 71))),
    "what was no spam is owed what was left": (
        [(1, MarkTicketSpam()), (10, REOPEN)],
        (due(FIRST, 13, 3), due(RESOLUTION, 81, 71)),
    ),
    "merged away, the other ticket owes it": ([(1, MERGE)], (cancelled(FIRST, 4, 3), cancelled(RESOLUTION, 72, 71))),
    "a merge that is reverted leaves what was left": (
        [(1, TAKE), (2, WAIT), (3, MERGE), (10, UNMERGE), (11, RESUME)],
        (due(FIRST, 13, 2), due(RESOLUTION, 81, 70)),
    ),
    "reverted while pending it stays paused": (
        [(1, TAKE), (2, WAIT), (3, MERGE), (10, UNMERGE)],
        (paused(FIRST, 2), paused(RESOLUTION, 70)),
    ),
    "a higher priority leaves less time": (
        [(0.5, RaiseTicketPriority(to_priority="urgent"))],
        (due(FIRST, 1, 0.5), due(RESOLUTION, 8, 7.5)),
    ),
    "but nobody is late before the priority was raised": (
        [(3, RaiseTicketPriority(to_priority="urgent"))],
        (due(FIRST, 3, 0), due(RESOLUTION, 8, 5)),
    ),
    "it also does while pending": (
        [(0.25, TAKE), (0.5, WAIT), (3, RaiseTicketPriority(to_priority="urgent"))],
        (paused(FIRST, 0.5), paused(RESOLUTION, 7.5)),
    ),
    "a priority that promises nothing cancels": (
        [(1, LowerTicketPriority(to_priority="low"))],
        (cancelled(FIRST, 4, 3), cancelled(RESOLUTION, 72, 71)),
    ),
    "and nothing comes of what happens next": ([(1, LowerTicketPriority(to_priority="low")), (2, TAKE)], ()),
    "one that promises again goes on with what was left": (
        [(1, LowerTicketPriority(to_priority="low")), (2, RaiseTicketPriority(to_priority="normal"))],
        (due(FIRST, 5, 3), due(RESOLUTION, 73, 71)),
    ),
    "one that promises less cancels the rest": (
        [(1, RaiseTicketPriority(to_priority="high"))],
        (cancelled(FIRST, 4, 3), due(RESOLUTION, 24, 23)),
    ),
    "whatever happens, what is overdue by then is breached": (
        [(5, LogInteraction(kind="note"))],
        (breached(FIRST, 4),),
    ),
    "once": ([(5, LogInteraction(kind="note", interaction_id=ALICE)), (6, TAKE)], ()),
    "a watched clock breaches too": ([(4.5, BreachSla(target=FIRST))], (breached(FIRST, 4),)),
    "with all others that are overdue": (
        [(73, BreachSla(target=RESOLUTION))],
        (breached(RESOLUTION, 72), breached(FIRST, 4)),
    ),
    "a breach stays when the answer comes": ([(4.5, BreachSla(target=FIRST)), (5, ANSWER)], ()),
}


def test_a_ticket_that_a_customer_opened_owes_a_first_response_and_a_resolution() -> None:
    (opened,) = play([], OPEN)
    assert turns(opened) == (due(FIRST, 4, 4), due(RESOLUTION, 72, 72))


@pytest.mark.parametrize("story", STORIES)
def test_what_becomes_of_the_clocks(story: str) -> None:
    steps, expected = STORIES[story]
    assert turns(play(steps, OPEN)[-1]) == expected


def test_what_was_decided_comes_first() -> None:
    assert play([(1, ANSWER)], OPEN)[-1][0] == ANSWERED


def test_a_ticket_that_we_began_owes_no_first_response() -> None:
    opened, asked, answered = play([(1, ASK), (2, ANSWER)], TOLD)
    assert turns(opened) == (due(RESOLUTION, 72, 72),)
    assert turns(asked) == (due(NEXT, 9, 8),)
    assert turns(answered) == (met(NEXT, 9, 7),)


def test_a_ticket_opened_with_its_first_message_owes_one_answer_to_it() -> None:
    (opened,) = play([], OpenTicket(subject="No heat", body="It is cold"))
    assert turns(opened) == (due(FIRST, 4, 4), due(RESOLUTION, 72, 72))


def test_a_priority_without_a_goal_starts_nothing() -> None:
    opened, raised = play([(1, RaiseTicketPriority(to_priority="urgent"))], OpenTicket(subject="Dust", priority="low"))
    assert turns(opened) == ()
    assert turns(raised) == (due(FIRST, 2, 1), due(RESOLUTION, 9, 8))


def test_without_a_policy_nothing_is_owed() -> None:
    assert not any(turns(events) for events in play([(1, ANSWER), (2, ASK), (3, SOLVE), (4, REOPEN)], OPEN, None))


def test_a_ticket_keeps_the_version_of_the_policy_it_was_opened_under() -> None:
    older = GOLD.model_copy(update={"version": 1})
    *_, asked = play([(1, ANSWER), (2, ASK)], OPEN, older)
    assert turns(asked) == (due(NEXT, 10, 8, older),)


def test_a_follow_up_ticket_owes_anew() -> None:
    events = open_follow_up(fold(STATES["closed"]), THIS, OpenFollowUpTicket(body="Cold"), GOLD)
    assert turns(with_clocks(None, events, DAY, AROUND_THE_CLOCK)) == (due(FIRST, 4, 4), due(RESOLUTION, 72, 72))


def test_a_clock_of_a_foreign_history_goes_on_without_its_policy() -> None:
    ticket = given(due(FIRST, 4, 4), due(RESOLUTION, 72, 72))
    answered = with_clocks(ticket, [ANSWERED], hours(1), AROUND_THE_CLOCK)
    assert answered == (ANSWERED, met(FIRST, 4, 3))
    raised = decide(ticket, RaiseTicketPriority(to_priority="urgent"))
    assert turns(with_clocks(ticket, raised, hours(1), AROUND_THE_CLOCK)) == ()


def test_a_clock_of_a_foreign_history_that_the_policy_did_not_start_is_due_as_it_says() -> None:
    ticket = fold([TicketOpened(subject="Dust", priority="low", sla_policy=GOLD), due(FIRST, 4, 4)])
    raised = decide(ticket, RaiseTicketPriority(to_priority="urgent"))
    assert turns(with_clocks(ticket, raised, hours(1), AROUND_THE_CLOCK)) == (due(RESOLUTION, 9, 8),)


def test_an_answer_recorded_late_is_judged_by_when_it_was_given() -> None:
    ticket = given(due(FIRST, 4, 4))
    assert turns(with_clocks(ticket, [ANSWERED], hours(3), AROUND_THE_CLOCK)) == (met(FIRST, 4, 1),)


@pytest.mark.parametrize(
    "replied", [TicketReplied(author="bot", body="Hello"), TicketReplied(author="customer", body="Cold")]
)
def test_who_is_no_agent_meets_nothing_also_where_the_ticket_awaits_nothing(replied: TicketReplied) -> None:
    ticket = given(ANSWERED, due(FIRST, 4, 4))
    assert turns(with_clocks(ticket, [replied], hours(1), AROUND_THE_CLOCK)) == (cancelled(FIRST, 4, 3),)


@pytest.mark.parametrize(
    "clock",
    [
        None,
        SlaClock("gold", 3, None, 60),
        SlaClock("gold", 3, None, 60, "met"),
        SlaClock("gold", 3, None, 0, "breached"),
        SlaClock("gold", 3, None, 60, "cancelled"),
    ],
)
def test_a_clock_that_does_not_run_is_not_breached(clock: SlaClock | None) -> None:
    ticket = Ticket(clocks={FIRST: clock} if clock else {})
    with pytest.raises(SlaNotRunning, match=r"no first response that is due"):
        breach_sla(ticket, BreachSla(target=FIRST), hours(9))


def test_a_target_is_not_breached_before_it_is_due() -> None:
    with pytest.raises(SlaNotYetDue, match=r"first response of this ticket is due at 2026-03-02T04:00:00\+00:00"):
        breach_sla(given(due(FIRST, 4, 4)), BreachSla(target=FIRST), hours(4))


def test_a_merged_ticket_is_not_breached() -> None:
    with pytest.raises(TicketMerged):
        breach_sla(given(MERGED, due(FIRST, 4, 4)), BreachSla(target=FIRST), hours(5))


OFFICE = BusinessCalendar(
    name="office",
    version=1,
    zone="UTC",
    weekly_hours=tuple(
        WeeklyHours(weekday=day, opens="09:00", closes="17:00")
        for day in business_time.WEEKDAYS
        if day not in ("saturday", "sunday")
    ),
)
IN_THE_OFFICE = BusinessTime(after=partial(business_time.after, OFFICE), elapsed=partial(business_time.elapsed, OFFICE))


def test_the_clocks_run_in_business_time() -> None:
    friday, saturday, monday = (datetime(2026, 3, day, 15, tzinfo=UTC) for day in (6, 7, 9))
    opened = with_clocks(None, open_ticket(OPEN, GOLD), friday, IN_THE_OFFICE)
    first = opened[1]
    assert isinstance(first, TicketSlaApplied)
    assert first.due_at == monday.replace(hour=11)
    ticket = fold([*opened, *decide(fold(opened), TAKE)])
    waiting = with_clocks(ticket, decide(ticket, WAIT), saturday, IN_THE_OFFICE)
    assert turns(waiting) == (paused(FIRST, 2), paused(RESOLUTION, 70))
    ticket = fold(waiting, ticket)
    resumed = with_clocks(ticket, decide(ticket, RESUME), monday, IN_THE_OFFICE)
    assert [event.due_at for event in resumed if isinstance(event, TicketSlaApplied)] == [
        monday.replace(hour=17),
        datetime(2026, 3, 20, 13, tzinfo=UTC),
    ]
    ticket = fold(resumed, ticket)
    late = with_clocks(ticket, decide(ticket, ANSWER), monday.replace(hour=17) + timedelta(minutes=1), IN_THE_OFFICE)
    assert [type(event) for event in turns(late)] == [TicketSlaBreached]


def test_a_second_that_is_not_full_is_not_left() -> None:
    ticket = given(due(FIRST, 4, 4))
    (_, answered) = with_clocks(ticket, [ANSWERED], hours(1) + timedelta(microseconds=1), AROUND_THE_CLOCK)
    assert isinstance(answered, TicketSlaMet)
    assert answered.remaining_seconds == 3 * HOUR - 1


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_policy_promises_what_it_has_a_goal_for(target: SlaTarget, priority: Priority) -> None:
    promised = {(goal.target, goal.priority): timedelta(seconds=goal.within_seconds) for goal in GOLD.goals}
    assert GOLD.within(target, priority) == promised.get((target, priority))


def test_a_ticket_that_changes_hands_is_still_due_as_before() -> None:
    *_, handed = play([(1, TAKE), (2, AssignTicket(assignee_id=BOB))], OPEN)
    assert len(handed) == 1
    assert evolve(None, handed[0]).clocks == {}
