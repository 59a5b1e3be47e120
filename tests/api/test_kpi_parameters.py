"""Parameters of a figure are asked for by their names, are said in the answer, and lead on to the same events."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from projections.kpi import Kpi, kpis, parse, versions
from tests.api.test_leads import act, capture

TEXT = """-- title: Deals
-- version: 1
-- question: How many deals are worth enough?
-- unit: leads
-- formula: count
-- edge cases: none
-- area: sales
-- of nothing: 0
-- source: ours
-- parameter at_least: 100; from 0 to 1000000; what a deal must be worth
-- parameter status: open; one of open won; which deals count
-- reads: lead_at

-- counted: the leads worth enough
SELECT * FROM lead_at WHERE amount >= %(at_least)s AND status = %(status)s

-- figure
SELECT
    group_key,
    group_key AS group_label,
    count(*) AS value,
    NULL::numeric AS numerator,
    NULL::numeric AS denominator,
    count(*) AS sample_size,
    0 AS excluded,
    '{}'::jsonb AS details
FROM counted
GROUP BY group_key
"""


def added(monkeypatch: pytest.MonkeyPatch, *found: Kpi) -> None:
    """Figures as if their files were there; the last one of a slug is in force."""
    there: Any = (kpis(), versions())  # Any: to add to what is only read elsewhere
    for kpi in found:
        monkeypatch.setitem(there[0], kpi.slug, kpi)
        monkeypatch.setitem(there[1], kpi.definition, kpi)


@pytest.fixture
def deals(monkeypatch: pytest.MonkeyPatch, client: TestClient) -> Iterator[str]:
    added(monkeypatch, parse("deals", TEXT))
    won = capture(client, value={"amount": "50", "currency": "EUR"})
    capture(client, value={"amount": "500", "currency": "EUR"})
    position = act(client, won, "win").json()["position"]
    client.headers["Min-Position"] = str(position)
    yield "/v1/kpis/deals"


def test_what_is_not_chosen_has_its_default(client: TestClient, deals: str) -> None:
    result = client.get(deals).json()
    assert (result["value"], result["params"]["at_least"], result["params"]["status"]) == (1, "100", "open")


def test_what_is_chosen_counts_and_leads_to_its_events(client: TestClient, deals: str) -> None:
    result = client.get(deals, params={"at_least": "20.5", "status": "won", "group_by": "source"}).json()
    assert (result["value"], result["params"]["at_least"], result["params"]["status"]) == (1, "20.5", "won")
    behind = client.get(result["events_url"]).json()["data"]
    assert [event["type"] for event in behind] == ["lead.won"]
    assert client.get(deals, params={"at_least": "501"}).json()["value"] == 0


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"at_least": "-1"}, "at_least is a number from 0 to 1000000: what a deal must be worth."),
        ({"status": "lost"}, "status is one of open, won: which deals count."),
        ({"within_days": "60"}, "deals has no parameter of that name. It has: at_least (a number from 0 to 1000000"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_what_there_is(
    client: TestClient, deals: str, bad: dict[str, str], sentence: str
) -> None:
    for path in (deals, f"{deals}/events"):
        answer = client.get(path, params=bad)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")
        assert sentence in answer.json()["detail"]


def test_a_definition_names_its_parameters(client: TestClient, deals: str) -> None:
    (found,) = (kpi for kpi in client.get("/v1/kpis").json()["data"] if kpi["slug"] == "deals")
    assert found["parameters"][0] == {
        "name": "at_least",
        "default": "100",
        "least": 0,
        "most": int(Decimal("1e6")),
        "choices": [],
        "meaning": "what a deal must be worth",
    }
    assert client.get("/v1/kpis/win_rate?within_days=60").status_code == 422
