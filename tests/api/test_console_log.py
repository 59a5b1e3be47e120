"""The log's pages: the explorer, the read models with replays, comparisons and what is set apart, and the seals."""

import re
import time
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.console.cookies import SESSION
from api.console.log import explorer
from api.sessions import begin_session, create_sign_in_link
from api.store import Store, append_to_workspace
from domain.event import MemberId
from domain.lead import LeadLost, LeadWon
from domain.money import Money
from domain.workspace import Role, WorkspaceMemberInvited, WorkspaceMemberRoleGranted
from eventstore.database import connect
from projections.read_models import read_models
from replay import progress
from replay.follow import catch_up
from tests.facts import captured, given

NASTY = "<script>alert('x')</script>"
MODELS = "/console/log/read-models"
FORM = {"form_key": "12345678"}


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """A browser that a printed link was opened with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        assert browser.get(create_sign_in_link(store)).status_code == 200
        yield browser


def lead(store: Store, *events: object, title: str = "Ten seats") -> UUID:
    with connect(store.conninfo) as connection:
        lead_id, _ = given(connection, captured(title), *events)  # type: ignore[arg-type]  # events of the domain
        catch_up(connection)
    return lead_id


def session_of(store: Store, role: Role) -> dict[str, str]:
    """The headers of a browser in which somebody with this role is signed in."""
    member_id = MemberId(uuid4())
    with connect(store.conninfo) as connection:
        for event in (
            WorkspaceMemberInvited(member_id=member_id, name="Ann"),
            WorkspaceMemberRoleGranted(member_id=member_id, role=role),
        ):
            append_to_workspace(connection, None, event)
    return {"Cookie": f"{SESSION}={begin_session(store, member_id, 'link')}", "Sec-Fetch-Site": "same-origin"}


def said(response: Response) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def positions(response: Response) -> list[int]:
    return [int(found) for found in re.findall(r'id="event-(\d+)"', response.text)]


def until(browser: TestClient, wanted: str, address: str = MODELS) -> str:
    """The text of the page as soon as it says this."""
    deadline = time.monotonic() + 30
    while wanted not in (told := said(browser.get(address))):
        assert time.monotonic() < deadline, told
        time.sleep(0.05)
    return told


def test_the_newest_event_comes_first_in_words_with_the_raw_one_beside_it(browser: TestClient, store: Store) -> None:
    lead_id = lead(store, LeadLost(reason="price"))
    shown = browser.get("/console/log")
    found = positions(shown)
    assert found == sorted(found, reverse=True)
    assert "Lost: price" in said(shown)
    assert str(lead_id) in shown.text
    assert '"reason": "price"' in unescape(shown.text)


def test_every_filter_narrows_what_is_shown(browser: TestClient, store: Store) -> None:
    lead(store, LeadWon(value=Money(amount=Decimal(12), currency="EUR")))
    all_of_it = positions(browser.get("/console/log"))
    won = browser.get("/console/log", params={"type": "lead.won"})
    assert len(positions(won)) == 1 and "Won for 12.00 EUR" in said(won)
    leads = positions(browser.get("/console/log", params={"noun": "lead"}))
    assert len(leads) == 2 and set(leads) < set(all_of_it)
    customer = re.search(r"customer=([0-9a-f-]{36})", won.text)
    assert customer
    hers = positions(browser.get("/console/log", params={"customer": customer[1]}))
    assert set(leads) <= set(hers) < set(all_of_it)
    assert positions(browser.get("/console/log", params={"actor": str(uuid4())})) == []
    assert positions(browser.get("/console/log", params={"together": str(uuid4())})) == []
    assert positions(browser.get("/console/log", params={"since": "2020-01-01T00:00"})) == all_of_it
    assert positions(browser.get("/console/log", params={"until": "2020-01-01T00:00"})) == []


def test_pages_follow_each_other_without_gap_or_repetition(
    browser: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        lead(store)
    everything = positions(browser.get("/console/log"))
    monkeypatch.setattr(explorer, "_SHOWN", 3)
    found, address = list[int](), "/console/log"
    while True:
        shown = browser.get(address)
        found += positions(shown)
        older = re.search(r'href="(/console/log\?before=\d+)">Older', shown.text)
        if older is None:
            break
        address = older[1]
    assert found == everything


def test_a_search_that_finds_little_says_that_there_is_more_to_look_through(
    browser: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(store, LeadWon(value=Money(amount=Decimal(12), currency="EUR")))
    for _ in range(3):
        lead(store)
    monkeypatch.setattr(explorer, "_WINDOW", 2)
    monkeypatch.setattr(explorer, "_WINDOWS", 1)
    shown = browser.get("/console/log", params={"type": "lead.won"})
    found, steps = positions(shown), 0
    while not found:
        assert "Search further back" in said(shown) and steps < 20
        older = re.search(r'href="(/console/log\?type=lead.won&amp;before=\d+)"', shown.text)
        assert older
        shown, steps = browser.get(unescape(older[1])), steps + 1
        found = positions(shown)
    assert len(found) == 1 and steps > 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("type", "lead.flown", "There is no event type of that name"),
        ("noun", "cat", "There are no such records"),
        ("customer", "Ada", "Customer takes an id"),
        ("since", "yesterday", "A period takes moments"),
        ("until", "2999-01-01T00:00", "has not come yet"),
    ],
)
def test_what_cannot_be_asked_is_explained_and_stays_in_its_field(
    browser: TestClient, name: str, value: str, sentence: str
) -> None:
    shown = browser.get("/console/log", params={name: value})
    assert shown.status_code == 422
    assert sentence in said(shown)
    assert value in shown.text


def test_what_people_wrote_is_shown_and_never_run(browser: TestClient, store: Store) -> None:
    lead(store, title=NASTY)
    shown = browser.get("/console/log", params={"type": "", "together": "", "noun": "lead"})
    assert NASTY not in shown.text and NASTY in unescape(shown.text)
    assert NASTY not in browser.get("/console/log", params={"customer": NASTY}).text


def test_who_may_not_see_what_is_personal_sees_types_and_no_words(browser: TestClient, store: Store) -> None:
    lead(store, title="Ada wants ten")
    shown = browser.get("/console/log", headers=session_of(store, "analyst"))
    assert shown.status_code == 200
    assert "lead.captured" in said(shown) and "Ada wants ten" not in unescape(shown.text)
    assert "Ann" not in said(shown)


def test_an_agent_finds_no_log(browser: TestClient, store: Store) -> None:
    lead(store)
    agent = session_of(store, "agent")
    assert "/console/log" not in browser.get("/console/pipeline", headers=agent).text
    for address in ("/console/log", MODELS, "/console/log/tail"):
        assert browser.get(address, headers=agent).status_code == 403


def test_the_stream_is_only_for_who_asks_for_one(browser: TestClient) -> None:
    refused = browser.get("/console/log/tail")
    assert refused.status_code == 422 and "Open /console/log instead" in said(refused)


def test_an_auditor_looks_at_the_read_models_and_starts_nothing(browser: TestClient, store: Store) -> None:
    auditor = session_of(store, "auditor")
    shown = browser.get(MODELS, headers=auditor)
    assert shown.status_code == 200 and "Replay all" not in said(shown)
    for act in ("replay", "pause", "resume", "cancel", "compare", "retry", "roll-back", "retire"):
        assert browser.post(f"{MODELS}/{act}", data=FORM | {"read_model": "lead"}, headers=auditor).status_code == 403
    assert browser.post(f"{MODELS}/seals", data=FORM | {"wish": "check"}, headers=auditor).status_code == 403


def test_a_replay_is_planned_started_and_comes_to_its_end(browser: TestClient, store: Store) -> None:
    lead(store)
    planned = said(browser.get(MODELS, params={"plan": "lead"}))
    assert "Replay lead" in planned and re.search(r"It reads [1-9]\d* events", planned)
    with store.following() as connection:
        before = connection.execute("SELECT rebuilt_at FROM replay.checkpoint WHERE projection = 'lead'").fetchone()
    started = browser.post(f"{MODELS}/replay", data=FORM | {"read_model": "lead"})
    assert started.status_code == 200 and str(started.url).endswith(MODELS)
    deadline = time.monotonic() + 30
    while "Replays under way" in said(browser.get(MODELS)):
        assert time.monotonic() < deadline
    with store.following() as connection:
        after = connection.execute("SELECT rebuilt_at FROM replay.checkpoint WHERE projection = 'lead'").fetchone()
    assert before and after and after["rebuilt_at"] > before["rebuilt_at"]


def test_a_replay_that_was_cut_off_can_be_gone_on_with_or_ended(browser: TestClient, store: Store) -> None:
    lead(store)
    with store.following() as connection:
        progress.announce(connection, [read_models()["lead"], read_models()["ticket"]])
    told = said(browser.get(MODELS))
    assert told.count("cut off") == 2 and "Go on" in told
    browser.post(f"{MODELS}/pause", data=FORM | {"read_model": "lead"})
    assert "paused" in said(browser.get(MODELS))
    browser.post(f"{MODELS}/cancel", data=FORM | {"read_model": "ticket"})
    deadline = time.monotonic() + 30
    while "ticket ending" in said(browser.get(MODELS)):
        assert time.monotonic() < deadline
    browser.post(f"{MODELS}/resume", data=FORM | {"read_model": "all"})
    while "Replays under way" in said(browser.get(MODELS)):
        assert time.monotonic() < deadline


def test_a_row_that_is_not_as_in_a_replay_is_found_by_comparing(browser: TestClient, store: Store) -> None:
    lead(store)
    browser.post(f"{MODELS}/compare", data=FORM | {"read_model": "lead"})
    until(browser, "the same, a moment ago")
    with store.following() as connection:
        connection.execute("UPDATE public.lead SET title = 'tampered with'")
    browser.post(f"{MODELS}/compare", data=FORM | {"read_model": "lead"})
    assert "Rows of lead are not those of a replay" in until(browser, "1 rows differ")


def test_keys_that_are_set_apart_are_named_and_tried_again(browser: TestClient, store: Store) -> None:
    lead_id = lead(store)
    with store.following() as connection:
        connection.execute(
            "INSERT INTO replay.parked (projection, schema_name, table_name, key, position, error, parked_at)"
            " VALUES ('lead', 'public', 'lead', %s, 2, 'NumericValueOutOfRange', now())",
            [lead_id],
        )
    told = said(browser.get(MODELS))
    assert "Set apart 1" in told and "NumericValueOutOfRange" in told and str(lead_id) in told
    browser.post(f"{MODELS}/retry", data=FORM | {"read_model": "lead"})
    assert "Set apart" not in said(browser.get(MODELS))


def test_the_log_is_sealed_and_checked_and_what_was_changed_is_found(browser: TestClient, store: Store) -> None:
    lead(store)
    browser.post(f"{MODELS}/seals", data=FORM | {"wish": "seal"})
    assert "Sealed up to #" in said(browser.get(MODELS))
    browser.post(f"{MODELS}/seals", data=FORM | {"wish": "check"})
    until(browser, "all are as they were recorded")
    with connect(store.conninfo) as connection:
        connection.execute("ALTER TABLE log.event DISABLE TRIGGER USER")
        connection.execute("UPDATE log.event SET data = data || '{\"x\": 1}' WHERE type = 'lead.captured'")
    browser.post(f"{MODELS}/seals", data=FORM | {"wish": "check"})
    until(browser, "Found 20")


def test_there_is_no_version_before_to_go_back_to(browser: TestClient, store: Store) -> None:
    refused = browser.post(f"{MODELS}/roll-back", data=FORM | {"read_model": "lead"})
    assert refused.status_code == 409 and "No earlier version of lead is kept" in said(refused)
    assert browser.post(f"{MODELS}/replay", data=FORM | {"read_model": "nothing"}).status_code == 422
    assert browser.post(f"{MODELS}/replay", data=FORM).status_code == 422
