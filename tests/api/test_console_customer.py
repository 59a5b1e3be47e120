"""A customer's page: what it shows now and of the past, its timeline, its forms, and who may see and do what."""

import re
from collections.abc import Iterator
from html import unescape
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.sessions import create_sign_in_link
from api.store import Store
from domain.contact_point import contact_point
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerMarkedAtRisk,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerRenamed,
    CustomerTagged,
)
from domain.event import Event
from domain.follow_up import FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.lead import LeadStakeholderAdded, LeadValued
from domain.money import Money
from domain.ticket import TicketOpened
from eventstore import log
from eventstore.audit.accesses import accesses
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import all_noted
from tests.facts import captured
from tests.projections.records import hour, tell

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """A browser that a printed link was opened with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        assert browser.get(create_sign_in_link(store)).status_code == 200
        yield browser


def customer(store: Store, *events: Event, name: str = "Ann Old") -> UUID:
    """Somebody to whom this happened, an hour apart, since that Monday; the read models are up to date."""
    customer_id = uuid4()
    with connect(store.conninfo) as connection:
        told = [CustomerRegistered(kind="person", name=name), *events]
        tell(connection, customer_id, *told, at=[hour(number) for number in range(len(told))])
        catch_up(connection)
    return customer_id


def hears(store: Store, customer_id: UUID, noun: str, *events: Event) -> UUID:
    """A new lead or ticket of hers."""
    record_id = uuid4()
    with connect(store.conninfo) as connection:
        tell(connection, customer_id, *events, noun=noun, stream_id=record_id)
        catch_up(connection)
    return record_id


def said(response: Response) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def page(browser: TestClient, customer_id: UUID, **query: str) -> str:
    answer = browser.get(f"/console/customers/{customer_id}", params=query)
    assert answer.status_code == 200, answer.text
    return said(answer)


def act(browser: TestClient, customer_id: UUID, name: str, /, **fields: str) -> Response:
    """Send a form of her page as it stands now."""
    shown = browser.get(f"/console/customers/{customer_id}")
    hidden = dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', shown.text))
    return browser.post(f"/console/customers/{customer_id}/{name}", data=hidden | fields)


def types(store: Store, customer_id: UUID) -> list[str]:
    with store.pool.connection() as connection:
        return [recorded.type for recorded in log.load(connection, customer_id).history]


# What it shows


def test_everything_known_of_her_is_on_one_page(store: Store, browser: TestClient) -> None:
    point = contact_point("email", "ann@example.org")
    money = Money.model_validate({"amount": 1200, "currency": "EUR"})
    customer_id = customer(
        store,
        CustomerContactPointAdded(point_id=uuid4(), kind="email", value=point, primary=True),
        CustomerTagged(tag="export"),
        FollowUpScheduled(task_id=uuid4(), what="Send the offer", due_at=hour(24)),
        CustomerPurchaseRecorded(purchase_id=uuid4(), total=money),
        CustomerMarkedAtRisk(rule="silence", rule_version=1, signals=("days_silent",)),
    )
    lead_id = hears(store, customer_id, "lead", captured("Ten seats"), LeadValued(value=money))
    ticket_id = hears(store, customer_id, "ticket", TicketOpened(subject="No heat"))
    answer = browser.get(f"/console/customers/{customer_id}")
    text = said(answer)
    for word in ("Ann Old", "ann@example.org", "export", "Send the offer", "at risk", "silence@1", "days silent"):
        assert word in text
    assert f'href="/console/leads/{lead_id}"' in answer.text
    assert f'href="/console/tickets/{ticket_id}"' in answer.text
    assert "Ten seats" in text and "No heat" in text and "1,200 EUR" in text
    assert f'href="/console/customers/{customer_id}"' in browser.get(f"/console/leads/{lead_id}").text


def test_who_looks_is_noted(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    page(browser, customer_id)
    all_noted(browser)
    with store.pool.connection() as connection:
        (access,) = accesses(connection, [customer_id], 10)
    assert access.way == "GET /console/customers/{customer_id}"


def test_there_is_nobody_at_an_unknown_address(store: Store, browser: TestClient) -> None:
    answer = browser.get(f"/console/customers/{uuid4()}")
    assert answer.status_code == 404
    assert "no customer" in said(answer)


def test_whatever_people_write_stays_text(store: Store, browser: TestClient) -> None:
    call = InteractionLogged(interaction_id=uuid4(), kind="call", summary=NASTY)
    task = FollowUpScheduled(task_id=uuid4(), what=NASTY, due_at=hour(24))
    customer_id = customer(store, call, task, CustomerTagged(tag=NASTY), name=NASTY)
    hears(store, customer_id, "lead", captured(NASTY))
    other = customer(store, name=NASTY)
    for path in ("", f"?kind={NASTY}&by={NASTY}", "/merge", f"/merge?with={other}", f"/merge?with={NASTY}"):
        answer = browser.get(f"/console/customers/{customer_id}{path}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


# The past


def test_what_was_known_then_and_what_had_happened_by_then(store: Store, browser: TestClient) -> None:
    customer_id = customer(store, CustomerRenamed(name="Ann New"))
    then = f"{hour(0.5):%Y-%m-%dT%H:%M}"
    assert "Ann New" in page(browser, customer_id)
    known = page(browser, customer_id, as_of=then)
    assert "Nothing was known yet" in known, "it was recorded only now"
    happened = page(browser, customer_id, as_of=then, axis="occurred")
    assert "Ann Old" in happened
    assert "Ann New" not in happened
    assert "what had happened by" in happened


def test_nothing_can_be_done_in_the_past(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    then = browser.get(f"/console/customers/{customer_id}?as_of={hour(0.5):%Y-%m-%dT%H:%M}&axis=occurred")
    assert 'method="post" action="/console/customers' not in then.text
    assert 'method="post" action="/console/customers' in browser.get(f"/console/customers/{customer_id}").text


def test_the_future_is_now_and_no_moment_is_explained(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    assert "Nothing can be done in the past" not in page(browser, customer_id, as_of="2999-01-01T00:00")
    answer = browser.get(f"/console/customers/{customer_id}?as_of=yesterday")
    assert answer.status_code == 422
    assert "2026-03-31T09:00" in said(answer)


# The timeline


def test_the_timeline_can_be_narrowed_and_goes_on(store: Store, browser: TestClient) -> None:
    calls = [InteractionLogged(interaction_id=uuid4(), kind="call", summary=f"Call {n}.") for n in range(50)]
    customer_id = customer(store, *calls)
    first = browser.get(f"/console/customers/{customer_id}")
    assert "Call 49." in first.text and "Call 5." not in first.text
    (more,) = re.findall(r'<a class="button" href="([^"]+before=[^"]+)"', first.text)
    further = browser.get(unescape(more))
    assert "Call 5." in further.text and "Call 49." not in further.text
    assert "Call 49." not in page(browser, customer_id, kind="profile")
    assert "Registered" in page(browser, customer_id, kind="profile")
    assert "Nothing of that kind" in page(browser, customer_id, by=str(uuid4()))


def test_an_event_is_shown_with_before_and_after(store: Store, browser: TestClient) -> None:
    customer_id = customer(store, CustomerRenamed(name="Ann New"))
    stranger = customer(store)
    with store.pool.connection() as connection:
        position = log.load(connection, customer_id).history[-1].position
    text = said(browser.get(f"/console/customers/{customer_id}/events/{position}"))
    assert "name Ann Old Ann New" in text
    assert '"customer.renamed"' in text
    assert browser.get(f"/console/customers/{stranger}/events/{position}").status_code == 404


# Forms


def test_forms_are_commands(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    for name, fields in (
        ("tag", {"tag": "export"}),
        ("rename", {"name": "Ann New"}),
        ("log-interaction", {"kind": "call", "direction": "inbound", "summary": "She called."}),
        ("schedule-follow-up", {"what": "Call back", "due_at": "2030-01-02T09:00"}),
        ("add-contact-point", {"kind": "phone", "written": "+49 30 23125 761"}),
        ("grant-consent", {"channel": "email", "purpose": "newsletter"}),
        ("untag", {"tag": "export"}),
        ("archive", {"reason": "Gone"}),
    ):
        answer = act(browser, customer_id, name, **fields)
        assert (answer.status_code, name) == (200, name), said(answer)
    assert types(store, customer_id)[1:] == [
        "customer.tagged", "customer.renamed", "customer.interaction_logged", "customer.follow_up_scheduled",
        "customer.contact_point_added", "customer.consent_granted", "customer.untagged", "customer.archived",
    ]  # fmt: skip
    assert "Ann New" in page(browser, customer_id)


def test_a_refusal_is_told_and_nothing_typed_is_lost(store: Store, browser: TestClient) -> None:
    customer_id = customer(store, CustomerTagged(tag="export"))
    again = act(browser, customer_id, "tag", tag="export")
    assert again.status_code == 409
    assert 'role="alert"' in again.text and 'value="export"' in again.text
    unfit = act(browser, customer_id, "schedule-follow-up", what="Call back", due_at="soon")
    assert unfit.status_code == 422
    assert 'value="Call back"' in unfit.text
    assert types(store, customer_id) == ["customer.registered", "customer.tagged"]


def test_a_form_for_an_older_version_does_nothing(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    form = {"form_key": "12345678", "version": "1", "name": "Ann New"}
    act(browser, customer_id, "tag", tag="export")
    answer = browser.post(f"/console/customers/{customer_id}/rename", data=form)
    assert answer.status_code == 412
    assert "Somebody changed this customer" in said(answer)
    assert "customer.renamed" not in types(store, customer_id)


def test_a_form_sent_twice_acts_once(store: Store, browser: TestClient) -> None:
    customer_id = customer(store)
    form = {"form_key": "12345678", "kind": "call", "summary": "Once."}
    for _ in range(2):
        assert browser.post(f"/console/customers/{customer_id}/log-interaction", data=form).status_code == 200
    assert types(store, customer_id).count("customer.interaction_logged") == 1
    assert browser.post(f"/console/customers/{customer_id}/explode", data=form).status_code == 404


def test_people_are_called_by_their_names(browser: TestClient, store: Store) -> None:
    person_id = uuid4()
    hers = customer(store, CustomerContactPersonAdded(person_id=person_id, name="Eva Buyer"))
    lead_id = hears(store, hers, "lead", captured(), LeadStakeholderAdded(person_id=person_id))
    wanted = "Contact person Eva Buyer has a part in the deal"
    assert wanted in page(browser, hers)
    assert wanted in said(browser.get(f"/console/leads/{lead_id}"))


def test_a_day_in_an_address_is_shown_as_a_moment(browser: TestClient, store: Store) -> None:
    hers = customer(store)
    then = browser.get(f"/console/customers/{hers}", params={"as_of": "2026-03-05"})
    assert 'name="as_of" value="2026-03-05T00:00"' in then.text
    assert (
        'name="as_of" value="2026-03-05T08:30"'
        in browser.get(f"/console/customers/{hers}", params={"as_of": "2026-03-05T09:30+01:00"}).text
    )
