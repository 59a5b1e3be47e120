"""The API keeps what its OpenAPI document promises, whoever asks, and whatever is asked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.demo.load import load_demo
from api.fuzz import NO_LIMITS, Fuzzed, fuzz
from api.problems import NotFound
from api.settings import Settings
from api.store import Store, open_store
from tests.api.permitted import opened


@pytest.fixture
def unlimited(settings: Settings) -> Iterator[Store]:
    """An installation that may be asked as much as anybody likes."""
    with open_store(settings.model_copy(update=dict(NO_LIMITS)), follow=True) as store:
        yield store


def told(found: Fuzzed) -> list[str]:
    return [f"{one.operation} as {one.role}: {one.what}" for one in found.wrong.values()]


def test_some_of_everything_is_answered_as_documented(unlimited: Store) -> None:
    with opened(unlimited):
        found = fuzz(unlimited, 150)
    assert not told(found)
    assert found.requests >= 150
    assert {200, 401, 403} <= found.by_status.keys()


@pytest.mark.full
def test_twenty_thousand_requests_are_answered_as_documented(emptied: Settings) -> None:
    with open_store(emptied.model_copy(update=dict(NO_LIMITS)), follow=True, publish=False) as store:
        load_demo(store, customers=10)
        found = fuzz(store, 20_000, seed=8)
    assert not told(found)
    assert found.requests >= 20_000
    assert {200, 201, 401, 403, 404, 409, 412, 422} <= found.by_status.keys()


@pytest.mark.full
def test_a_status_that_is_not_documented_is_noticed(unlimited: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotFound, "status", 418)
    with opened(unlimited):
        found = fuzz(unlimited, 40, only="GET /v1/leads/{lead_id}/history")
    assert any("418 Undocumented status code" in one for one in told(found))


@pytest.mark.full
def test_a_body_of_another_form_is_noticed(unlimited: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def promising(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Alive"]["required"] = ["pulse"]

    monkeypatch.setattr("api.fuzz.create_app", _with_document(promising))
    assert any("violates schema" in one for one in told(fuzz(unlimited, 4, only="GET /healthz")))


def test_a_route_that_lets_strangers_in_is_noticed(unlimited: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def promising(document: dict[str, Any]) -> None:
        document["paths"]["/healthz"]["get"]["security"] = [{"HTTPBearer": ["metrics:read"]}]

    monkeypatch.setattr("api.fuzz.create_app", _with_document(promising))
    found = told(fuzz(unlimited, 40, only="GET /healthz"))
    assert any("let nobody in with 200" in one for one in found)
    assert any("let a wrong key in with 200" in one for one in found)


def _with_document(change: Callable[[dict[str, Any]], None]) -> Callable[[Store], FastAPI]:

    def create(store: Store) -> FastAPI:
        app = create_app(store)
        change(app.openapi())
        return app

    return create
