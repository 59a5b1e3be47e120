"""Forgetting on the console: one member asks on the customer's page, another approves there or lets it be."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.store import Store
from domain.customer import CustomerContactPersonAdded, CustomerForgettingRequested
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.erasure import disk
from eventstore.erasure.disk import Step
from replay.follow import catch_up
from tests.api.permitted import ANN, BOB, House, opened
from tests.api.test_console_customer import NASTY, said
from tests.projections.records import tell

REASON = "Asked by letter of 3 May"


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    with opened(store) as house:
        yield house


@pytest.fixture
def whom(house: House) -> UUID:
    return house.records["own"].customer


def look(house: House, who: UUID, path: str) -> Any:
    return house.client.get(f"/console{path}", headers=house.session_of(who))


def send(house: House, who: UUID, customer_id: UUID, act: str, **fields: str) -> Any:
    form = {"form_key": uuid4().hex, **fields}
    return house.client.post(f"/console/customers/{customer_id}/{act}", headers=house.session_of(who), data=form)


def ask(house: House, who: UUID, customer_id: UUID, **fields: str) -> None:
    answer = send(house, who, customer_id, "request-forgetting", **{"reason": REASON, **fields})
    assert answer.status_code == 303, said(answer)


def test_one_asks_another_approves_and_she_is_forgotten(house: House, whom: UUID, connection: Connection) -> None:
    manager, admin = house.members["manager"], house.members["admin"]
    page = look(house, manager, f"/customers/{whom}").text
    assert "Forget…" in page and "consent withdrawn" in page and "erasure list" not in page
    ask(house, manager, whom, legal_basis="objection")

    shown = said(look(house, manager, f"/customers/{whom}"))
    assert "This customer is to be forgotten" in shown
    assert "The manager asked for it on" in shown and f"Legal basis: objection. Reason: {REASON}" in shown
    assert "somebody else has to approve" in shown and "Approve: forget for ever" not in shown
    refused = send(house, manager, whom, "approve-forgetting")
    assert refused.status_code == 403

    home = said(look(house, admin, ""))
    assert "To be forgotten 1" in home and "asked for by The manager" in home
    assert "To be forgotten" not in said(look(house, manager, ""))
    page = look(house, admin, f"/customers/{whom}").text
    assert "Approve: forget for ever" in page
    (version,) = re.findall(r'approve-forgetting".*?name="version" value="(\d+)"', page, re.DOTALL)[:1]
    done = send(house, admin, whom, "approve-forgetting", version=version, reason="Letter is in file 7")
    assert done.status_code == 303, said(done)
    after = look(house, admin, done.headers["Location"].removeprefix("/console"))
    assert house.records["own"].canary not in after.text
    assert "This customer was forgotten. Personal data erased (objection): Letter is in file 7" in said(after)
    assert "The admin" in said(after)
    assert "is to be forgotten" not in said(after) and "Log an interaction" not in after.text
    assert "To be forgotten" not in said(look(house, admin, ""))
    event = log.load(connection, whom).history[-1]
    assert (event.type, event.actor["id"], event.metadata["channel"]) == ("customer.forgotten", str(admin), "console")


def test_who_asked_sees_why_she_may_not_approve(house: House, whom: UUID) -> None:
    admin = house.members["admin"]
    ask(house, admin, whom)
    shown = said(look(house, admin, f"/customers/{whom}"))
    assert "You asked for it yourself" in shown and "Approve: forget" not in shown
    assert "somebody else has to approve" in said(look(house, admin, ""))
    refused = send(house, admin, whom, "approve-forgetting")
    assert (refused.status_code, "Forgetting takes two persons" in said(refused)) == (409, True)


def test_a_request_is_not_approved_but_withdrawn(house: House, whom: UUID) -> None:
    ask(house, house.members["manager"], whom)
    assert "Do not approve" in look(house, ANN, f"/customers/{whom}").text
    again = send(house, ANN, whom, "request-forgetting")
    assert (again.status_code, "was asked before" in said(again)) == (409, True)
    assert send(house, ANN, whom, "withdraw-forgetting-request", reason="Mistaken").status_code == 303
    shown = said(look(house, ANN, f"/customers/{whom}"))
    assert "is to be forgotten" not in shown
    assert "The request to forget the customer was withdrawn: Mistaken" in shown


def test_agents_see_that_it_was_asked_and_cannot_ask(house: House) -> None:
    whom = house.records["colleague's"].customer
    ask(house, ANN, whom)
    shown = look(house, BOB, f"/customers/{whom}")
    assert "Nothing is erased until an admin approves it." in said(shown)
    assert (
        "Withdraw the request" not in shown.text and "Do not approve" not in shown.text and "Forget…" not in shown.text
    )
    for act in ("request-forgetting", "withdraw-forgetting-request", "approve-forgetting"):
        assert send(house, BOB, whom, act).status_code == 403


def test_one_contact_person_is_forgotten(house: House, whom: UUID, store: Store) -> None:
    person_id = uuid4()
    with connect(store.conninfo) as connection:
        tell(connection, whom, CustomerContactPersonAdded(person_id=person_id, name="Wilhelmina"), about=person_id)
        catch_up(connection)
    assert "only Wilhelmina" in look(house, ANN, f"/customers/{whom}").text
    ask(house, ANN, whom, person_id=str(person_id))
    admin = house.members["admin"]
    assert "The contact person Wilhelmina is to be forgotten" in said(look(house, admin, f"/customers/{whom}"))
    assert send(house, admin, whom, "approve-forgetting", person_id=str(person_id)).status_code == 303
    after = look(house, admin, f"/customers/{whom}").text
    assert "Wilhelmina" not in after
    assert house.records["own"].canary in after


def test_what_was_typed_stays_where_the_reason_names_her(house: House, whom: UUID) -> None:
    ask(house, ANN, whom)
    typed = f"{house.records['own'].canary} wrote"
    refused = send(house, house.members["admin"], whom, "approve-forgetting", reason=typed)
    assert refused.status_code == 409
    assert "Say it in other words" in said(refused)
    assert f'value="{typed}"' in refused.text


def test_what_is_left_to_do_is_told(house: House, whom: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(house, ANN, whom)
    monkeypatch.setattr(disk, "purge", lambda *_: [Step("write log.personal_data anew", "Somebody reads at length.")])
    told = send(house, house.members["admin"], whom, "approve-forgetting")
    assert told.status_code == 200
    assert "left to do" in said(told) and "write log.personal_data anew: Somebody reads at length." in said(told)
    assert "This customer was forgotten." in said(told)


def test_what_others_wrote_is_shown_as_text(house: House, whom: UUID, store: Store) -> None:
    with connect(store.conninfo) as connection:
        tell(connection, whom, CustomerForgettingRequested(legal_basis="request", reason=NASTY))
    page = look(house, ANN, f"/customers/{whom}").text
    assert "is to be forgotten" in page
    assert NASTY not in page
    assert NASTY in said(look(house, ANN, f"/customers/{whom}"))


def test_a_form_from_elsewhere_forgets_nobody(house: House, whom: UUID, connection: Connection) -> None:
    ask(house, ANN, whom)
    headers = {**house.session_of(house.members["admin"]), "Sec-Fetch-Site": "cross-site"}
    form = {"form_key": uuid4().hex}
    answer = house.client.post(f"/console/customers/{whom}/approve-forgetting", headers=headers, data=form)
    assert answer.status_code == 403
    assert log.load(connection, whom).history[-1].type == "customer.forgetting_requested"


def test_of_the_past_nothing_is_asked(house: House, whom: UUID) -> None:
    ask(house, ANN, whom)
    page = look(house, ANN, f"/customers/{whom}?as_of=2026-03-02T12:00").text
    assert "is to be forgotten" not in page and "Forget…" not in page
