"""What happened to tickets, row by row: in the file's order, once, flagged where our rules would have refused it."""

from collections import Counter
from pathlib import Path

import pytest

from api.imports import run as run_of_import
from domain.event import MemberId
from domain.interaction import InteractionLogged
from domain.ticket import (
    TicketAssigned,
    TicketClosed,
    TicketOpened,
    TicketPriorityRaised,
    TicketPutPending,
    TicketReplied,
    TicketSolved,
)
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "ticket"
activity = { column = "what", values = { new = "opened", take = "assigned", urgent = "priority", answer = "replied", ask = "customer_replied", wait = "pending", park = "on_hold", go = "resumed", solve = "solved", again = "reopened", close = "closed", look = "note" } }
happened_at = "when"
customer = "who"
resource = "by"
text = "words"
priority = { column = "what", values = { urgent = "urgent", new = "", take = "", answer = "", ask = "", wait = "", park = "", go = "", solve = "", again = "", close = "", look = "" } }
"""  # noqa: E501
HEADER = "ticket,what,when,who,by,words"


def row(what: str, day: int, ticket: str = "T1", words: str = "", by: str = "") -> str:
    return f"{ticket},{what},2026-01-{day:02},Hill Bakery,{by},{words}"


STORY = [
    row("take", 5, by="Ann"),
    row("urgent", 6, words="on fire"),
    row("answer", 7, words="We look into it"),
    row("wait", 8),
    row("look", 9, words="Nothing yet"),
    row("solve", 10, words="New oven"),
    row("close", 11),
]


def test_rows_become_the_history_of_a_ticket_in_their_order(house: House) -> None:
    report = house.take_in("ticket-events", MAPPING, HEADER, *STORY)
    assert counts(report) == (7, 0, 0, 0)
    assert report.flagged == {}
    history = house.history(house.id_of("ticket", "T1"))
    opened, assigned, raised, replied, pending, note, solved, closed = [recorded.event for recorded in history]
    assert opened == TicketOpened(subject="Ticket T1", external_ids={"erp": "T1"})
    assert assigned == TicketAssigned(assignee_id=MemberId(house.store.derived_id("member", "Ann")))
    assert raised == TicketPriorityRaised(from_priority="normal", to_priority="urgent", reason="on fire")
    assert isinstance(replied, TicketReplied)
    assert (replied.author, replied.body) == ("agent", "We look into it")
    assert pending == TicketPutPending()
    assert isinstance(note, InteractionLogged)
    assert note.summary == "Nothing yet"
    assert (solved, closed) == (TicketSolved(resolution="New oven"), TicketClosed())
    days = [recorded.occurred_at.day for recorded in history]
    assert days == [5, 5, 6, 7, 8, 9, 10, 11]
    assert house.history(history[0].customer_id)[0].customer_id == house.id_of("customer", "Hill Bakery")


def test_the_same_rows_again_change_nothing_and_further_ones_go_behind(house: House) -> None:
    house.take_in("ticket-events", MAPPING, HEADER, *STORY[:5], row("look", 9, words="Nothing yet"))
    before = house.known()
    again = [*STORY[:5], row("look", 9, words="Nothing yet")]
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *again)) == (0, 0, 6, 0)
    assert house.known() == before
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *again, *STORY[5:])) == (2, 0, 6, 0)
    (ticket,) = house.rows("SELECT status FROM ticket")
    assert ticket["status"] == "closed"


def test_transitions_that_our_rules_refuse_are_recorded_and_flagged(house: House) -> None:
    odd = [row("new", 4), row("solve", 5), row("solve", 6), row("close", 7), row("close", 7), row("wait", 3)]
    report = house.take_in("ticket-events", MAPPING, HEADER, *odd)
    assert counts(report) == (6, 0, 0, 0)
    assert report.flagged == {"against_our_rules": 4, "out_of_order": 1}
    flags = [recorded.metadata.get("flags") for recorded in house.history(house.id_of("ticket", "T1"))]
    refused_and_late = ["against_our_rules", "out_of_order"]
    assert flags == [None, ["against_our_rules"], ["against_our_rules"], None, ["against_our_rules"], refused_and_late]
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *odd)) == (0, 0, 6, 0)


def test_what_comes_behind_a_refused_row_of_a_ticket_waits_for_it(house: House) -> None:
    rows = [STORY[0], row("solve", 6).replace("2026-01-06", "soon"), STORY[6], row("take", 5, "T2", by="Ann")]
    report = house.take_in("ticket-events", MAPPING, HEADER, *rows)
    assert counts(report) == (2, 0, 0, 2)
    (_, first), (_, second) = refused(report)
    assert "'soon' in column when is no date" in first
    assert "A row further up with the same external id is refused" in second
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, STORY[0], STORY[5], STORY[6])) == (2, 0, 1, 0)


@pytest.mark.parametrize("chunk", [1, 2, 10])
def test_so_it_does_where_only_the_log_refuses_the_row(
    house: House, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(run_of_import, "_CHUNK", chunk)
    mapping = """
