"""A figure shows what people wrote about leads to those who may read leads, and to nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.store import Store
from tests.api.test_leads import act, capture

GROUPED = "?group_by=source"
SERIES = "/series?every=year"


def told(client: TestClient, path: str) -> list[dict[str, Any]]:
    """All that a figure's answer says beside its values."""
    answer = client.get(f"/v1/kpis/win_rate{path}")
    assert answer.status_code == 200, answer.json()
    result = answer.json()
    parts = [result, *(result.get("groups") or []), *(result.get("buckets") or [])]
    return [part["details"] for part in parts if part.get("details")]


@pytest.mark.parametrize("path", ["", GROUPED, SERIES])
def test_the_reasons_of_a_loss_are_for_those_who_may_read_leads(store: Store, client: TestClient, path: str) -> None:
    lead = capture(client, source="web", occurred_at=(datetime.now(UTC) - timedelta(days=3)).isoformat())
    position = act(client, lead, "lose", {"reason": "Her brother sells roofs"}).json()["position"]
    client.headers["Min-Position"] = str(position)
    found = told(client, path)
    assert found
    assert all(details["by_reason"] == [{"reason": "Her brother sells roofs", "lost": 1}] for details in found)
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'figures only', ('kpis:read',))}"
    hidden = told(client, path)
    assert [{**details, "by_reason": None} for details in hidden] == [{**one, "by_reason": None} for one in found]
    assert "brother" not in str(hidden)
    assert all(details["lost"] == 1 for details in hidden)
