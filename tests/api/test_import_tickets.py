"""Tickets from a file, one row each: opened, handed over, solved and closed as the row says."""

from datetime import UTC, datetime

import pytest

from domain.event import MemberId
from domain.ticket import (
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketOpened,
    TicketPriorityRaised,
    TicketPutPending,
    TicketReopened,
    TicketSolved,
)
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "id"
subject = "subject"
customer = "who"
status = { column = "state", values = { todo = "open", wait = "pending", done = "solved", shut = "closed" } }
assignee = "agent"
priority = { column = "urgency", values = { 1 = "normal", 2 = "high", "" = "" } }
category = "topic"
opened_at = "opened"
solved_at = "solved"
closed_at = "closed"
resolution = "answer"
"""
HEADER = "id,subject,who,state,agent,urgency,topic,opened,solved,closed,answer"
SHUT = "T1,Oven is cold,Hill Bakery,shut,Ann,2,ovens,2026-01-05,2026-01-06,2026-01-10,New fuse"
TODO = "T2,Door squeaks,Hill Bakery,todo,Ann,1,doors,2026-01-07,,,"


def test_a_row_becomes_a_ticket_that_went_all_its_way(house: House) -> None:
    report = house.take_in("tickets", MAPPING, HEADER, SHUT, TODO)
    assert counts(report) == (2, 0, 0, 0)
    history = house.history(house.id_of("ticket", "T1"))
    ann = MemberId(house.store.derived_id("member", "Ann"))
    assert [recorded.event for recorded in history] == [
        TicketOpened(subject="Oven is cold", priority="high", category="ovens", external_ids={"erp": "T1"}),
        TicketAssigned(assignee_id=ann),
        TicketSolved(resolution="New fuse"),
        TicketClosed(),
    ]
    assert [recorded.occurred_at.day for recorded in history] == [5, 5, 6, 10]
    found = house.rows("SELECT status FROM ticket ORDER BY subject")
    assert [row["status"] for row in found] == ["open", "closed"]
    assert counts(house.take_in("tickets", MAPPING, HEADER, SHUT, TODO)) == (0, 0, 2, 0)


def test_only_what_the_file_says_differently_is_recorded(house: House) -> None:
    house.take_in("tickets", MAPPING, HEADER, TODO)
    newer = (
        TODO.replace("todo", "done").replace(",1,doors", ",2,hinges").replace("2026-01-07,,", "2026-01-07,2026-01-09,")
    )
    assert counts(house.take_in("tickets", MAPPING, HEADER, newer)) == (0, 1, 0, 0)
    changed = house.history(house.id_of("ticket", "T2"))[2:]
    assert [recorded.event for recorded in changed] == [
        TicketCategorised(category="hinges"),
        TicketPriorityRaised(from_priority="normal", to_priority="high"),
        TicketSolved(),
    ]
    assert changed[-1].occurred_at == datetime(2026, 1, 9, tzinfo=UTC)
    waits = newer.replace("done", "wait")
    assert counts(house.take_in("tickets", MAPPING, HEADER, waits)) == (0, 1, 0, 0)
    assert house.events(house.id_of("ticket", "T2"))[5:] == [TicketReopened(), TicketPutPending()]


def test_what_people_did_since_is_left_alone(house: House) -> None:
    house.take_in("tickets", MAPPING, HEADER, TODO)
    house.add("ticket", house.id_of("ticket", "T2"), TicketSolved(), TicketCategorised(category="noise"))
    assert counts(house.take_in("tickets", MAPPING, HEADER, TODO)) == (0, 0, 1, 0)


def test_what_is_odd_is_recorded_and_flagged(house: House) -> None:
    early = SHUT.replace("2026-01-06", "2026-01-01").replace("2026-01-10", "2025-12-31")
    report = house.take_in("tickets", MAPPING, HEADER, early, "T3,,,shut,,,,,,,")
    assert counts(report) == (2, 0, 0, 0)
    assert report.flagged == {
        "solved_before_opened": 1,
        "closed_before_solved": 1,
        "no_opening_date": 1,
        "no_solving_date": 1,
        "no_closing_date": 1,
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (SHUT.replace("shut", "gone"), "'gone' in column state is not one of"),
        (SHUT.replace(",2,", ",9,"), "'9' in column urgency is not one of"),
        (SHUT.replace("2026-01-06", "2999-01-06"), "which lies in the future"),
        (SHUT.replace("Hill Bakery", "Brook").replace("T1", "T2"), "is on record with another customer"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused(house: House, row: str, reason: str) -> None:
    house.take_in("tickets", MAPPING, HEADER, TODO)
    report = house.take_in("tickets", MAPPING, HEADER, row, "T4,Bread,Brook,todo,,,,,,,")
    assert counts(report) == (1, 0, 0, 1)
    assert reason in refused(report)[0][1]


def test_without_a_status_the_dates_tell_it(house: House) -> None:
    mapping = "\n".join(line for line in MAPPING.splitlines() if not line.startswith("status"))
    house.take_in("tickets", mapping, HEADER, SHUT, TODO)
    found = house.rows("SELECT status FROM ticket ORDER BY status")
    assert [row["status"] for row in found] == ["closed", "open"]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("tickets", MAPPING, HEADER, TODO)
    before = house.known()
    report = house.take_in("tickets", MAPPING, HEADER, SHUT, TODO.replace("doors", "hinges"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("tickets", MAPPING, HEADER, SHUT)) == (1, 0, 0, 0)
