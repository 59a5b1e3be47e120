"""The search, the agenda and the home page of the console: what is found, what is to be done, what needs somebody."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.console.agenda import parts
from api.console.home import FIGURES
from api.sessions import begin_session
from api.store import Store
from domain.customer import CustomerActivated, CustomerMarkedAtRisk, CustomerOwnerAssigned
from domain.event import Event
from domain.follow_up import FollowUpScheduled
from domain.lead import LeadMovedToStage, LeadWon
from domain.ticket import TicketOpened, TicketSlaApplied
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, all_noted, lead, said
from tests.api.permitted import House
from tests.api.test_console_customers import agent, customers, tell_more
from tests.facts import captured, given
from tests.projections.records import tell

NOW = datetime.now(UTC)


def scheduled(what: str, hours: float, **fields: object) -> FollowUpScheduled:
    """Due so many hours from now."""
    return FollowUpScheduled.model_validate(
        {"task_id": uuid4(), "what": what, "due_at": NOW + timedelta(hours=hours), **fields}
    )


def ticket(store: Store, *events: Event, subject: str = "No light", customer_id: UUID | None = None) -> UUID:
    ticket_id = uuid4()
    with connect(store.conninfo) as connection:
        opened = TicketOpened(subject=subject)
        tell(connection, customer_id or uuid4(), opened, *events, noun="ticket", stream_id=ticket_id)
        catch_up(connection)
    return ticket_id


def press(browser: TestClient, act: str, noun: str, record_id: UUID, task_id: UUID, **fields: str) -> Response:
    key = re.search(r'name="form_key" value="([^"]+)"', browser.get("/console/agenda").text)
    form = {"act": act, "noun": noun, "record_id": str(record_id), "task_id": str(task_id)}
    return browser.post("/console/agenda", data={"form_key": key[1] if key else "x" * 16, **form, **fields})


def last(store: Store, record_id: UUID) -> log.Recorded:
    with store.pool.connection() as connection:
        return log.load(connection, record_id).history[-1]


# The search


def test_customers_leads_and_tickets_are_found(store: Store, browser: TestClient) -> None:
    (customer_id,) = customers(store, "Northwind Gardens")
    lead_id = lead(store, title="Greenhouse for the north")
    ticket_id = ticket(store, subject="Northern light does not work", customer_id=customer_id)
    page = browser.get("/console/search?q=north")
    for noun, record_id in (("customer", customer_id), ("lead", lead_id), ("ticket", ticket_id)):
        assert f'href="/console/{noun}s/{record_id}"' in page.text
        only = browser.get(f"/console/search?q=north&noun={noun}")
        assert re.findall(r'href="/console/(\w+)s/[0-9a-f-]{36}"', only.text) == [noun]
    assert "Northern light does not work Northwind Gardens" in said(page)
    assert "Northwind Gardens" in said(browser.get("/console/search?q=nortwind gardens")), "one letter is missing"


def test_an_empty_search_teaches(browser: TestClient) -> None:
    assert "telephone numbers" in said(browser.get("/console/search"))
    page = browser.get("/console/search", params={"q": NASTY})
    assert "Nothing is called" in said(page) and "<script>alert" not in page.text
    assert browser.get("/console/search?q=%00").status_code == 200


def test_who_sees_nothing_personal_cannot_search_by_it(company: House) -> None:
    found = company.records["own"]
    session = company.session_of(company.members["analyst"])
    page = company.client.get(f"/console/search?q={found.canary}", headers=session)
    assert "personal:read" in said(page) and str(found.customer) not in page.text
    session = company.session_of(company.members["agent"])
    for whose, one in company.records.items():
        text = company.client.get(f"/console/search?q={one.canary}", headers=session).text
        assert (str(one.lead) in text) == (whose == "team")


# The agenda


def test_the_agenda_is_by_day(store: Store, browser: TestClient) -> None:
    (customer_id,) = customers(store, "Northwind Gardens")
    tell_more(store, customer_id, scheduled("Call back", -3), scheduled("Ask again", 24 * 40))
    lead(store, scheduled("Send the offer", -30), title="Greenhouse")
    ticket(store, scheduled("Try it out", -60))
    text = said(browser.get("/console/agenda"))
    order = ["Overdue 3", "Call back", "Send the offer", "Try it out", "Later 1", "Ask again"]
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)
    assert "lead Greenhouse" in text and "Northwind Gardens" in text and "nobody’s" in text


@pytest.mark.parametrize(
    ("hours", "part"),
    [
        (-1, "Overdue"),
        (1, "Today"),
        (24, "Tomorrow"),
        (49, "Later this week"),
        (24 * 6, "Next week"),
        (24 * 20, "Later"),
    ],
)
def test_each_part_of_the_agenda(hours: float, part: str) -> None:
    tuesday = datetime(2026, 3, 3, 9, tzinfo=UTC)
    (found,) = parts([{"due_at": tuesday + timedelta(hours=hours)}], tuesday, UTC)  # type: ignore[arg-type]  # a zone
    assert found.name == part


@pytest.mark.parametrize("noun", ["customer", "lead", "ticket"])
def test_a_follow_up_is_done_moved_and_cancelled(store: Store, browser: TestClient, noun: str) -> None:
    planned = [scheduled(f"Task {number}", number + 1) for number in range(5)]
    if noun == "customer":
        (record_id,) = customers(store, "Northwind Gardens")
        tell_more(store, record_id, *planned)
    else:
        record_id = lead(store, *planned) if noun == "lead" else ticket(store, *planned)
    for act, fields, type_ in (
        ("done", {"said": "She is glad"}, "completed"),
        ("tomorrow", {}, "rescheduled"),
        ("next_week", {}, "rescheduled"),
        ("move", {"due_at": "2027-05-03T11:00"}, "rescheduled"),
        ("cancel", {"said": "Not needed"}, "cancelled"),
    ):
        task = planned.pop()
        page = press(browser, act, noun, record_id, task.task_id, **fields)
        assert page.status_code == 200
        told = last(store, record_id)
        assert (told.type, told.metadata["channel"]) == (f"{noun}.follow_up_{type_}", "console")
        assert (str(task.what) in said(page)) == (type_ == "rescheduled"), "the page shows what was done"
        if act == "move":
            assert told.event.due_at == datetime(2027, 5, 3, 11, tzinfo=UTC)  # type: ignore[attr-defined]


def test_what_cannot_be_done_is_explained_and_nothing_typed_is_lost(store: Store, browser: TestClient) -> None:
    done, open_ = scheduled("Call back", 1), scheduled("Send it", 2)
    record_id = lead(store, done, open_)
    assert press(browser, "done", "lead", record_id, done.task_id).status_code == 200
    page = press(browser, "done", "lead", record_id, done.task_id)
    assert page.status_code == 409 and "already completed" in said(page)
    page = press(browser, "move", "lead", record_id, open_.task_id, due_at="soon", said="Half a sentence")
    assert page.status_code == 422 and 'value="soon"' in page.text and 'value="Half a sentence"' in page.text
    assert press(browser, "burn", "lead", record_id, open_.task_id).status_code == 422
    assert press(browser, "done", "lead", uuid4(), open_.task_id).status_code == 404


def test_the_agenda_is_of_whom_one_chooses(store: Store, stranger: TestClient) -> None:
    member = agent(store)
    (customer_id,) = customers(store, "Northwind Gardens")
    tell_more(
        store,
        customer_id,
        CustomerOwnerAssigned(owner_id=member),
        scheduled("Hers", 1, assignee_id=member),
        scheduled("Free", 2),
    )
    session = {"Cookie": f"everfold_session={begin_session(store, member, 'link')}"}
    for who, seen in {"": {"Hers"}, "everybody": {"Hers", "Free"}, "nobody": {"Free"}, str(member): {"Hers"}}.items():
        text = stranger.get(f"/console/agenda?who={who}", headers=session).text
        assert {name for name in ("Hers", "Free") if f">{name}<" in text} == seen, who
        lines = stranger.get(f"/console/agenda/calendar.ics?who={who}", headers=session).text
        assert {name for name in ("Hers", "Free") if f"SUMMARY:{name}" in lines} == seen, who
    assert stranger.get("/console/agenda?who=nonsense", headers=session).status_code == 422
    assert stranger.get("/console/agenda?after=nonsense", headers=session).status_code == 422
    beyond = stranger.get(f"/console/agenda?after=2040-01-01T00:00%2B00:00~{uuid4()}", headers=session)
    assert "Nothing is planned for you" in said(beyond)


def test_an_agenda_goes_on(store: Store, browser: TestClient) -> None:
    (customer_id,) = customers(store, "Northwind Gardens")
    coming = [scheduled(f"Task {number:03}", 24 * number + 1) for number in range(70)]
    late = [scheduled(f"Late {number:03}", -number - 1) for number in range(30)]
    tell_more(store, customer_id, *coming, *late)
    first = browser.get("/console/agenda")
    more = re.search(r'href="(/console/agenda\?after=[^"]+)">Later ones', first.text)
    assert more
    tasks = re.findall(r">Task (\d+)<", first.text) + re.findall(r">Task (\d+)<", browser.get(more[1]).text)
    assert tasks == [f"{number:03}" for number in range(70)]
    assert re.findall(r">Late (\d+)<", first.text) == [f"{number:03}" for number in range(20)]
    assert "Longer overdue ones" in first.text
    assert len(re.findall(r">Late (\d+)<", browser.get("/console/agenda?overdue=all").text)) == 30


def test_who_may_not_act_sees_no_buttons(company: House) -> None:
    session = company.session_of(company.members["auditor"])
    page = company.client.get("/console/agenda?who=everybody", headers=session)
    assert company.records["own"].canary in page.text and 'name="act"' not in page.text


# Home


def test_nothing_needs_anybody(browser: TestClient) -> None:
    assert "Nothing needs you today" in said(browser.get("/console"))
    assert browser.get("/", follow_redirects=False).headers["location"] == "/console"


def test_home_names_what_needs_attention(store: Store, browser: TestClient) -> None:
    calm, risky = customers(store, "Calm", "Risky")
    at_risk = CustomerMarkedAtRisk(signals=("late_payment", "champion_left"))
    tell_more(store, risky, CustomerActivated(), at_risk, scheduled("Call back", -2))
    tell_more(store, calm, CustomerActivated(), scheduled("Next month", 24 * 40))
    due = TicketSlaApplied(
        target="first_response",
        policy="standard",
        policy_version=1,
        clock="running",
        due_at=NOW + timedelta(hours=3),
        remaining_seconds=10_800,
    )
    ticket(store, due, subject="No light")
    far = due.model_copy(update={"due_at": NOW + timedelta(days=4)})
    ticket(store, far, subject="Much later")
    lead(store, title="Whose is it")
    text = said(browser.get("/console"))
    all_noted(browser)
    with store.pool.connection() as connection:
        (access,) = connection.execute("SELECT way, cardinality(customers) AS shown FROM access.personal_access")
    assert access == {"way": "GET /console", "shown": 3}, "she of the follow-up, and those of the ticket and the lead"
    order = [
        "Promises to customers",
        "No light",
        "Follow-ups",
        "Call back",
        "Customers at risk",
        "Leads that are nobody’s",
    ]
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)
    assert "Risky late payment, champion left" in text and "Whose is it" in text
    assert not any(name in text for name in ("Calm", "Much later", "Next month", "stand still"))


def test_leads_that_stand_still_are_told_by_what_is_usual(store: Store, browser: TestClient) -> None:
    moved = LeadMovedToStage(to_stage="contacted", pipeline="default", pipeline_version=1, probability=Decimal("0.2"))

    def stay(days_ago: float, length: float | None, title: str) -> None:
        entered = NOW - timedelta(days=days_ago)
        events: list[Event] = [captured(title), moved]
        moments = [entered - timedelta(days=1), entered]
        if length is not None:
            events.append(LeadWon())
            moments.append(entered + timedelta(days=length))
        given(connection, *events, at=moments)

    with connect(store.conninfo) as connection:
        for number, length in enumerate((2, 3, 4, 5, 60)):
            stay(100, length, f"Won {number}")
        stay(7, None, "A week is not too long")
        stay(9, None, "Nine days are")
        catch_up(connection)
    text = said(browser.get("/console"))
    still = text[text.index("Leads that stand still") : text.index("Leads that are nobody’s")]
    assert "Nine days are" in still and "9 days, usual 4 days" in still
    assert "A week is not too long" not in still


def test_home_is_a_members_own_or_everybodys(store: Store, stranger: TestClient) -> None:
    member, other = agent(store, "Ada"), agent(store, "Ben")
    ours, theirs = customers(store, "Ours", "Theirs")
    for customer_id, owner in ((ours, member), (theirs, other)):
        events = [CustomerOwnerAssigned(owner_id=owner, team="north"), CustomerActivated(), CustomerMarkedAtRisk()]
        tell_more(store, customer_id, *events)
    session = {"Cookie": f"everfold_session={begin_session(store, member, 'link')}"}
    assert "Ours" in said(stranger.get("/console", headers=session))
    assert "Theirs" not in said(stranger.get("/console?who=everybody", headers=session)), "they are not hers to see"


def test_the_figures_beside_it_come_apart(store: Store, browser: TestClient) -> None:
    assert 'hx-get="/console/figures"' in browser.get("/console").text
    page = browser.get("/console/figures")
    assert re.findall(r"/console/kpis/(\w+)\?", page.text) == list(FIGURES)


def test_what_people_wrote_is_text_everywhere(store: Store, browser: TestClient) -> None:
    (customer_id,) = customers(store, NASTY)
    tell_more(store, customer_id, CustomerActivated(), CustomerMarkedAtRisk(reason=NASTY), scheduled(NASTY, -1))
    lead(store, scheduled(NASTY, -1), title=NASTY)
    for address in ("/console", "/console/agenda", "/console/search?q=script"):
        page = browser.get(address)
        assert "&lt;script&gt;alert" in page.text
        assert "<script>alert" not in page.text
