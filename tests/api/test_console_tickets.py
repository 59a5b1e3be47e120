"""The console's tickets as a browser sees them, without one: the queue, the page, its forms and their refusals."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from httpx2 import Response

from api.store import Store
from domain.event import Event
from domain.ticket import TicketAssigned, TicketOpened, TicketPutPending, TicketReplied, TicketSlaApplied
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, hidden, member, said, types
from tests.projections.records import registered, tell


def ticket(store: Store, subject: str, *events: Event, customer_id: UUID | None = None, **fields: object) -> UUID:
    """A ticket whose read models are up to date."""
    ticket_id = uuid4()
    with connect(store.conninfo) as connection:
        whose = customer_id or registered(connection)
        opened = TicketOpened.model_validate({"subject": subject, "priority": "normal", "inbound": True, **fields})
        tell(connection, whose, opened, *events, noun="ticket", stream_id=ticket_id)
        catch_up(connection)
    return ticket_id


def promised(due_at: datetime | None, seconds: int = 3_600, clock: str = "running") -> Event:
    """A first response that is promised."""
    return TicketSlaApplied.model_validate(
        {
            "target": "first_response",
            "policy": "standard",
            "policy_version": 1,
            "due_at": due_at,
            "remaining_seconds": seconds,
            "clock": clock,
        }
    )


def send(browser: TestClient, ticket_id: UUID, act: str, **fields: str) -> Response:
    """Send a form of the ticket's page as it stands now."""
    page = browser.get(f"/console/tickets/{ticket_id}")
    return browser.post(f"/console/tickets/{ticket_id}/{act}", data=hidden(page) | fields)


def test_the_queue_has_first_what_is_due_first(store: Store, browser: TestClient) -> None:
    now = datetime.now(UTC)
    ticket(store, "No promise", channel="email")
    ticket(store, "Paused", promised(None, 9_000, "paused"), TicketPutPending())
    ticket(store, "Later", promised(now + timedelta(hours=5, minutes=5)))
    ticket(store, "Late", promised(now - timedelta(minutes=30)))
    text = said(browser.get("/console/tickets"))
    places = [text.index(subject) for subject in ("Late ", "Later", "Paused", "No promise")]
    assert "min late" in text and "5 h left" in text and "paused, 2 h left" in text
    assert places[0] < places[1] < min(places[2:])
    assert "Paused" not in said(browser.get("/console/tickets?status=new"))
    assert "Paused" in said(browser.get("/console/tickets?status=pending"))
    only = said(browser.get("/console/tickets?channel=email"))
    assert "No promise" in only and "Later" not in only


def test_the_queue_of_a_member_and_of_nobody(store: Store, browser: TestClient) -> None:
    mia = member(store, "Mia")
    ticket(store, "Of Mia", TicketAssigned(assignee_id=mia, team="north"))
    ticket(store, "Of nobody")
    assert "Of nobody" not in said(browser.get(f"/console/tickets?assignee={mia}"))
    assert "Of Mia" not in said(browser.get("/console/tickets?assignee=nobody"))
    assert "Of Mia" in said(browser.get("/console/tickets?team=north"))
    assert browser.get("/console/tickets?assignee=somebody").status_code == 422
    assert "No ticket is like that" in said(browser.get("/console/tickets?priority=urgent"))


def test_an_empty_queue_teaches(browser: TestClient) -> None:
    assert "Nothing waits" in said(browser.get("/console/tickets"))


