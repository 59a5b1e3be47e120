"""A row becomes what must be recorded for a ticket to be what it says; a row of its log becomes one event of it."""

from collections.abc import Sequence

import pytest

from domain.event import Event, MemberId
from domain.imported import ImportedFact, Past
from domain.interaction import InteractionLogged
from domain.merge import MergedInto
from domain.ticket import (
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketPutOnHold,
    TicketPutPending,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSolved,
)
from domain.ticket.imported import ImportedTicket, reconcile
from domain.ticket.imported_event import Activity, ImportedActivity
from domain.ticket.imported_event import reconcile as reconcile_event
from tests.domain.histories import IDS
from tests.domain.imported import IMPORT_DAY, after, by_hand, day, taken

ANN = MemberId(IDS[0])
MERGED = by_hand((MergedInto(survivor_id=IDS[1], merge_id=IDS[2]), 60))
OPENED = TicketOpened(subject="Oven", priority="normal", external_ids={"erp": "T1"})


def row(**said: object) -> ImportedTicket:
    wanted = {"subject": "Oven", "opened_at": day(1), "external_ids": {"erp": "T1"}}
    return ImportedTicket.model_validate(wanted | said)


def read(history: Sequence[Past], wanted: ImportedTicket, assignee: MemberId | None = None) -> list[ImportedFact]:
    return reconcile(history, wanted, assignee, day(IMPORT_DAY))


def events(facts: Sequence[ImportedFact]) -> list[Event]:
    return [fact.event for fact in facts]


def test_a_new_ticket_goes_all_its_way_at_its_moments() -> None:
    shut = row(status="closed", solved_at=day(5), closed_at=day(9), resolution="Fuse", category="oven")
    facts = read([], shut, ANN)
    assert events(facts) == [
        OPENED.model_copy(update={"category": "oven"}),
        TicketAssigned(assignee_id=ANN),
        TicketSolved(resolution="Fuse"),
        TicketClosed(),
    ]
    assert [fact.occurred_at for fact in facts] == [day(1), day(1), day(5), day(9)]
    assert read(after([], facts), shut, ANN) == []
    assert read(after([], facts), row(status="open"), ANN) == []


def test_what_has_no_moment_is_flagged() -> None:
    facts = read([], row(status="closed", opened_at=None))
    assert [fact.flags for fact in facts] == [("no_opening_date",), ("no_solving_date",), ("no_closing_date",)]
    assert {fact.occurred_at for fact in facts} == {day(IMPORT_DAY)}
    closed = read([], row(status="closed", opened_at=None, closed_at=day(4)))
    assert [fact.occurred_at for fact in closed] == [day(4)] * 3
    assert [fact.flags for fact in closed] == [("no_opening_date",), (), ()]


def test_moments_in_an_odd_order_are_flagged() -> None:
    facts = read([], row(status="closed", solved_at=day(0), closed_at=day(-1)))
    assert [fact.flags for fact in facts] == [(), ("solved_before_opened",), ("closed_before_solved",)]
    assert read([], row(status="solved", solved_at=day(2)))[1].flags == ()


@pytest.mark.parametrize(
    ("before", "now", "turns"),
    [
        ("open", "pending", [TicketPutPending()]),
        ("open", "on_hold", [TicketPutOnHold()]),
        ("pending", "open", [TicketResumed()]),
        ("pending", "solved", [TicketSolved()]),
        ("solved", "open", [TicketReopened()]),
        ("solved", "pending", [TicketReopened(), TicketPutPending()]),
        ("solved", "closed", [TicketClosed()]),
        ("solved", "solved", []),
        ("closed", "open", []),
        ("new", "open", []),
    ],
)
def test_another_status_in_the_file_turns_the_ticket(before: str, now: str, turns: list[Event]) -> None:
    facts = read(taken(row(status=before), read=read), row(status=now))
    assert events(facts) == turns
    assert {fact.occurred_at for fact in facts} <= {day(IMPORT_DAY)}


def test_only_what_differs_is_recorded_and_what_people_did_stays() -> None:
    history = taken(row(priority="high", category="oven"), read=read)
    newer = row(priority="low", category="door")
    assert events(read(history, newer, ANN)) == [
        TicketAssigned(assignee_id=ANN),
        TicketCategorised(category="door"),
        TicketPriorityLowered(from_priority="high", to_priority="low"),
    ]
    (raised,) = read(history, row(priority="urgent"))
    assert raised.event == TicketPriorityRaised(from_priority="high", to_priority="urgent")
    by_people = by_hand((TicketCategorised(category="noise"), 20), (TicketSolved(), 21))
    assert read([*history, *by_people], row(priority="high", category="oven")) == []
    assert read([*history, *MERGED], newer) == []


