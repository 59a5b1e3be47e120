"""A figure over time, beside the period before, and of some groups alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.store import Store
from eventstore.database import Connection
from tests.api.test_leads import act, capture, member
from tests.api.test_past import now

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


def ago(days: float) -> datetime:
    return NOW - days * DAY


@pytest.fixture
def told(client: TestClient) -> Iterator[dict[str, Any]]:
    """Captured 40 days ago: won 30 and 3 days ago, lost 29 and 3 days ago from the web; won 3 days ago at a fair."""
    position = 0
    for source, how, days in (
        ("web", "win", 30), ("web", "lose", 29), ("web", "win", 3), ("web", "lose", 3), ("fair", "win", 3),
    ):  # fmt: skip
        lead = capture(client, source=source, occurred_at=ago(40).isoformat())
        position = act(client, lead, how, {"occurred_at": ago(days).isoformat()}).json()["position"]
    client.headers["Min-Position"] = str(position)
    yield {"from": ago(31).date().isoformat(), "to": (ago(0).date() + DAY).isoformat()}


def test_a_series_says_each_bucket_and_how_it_compares(client: TestClient, told: dict[str, Any]) -> None:
    found = client.get("/v1/kpis/win_rate/series", params=told | {"every": "day"}).json()
    assert (found["every"], found["definition"], found["params"]["from"]) == ("day", "win_rate@1", told["from"])
    assert len(found["buckets"]) == 32
    values = {bucket["start"][:10]: bucket["value"] for bucket in found["buckets"]}
    assert values[str(ago(30).date())] == 1
    assert values[str(ago(29).date())] == 0
    assert values[str(ago(28).date())] is None
    assert round(values[str(ago(3).date())], 3) == 0.667
    by_start = {bucket["start"][:10]: bucket for bucket in found["buckets"]}
    assert by_start[str(ago(29).date())]["ratio"] == 0
    assert by_start[str(ago(28).date())]["ratio"] is None
    is_over = datetime.fromisoformat(found["buckets"][-1]["end"]) <= datetime.now(UTC)  # midnight may have passed
    assert [bucket["is_complete"] for bucket in found["buckets"]] == [True] * 31 + [is_over]
    behind = client.get(by_start[str(ago(3).date())]["events_url"]).json()["data"]
    assert sorted(event["type"] for event in behind) == ["lead.lost", "lead.won", "lead.won"]


def test_how_things_stood_is_said_of_the_end_of_each_bucket(client: TestClient, told: dict[str, Any]) -> None:
    found = client.get("/v1/kpis/pipeline_as_of/series", params=told | {"every": "day"}).json()
    values = {bucket["start"][:10]: (bucket["value"], bucket["events_url"]) for bucket in found["buckets"]}
    assert [values[str(ago(days).date())][0] for days in (31, 30, 29, 4, 3, 0)] == [5, 4, 3, 3, 0, 0]
    behind = client.get(values[str(ago(31).date())][1]).json()["data"]
    assert {event["type"] for event in behind} == {"lead.valued"}
    one = client.get("/v1/kpis/pipeline_as_of", params={"to": str(ago(29).date()), "at_end": "true"}).json()
    assert one["value"] == 4
    asked = {"every": "year", "as_of": ago(10).isoformat(), "axis": "occurred"}
    whole = client.get("/v1/kpis/pipeline_as_of/series", params=asked).json()
    assert whole["buckets"][-1]["value"] == 3, "not what came after as_of, though the bucket goes on"


def test_a_series_is_of_what_was_known_at_one_moment(
    client: TestClient, connection: Connection, told: dict[str, Any]
) -> None:
    known = now(connection)
    asked = told | {"every": "week", "as_of": known}
    first = client.get("/v1/kpis/win_rate/series", params=asked).json()
    late = capture(client, occurred_at=ago(40).isoformat())
    position = act(client, late, "win", {"occurred_at": ago(30).isoformat()}).json()["position"]
    assert client.get("/v1/kpis/win_rate/series", params=asked).json() == first
    client.headers["Min-Position"] = str(position)
    occurred = client.get("/v1/kpis/win_rate/series", params=asked | {"axis": "occurred"}).json()
    samples = [sum(bucket["sample_size"] for bucket in each["buckets"]) for each in (first, occurred)]
    assert samples == [5, 6]


def test_the_period_before_stands_beside_it(client: TestClient, told: dict[str, Any]) -> None:
    asked = {"from": str(ago(15).date()), "to": str(ago(-1).date()), "compare": "previous_period"}
    result = client.get("/v1/kpis/win_rate", params=asked).json()
    compared = result["comparison"]
    assert (result["sample_size"], compared["value"]) == (3, 0.5)
    assert compared["period"]["end"] == result["period"]["start"]
    assert round(Decimal(str(compared["difference"])), 3) == Decimal("0.167")
    assert round(compared["ratio"], 3) == 1.333
    stood = client.get("/v1/kpis/pipeline_as_of", params=asked).json()
    assert (stood["value"], stood["comparison"]["value"], stood["comparison"]["difference"]) == (0, 3, -3)
    for bad in ({"compare": "last_year"}, {"compare": "previous_period"}, asked | {"from": "0001-01-01"}):
        assert client.get("/v1/kpis/win_rate", params=bad).status_code == 422


def test_groups_alone_can_be_counted(client: TestClient, told: dict[str, Any]) -> None:
    def counted(**asked: Any) -> tuple[Any, int]:
        result = client.get("/v1/kpis/win_rate", params=told | asked).json()
        events = client.get(result["events_url"]).json()["data"]
        assert len(events) == result["sample_size"]
        return result["value"], result["sample_size"]

    by_source = client.get("/v1/kpis/win_rate", params=told | {"group_by": "source"}).json()["groups"]
    for group in by_source:
        assert counted(**{"filter[source]": group["group"]}) == (group["value"], group["sample_size"])
    assert counted(**{"filter[source]": ["web", "fair"]}) == (0.6, 5)
    assert counted(**{"filter[source]": "web", "filter[owner]": ""}) == (0.5, 4)
    assert counted(**{"filter[source]": "web", "filter[owner]": str(uuid4())}) == (None, 0)
    asked = {"filter[source]": "web", "group_by": "stage"}
    result = client.get("/v1/kpis/win_rate", params=told | asked).json()
    assert [group["sample_size"] for group in result["groups"]] == [4]
    assert result["params"]["filter[source]"] == "web"
    refused = client.get("/v1/kpis/win_rate", params={"filter[colour]": "red"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_parameter")
    daily = client.get("/v1/kpis/win_rate/series", params=told | {"every": "year", "filter[source]": "fair"}).json()
    assert sum(bucket["sample_size"] for bucket in daily["buckets"]) == 1


def test_a_series_tells_the_largest_groups_apart_and_the_rest_together(
    client: TestClient, told: dict[str, Any]
) -> None:
    capture(client, occurred_at=ago(40).isoformat())
    shop = capture(client, source="shop", occurred_at=ago(40).isoformat())
    position = act(client, shop, "lose", {"occurred_at": ago(2).isoformat()}).json()["position"]
    client.headers["Min-Position"] = str(position)
    asked = told | {"every": "year", "group_by": "source"}
    found = client.get("/v1/kpis/win_rate/series", params=asked | {"top": 1}).json()
    web, rest = found["groups"]
    assert (web["group"], web["is_rest"], rest["group"], rest["label"], rest["is_rest"]) == (
        "web", False, None, "other", True,
    )  # fmt: skip

    def counted(course: dict[str, Any]) -> tuple[int, int]:
        return (
            sum(bucket["sample_size"] for bucket in course["buckets"]),
            sum(bucket["numerator"] or 0 for bucket in course["buckets"]),
        )

    assert (counted(web), counted(rest), counted(found)) == ((4, 2), (2, 1), (6, 3))
    assert found["params"]["group_by"] == "source"
    for course in found["groups"]:
        for bucket in course["buckets"]:
            events = client.get(bucket["events_url"]).json()["data"]
            assert len(events) == bucket["sample_size"], "each leads to its own events"
    all_apart = client.get("/v1/kpis/win_rate/series", params=asked).json()["groups"]
    assert [group["group"] for group in all_apart] == ["web", "fair", "shop"]
    assert not any(group["is_rest"] for group in all_apart)
    assert client.get("/v1/kpis/win_rate/series", params=told).json()["groups"] is None


def test_a_group_is_told_in_every_bucket_also_where_it_has_nothing(client: TestClient, told: dict[str, Any]) -> None:
    asked = told | {"every": "day", "group_by": "source", "filter[source]": "web"}
    found = client.get("/v1/kpis/win_rate/series", params=asked).json()
    (web,) = found["groups"]
    assert [bucket["value"] for bucket in web["buckets"]] == [bucket["value"] for bucket in found["buckets"]]
    assert web["buckets"][2]["value"] == 0 and web["buckets"][3]["value"] is None
    refused: list[dict[str, str]] = [{"group_by": "colour"}, {"group_by": "source", "top": "0"}]
    for bad in refused:
        assert client.get("/v1/kpis/win_rate/series", params=told | bad).status_code == 422


def test_who_may_not_see_members_sees_no_names_of_theirs(
    client: TestClient, store: Store, connection: Connection
) -> None:
    mia = member(connection)
    lead = capture(client, occurred_at=ago(5).isoformat())
    act(client, lead, "assign", {"owner_id": mia})
    position = act(client, lead, "win", {}).json()["position"]
    client.headers["Min-Position"] = str(position)
    path = "/v1/kpis/win_rate/series?every=year&group_by=owner"
    (group,) = client.get(path).json()["groups"]
    assert (group["group"], group["label"]) == (mia, "Mia")
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'figures only', ('kpis:read',))}"
    (hidden,) = client.get(path).json()["groups"]
    assert (hidden["group"], hidden["label"]) == (mia, None)