[fields]
external_id = "id"
customer = { column = "mail", by = "email" }
activity = { column = "what", values = { open = "opened", solve = "solved" } }
"""
    rows = ["T1,nobody@a.example,open", "T1,,solve", "T2,,open", "T1,,solve"]
    report = house.take_in("ticket-events", mapping, "id,mail,what", *rows)
    assert counts(report) == (1, 0, 0, 3)
    assert ["no customer with this email" in reason for _, reason in sorted(refused(report))] == [True, False, False]


def test_rows_of_a_ticket_may_be_anywhere_and_in_any_chunk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_of_import, "_CHUNK", 3)
    other = [row("take", 5, "T2", by="Bob"), row("solve", 6, "T2"), row("close", 7, "T2")]
    mixed = [*STORY[:2], other[0], *STORY[2:5], other[1], *STORY[5:], other[2]]
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *mixed, dry_run=True)) == (10, 0, 0, 0)
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *mixed)) == (10, 0, 0, 0)
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, *STORY, *other)) == (0, 0, 10, 0)
    assert [row["status"] for row in house.rows("SELECT status FROM ticket")] == ["closed", "closed"]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("ticket-events", MAPPING, HEADER, *STORY[:3])
    before = house.known()
    report = house.take_in("ticket-events", MAPPING, HEADER, *STORY, row("take", 5, "T2", by="Ann"))
    assert counts(report) == (5, 0, 3, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("ticket-events", MAPPING, HEADER, row("take", 5, "T2", by="Ann"))) == (1, 0, 0, 0)


@pytest.mark.full
def test_a_published_log_of_tickets_goes_in_whole(house: House, oracle_data: Path) -> None:
    file, mapping = oracle_data / "helpdesk" / "helpdesk.csv", Path("docs/examples/helpdesk.toml")
    report = house.take_in_file("ticket-events", file, mapping)
    assert counts(report) == (21_348, 0, 0, 0)
    assert report.flagged["other_customer"] == 12
    with house.store.pool.connection() as connection:
        types = "SELECT type, count(*) AS events FROM log.event WHERE stream_type = 'ticket' GROUP BY type"
        counted = {row["type"]: row["events"] for row in connection.execute(types)}
        said = """
            SELECT personal->>'summary' AS words, count(*) AS events FROM log.history
            WHERE type = 'ticket.interaction_logged' GROUP BY 1
        """
        notes = Counter({row["words"]: row["events"] for row in connection.execute(said)})
    assert counted == {
        "ticket.opened": 4_580,
        "ticket.assigned": 5_060,
        "ticket.solved": 4_983,
        "ticket.closed": 4_574,
        "ticket.put_pending": 1_463,
        "ticket.put_on_hold": 119,
        "ticket.interaction_logged": 5_031,
    }
    assert notes == {
        "Assign seriousness": 4_938,
        "Create SW anomaly": 67,
        "Resolve SW anomaly": 13,
        "Schedule intervention": 5,
        "VERIFIED": 3,
        "RESOLVED": 2,
        "INVALID": 2,
        "DUPLICATE": 1,
    }
    years = "SELECT date_part('year', opened_at AT TIME ZONE 'Europe/Rome') AS y, count(*) AS n FROM ticket GROUP BY 1"
    assert {int(row["y"]): row["n"] for row in house.rows(years)} == {2010: 977, 2011: 1_518, 2012: 1_412, 2013: 673}
    customers = "SELECT count(*) AS customers FROM customer_360"
    assert house.rows(customers)[0]["customers"] == 394  # 397 are named, three only where a ticket is another one's
    assert counts(house.take_in_file("ticket-events", file, mapping, dry_run=True)) == (0, 0, 21_348, 0)
