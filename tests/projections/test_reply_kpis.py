"""How long customers wait for answers on tickets: each figure is the plain count over events, by both clocks."""

from datetime import date, timedelta
from statistics import mean, median
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.business_time import BusinessCalendar, Holiday, SpecialHours, WeeklyHours, elapsed
from domain.sla_policy import SlaPolicy
from domain.ticket import TicketOpened, TicketReopened
from domain.workspace import WORKSPACE_ID, WorkspaceBusinessCalendarPublished, WorkspaceSlaPolicyPublished
from eventstore.database import Connection
from tests.domain.tickets import ANSWERED, ASKED, BOT_SAID, MERGED, NOTED, OPENED, SOLVED, SPAM, TAKEN
from tests.projections.records import hour, tell
from tests.projections.reply_figures import share_within, waited
from tests.projections.test_ticket_kpis import ENOUGH, HISTORIES, TIMES, only, p90, tell_all, ticket
from tests.projections.ticket_figures import History, Told, asked, behind

FIRST, NEXT = "first_response_time", "next_reply_time"
REOPENED = TicketReopened()
MINUTE = 1 / 60


def test_the_first_public_answer_of_an_agent_ends_the_wait(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (BOT_SAID, 0), (NOTED, 1), (ANSWERED, 2), (ASKED, 4), (ANSWERED, 10))
    ticket(connection, (OPENED, 0), (ANSWERED, 4))
    row = only(connection, FIRST)
    assert (row["value"], row["sample_size"], row["excluded"]) == (3, 2, 0)
    assert row["details"]["first"]["mean"] == 3
    assert round(row["details"]["first"]["p90"], 6) == 3.8
    assert only(connection, NEXT)["value"] == 6
    assert len(behind(connection, FIRST)) == 4


def test_who_is_not_answered_yet_is_counted_as_open(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (ANSWERED, 2))
    ticket(connection, (OPENED, 0), (ANSWERED, 30))
    ticket(connection, (OPENED, 0), (TAKEN, 1), (SOLVED, 3))
    row = only(connection, FIRST, as_of=24)
    first = row["details"]["first"]
    assert (row["value"], first["count"], first["open"], first["unanswered"]) == (2, 1, 1, 1)
    assert only(connection, FIRST, as_of=1)["details"]["first"]["open"] == 3
    assert asked(connection, FIRST, as_of=-1) == []


def test_the_shares_leave_out_who_has_not_waited_so_long(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (ANSWERED, 5 * MINUTE))
    ticket(connection, (OPENED, 0), (ANSWERED, 1))
    ticket(connection, (OPENED, 0))
    first = only(connection, FIRST, as_of=2)["details"]["first"]
    assert [first[name] for name in ("within_5_minutes", "within_1_hour", "within_1_day")] == [
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
        1,
    ]


def test_a_ticket_that_we_opened_waits_once_the_customer_wrote(connection: Connection) -> None:
    ticket(connection, (TicketOpened(subject="Yearly check", inbound=False), 0), (ANSWERED, 1))
    assert asked(connection, FIRST) == asked(connection, NEXT) == []
    ticket(connection, (TicketOpened(subject="Yearly check", inbound=False), 0), (ASKED, 2), (ANSWERED, 5))
    assert asked(connection, FIRST) == []
    assert only(connection, NEXT)["value"] == 3


def test_each_reopening_begins_a_wait_that_is_told_apart(connection: Connection) -> None:
    solved = ((OPENED, 0), (ANSWERED, 1), (SOLVED, 2))
    ticket(connection, *solved, (ASKED, 5), (REOPENED, 5), (ANSWERED, 9), (SOLVED, 10), (ASKED, 11), (REOPENED, 11))
    row = only(connection, NEXT)
    assert (row["value"], row["sample_size"]) == (None, 0)
    assert (row["details"]["reopened"]["median"], row["details"]["reopened"]["open"]) == (4, 1)
    assert only(connection, FIRST)["sample_size"] == 1
    ticket(connection, *solved, (ASKED, 5))
    assert only(connection, NEXT)["details"]["reopened"]["open"] == 1, "her thanks reopened nothing"


def test_merged_tickets_and_spam_are_out(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (ANSWERED, 1), (SPAM, 2))
    ticket(connection, (OPENED, 0), (ANSWERED, 1), (MERGED, 2))
    assert asked(connection, FIRST) == []
    assert only(connection, FIRST, as_of=1.5)["sample_size"] == 2


# business time