# Rows of a log

STORY: list[tuple[Activity, TicketEvent]] = [
    ("assigned", TicketAssigned(assignee_id=ANN)),
    ("pending", TicketPutPending(waiting_for="words")),
    ("resumed", TicketResumed(reason="words")),
    ("on_hold", TicketPutOnHold(waiting_for="words")),
    ("replied", TicketReplied(author="agent", body="words", message_id=str(IDS[3]))),
    ("customer_replied", TicketReplied(author="customer", body="words", message_id=str(IDS[3]))),
    ("solved", TicketSolved(resolution="words")),
    ("reopened", TicketReopened(reason="words")),
    ("solved", TicketSolved(resolution="words")),
    ("closed", TicketClosed()),
    ("note", InteractionLogged(interaction_id=IDS[3], kind="note", summary="words")),
]


def activity(name: Activity, number: int, **said: object) -> ImportedActivity:
    wanted = {"activity": name, "happened_at": day(number), "subject": "Oven", "external_ids": {"erp": "T1"}}
    return ImportedActivity.model_validate(wanted | {"text": "words"} | said)


def happen(history: Sequence[Past], wanted: ImportedActivity, nth: int = 1) -> list[ImportedFact]:
    return reconcile_event(history, wanted, ANN, IDS[3], nth, day(IMPORT_DAY))


def test_each_row_is_one_event_and_the_first_one_opens_the_ticket() -> None:
    history: list[Past] = []
    for number, (name, event) in enumerate(STORY):
        facts = happen(history, activity(name, number))
        assert facts[-1] == ImportedFact(event, day(number))
        assert events(facts[:-1]) == ([OPENED] if number == 0 else [])
        assert happen(after(history, facts), activity(name, number)) == []
        history = after(history, facts)


def test_a_row_that_opens_a_ticket_is_that_and_no_more_and_opens_it_once() -> None:
    (opened,) = happen([], activity("opened", 1, priority="high"))
    assert opened.event == OPENED.model_copy(update={"priority": "high"})
    history = after([], [opened])
    assert happen(history, activity("opened", 1)) == []
    (again,) = happen(history, activity("opened", 2))
    assert isinstance(again.event, InteractionLogged)


def test_a_priority_is_raised_lowered_or_noted() -> None:
    history = after([], happen([], activity("opened", 1)))
    (raised,) = happen(history, activity("priority", 2, priority="high"))
    assert raised.event == TicketPriorityRaised(from_priority="normal", to_priority="high", reason="words")
    history = after(history, [raised])
    assert happen(history, activity("priority", 2, priority="high")) == []
    (lowered,) = happen(history, activity("priority", 3, priority="low"))
    assert isinstance(lowered.event, TicketPriorityLowered)
    assert lowered.flags == ()
    (same,) = happen(history, activity("priority", 3, priority="high", text=None))
    assert same.event == InteractionLogged(interaction_id=IDS[3], kind="note", summary="priority")


def test_what_our_rules_refuse_or_comes_too_late_in_the_file_is_flagged() -> None:
    first = happen([], activity("solved", 5))
    assert [fact.flags for fact in first] == [(), ("against_our_rules",)]
    history = after([], first)
    assert happen(history, activity("reopened", 4))[0].flags == ("out_of_order",)
    assert happen(history, activity("pending", 4))[0].flags == ("against_our_rules", "out_of_order")
    assert happen(history, activity("note", 4))[0].flags == ()
    undated = happen(history, activity("closed", 0, happened_at=None))
    assert [(fact.occurred_at, fact.flags) for fact in undated] == [(day(IMPORT_DAY), ("no_date",))]
    assert happen(after(history, undated), activity("closed", 0, happened_at=None)) == []


def test_as_many_alike_are_recorded_as_the_file_has() -> None:
    history = taken(activity("opened", 1), activity("solved", 2), read=happen)
    assert events(happen(history, activity("solved", 2), nth=2)) == [TicketSolved(resolution="words")]
    assert happen(after(history, happen(history, activity("solved", 2), nth=2)), activity("solved", 2), nth=2) == []


def test_what_people_did_is_not_what_the_file_tells_and_a_merged_ticket_takes_nothing() -> None:
    history = [*taken(activity("opened", 1), read=happen), *by_hand((TicketSolved(resolution="words"), 2))]
    assert events(happen(history, activity("solved", 2))) == [TicketSolved(resolution="words")]
    assert happen([*history, *MERGED], activity("solved", 3)) == []
