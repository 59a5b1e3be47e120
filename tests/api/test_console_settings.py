"""The settings' pages: every form is one command, refused in words, and told in the section's history."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.console.settings.parts import READS, SECTIONS
from api.sessions import create_sign_in_link
from api.store import Store
from domain.workspace import Workspace
from tests.api.test_console_log import said, session_of

RATE = {"from_currency": "EUR", "to_currency": "EUR", "rate": "1", "valid_on": "2026-01-01"}
NASTY = "<script>alert('x')</script>"


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """A browser that a printed link was opened with."""
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        assert browser.get(create_sign_in_link(store)).status_code == 200
        yield browser


def now(store: Store) -> Workspace:
    with store.pool.connection() as connection:
        return store.settled.now(connection)[0]


def send(browser: TestClient, section: str, act: str, **fields: str) -> Response:
    shown = browser.get(f"/console/settings/{section}")
    hidden = dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', shown.text))
    return browser.post(f"/console/settings/{section}/{act}", data=hidden | {"form_name": act} | fields)


def test_a_pipeline_is_published_and_its_history_says_by_whom(browser: TestClient, store: Store) -> None:
    done = send(browser, "pipelines", "publish", name="partners", stages="met 10 %\nsigned letter 62.5%")
    assert done.status_code == 200 and str(done.url).endswith("/console/settings/pipelines")
    stages = now(store).pipelines["partners"].stages
    assert [(stage.name, f"{stage.probability.normalize():f}") for stage in stages] == [
        ("met", "0.1"),
        ("signed letter", "0.625"),
    ]
    told = said(done)
    assert "Pipeline partners, version 1: met, signed letter the operator" in told


def test_service_levels_are_counted_in_the_hours_of_a_calendar(browser: TestClient, store: Store) -> None:
    week = {"monday": "08:00-12:00 13:00-18:00", "friday": "09:00-13:00"}
    days = {"holidays": "2026-12-25 Christmas", "special_hours": "2026-12-24 08:00-12:00"}
    public = {"country": "de", "subdivision": "be", "years": "2026, 2027"}
    send(browser, "business-calendars", "publish", name="default", zone="Europe/Berlin", **week, **days, **public)
    calendar = now(store).calendars["default"]
    assert [(each.weekday, each.opens) for each in calendar.weekly_hours][1] == ("monday", "13:00")
    assert len(calendar.holidays) > 10 and len(calendar.special_hours) == 1
    goals = {"first_response:urgent": "0.5", "resolution:low": "72"}
    done = send(browser, "sla-policies", "publish", name="standard", calendar="default", **goals)
    assert [goal.within_seconds for goal in now(store).sla_policies["standard"].goals] == [1800, 259200]
    assert "first response, urgent 0.5 h" in said(done)


def test_a_field_is_defined_retired_and_used_again(browser: TestClient, store: Store) -> None:
    field = {"noun": "customer", "field_id": "tier"}
    send(browser, "custom-fields", "define", **field, label="Tier", kind="choice", choices="gold\nsilver")
    assert now(store).custom_fields["customer", "tier"].choices == ("gold", "silver")
    assert "retired" in said(send(browser, "custom-fields", "retire", **field))
    send(browser, "custom-fields", "define", **field, label="Level", kind="choice", choices="gold")
    assert now(store).custom_fields["customer", "tier"].label == "Level" and not now(store).retired_fields


def test_rates_segments_and_figures_are_published(browser: TestClient, store: Store) -> None:
    rate = {"from_currency": "USD", "to_currency": "EUR", "rate": "0.9", "valid_on": "2026-01-01"}
    assert "1 USD = 0.9 EUR" in said(send(browser, "exchange-rates", "publish", **rate))
    conditions = "industry is_any_of retail, software\r\nowner_id is_known\r\n\r\nsegment is_any_of key"
    send(browser, "segments", "define", name="good", noun="customer", groups=conditions)
    groups = now(store).segments["good"].groups
    assert isinstance(groups, tuple) and [len(group) for group in groups] == [2, 1]
    assert groups[0][0].values == ("retail", "software")
    done = send(browser, "kpi-definitions", "publish", kpi="win_rate", target="0.25", target_is="at_least")
    assert "at least 25.0\N{NO-BREAK SPACE}%" in unescape(done.text)


def test_a_member_is_invited_given_a_role_and_a_team_and_deactivated(browser: TestClient, store: Store) -> None:
    send(browser, "members", "invite", name=NASTY)
    (member_id,) = now(store).members
    shown = send(browser, "members", "grant-role", record_id=str(member_id), role="agent")
    assert NASTY not in shown.text and NASTY in unescape(shown.text)
    send(browser, "members", "join-team", record_id=str(member_id), team="north")
    assert (now(store).roles_of(member_id), now(store).teams_of(member_id)) == (
        frozenset({"agent"}),
        frozenset({"north"}),
    )
    send(browser, "members", "leave-team", record_id=str(member_id), team="north")
    send(browser, "members", "revoke-role", record_id=str(member_id), role="agent")
    assert not now(store).roles_of(member_id) and not now(store).teams_of(member_id)
    assert "works here no more" in said(
        send(browser, "members", "deactivate", record_id=str(member_id), reason="moved on")
    )


def test_a_key_is_shown_once_works_and_is_revoked(browser: TestClient, store: Store) -> None:
    form = {"label": "Web form", "scopes": "leads:read", "expires_on": "2999-01-31"}
    issued = send(browser, "api-keys", "issue", **form)
    key = re.search(r"everfold_[\w-]+", issued.text)
    assert key and issued.headers["cache-control"] == "no-store"
    bearer = {"Authorization": f"Bearer {key[0]}"}
    assert browser.get("/v1/leads", headers=bearer).status_code == 200
    shown = browser.get("/console/settings/api-keys")
    assert key[0] not in shown.text and "Web form" in said(shown)
    (key_id,) = now(store).keys
    send(browser, "api-keys", "revoke", record_id=str(key_id))
    assert browser.get("/v1/leads", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("section", "act", "fields", "sentence"),
    [
        ("pipelines", "publish", {"name": "x", "stages": "no chance here"}, "is no stage"),
        ("pipelines", "publish", {"name": "x", "stages": ""}, "needs at least one stage"),
        ("pipelines", "publish", {"name": "x", "stages": "a 10 %\na 20 %"}, "named more than once"),
        ("pipelines", "publish", {"name": "x", "stages": "a 200 %"}, "Nothing was done"),
        ("sla-policies", "publish", {"name": "x", "calendar": "none", "resolution:low": "1"}, "no such business"),
        ("sla-policies", "publish", {"name": "x", "resolution:low": "soon"}, "is no number"),
        ("business-calendars", "publish", {"name": "x", "zone": "UTC", "monday": "all day"}, "no time of being open"),
        ("business-calendars", "publish", {"name": "x", "zone": "UTC", "country": "de"}, "Say for which years"),
        ("business-calendars", "publish", {"name": "x", "zone": "UTC", "holidays": "2026-12-25"}, "is no holiday"),
        ("custom-fields", "define", {"noun": "lead", "field_id": "a", "label": "A", "kind": "text"}, "is personal"),
        ("custom-fields", "retire", {"noun": "lead", "field_id": "a"}, "no such custom field"),
        ("exchange-rates", "publish", RATE, "is always 1"),
        ("segments", "define", {"name": "x", "noun": "lead", "groups": "alone"}, "is no condition"),
        ("kpi-definitions", "publish", {"kpi": "win_rate", "parameters": "nothing"}, "is no parameter"),
        ("kpi-definitions", "publish", {"kpi": "win_rate", "parameters": "cats = 3"}, "no parameter of that name"),
        ("members", "invite", {}, "Name: field required"),
        ("api-keys", "issue", {"label": "x", "scopes": "fly"}, "no scopes"),
        ("api-keys", "issue", {"label": "x", "expires_on": "soon"}, "The day on which the key ends"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_and_nothing_that_was_typed_is_lost(
    browser: TestClient, section: str, act: str, fields: dict[str, str], sentence: str
) -> None:
    refused = send(browser, section, act, **fields)
    assert refused.status_code in (403, 409, 422) and sentence.casefold() in said(refused).casefold()
    for name, value in fields.items():
        if f'name="{name}"' in refused.text and value and name not in ("scopes", "calendar"):
            assert value.splitlines()[0] in unescape(refused.text)


def test_settings_that_changed_since_are_not_overwritten(browser: TestClient, store: Store) -> None:
    shown = browser.get("/console/settings/pipelines")
    hidden = dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', shown.text))
    send(browser, "members", "invite", name="Ann")
    form = hidden | {"form_name": "publish", "name": "mine", "stages": "met 10 %"}
    refused = browser.post("/console/settings/pipelines/publish", data=form)
    assert refused.status_code == 412 and "nothing was overwritten" in said(refused)
    assert "mine" not in now(store).pipelines and "met 10 %" in refused.text


def test_a_double_click_acts_once(browser: TestClient, store: Store) -> None:
    shown = browser.get("/console/settings/members")
    hidden = dict(re.findall(r'type="hidden" name="(form_key|version)" value="([^"]*)"', shown.text))
    for _ in range(2):
        assert browser.post("/console/settings/members/invite", data=hidden | {"name": "Ann"}).status_code == 200
    assert len(now(store).members) == 1


def test_an_agent_sees_no_settings_and_a_manager_changes_none(browser: TestClient, store: Store) -> None:
    agent, manager = session_of(store, "agent"), session_of(store, "manager")
    assert "/console/settings" not in browser.get("/console/pipeline", headers=agent).text
    assert "/console/settings" in browser.get("/console/pipeline", headers=manager).text
    for slug in SECTIONS:
        assert browser.get(f"/console/settings/{slug}", headers=agent).status_code == 403
        shown = browser.get(f"/console/settings/{slug}", headers=manager)
        assert shown.status_code == 200 and 'method="post" action="/console/settings' not in shown.text
    for name in READS:
        form = {"form_key": "12345678", "version": "0"}
        assert browser.post(f"/console/settings/{name}", data=form, headers=manager).status_code == 403


def test_who_may_not_see_what_is_personal_is_not_told_names(browser: TestClient, store: Store) -> None:
    analyst = session_of(store, "analyst")  # its member is called Ann
    shown = said(browser.get("/console/settings/members", headers=analyst))
    assert "(withheld)" in shown and "Ann " not in shown


def test_there_are_no_other_sections(browser: TestClient) -> None:
    assert browser.get("/console/settings/cats").status_code == 404
    assert send(browser, "pipelines", "burn").status_code == 404
