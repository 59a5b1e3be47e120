"""Nobody gets in without a key, nobody further than its scopes, and no secret is kept."""

import json
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from api.access import SCOPES, api_routes, create_api_key, must_declare_permissions
from api.app import create_app
from api.store import Store, append_to_workspace
from domain.workspace import WorkspaceApiKeyRevoked
from eventstore.database import Connection


def versioned(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, path.replace("{lead_id}", str(uuid4())).replace("{slug}", "win_rate"))
        for path, route in api_routes(app)
        if path.startswith("/v1")
        for method in route.methods or ()
    ]


def test_every_route_refuses_a_caller_without_a_key_and_one_without_scopes(store: Store, anonymous: TestClient) -> None:
    routes = versioned(create_app(store))
    assert len(routes) > 30
    for method, path in routes:
        nobody = anonymous.request(method, path, json={})
        assert (nobody.status_code, nobody.json()["code"]) == (401, "not_signed_in"), path
        assert nobody.headers["WWW-Authenticate"] == "Bearer"
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'nothing', ())}"
    for method, path in routes:
        answer = anonymous.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Bearer everfold_x_y", "Bearer everfold__", "Basic abc", "Bearer {key}x", "{key}"]
)
def test_a_wrong_key_is_refused(store: Store, anonymous: TestClient, header: str) -> None:
    key = create_api_key(store, "tests", tuple(SCOPES))
    answer = anonymous.get("/v1/leads", headers={"Authorization": header.format(key=key)})
    assert answer.status_code == 401


def test_a_key_of_another_installation_is_refused(store: Store, anonymous: TestClient) -> None:
    _, key_id, _ = create_api_key(store, "tests", tuple(SCOPES)).split("_", 2)
    answer = anonymous.get("/v1/leads", headers={"Authorization": f"Bearer everfold_{key_id}_{'A' * 43}"})
    assert answer.status_code == 401


def test_a_revoked_key_is_refused_from_the_next_request_on(
    store: Store, client: TestClient, connection: Connection
) -> None:
    from uuid import UUID

    assert client.get("/v1/leads").status_code == 200
    key_id = UUID(hex=client.headers["Authorization"].split("_")[1])
    append_to_workspace(connection, None, WorkspaceApiKeyRevoked(key_id=key_id))
    assert client.get("/v1/leads").status_code == 401


def test_a_reading_key_cannot_write(store: Store, anonymous: TestClient) -> None:
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'reader', ('leads:read',))}"
    assert anonymous.get("/v1/leads").status_code == 200
    refused = anonymous.post("/v1/leads", json={"title": "x"})
    assert refused.status_code == 403
    assert refused.json()["detail"].endswith("./crm key create NAME --scope leads:write")
    assert anonymous.get("/v1/events").status_code == 403


def test_no_secret_and_no_label_lies_in_the_log(store: Store, connection: Connection) -> None:
    key = create_api_key(store, "Canary label", ("leads:read",))
    events = json.dumps(connection.execute("SELECT to_jsonb(e) AS e FROM log.event e").fetchall(), default=str)
    assert key.split("_", 2)[2] not in events
    assert "Canary" not in events


def test_a_route_that_declares_no_permission_stops_the_start() -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/v1/open")
    def open_to_all() -> None: ...

    app.include_router(router)
    with pytest.raises(RuntimeError, match="/v1/open declares no permission"):
        must_declare_permissions(app)
