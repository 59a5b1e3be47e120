"""What the workspace can be told over the API: settings, members, API keys and webhooks, whose secret is shown once."""

from uuid import uuid4

from fastapi.testclient import TestClient

from api.access import SCOPES, create_api_key
from api.store import Store, load_workspace
from eventstore.database import Connection
from tests.api.test_commands import post

STAGES = [{"name": "first", "probability": "0.1"}]


def test_settings_are_published_in_versions(client: TestClient, store: Store, connection: Connection) -> None:
    first = post(client, "pipelines/publish", {"name": "short", "stages": STAGES}, Idempotency_Key="k")
    assert (first.status_code, first.json()["stream_type"]) == (200, "workspace")
    again = post(client, "pipelines/publish", {"name": "short", "stages": STAGES}, Idempotency_Key="k")
    assert again.json() == first.json()
    stale = post(client, "pipelines/publish", {"name": "short", "stages": STAGES}, If_Match='"1"')
    assert stale.status_code == 412
    assert (
        post(client, "pipelines/publish", {"name": "short", "stages": []}).json()["code"] == "pipeline_without_stages"
    )
    assert load_workspace(connection)[0].pipeline("short").version == 1
    assert store.settled.now(connection)[0].pipeline("short").version == 1
    assert client.post("/v1/leads", json={"title": "Roof", "pipeline": "short"}).json()["stage"] == "first"


def test_a_figure_is_defined_by_its_own_formula(client: TestClient, connection: Connection) -> None:
    assert post(client, "kpi-definitions/publish", {"kpi": "win_rate", "target": "0.5"}).status_code == 200
    assert load_workspace(connection)[0].kpi_definitions["win_rate"].target is not None
    unchanged = post(client, "kpi-definitions/publish", {"kpi": "win_rate", "target": "0.5"})
    assert (unchanged.status_code, unchanged.json()["code"]) == (409, "kpi_definition_unchanged")
    assert post(client, "kpi-definitions/publish", {"kpi": "none"}).status_code == 404
    bad = post(client, "kpi-definitions/publish", {"kpi": "win_rate", "parameters": {"none": "1"}})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_parameter")


def test_a_member_is_invited_given_roles_and_deactivated(client: TestClient, connection: Connection) -> None:
    invited = post(client, "members", {"name": "Mia"}, Idempotency_Key="k")
    assert invited.status_code == 201, invited.text
    address = f"members/{invited.json()['created_id']}"
    assert post(client, "members", {"name": "Mia"}, Idempotency_Key="k").json() == invited.json()
    assert post(client, f"{address}/grant-role", {"role": "agent"}).status_code == 200
    assert post(client, f"{address}/grant-role", {"role": "agent"}).json()["code"] == "role_already_granted"
    assert post(client, f"{address}/revoke-role", {"role": "agent"}).status_code == 200
    assert post(client, f"{address}/deactivate").status_code == 200
    assert post(client, f"members/{uuid4()}/deactivate").json()["code"] == "unknown_member"
    assert len(load_workspace(connection)[0].deactivated) == 1


def test_a_key_is_shown_once_works_and_can_be_revoked(client: TestClient) -> None:
    wish = {"label": "shop", "scopes": ["leads:read"]}
    issued = post(client, "api-keys", wish, Idempotency_Key="k")
    assert issued.status_code == 201, issued.text
    again = post(client, "api-keys", wish, Idempotency_Key="k")
    assert again.json() == issued.json() | {"key": None}
    theirs = {"Authorization": f"Bearer {issued.json()['key']}"}
    assert client.get("/v1/leads", headers=theirs).status_code == 200
    assert client.get("/v1/events", headers=theirs).status_code == 403
    assert post(client, f"api-keys/{issued.json()['created_id']}/revoke").status_code == 200
    assert client.get("/v1/leads", headers=theirs).status_code == 401
    assert post(client, "api-keys", wish | {"scopes": ["everything"]}).json()["code"] == "bad_parameter"


def test_nobody_gives_a_key_more_than_she_has(client: TestClient, store: Store) -> None:
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'keys', ('keys:write', 'leads:read'))}"
    assert post(client, "api-keys", {"label": "shop", "scopes": ["leads:read"]}).status_code == 201
    refused = post(client, "api-keys", {"label": "shop", "scopes": list(SCOPES)})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_webhook_is_registered_with_a_secret_paused_and_removed(client: TestClient) -> None:
    wish = {"url": "https://example.org/hook", "event_types": ["lead.won"]}
    hook = post(client, "webhooks", wish, Idempotency_Key="k").json()
    assert hook["secret"].startswith("whsec_")
    assert post(client, "webhooks", wish, Idempotency_Key="k").json() == hook | {"secret": None}
    for act in ("pause", "resume", "remove"):
        assert post(client, f"webhooks/{hook['created_id']}/{act}").status_code == 200
    assert post(client, f"webhooks/{hook['created_id']}/pause").json()["code"] == "unknown_webhook"
    assert post(client, "webhooks", wish | {"url": "http://example.org"}).json()["code"] == "webhook_address_unusable"
