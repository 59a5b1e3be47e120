"""A figure is asked by any of its definitions: variants in use side by side, and the texts of earlier versions."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from domain.customer import (
    CustomerActivated,
    CustomerChurned,
    CustomerRegistered,
)
from eventstore.database import Connection
from projections.kpi import kpis
from tests.api.test_kpi_parameters import added
from tests.api.test_leads import act, capture
from tests.projections.records import tell

CHURN = "/v1/kpis/customer_churn_rate"


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 12, tzinfo=UTC)


@pytest.fixture
def quarter(connection: Connection, client: TestClient) -> dict[str, str]:
    """Four customers at the start of it, one new; one of the four leaves, and the new one too."""
    position = 0
    for number in range(5):
        is_new, leaves = number == 4, number in (0, 4)
        told = [CustomerRegistered(kind="person", name="Ann"), CustomerActivated(cause="said so")]
        moments = [day(7 if is_new else 5, 2), day(7 if is_new else 5, 3)]
        gone = [CustomerChurned(kind="said", effective_on=day(8, 5).date())] if leaves else []
        tell_all = [*told, *gone]
        position = tell(connection, uuid4(), *tell_all, at=[*moments, *([day(8, 5)] if leaves else [])])[-1]
    client.headers["Min-Position"] = str(position)
    return {"from": "2026-07-01", "to": "2026-10-01"}


def test_a_variant_is_the_value_and_says_so(client: TestClient, quarter: dict[str, str]) -> None:
    values = {}
    for name in (None, "start_base", "stripe", "cohort", "customer_churn_rate@1 (stripe)", "customer_churn_rate@1"):
        asked = quarter | ({"definition": name} if name else {})
        result = client.get(CHURN, params=asked).json()
        values[name] = (result["value"], result["numerator"], result["denominator"], result["definition"])
    assert values[None] == values["customer_churn_rate@1"] == (0.5, 2, 4, "customer_churn_rate@1")
    assert values["start_base"] == (0.5, 2, 4, "customer_churn_rate@1 (start_base)")
    assert values["stripe"] == (0.4, 2, 5, "customer_churn_rate@1 (stripe)")
    assert values["customer_churn_rate@1 (stripe)"] == values["stripe"]
    assert values["cohort"] == (0.25, 1, 4, "customer_churn_rate@1 (cohort)")


def test_groups_are_by_the_variant_too_and_its_events_are_led_to(client: TestClient, quarter: dict[str, str]) -> None:
    result = client.get(CHURN, params=quarter | {"definition": "cohort", "group_by": "segment"}).json()
    assert [group["value"] for group in result["groups"]] == [0.25]
    assert "definition=cohort" in result["events_url"]
    assert client.get(result["events_url"]).status_code == 200


@pytest.mark.parametrize(
    "name", ["nonsense", "customer_churn_rate@9", "win_rate@1", "customer_churn_rate@1 (mine)", "("]
)
def test_another_is_refused_with_those_there_are(client: TestClient, name: str) -> None:
    for path in (CHURN, f"{CHURN}/events", f"{CHURN}/series"):
        answer = client.get(path, params={"definition": name})
        assert answer.status_code == 422
        assert answer.json()["detail"] == (
            "customer_churn_rate has no such definition. There are: customer_churn_rate@1, customer_churn_rate@1"
            " (start_base), customer_churn_rate@1 (stripe), customer_churn_rate@1 (cohort)."
        )


def test_an_earlier_text_can_be_asked_for_ever(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    old = kpis()["win_rate"]
    with_open = replace(old, version=2, counted=old.counted.replace("('won', 'lost')", "('won', 'lost', 'open')"))
    added(monkeypatch, replace(with_open, title="Win rate of all"))
    act(client, capture(client), "win")
    client.headers["Min-Position"] = str(capture(client)["position"])
    newer = client.get("/v1/kpis/win_rate").json()
    earlier = client.get("/v1/kpis/win_rate", params={"definition": "win_rate@1"}).json()
    assert (newer["definition"], newer["value"]) == ("win_rate@2", 0.5)
    assert (earlier["definition"], earlier["value"]) == ("win_rate@1", 1)
    counted = [len(client.get(one["events_url"]).json()["data"]) for one in (newer, earlier)]
    assert counted == [2, 1]
    (shown,) = (kpi for kpi in client.get("/v1/kpis").json()["data"] if kpi["slug"] == "win_rate")
    assert shown["definitions"] == ["win_rate@2", "win_rate@1"]