OFFICE = BusinessCalendar(
    name="default",
    version=1,
    zone="Europe/Berlin",
    weekly_hours=(
        WeeklyHours(weekday="monday", opens="09:00", closes="12:00"),
        WeeklyHours(weekday="monday", opens="13:00", closes="17:30"),
        WeeklyHours(weekday="thursday", opens="08:00", closes="20:00"),
        WeeklyHours(weekday="sunday", opens="00:00", closes="24:00"),
    ),
    holidays=(Holiday(day=date(2026, 3, 5), name="Fair"), Holiday(day=date(2026, 3, 9), name="Fair")),
    special_hours=(
        SpecialHours(day=date(2026, 3, 9), opens="10:00", closes="11:00"),
        SpecialHours(day=date(2026, 3, 12), opens="10:00", closes="14:00"),
    ),
)
NIGHT = BusinessCalendar(
    name="night",
    version=1,
    zone="America/New_York",
    weekly_hours=(WeeklyHours(weekday="monday", opens="18:00", closes="24:00"),),
)


def published(connection: Connection, *calendars: BusinessCalendar, at: float = 0) -> None:
    events = [WorkspaceBusinessCalendarPublished(calendar=calendar) for calendar in calendars]
    tell(connection, WORKSPACE_ID, *events, noun="workspace", at=[hour(at)] * len(events))


def test_only_opening_hours_count_by_the_business_clock(connection: Connection) -> None:
    ticket(connection, (OPENED, 0), (ANSWERED, 24))
    row = asked(connection, FIRST, clock="business")[0]
    assert (row["value"], row["sample_size"], row["excluded"]) == (None, 0, 1), "nobody said when we are open"
    published(connection, OFFICE, at=2)
    assert asked(connection, FIRST, clock="business")[0]["value"] == pytest.approx(2 + 4.5)
    assert asked(connection, FIRST, as_of=1, clock="business")[0]["excluded"] == 0, "nothing was answered then"
    assert asked(connection, FIRST)[0]["value"] == 24


def test_a_ticket_has_the_calendar_of_its_policy(connection: Connection) -> None:
    published(connection, OFFICE, NIGHT)
    policy = SlaPolicy(name="gold", version=1, calendar="night")
    tell(connection, WORKSPACE_ID, WorkspaceSlaPolicyPublished(policy=policy), noun="workspace")
    opened = TicketOpened(subject="No heat", sla_policy=policy)
    ticket(connection, (opened, 0), (ANSWERED, 24))
    assert asked(connection, FIRST, clock="business")[0]["value"] == 6


@for_all(start=st.integers(0, 60 * 24 * 40), length=st.integers(0, 60 * 24 * 20))
@ENOUGH
def test_business_time_is_what_the_rules_say(shared: Connection, start: int, length: int) -> None:
    published(shared, OFFICE, at=-1)
    channel = uuid4().hex
    answered_at = (start + length) * MINUTE
    tell_all(shared, [[Told(OPENED, start * MINUTE), Told(ANSWERED, answered_at)]], channel)
    rows = asked(shared, FIRST, as_of=2000, group_by="channel", clock="business")
    (row,) = (row for row in rows if row["group_key"] == channel)
    expected = elapsed(OFFICE, hour(start * MINUTE), hour(answered_at)) / timedelta(hours=1)
    assert float(row["value"]) == pytest.approx(expected, abs=1e-5)


@for_all(histories=HISTORIES, times=TIMES)
@ENOUGH
def test_every_wait_is_counted_as_the_events_say(
    shared: Connection, histories: list[History], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    channel = uuid4().hex
    tell_all(shared, histories, channel)
    for slug, cycle in ((FIRST, "first"), (NEXT, "next"), (NEXT, "reopened")):
        rows = asked(shared, slug, first, end, as_of, "channel")
        row: dict[str, Any] = next((row for row in rows if row["group_key"] == channel), {})  # Any: of any figure
        answered, still_open, unanswered = waited(histories, first, end, as_of, cycle)
        found = row.get("details", {}).get(cycle)
        if found is None:
            assert (answered, still_open, unanswered) == ([], [], 0)
            continue
        assert (found["count"], found["open"], found["unanswered"]) == (len(answered), len(still_open), unanswered)
        assert found["median"] == (pytest.approx(median(answered)) if answered else None)
        assert found["mean"] == (pytest.approx(mean(answered), abs=1e-5) if answered else None)
        assert found["p90"] == (pytest.approx(p90(answered)) if answered else None)
        for name, hours in (("within_5_minutes", 5 * MINUTE), ("within_1_hour", 1.0), ("within_1_day", 24.0)):
            share = share_within(answered, still_open, hours)
            assert found[name] == (None if share is None else pytest.approx(share))
        if cycle != "reopened":
            assert (row["value"] and float(row["value"])) == (found["median"] and pytest.approx(found["median"]))
