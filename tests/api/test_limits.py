"""Nobody gets more than a share: buckets fill steadily, whoever finds hers empty is told when to come back."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api import limits
from api.access import create_api_key
from api.app import create_app
from api.limits import Buckets, is_costly
from api.server import Server
from api.store import Store


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limited(store: Store, **settings: Any) -> TestClient:
    few = replace(store, settings=store.settings.model_copy(update=settings))
    return TestClient(create_app(few), raise_server_exceptions=False)


def test_a_bucket_is_emptied_and_fills_in_a_minute() -> None:
    clock = Clock()
    bucket = Buckets("default", 6, clock)
    taken = [bucket.take("ann") for _ in range(7)]
    assert [one.remaining for one in taken if one] == [5, 4, 3, 2, 1, 0, 0]
    last = taken[-1]
    assert last and (last.wait, last.reset) == (10.0, 60)
    clock.now = 10.0
    again = bucket.take("ann")
    assert again and not again.wait
    other = bucket.take("bob")
    assert other and other.remaining == 5


@given(st.lists(st.floats(0, 30), max_size=60))
def test_nobody_gets_more_than_a_full_bucket_and_what_flowed_in(pauses: list[float]) -> None:
    clock = Clock()
    bucket = Buckets("default", 6, clock)
    allowed = 0
    for pause in pauses:
        clock.now += pause
        left = bucket.take("ann")
        assert left is not None
        allowed += not left.wait
        assert allowed <= 6 + clock.now / 10 + 1e-6


def test_strangers_cannot_make_the_server_remember_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST", 100)
    bucket = Buckets("strangers", 1)
    for number in range(1_000):
        bucket.take(str(number))
    assert len(bucket) == 100


def test_no_limit_is_no_limit(store: Store) -> None:
    with limited(store, requests_per_minute=0) as client:
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', ('leads:read',))}"
        answer = client.get("/v1/leads")
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


def test_a_principal_is_told_what_is_left_and_then_refused(store: Store) -> None:
    with limited(store, requests_per_minute=3) as client:
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', ('leads:read',))}"
        answers = [client.get("/v1/leads") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=60'
        assert answers[0].headers["RateLimit"] == '"default";r=2;t=20'
        assert answers[3].json()["code"] == "too_many_requests"
        assert answers[3].headers["RateLimit"].startswith('"default";r=0;t=')
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'other', ('leads:read',))}"
        assert client.get("/v1/leads").status_code == 200


def test_what_is_costly_has_a_budget_of_its_own(store: Store) -> None:
    with limited(store, costly_requests_per_minute=1) as client:
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', ('kpis:read', 'leads:read'))}"
        past = "/v1/kpis/win_rate?as_of=2026-01-01T00:00:00Z&axis=occurred"
        first, second = client.get(past), client.get(past)
        assert (first.status_code, second.status_code) == (200, 429)
        assert first.headers["RateLimit-Policy"] == '"costly";q=1;w=60, "default";q=12000;w=60'
        assert client.get("/v1/kpis/win_rate").status_code == 200
    assert is_costly("GET", "/v1/exports/leads", b"")
    assert is_costly("POST", "/v1/imports", b"")
    assert not is_costly("GET", "/v1/imports", b"")


def test_strangers_are_limited_by_their_address_and_others_are_not(store: Store) -> None:
    with limited(store, strangers_requests_per_minute=2) as client:
        assert [client.get("/v1/leads").status_code for _ in range(3)] == [401, 401, 429]
        assert client.get("/healthz").status_code == 200
        key = create_api_key(store, "tests", ("leads:read",))
        assert client.get("/v1/leads", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_guessing_keys_ends_soon(store: Store) -> None:
    with limited(store, strangers_requests_per_minute=2) as client:
        wrong = {"Authorization": "Bearer everfold_x_y"}
        assert [client.get("/v1/leads", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]


def test_another_ones_key_id_does_not_use_up_her_budget(store: Store) -> None:
    key = create_api_key(store, "tests", ("leads:read",))
    with limited(store, requests_per_minute=1) as client:
        for _ in range(3):
            client.get("/v1/leads", headers={"Authorization": f"Bearer {key[:-4]}xxxx"})
        assert client.get("/v1/leads", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_neighbours_in_one_network_share_a_bucket() -> None:
    assert limits._network("2001:db8::1") == limits._network("2001:db8::2")
    assert limits._network("2001:db8::1") != limits._network("2001:db8:0:1::1")
    assert limits._network("10.0.0.1") != limits._network("10.0.0.2")
    assert limits._network("testclient") == "testclient"


def test_a_forwarded_address_is_believed_only_of_a_trusted_proxy(store: Store) -> None:
    def config(proxies: str) -> Any:
        trusting = replace(store, settings=store.settings.model_copy(update={"trusted_proxies": proxies}))
        found = Server(trusting).config
        found.load()
        return found

    async def ask(proxies: str, forwarded: str) -> str:
        seen: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["client"][0])

        loaded = config(proxies).loaded_app
        layer = loaded
        if hasattr(layer, "trusted_hosts"):
            layer.app = app
        else:
            layer = app
        headers = [(b"x-forwarded-for", forwarded.encode())]
        await layer({"type": "http", "client": ("10.0.0.9", 1), "headers": headers, "scheme": "http"}, None, None)
        return seen[0]

    import asyncio

    assert asyncio.run(ask("", "1.2.3.4")) == "10.0.0.9"
    assert asyncio.run(ask("10.1.0.0/16", "1.2.3.4")) == "10.0.0.9"
    assert asyncio.run(ask("10.0.0.0/24", "9.9.9.9, 1.2.3.4")) == "1.2.3.4"
