"""What the workspace has published of a figure holds where nobody says otherwise, as of the moment that is asked."""

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.kpis.publishing import publish
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
    publish(store, kpis()["deals"], {"at_least": "200"}, Decimal("5"))
    between = now(connection)
    publish(store, kpis()["deals"], {"at_least": "20"}, None, keeps_target=True)
    assert asked(client, connection) == (3, "20", 5)
    assert asked(client, connection, as_of=between) == (1, "200", 5)
    assert asked(client, connection, as_of=between, axis="occurred") == (1, "200", 5)
    assert asked(client, connection, as_of=before) == (2, "100", None)
    series = client.get("/v1/kpis/deals/series", params={"as_of": between}).json()
    assert (series["target"], series["params"]["at_least"]) == (5, "200")


def test_what_is_asked_comes_first(client: TestClient, store: Store, connection: Connection) -> None:
    publish(store, kpis()["deals"], {"at_least": "200"}, None)
    assert asked(client, connection, at_least="60") == (2, "60", None)


def test_it_leads_to_the_same_events_when_it_has_changed(
    client: TestClient, store: Store, connection: Connection
) -> None:
    link = client.get("/v1/kpis/deals").json()["events_url"]
    publish(store, kpis()["deals"], {"at_least": "200"}, None)
    asked(client, connection)
    assert len(client.get(link).json()["data"]) == 2


def test_parameters_stay_until_they_are_published_anew(store: Store) -> None:
    kpi = kpis()["deals"]
    publish(store, kpi, {"at_least": "200"}, Decimal("5"))
    second = publish(store, kpi, {"status": "won"}, None, keeps_target=True)
    assert (second.version, second.target) == (2, Decimal("5"))
    assert second.parameters == {"at_least": "200", "status": "won"}
    assert second.formula_digest == kpi.digest
    assert publish(store, kpi, {}, None).target is None
    with pytest.raises(KpiDefinitionUnchanged):
        publish(store, kpi, {"at_least": "200"}, None)


@pytest.mark.parametrize("bad", [{"at_least": "-1"}, {"nonsense": "1"}])
def test_only_what_the_figure_can_have_is_published(store: Store, bad: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        publish(store, kpis()["deals"], bad, None)


def test_what_a_figure_cannot_have_any_more_is_passed_by(client: TestClient, connection: Connection) -> None:
    gone = {"at_least": "-5", "until": "2"}
    event = WorkspaceKpiDefinitionPublished(kpi="deals", version=1, formula_digest="ab" * 32, parameters=gone)
    append_to_workspace(connection, None, event)
    assert asked(client, connection) == (2, "100", None)