def test_a_ticket_is_opened_answered_and_solved(store: Store, browser: TestClient) -> None:
    key = re.findall(r'name="form_key" value="([^"]*)"', browser.get("/console/tickets").text)[0]
    form = {"form_key": key, "subject": NASTY, "customer_name": "Ann Example", "body": "It leaks", "channel": "phone"}
    page = browser.post("/console/tickets", data=form)
    assert page.status_code == 200
    assert NASTY not in page.text and NASTY in said(page)
    ticket_id = UUID(str(page.url).rpartition("/")[2])
    assert browser.post("/console/tickets", data=form).url == page.url, "a form that is sent twice opens one ticket"
    send(browser, ticket_id, "reply", body="Which pump?", public="true", author="agent")
    note = send(browser, ticket_id, "reply", body="The old one, I bet", public="false", author="agent")
    assert "internal note" in said(note) and "It leaks" in said(note)
    for act, fields in {
        "put-pending": {"waiting_for": "the serial number"},
        "put-on-hold": {},
        "resume": {},
        "prioritise": {"to_priority": "urgent"},
        "categorise": {"category": "pumps"},
        "escalate": {},
        "solve": {"resolution": "New seal"},
        "reopen": {},
        "mark-spam": {},
    }.items():
        answer = send(browser, ticket_id, act, **fields)
        assert answer.status_code == 200, (act, said(answer))
    assert types(store, ticket_id)[-9:] == [
        "ticket.put_pending",
        "ticket.put_on_hold",
        "ticket.resumed",
        "ticket.priority_raised",
        "ticket.categorised",
        "ticket.escalated",
        "ticket.solved",
        "ticket.reopened",
        "ticket.marked_spam",
    ]
    followed = send(browser, ticket_id, "open-follow-up", body="It leaks again")
    assert "It leaks again" in said(followed)
    assert str(followed.url) != str(page.url)


def test_what_is_refused_is_told_with_what_was_typed(store: Store, browser: TestClient) -> None:
    ticket_id = ticket(store, "The pump leaks")
    page = browser.get(f"/console/tickets/{ticket_id}")
    assert send(browser, ticket_id, "assign", assignee_id="me", team="north").status_code == 422
    nobody = send(browser, ticket_id, "assign", assignee_id=str(uuid4()), team="north")
    assert nobody.status_code in (404, 409, 422)
    assert 'value="north"' in nobody.text
    assert send(browser, ticket_id, "resume").status_code == 409
    send(browser, ticket_id, "reply", body="Which pump?")
    stale = browser.post(f"/console/tickets/{ticket_id}/solve", data=hidden(page) | {"resolution": "New seal"})
    assert stale.status_code == 412
    assert "Somebody changed this ticket" in said(stale) and "Which pump?" in said(stale)
    assert 'value="New seal"' in stale.text
    assert types(store, ticket_id) == ["ticket.opened", "ticket.replied"]
    assert send(browser, ticket_id, "breach-sla").status_code == 404, "only what the page offers"
    assert browser.get(f"/console/tickets/{uuid4()}").status_code == 404


def test_two_tickets_are_merged_and_parted(store: Store, browser: TestClient) -> None:
    with connect(store.conninfo) as connection:
        customer_id = registered(connection)
    double = ticket(store, "Leaks", customer_id=customer_id)
    first = ticket(store, "The pump leaks", customer_id=customer_id)
    assert "The pump leaks" in said(browser.get(f"/console/tickets/{double}"))
    merged = send(browser, double, "merge", survivor_id=str(first))
    assert "This was merged" in said(merged)
    merge_id = re.findall(r'name="merge_id" value="([^"]*)"', merged.text)[0]
    parted = send(browser, double, "revert-merge", merge_id=merge_id)
    assert "This was merged" not in said(parted)
    assert types(store, double)[-1] == "ticket.merge_reverted"


def test_a_stranger_sees_no_ticket(store: Store, stranger: TestClient) -> None:
    ticket_id = ticket(store, "The pump leaks")
    for address in ("/console/tickets", f"/console/tickets/{ticket_id}", "/console/live/tickets"):
        assert stranger.get(address).status_code == 401
    assert stranger.post(f"/console/tickets/{ticket_id}/solve", data={"form_key": "12345678"}).status_code == 401


def test_what_was_written_is_not_told_twice(store: Store, browser: TestClient) -> None:
    ticket_id = ticket(store, "Pump", TicketReplied(author="customer", body=NASTY))
    page = browser.get(f"/console/tickets/{ticket_id}")
    assert NASTY not in page.text
    form = hidden(page) | {"body": "Once"}
    for _ in range(2):
        assert browser.post(f"/console/tickets/{ticket_id}/reply", data=form).status_code == 200
    with store.pool.connection() as connection:
        history = log.load(connection, ticket_id).history
    assert [event.type for event in history].count("ticket.replied") == 2
