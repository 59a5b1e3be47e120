"""What the workspace has published of a figure holds where nobody says otherwise, as of the moment that is asked."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.kpis.publishing import Target, publish
from api.problems import BadParameter
from api.store import Store, append_to_workspace
from domain.workspace import KpiDefinitionUnchanged, WorkspaceKpiDefinitionPublished
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.kpi import kpis, parse
from tests.api.test_kpi_parameters import TEXT, added
from tests.api.test_leads import capture
from tests.api.test_past import now


@pytest.fixture(autouse=True)
def deals(monkeypatch: pytest.MonkeyPatch, client: TestClient) -> None:
    """A figure with parameters, and three open leads: worth 50, 150 and 500."""
    added(monkeypatch, parse("deals", TEXT))
    for amount in ("50", "150", "500"):
        capture(client, value={"amount": amount, "currency": "EUR"})


def asked(client: TestClient, connection: Connection, **question: str) -> tuple[Any, ...]:
    client.headers["Min-Position"] = str(horizon(connection))
    result = client.get("/v1/kpis/deals", params=question).json()
    return result["value"], result["params"]["at_least"], result["target"]


def test_it_holds_from_then_on(client: TestClient, store: Store, connection: Connection) -> None:
    before = now(connection)
    assert asked(client, connection) == (2, "100", None)
    publish(store, kpis()["deals"], {"at_least": "200"}, Target(Decimal("5")))
    between = now(connection)
    publish(store, kpis()["deals"], {"at_least": "20"})
    assert asked(client, connection) == (3, "20", 5)
    assert asked(client, connection, as_of=between) == (1, "200", 5)
    assert asked(client, connection, as_of=between, axis="occurred") == (1, "200", 5)
    assert asked(client, connection, as_of=before) == (2, "100", None)
    series = client.get("/v1/kpis/deals/series", params={"as_of": between}).json()
    assert (series["target"], series["params"]["at_least"]) == (5, "200")


def test_what_is_asked_comes_first(client: TestClient, store: Store, connection: Connection) -> None:
    publish(store, kpis()["deals"], {"at_least": "200"})
    assert asked(client, connection, at_least="60") == (2, "60", None)


def test_it_leads_to_the_same_events_when_it_has_changed(
    client: TestClient, store: Store, connection: Connection
) -> None:
    link = client.get("/v1/kpis/deals").json()["events_url"]
    publish(store, kpis()["deals"], {"at_least": "200"})
    asked(client, connection)
    assert len(client.get(link).json()["data"]) == 2


def test_parameters_stay_until_they_are_published_anew(store: Store) -> None:
    kpi = kpis()["deals"]
    publish(store, kpi, {"at_least": "200"}, Target(Decimal("5")))
    second = publish(store, kpi, {"status": "won"})
    assert (second.version, second.target) == (2, Decimal("5"))
    assert second.parameters == {"at_least": "200", "status": "won"}
    assert second.formula_digest == kpi.digest
    assert publish(store, kpi, {}, Target(None)).target is None
    with pytest.raises(KpiDefinitionUnchanged):
        publish(store, kpi, {"at_least": "200"})


@pytest.mark.parametrize("bad", [{"at_least": "-1"}, {"nonsense": "1"}])
def test_only_what_the_figure_can_have_is_published(store: Store, bad: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        publish(store, kpis()["deals"], bad)


def test_what_a_figure_cannot_have_any_more_is_passed_by(client: TestClient, connection: Connection) -> None:
    gone = {"at_least": "-5", "until": "2"}
    event = WorkspaceKpiDefinitionPublished(kpi="deals", version=1, formula_digest="ab" * 32, parameters=gone)
    append_to_workspace(connection, None, event)
    assert asked(client, connection) == (2, "100", None)


@pytest.mark.parametrize(("target_is", "is_met"), [(None, True), ("at_least", True), ("at_most", False)])
def test_a_target_is_met_or_missed(
    client: TestClient, store: Store, connection: Connection, target_is: Any, is_met: bool
) -> None:
    publish(store, kpis()["deals"], {}, Target(Decimal(1), target_is))
    client.headers["Min-Position"] = str(horizon(connection))
    result = client.get("/v1/kpis/deals").json()
    assert (result["target"], result["target_is"], result["is_met"]) == (1, target_is or "at_least", is_met)
    publish(store, kpis()["deals"], {}, Target(Decimal(2), target_is))
    client.headers["Min-Position"] = str(horizon(connection))
    assert client.get("/v1/kpis/deals").json()["is_met"], "two are just what there shall be"


def test_where_less_is_better_a_target_is_the_most(store: Store) -> None:
    assert publish(store, kpis()["customer_churn_rate"], {}, Target(Decimal("0.1"))).target_is == "at_most"
    assert publish(store, kpis()["customer_churn_rate"], {}, Target(None)).target_is is None


def test_of_a_target_of_which_nobody_said_how_it_is_meant_there_is_no_verdict(
    client: TestClient, connection: Connection
) -> None:
    event = WorkspaceKpiDefinitionPublished(
        kpi="deals", version=1, formula_digest="ab" * 32, parameters={}, target=Decimal(5)
    )
    append_to_workspace(connection, None, event)
    client.headers["Min-Position"] = str(horizon(connection))
    result = client.get("/v1/kpis/deals").json()
    assert (result["target"], result["target_is"], result["is_met"]) == (5, None, None)


@pytest.fixture
def keeper(client: TestClient, store: Store) -> TestClient:
    key = create_api_key(store, "settings", ("kpis:read", "settings:write"))
    client.headers["Authorization"] = f"Bearer {key}"
    return client


def test_it_is_published_over_the_api(keeper: TestClient, connection: Connection) -> None:
    done = keeper.post("/v1/kpis/deals/parameters", json={"parameters": {"at_least": "200"}})
    assert (done.status_code, done.json()["stream_type"]) == (200, "workspace")
    assert done.headers["ETag"] == f'"{done.json()["version"]}"'
    assert keeper.post("/v1/kpis/deals/targets", json={"target": 5, "target_is": "at_most"}).status_code == 200
    assert asked(keeper, connection) == (1, "200", 5)
    assert keeper.post("/v1/kpis/deals/targets", json={"target": None}).status_code == 200
    assert asked(keeper, connection) == (1, "200", None)


def test_a_request_to_publish_acts_once(keeper: TestClient) -> None:
    def publish_it(key: str, target: int) -> Any:
        return keeper.post("/v1/kpis/deals/targets", json={"target": target}, headers={"Idempotency-Key": key})

    first = publish_it("one", 5)
    assert publish_it("one", 5).json() == first.json()
    assert publish_it("one", 6).status_code == 422
    assert (publish_it("two", 5).status_code, publish_it("two", 5).json()["code"]) == (409, "kpi_definition_unchanged")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("deals/parameters", {"parameters": {"nonsense": "1"}}, 422),
        ("deals/parameters", {"parameters": {"at_least": "-1"}}, 422),
        ("deals/parameters", {"parameters": {}}, 422),
        ("deals/targets", {"target": "much"}, 422),
        ("deals/targets", {}, 422),
        ("nonsense/targets", {"target": 1}, 404),
    ],
)
def test_what_cannot_be_published_is_refused(keeper: TestClient, path: str, body: Any, status: int) -> None:
    assert keeper.post(f"/v1/kpis/{path}", json=body).status_code == status


def test_publishing_takes_more_than_reading(client: TestClient, store: Store) -> None:
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'figures', ('kpis:read',))}"
    assert client.post("/v1/kpis/deals/targets", json={"target": 1}).status_code == 403
