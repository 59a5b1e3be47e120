"""The list of customers in the console: found, filtered, kept as a segment, and acted on many at a time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from httpx2 import Response

from api.sessions import begin_session
from api.store import Store, append_to_workspace
from domain.customer import (
    CustomerActivated,
    CustomerClassified,
    CustomerOwnerAssigned,
    CustomerRegistered,
    CustomerTagged,
    CustomerUntagged,
)
from domain.event import MemberId
from domain.workspace import WorkspaceMemberInvited, WorkspaceMemberRoleGranted
from eventstore import log
from eventstore.database import connect
from replay.follow import catch_up
from tests.api.console import NASTY, said
from tests.api.permitted import BOB, House
from tests.projections.records import forget, tell

ADDRESS = "/console/customers"


def customers(store: Store, *names: str, at: datetime | None = None) -> list[UUID]:
    """Customers whose read models are up to date."""
    ids = [uuid4() for _ in names]
    with connect(store.conninfo) as connection:
        for number, (customer_id, name) in enumerate(zip(ids, names, strict=True)):
            moment = (at or datetime(2026, 3, 1, tzinfo=UTC)) + timedelta(hours=number)
            tell(connection, customer_id, CustomerRegistered(kind="organisation", name=name), at=[moment])
        catch_up(connection)
    return ids


def tell_more(store: Store, customer_id: UUID, *events: object) -> None:
    with connect(store.conninfo) as connection:
        tell(connection, customer_id, *events)  # type: ignore[arg-type]  # events of the domain
        catch_up(connection)


def agent(store: Store, name: str = "Ada") -> MemberId:
    """A member with the role agent."""
    member_id = MemberId(uuid4())
    with connect(store.conninfo) as connection:
        for event in (
            WorkspaceMemberInvited(member_id=member_id, name=name),
            WorkspaceMemberRoleGranted(member_id=member_id, role="agent"),
        ):
            append_to_workspace(connection, None, event)
        catch_up(connection)
    return member_id


def key_of(page: Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found[1]


def listed(page: Response) -> list[str]:
    """The names in the list, in its order."""
    return [unescape(name) for name in re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page.text)]


def press(browser: TestClient, act: str, ids: list[UUID], query: str = "", **fields: str) -> Response:
    """Tick these and press a button, on the list as it is narrowed."""
    page = browser.get(f"{ADDRESS}?{query}")
    form = {"form_key": key_of(page), "question": query, "act": act, **fields}
    return browser.post(ADDRESS, data={**form, "customer_id": [str(one) for one in ids]})


def events(store: Store, customer_id: UUID) -> Sequence[log.Recorded]:
    with store.pool.connection() as connection:
        return log.load(connection, customer_id).history


def test_customers_are_found_filtered_and_sorted(store: Store, browser: TestClient) -> None:
    north, south, gone = customers(store, "Northwind Gardens", "Southern Seeds", "Gone")
    owner = agent(store)
    tell_more(store, north, CustomerTagged(tag="vip"), CustomerOwnerAssigned(owner_id=owner), CustomerActivated())
    tell_more(store, south, CustomerClassified(segment="small"))
    with connect(store.conninfo) as connection:
        forget(connection, gone)
        catch_up(connection)
    assert listed(browser.get(ADDRESS)) == ["Southern Seeds", "Northwind Gardens"]
    for query, names in {
        "sort=name": ["Northwind Gardens", "Southern Seeds"],
        "q=northwnd": ["Northwind Gardens"],
        "tag=vip": ["Northwind Gardens"],
        "status=active": ["Northwind Gardens"],
        "status=forgotten": ["(forgotten)"],
        f"owner={owner}": ["Northwind Gardens"],
        "owner=nobody": ["Southern Seeds"],
        "group=small": ["Southern Seeds"],
        "group=small&tag=vip": [],
    }.items():
        assert listed(browser.get(f"{ADDRESS}?{query}")) == names, query
    page = browser.get(f"{ADDRESS}?tag=vip&owner={owner}")
    assert 'value="vip"' in page.text and "Ada" in said(page)
    assert "Nobody is like that" in said(browser.get(f"{ADDRESS}?tag=none"))


def test_an_empty_list_says_how_customers_come(browser: TestClient) -> None:
    assert "./crm import customers" in said(browser.get(ADDRESS))


def test_a_question_that_cannot_be_asked_is_explained(store: Store, browser: TestClient) -> None:
    customers(store, "Northwind Gardens")
    for query in ("owner=nonsense", "segment=none", "custom.none=1", "cursor=broken"):
        page = browser.get(f"{ADDRESS}?{query}")
        assert page.status_code == 422 or (query == "cursor=broken" and page.status_code == 400), query
        assert "Change the filter" in said(page) and "Show" in said(page), query


def test_a_long_list_goes_on(store: Store, browser: TestClient) -> None:
    customers(store, *(f"Garden {number}" for number in range(60)))
    first = browser.get(f"{ADDRESS}?sort=since")
    more = re.search(r'<a class="button" href="([^"]+)"', first.text)
    assert more
    seen = listed(first) + listed(browser.get(unescape(more[1])))
    assert seen == [f"Garden {number}" for number in range(60)]


def test_many_are_tagged_at_once_and_it_is_undone_at_once(store: Store, browser: TestClient) -> None:
    ids = customers(store, "One", "Two", "Three")
    page = press(browser, "tag", ids[:2], "sort=name", tag="spring")
    assert (page.status_code, page.url.query.startswith(b"sort=name")) == (200, True)
    assert "2 customers tagged." in said(page)
    assert said(page).count("spring") == 2
    tagged = [events(store, one)[-1] for one in ids]
    assert [one.type for one in tagged] == ["customer.tagged", "customer.tagged", "customer.registered"]
    assert tagged[0].correlation_id == tagged[1].correlation_id is not None
    assert tagged[0].metadata["channel"] == "console"

    together = re.search(r'name="together" value="([^"]+)"', page.text)
    assert together
    page = browser.post(ADDRESS, data={"act": "undo", "form_key": key_of(page), "together": together[1]})
    assert "Undone: 2 customers are as before." in said(page)
    assert [events(store, one)[-1].type for one in ids[:2]] == ["customer.events_undone"] * 2
    assert listed(browser.get(f"{ADDRESS}?tag=spring")) == []


def test_what_others_built_upon_it_stays(store: Store, browser: TestClient) -> None:
    one, other = customers(store, "One", "Two")
    page = press(browser, "tag", [one, other], tag="spring")
    tell_more(store, one, CustomerUntagged(tag="spring"))
    together = re.search(r'name="together" value="([^"]+)"', page.text)
    assert together
    page = browser.post(ADDRESS, data={"act": "undo", "form_key": key_of(page), "together": together[1]})
    assert "1 are as they were before. In 1 something stays" in said(page)
    assert events(store, one)[-1].type == "customer.untagged"


def test_a_form_sent_twice_acts_once(store: Store, browser: TestClient) -> None:
    (one,) = customers(store, "One")
    form = {"form_key": "a" * 16, "act": "tag", "tag": "spring", "customer_id": str(one)}
    for _ in range(2):
        assert "1 customer tagged." in said(browser.post(ADDRESS, data=form))
    assert [past.type for past in events(store, one)] == ["customer.registered", "customer.tagged"]


def test_an_owner_is_assigned_and_the_team_stays(store: Store, browser: TestClient) -> None:
    one, other = customers(store, "One", "Two")
    owner = agent(store)
    tell_more(store, one, CustomerOwnerAssigned(team="north"))
    page = press(browser, "assign", [one, other], owner_id=str(owner))
    assert "2 customers assigned." in said(page)
    assert [events(store, which)[-1].event for which in (one, other)] == [
        CustomerOwnerAssigned(owner_id=owner, team="north"),
        CustomerOwnerAssigned(owner_id=owner, team=None),
    ]
    assert listed(browser.get(f"{ADDRESS}?owner={owner}&sort=name")) == ["One", "Two"]


def test_what_cannot_be_done_is_told_beside_what_was(store: Store, browser: TestClient) -> None:
    one, other = customers(store, "One", "Two")
    tell_more(store, one, CustomerTagged(tag="spring"))
    page = press(browser, "tag", [one, other], tag="spring")
    assert page.status_code == 409
    assert "Done for 1. Not done for 1: 1 × " in said(page) and "1 customer tagged." in said(page)
    page = press(browser, "tag", [one], tag="")
    assert page.status_code == 409 and "Done for 0" in said(page)
    assert press(browser, "tag", [], tag="x").status_code == 422
    assert press(browser, "tag", [uuid4()], tag="x").status_code == 409
    assert press(browser, "burn", [one]).status_code == 422
    assert len(events(store, one)) == 2


def test_a_filter_is_kept_under_a_name(store: Store, browser: TestClient) -> None:
    one, other, _ = customers(store, "One", "Two", "Three")
    owner = agent(store)
    for customer_id in (one, other):
        tell_more(store, customer_id, CustomerTagged(tag="vip"))
    tell_more(store, one, CustomerOwnerAssigned(owner_id=owner))
    page = press(browser, "save", [], f"tag=vip&owner={owner}", name="our best")
    assert (page.status_code, page.url.query) == (200, b"segment=our+best")
    assert listed(page) == ["One"]
    page = press(browser, "save", [], "tag=vip&owner=nobody", name="best of nobody")
    assert listed(page) == ["Two"]
    page = press(browser, "save", [], "", name="everybody")
    assert page.status_code == 409 and "at least one condition" in said(page)


def test_an_agent_sees_and_does_what_she_may(company: House) -> None:
    session = company.session_of(company.members["agent"])
    seen = {
        whose
        for whose, one in company.records.items()
        if one.canary in company.client.get(ADDRESS, headers=session).text
    }
    assert seen == {"team"}
    form = {"form_key": "a" * 16, "act": "tag", "tag": "mine"}
    hidden = company.records["other team's"].customer
    told = company.client.post(ADDRESS, headers=session, data=form | {"customer_id": str(hidden)})
    assert told.status_code == 409 and "not for you to see" in said(told)
    for act in ("undo", "save"):
        asked = {"form_key": "b" * 16, "act": act, "together": str(uuid4()), "name": "x", "question": "tag=x"}
        assert company.client.post(ADDRESS, headers=session, data=asked).status_code == 403
    page = company.client.get(f"{ADDRESS}?tag=x", headers=session).text
    assert "Keep this filter" not in page
    ours = str(company.records["team"].customer)
    done = company.client.post(ADDRESS, headers=session, data=form | {"form_key": "c" * 16, "customer_id": ours})
    company.follow()
    shown = company.client.get(done.headers["location"], headers=session).text
    together = re.search(r'name="together" value="([^"]+)"', shown)
    assert together and ">Undo<" in shown
    back = {"act": "undo", "form_key": "d" * 16, "together": together[1]}
    colleague = company.session_of(BOB)
    assert company.client.post(ADDRESS, headers=colleague, data=back).status_code in (403, 404)
    undone = company.client.post(ADDRESS, headers=session, data=back).headers["location"]
    company.follow()
    assert "1 customer is as before" in said(company.client.get(undone, headers=session))
    analyst = company.session_of(company.members["analyst"])
    assert 'name="customer_id"' not in company.client.get(ADDRESS, headers=analyst).text
    assert company.client.post(ADDRESS, headers=analyst, data=form).status_code == 403
    assert not any(one.canary in company.client.get(ADDRESS, headers=analyst).text for one in company.records.values())


def test_an_agent_looks_at_her_own(store: Store, stranger: TestClient) -> None:
    one, _ = customers(store, "One", "Two")
    member = agent(store)
    tell_more(store, one, CustomerOwnerAssigned(owner_id=member))
    session = {"Cookie": f"everfold_session={begin_session(store, member, 'link')}"}
    assert listed(stranger.get(f"{ADDRESS}?owner=me", headers=session)) == ["One"]


def test_what_people_wrote_is_shown_as_text(store: Store, browser: TestClient) -> None:
    (one,) = customers(store, NASTY)
    tell_more(store, one, CustomerTagged(tag=NASTY[:100]))
    for query in ("", f"q={NASTY}", f"tag={NASTY}", "segment=<b>", "owner=<b>"):
        assert "<script>alert" not in browser.get(f"{ADDRESS}?{query}").text
        assert "<b>" not in browser.get(f"{ADDRESS}?{query}").text.replace("<b>Nobody is like that.</b>", "")
    assert listed(browser.get(ADDRESS)) == [NASTY]
