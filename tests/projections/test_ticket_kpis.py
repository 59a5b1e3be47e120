"""The figures about tickets: each equals the plain count over events, and each edge case of its definition holds."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from statistics import mean, median
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.customer import CustomerSurveyAnswered
from domain.event import Command, Refusal
from domain.merge import MergedInto, MergeReverted
from domain.ticket import (
    AssignTicket,
    CloseTicket,
    MarkTicketSpam,
    PutTicketOnHold,
    PutTicketPending,
    RaiseTicketPriority,
    RateTicket,
    ReopenTicket,
    ReplyToTicket,
    ResumeTicket,
    SolveTicket,
    Ticket,
    TicketAssigned,
    TicketEvent,
    TicketOpened,
    TicketPriorityRaised,
    TicketRated,
    TicketReopened,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    with_clocks,
)
from eventstore.database import Connection
from tests.domain.tickets import (
    ALICE,
    ANSWERED,
    AROUND_THE_CLOCK,
    ASKED,
    CLOSED,
    GOLD,
    MERGE,
    MERGED,
    NOTED,
    ON_HOLD,
    OPENED,
    PENDING,
    SOLVED,
    SPAM,
    TAKEN,
    decide,
    fold,
)
from tests.projections.records import hour, tell, told
from tests.projections.ticket_figures import (
    UNSOLVED,
    History,
    Told,
    asked,
    backlog,
    behind,
    promises,
    ratings,
    reopened,
    resolution,
    turns,
)

REOPENED, RESUMED = TicketReopened(), TicketResumed()
RAISED = TicketPriorityRaised(from_priority="normal", to_priority="high")
DAY = 24.0


def ticket(connection: Connection, *steps: tuple[TicketEvent, float], channel: str | None = None) -> UUID:
    """A ticket with these events, each at its hour; opened at the first, on that channel."""
    history = [Told(event, at) for event, at in steps]
    return tell_all(connection, [history], channel)[0]


def tell_all(connection: Connection, histories: Sequence[History], channel: str | None = None) -> list[UUID]:
    ids = []
    for history in histories:
        events = [
            step.event.model_copy(update={"channel": channel}) if isinstance(step.event, TicketOpened) else step.event
            for step in history
        ]
        ids.append(told(connection, "ticket", *events, at=[hour(step.at) for step in history])[0])
    return ids


def only(
    connection: Connection, slug: str, first: float = 0, end: float = 1000, as_of: float = 1000
) -> dict[str, Any]:  # Any: a row of any figure
    (row,) = asked(connection, slug, first, end, as_of)
    return row


# backlog


def test_the_backlog_holds_what_is_not_solved_by_status_and_priority(connection: Connection) -> None:
    ticket(connection, (OPENED, 0))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (RAISED, 2), (PENDING, 3))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (ON_HOLD, 2))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2))
    row = only(connection, "backlog")
    assert row["value"] == row["sample_size"] == 3
    assert row["details"] == {
        "by_status": {"new": {"tickets": 1}, "pending": {"tickets": 1}, "on_hold": {"tickets": 1}},
        "by_priority": {"normal": {"tickets": 2}, "high": {"tickets": 1}},
    }
    groups = {row["group_key"]: row["value"] for row in asked(connection, "backlog", group_by="status")}
    assert groups == {"new": 1, "pending": 1, "on_hold": 1}
    assert {row["group_key"] for row in asked(connection, "backlog", group_by="assignee")} == {None, str(ALICE)}


def test_a_ticket_solved_at_exactly_that_moment_is_solved_and_a_past_backlog_stays(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 5), (REOPENED, 8))
    sizes = [sum(row["value"] for row in asked(connection, "backlog", as_of=at)) for at in (0, 4.9, 5, 7.9, 8)]
    assert sizes == [1, 1, 0, 0, 1]
    assert asked(connection, "backlog", as_of=-1) == []


def test_merged_tickets_and_spam_are_no_backlog_until_that_is_taken_back(connection: Connection) -> None:
    spam = ticket(connection, (OPENED, 0), (SPAM, 1))
    merged = ticket(connection, (OPENED, 0), (TAKEN, 1), (MERGED, 2))
    assert asked(connection, "backlog") == []
    told(connection, "ticket", REOPENED, record_id=spam, at=[hour(3)])
    assert only(connection, "backlog")["value"] == 1
    told(connection, "ticket", MergeReverted(merge_id=MERGE), record_id=merged, at=[hour(4)])
    assert only(connection, "backlog")["value"] == 2


# resolution time


def test_a_ticket_is_resolved_first_and_then_for_good(connection: Connection) -> None:
    ticket(
        connection, (OPENED, 0), (TAKEN, 1), (SOLVED, DAY), (REOPENED, 2 * DAY), (SOLVED, 5 * DAY), (CLOSED, 9 * DAY)
    )
    row = only(connection, "resolution_time")
    assert (row["value"], row["sample_size"], row["excluded"]) == (5, 1, 0)
    assert row["details"]["first"] == {"mean": 1, "median": 1, "p90": 1, "count": 1}
    assert row["details"]["requester_wait"]["mean"] == 4, "a day until it was solved, three after it was reopened"
    early = only(connection, "resolution_time", 0, 3 * DAY)
    assert (early["value"], early["details"]["first"]["count"]) == (None, 1)
    then = only(connection, "resolution_time", 0, 3 * DAY, 1.5 * DAY)
    assert then["value"] == 1, "by then it was solved for good"
    assert only(connection, "resolution_time", 0, 9 * DAY, 3 * DAY)["details"]["open"] == 1


def test_the_customer_does_not_wait_for_us_while_we_wait_for_her(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 6), (PENDING, 12), (RESUMED, 36), (ON_HOLD, 42), (SOLVED, 48))
    details = only(connection, "resolution_time")["details"]
    assert (details["full"]["median"], details["requester_wait"]["median"]) == (2, 1)


def test_what_is_merged_or_spam_has_no_resolution_and_what_is_open_is_counted(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (MERGED, 3))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (SPAM, 3))
    assert asked(connection, "resolution_time") == []
    ticket(connection, (OPENED, 0), (TAKEN, 1))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 12))
    row = only(connection, "resolution_time")
    assert (row["value"], row["sample_size"], row["details"]["open"]) == (Decimal("0.5"), 1, 1)


def test_a_ticket_solved_before_it_was_opened_is_excluded_and_counted(connection: Connection) -> None:
    ticket(connection, (OPENED, 5), (SOLVED, 2))
    told(connection, "ticket", TAKEN, SOLVED)
    row = only(connection, "resolution_time")
    assert (row["value"], row["sample_size"], row["excluded"]) == (None, 0, 2)


# reopen rate


def test_a_ticket_counts_once_however_often_it_was_reopened(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (REOPENED, 10), (SOLVED, 20), (REOPENED, 30), (SOLVED, 40))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (CLOSED, 50))
    ticket(connection, (OPENED, 0), (TAKEN, 1))
    row = only(connection, "reopen_rate")
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("0.5"), 1, 2)
    assert len(behind(connection, "reopen_rate")) == 6
    late = only(connection, "reopen_rate", 35)
    assert (late["value"], late["denominator"]) == (0, 1), "what was solved then stayed so"
    assert only(connection, "reopen_rate", 0, 9, 9)["value"] == 0, "by then it had not been reopened"
    assert asked(connection, "reopen_rate", 41) == []


def test_thanks_reopens_a_ticket_and_is_told_apart(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (ASKED, 5), (REOPENED, 5), (SOLVED, 5.5))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (ASKED, 5), (REOPENED, 5), (SOLVED, 9))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (REOPENED, 5))
    row = only(connection, "reopen_rate")
    assert row["value"] == 1
    assert (row["details"]["brief"], row["details"]["lasting"]) == (1, 2)
    assert round(row["details"]["lasting_rate"], 6) == 0.666667


def test_coming_back_from_spam_is_no_reopening(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (SPAM, 3), (REOPENED, 4))
    row = only(connection, "reopen_rate")
    assert (row["numerator"], row["denominator"]) == (0, 1)


# promises

PROMISE = {"policy": "gold", "policy_version": 3}


def applied(target: str, due: float | None) -> TicketSlaApplied:
    fields = {"clock": "paused" if due is None else "running", "due_at": None if due is None else hour(due)}
    return TicketSlaApplied.model_validate({**PROMISE, "target": target, "remaining_seconds": 60, **fields})


def met(target: str, due: float) -> TicketSlaMet:
    return TicketSlaMet.model_validate({**PROMISE, "target": target, "due_at": hour(due), "remaining_seconds": 60})


def breached(target: str, due: float) -> TicketSlaBreached:
    return TicketSlaBreached.model_validate({**PROMISE, "target": target, "due_at": hour(due)})


def cancelled(target: str, due: float) -> TicketSlaCancelled:
    fields = {"due_at": hour(due), "remaining_seconds": 60}
    return TicketSlaCancelled.model_validate({**PROMISE, "target": target, **fields})


def test_promises_count_by_target_when_they_are_due(connection: Connection) -> None:
    first, reply, whole = "first_response", "next_reply", "resolution"
    opened = ((OPENED, 0), (applied(first, 4), 0), (applied(whole, 72), 0))
    ticket(connection, *opened, (met(first, 4), 3), (applied(reply, 9), 5), (breached(reply, 9), 10))
    ticket(connection, *opened, (breached(first, 4), 5), (cancelled(whole, 72), 6))
    row = only(connection, "sla_breach_rate", 0, 24, 24)
    assert (row["numerator"], row["denominator"]) == (2, 3)
    by_target = row["details"]["by_target"]
    assert by_target[first] == {"met": 1, "breached": 1, "rate": 0.5}
    assert by_target[reply] == {"met": 0, "breached": 1, "rate": 1}
    assert asked(connection, "sla_breach_rate", 24, 96, 72) == [], "what is due exactly then is not yet broken"
    assert only(connection, "sla_breach_rate", 24, 96, 72.1)["numerator"] == 1, "past due, recorded or not"
    assert asked(connection, "sla_breach_rate", 0, 24, 2) == [], "neither kept nor broken by then"
    groups = {row["group_key"]: row["value"] for row in asked(connection, "sla_breach_rate", 0, 24, 24, "policy")}
    assert list(groups) == ["gold@3"], "the policy that was applied"


def test_a_promise_whose_clock_stands_still_is_not_due(connection: Connection) -> None:
    target = "resolution"
    ticket(connection, (OPENED, 0), (applied(target, 4), 0), (applied(target, None), 2))
    assert asked(connection, "sla_breach_rate") == []
    ticket(connection, (OPENED, 0), (applied(target, 4), 0), (applied(target, None), 2), (applied(target, 30), 28))
    assert asked(connection, "sla_breach_rate", 0, 10) == [], "it was due at another moment"
    assert only(connection, "sla_breach_rate", 30, 31, 31)["value"] == 1


def test_promises_on_merged_tickets_and_spam_do_not_count(connection: Connection) -> None:
    kept = (met("first_response", 4), 1)
    ticket(connection, (OPENED, 0), kept, (SPAM, 2))
    ticket(connection, (OPENED, 0), kept, (MERGED, 2))
    assert asked(connection, "sla_breach_rate") == []
    assert only(connection, "sla_breach_rate", 0, 9, 1.5)["denominator"] == 2


# satisfaction


def test_four_and_five_are_content_and_the_last_rating_of_a_ticket_counts(connection: Connection) -> None:
    solved = ((OPENED, 0), (TAKEN, 1), (SOLVED, 2))
    ticket(connection, *solved, (TicketRated(csat=1), 3), (TicketRated(csat=4), 30))
    ticket(connection, *solved, (TicketRated(csat=3), 3))
    ticket(connection, *solved)
    ticket(connection, *solved)
    for survey, score in (("csat", 5), ("csat", 2), ("nps", 9)):
        tell(
            connection, uuid4(), CustomerSurveyAnswered.model_validate({"survey": survey, "score": score}), at=[hour(3)]
        )
    row = only(connection, "csat")
    assert (row["value"], row["numerator"], row["denominator"]) == (Decimal("0.5"), 2, 4)
    details = row["details"]
    assert (details["solved"], details["rated"], details["response_rate"]) == (4, 2, 0.5)
    assert details["by_score"] == {str(score): {"answers": 1} for score in (2, 3, 4, 5)}
    assert only(connection, "csat", 0, 24, 24)["details"]["by_score"]["1"] == {"answers": 1}, (
        "she had not thought again"
    )
    assert only(connection, "csat", 0, 24)["denominator"] == 3, "she thought again later"
    assert len(behind(connection, "csat")) == 4


def test_no_answer_is_no_share_and_no_ticket_no_response_rate(connection: Connection) -> None:
    assert asked(connection, "csat") == []
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2))
    row = only(connection, "csat")
    assert (row["value"], row["denominator"], row["details"]["response_rate"]) == (None, 0, 0)
    tell(connection, uuid4(), CustomerSurveyAnswered(survey="csat", score=5), at=[hour(40)])
    row = only(connection, "csat", 30)
    assert (row["value"], row["details"]["response_rate"]) == (1, None)


def test_closing_a_solved_ticket_does_not_solve_it_again(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), (TicketRated(csat=5), 3), (CLOSED, 50))
    for slug in ("csat", "reopen_rate", "resolution_time"):
        assert asked(connection, slug, 24) == []


def test_ratings_of_merged_tickets_and_spam_do_not_count(connection: Connection) -> None:
    rated = (TicketRated(csat=5), 3)
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), rated, (MERGED, 4))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 2), rated, (SPAM, 4))
    assert asked(connection, "csat") == []


# any history

COMMANDS: SearchStrategy[Command] = st.sampled_from(
    [
        AssignTicket(assignee_id=ALICE),
        ReplyToTicket(body="On our way"),
        ReplyToTicket(author="customer", body="Thanks"),
        RaiseTicketPriority(to_priority="urgent"),
        PutTicketPending(),
        PutTicketOnHold(),
        ResumeTicket(),
        SolveTicket(),
        ReopenTicket(),
        CloseTicket(),
        MarkTicketSpam(),
        RateTicket(csat=2),
        RateTicket(csat=5),
    ]
)
PAUSES = st.sampled_from([0.5, 1.0, 3.0, 9.0, 30.0])
FACTS: SearchStrategy[TicketEvent] = st.sampled_from(
    [
        *(TAKEN, TicketAssigned(), ANSWERED, NOTED, RAISED, PENDING, ON_HOLD, RESUMED, SOLVED, REOPENED, CLOSED, SPAM),
        *(TicketRated(csat=3), TicketRated(csat=4), SOLVED, REOPENED, MergedInto(survivor_id=ALICE, merge_id=MERGE)),
    ]
)


@st.composite
def lived(draw: st.DrawFn) -> History:
    """A ticket as our own rules let it be, with its clocks."""
    at = draw(PAUSES)
    opened = TicketOpened(subject="No heat", sla_policy=GOLD)
    history = [Told(event, at) for event in with_clocks(None, [opened], hour(at), AROUND_THE_CLOCK)]
    for command in draw(st.lists(COMMANDS, max_size=8)):
        at += draw(PAUSES)
        now: Ticket = fold(step.event for step in history)
        try:
            events = with_clocks(now, decide(now, command, hour(at)), hour(at), AROUND_THE_CLOCK)
        except Refusal:
            continue
        history += [Told(event, at) for event in events]
    return history


@st.composite
def imported(draw: st.DrawFn) -> History:
    """A ticket of which facts are told in any order, perhaps with a merge that is reverted."""
    facts = draw(st.lists(st.tuples(FACTS, st.integers(0, 30)), max_size=7))
    reverted = [Told(MergeReverted(merge_id=MERGE), 31)] if draw(st.booleans()) else []
    return [Told(OPENED, draw(st.integers(0, 3))), *(Told(event, at) for event, at in facts), *reverted]


HISTORIES = st.lists(lived() | imported(), min_size=1, max_size=4)
TIMES = st.lists(st.sampled_from([0.0, 1.0, 3.0, 5.5, 9.0, 13.0, 21.0, 30.0, 40.0, 80.0]), min_size=3, max_size=3)
ENOUGH = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def p90(values: list[float]) -> float:
    place = 0.9 * (len(values) - 1)
    low, ordered = int(place), sorted(values)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(values) - 1)] - ordered[low])


def spread(values: list[float]) -> dict[str, float | None]:
    days = [value / 24 for value in values]
    if not days:
        return {"mean": None, "median": None, "p90": None, "count": 0}
    found = {"mean": mean(days), "median": median(days), "p90": p90(days), "count": len(days)}
    return {name: round(value, 5) for name, value in found.items()}


@for_all(histories=HISTORIES, times=TIMES)
@ENOUGH
def test_every_figure_is_the_plain_count_over_events(
    shared: Connection, histories: list[History], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    channel = f"c{uuid4().hex[:12]}"
    tell_all(shared, histories, channel)

    def found(slug: str) -> dict[str, Any]:  # Any: a row of any figure
        rows = asked(shared, slug, first, end, as_of, "channel")
        return next((row for row in rows if row["group_key"] == channel), {})

    by_status, by_priority = backlog(histories, as_of)
    row = found("backlog")
    assert row.get("value", 0) == by_status.total()
    if row:
        assert {held: part["tickets"] for held, part in row["details"]["by_status"].items()} == by_status
        assert {held: part["tickets"] for held, part in row["details"]["by_priority"].items()} == by_priority

    hours = resolution(histories, first, end, as_of)
    row = found("resolution_time")
    assert row or not any(hours.values())
    if row:
        for kind in ("first", "full", "requester_wait"):
            told_of = {name: value and round(value, 5) for name, value in row["details"][kind].items()}
            assert told_of == spread(hours[kind]), kind
        assert (row["value"] and round(float(row["value"]), 5)) == spread(hours["full"])["median"]
        assert (row["sample_size"], row["excluded"]) == (len(hours["full"]), len(hours["excluded"]))
        assert row["details"]["open"] == by_status.total()

    row = found("reopen_rate")
    expected = reopened(histories, first, end, as_of)
    assert (row.get("denominator", 0), row.get("numerator", 0), row.get("details", {}).get("lasting", 0)) == expected
    scores, solved, rated = ratings(histories, first, end, as_of)
    row = found("csat")
    details = row.get("details", {"by_score": {}, "solved": 0, "rated": 0})
    assert {int(score): part["answers"] for score, part in details["by_score"].items()} == scores
    assert (details["solved"], details["rated"]) == (solved, rated)
    assert row.get("numerator", 0) == scores[4] + scores[5]


@for_all(histories=st.lists(lived(), min_size=1, max_size=4), times=TIMES)
@ENOUGH
def test_the_breach_rate_is_the_plain_count_over_events(
    shared: Connection, histories: list[History], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    channel = f"c{uuid4().hex[:12]}"
    tell_all(shared, histories, channel)
    rows = asked(shared, "sla_breach_rate", first, end, as_of, "channel")
    nothing: dict[str, Any] = {"details": {"by_target": {}}}  # Any: a row of any figure
    row = next((row for row in rows if row["group_key"] == channel), nothing)
    found = {
        (target, outcome): part[outcome]
        for target, part in row["details"]["by_target"].items()
        for outcome in ("met", "breached")
        if part[outcome]
    }
    expected = promises(histories, first, end, as_of)
    assert found == expected
    broken = sum(number for (_, outcome), number in expected.items() if outcome == "breached")
    assert (row.get("numerator", 0), row.get("denominator", 0)) == (broken, expected.total())


@for_all(histories=HISTORIES, times=TIMES)
@ENOUGH
def test_the_backlog_is_what_it_was_and_what_came_and_went(
    shared: Connection, histories: list[History], times: list[float]
) -> None:
    first, last = min(times), max(times)
    channel = f"c{uuid4().hex[:12]}"
    tell_all(shared, histories, channel)

    def size(as_of: float) -> int:
        rows = asked(shared, "backlog", as_of=as_of, group_by="channel")
        return sum(row["value"] for row in rows if row["group_key"] == channel)

    flow: Counter[str] = Counter()
    for history in histories:
        held: str | None = None
        for at, now in turns(history, last):
            was_open, is_open = held in UNSOLVED, now in UNSOLVED
            if at > first and was_open != is_open:
                flow["opened" if held is None else "reopened" if is_open else str(now)] += 1
            held = now
    assert (
        size(last) == size(first) + flow["opened"] + flow["reopened"] - flow["solved"] - flow["merged"] - flow["spam"]
    )
