"""Merging two customers on a page and parting them again; and who may see and do what on a customer's page."""

import re
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.sessions import create_sign_in_link
from api.store import Store
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.permitted import BOB, opened
from tests.api.test_console_customer import browser, customer, said
from tests.projections.records import merged

__all__ = ["browser"]


def test_a_merge_is_previewed_done_and_taken_back(store: Store, browser: TestClient) -> None:
    ann, anne = customer(store, name="Ann Smith-Meyer"), customer(store, name="Ann Smith-Meier")
    assert f"with={anne}" in browser.get(f"/console/customers/{ann}/merge").text
    asked = {"with": f"/console/customers/{anne}", "take_name": "1"}
    answer = browser.get(f"/console/customers/{ann}/merge", params=asked)
    assert "name Ann Smith-Meier take this Ann Smith-Meyer Ann Smith-Meier" in said(answer)
    hidden = dict(re.findall(r'type="hidden" name="(form_key|survivor_id|take_name)" value="([^"]*)"', answer.text))
    done = browser.post(f"/console/customers/{anne}/merge", data=hidden)
    assert done.status_code == 200
    assert done.url.path == f"/console/customers/{ann}"
    assert "Ann Smith-Meier" in said(done)
    assert browser.get(f"/console/customers/{anne}").url.path == f"/console/customers/{ann}"
    (merge_id,) = re.findall(r'name="merge_id" value="([^"]+)"', done.text)
    parted = browser.post(f"/console/customers/{ann}/revert-merge", data={"form_key": "87654321", "merge_id": merge_id})
    assert parted.status_code == 200
    assert "Part them again" not in said(parted)
    assert browser.get(f"/console/customers/{anne}").url.path == f"/console/customers/{anne}"


def test_who_was_merged_is_shown_as_she_was_before(store: Store, browser: TestClient) -> None:
    ann, anne = customer(store, name="Ann"), customer(store, name="Anne")
    with connect(store.conninfo) as connection:
        before = log.now(connection)
        merged(connection, "customer", anne, ann)
        catch_up(connection)
    assert browser.get(f"/console/customers/{anne}").url.path == f"/console/customers/{ann}"
    past = browser.get(f"/console/customers/{anne}?as_of={before.isoformat().replace('+00:00', 'Z')}")
    assert past.url.path == f"/console/customers/{anne}"
    assert "Anne" in said(past)


@pytest.mark.parametrize("other", ["nonsense", str(UUID(int=5)), "herself"])
def test_a_merge_with_nobody_is_explained(store: Store, browser: TestClient, other: str) -> None:
    customer_id = customer(store)
    named = str(customer_id) if other == "herself" else other
    answer = browser.get(f"/console/customers/{customer_id}/merge", params={"with": named})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


# Who may


def test_what_is_another_teams_is_not_there(store: Store) -> None:
    with opened(store) as house, TestClient(house.app, headers={"Sec-Fetch-Site": "same-origin"}) as agent:
        assert agent.get(create_sign_in_link(store, BOB)).status_code == 200
        own, others = house.records["colleague's"], house.records["other team's"]
        shown = agent.get(f"/console/customers/{own.customer}")
        assert shown.status_code == 200
        for path in ("", "/merge", "/events/1"):
            assert agent.get(f"/console/customers/{others.customer}{path}").status_code == 404
        position = next(iter(re.findall(r"/events/([0-9]+)", shown.text)))
        event = agent.get(f"/console/customers/{own.customer}/events/{position}")
        assert event.status_code == 200
        assert "Before" not in event.text, "before and after are for auditors"


def test_a_lead_of_another_team_is_not_in_her_timeline(store: Store) -> None:
    with opened(store) as house:
        own, others = house.records["colleague's"], house.records["other team's"]
        with connect(store.conninfo) as connection:
            merged(connection, "customer", others.customer, own.customer)
        house.follow()
        with TestClient(house.app, headers={"Sec-Fetch-Site": "same-origin"}) as agent:
            agent.get(create_sign_in_link(store, BOB))
            answer = agent.get(f"/console/customers/{own.customer}")
        assert f"/console/leads/{own.lead}" in answer.text
        assert str(others.lead) not in answer.text
        assert str(others.ticket) not in answer.text


def test_an_analyst_sees_nothing_personal_and_does_nothing(store: Store) -> None:
    with opened(store) as house, TestClient(house.app, headers={"Sec-Fetch-Site": "same-origin"}) as analyst:
        analyst.get(create_sign_in_link(store, house.members["analyst"]))
        own = house.records["own"]
        for query in ("", "?as_of=2025-01-01T00:00&axis=occurred"):
            answer = analyst.get(f"/console/customers/{own.customer}{query}")
            assert answer.status_code == 200
            assert own.canary not in answer.text
        assert "/log-interaction" not in answer.text
        form = {"form_key": "12345678", "tag": "mine"}
        assert analyst.post(f"/console/customers/{own.customer}/tag", data=form).status_code == 403
