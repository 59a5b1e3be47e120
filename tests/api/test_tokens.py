"""Members act by access tokens of the sign-in service, and nobody by what only looks like one."""

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from time import time
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from fastapi.testclient import TestClient

from api import membership
from api.app import create_app
from api.settings import Settings
from api.store import SYSTEM_ID, Store
from api.tokens import subject_digest
from domain.event import MemberId
from eventstore.database import Connection
from eventstore.log import Envelope
from tests.api.issuer import AUDIENCE, CLIENT_ID, LocalIssuer, private_key, public_jwk, serving
from tests.conftest import settings_for

BY = Envelope("system", SYSTEM_ID, "tests")


@pytest.fixture(scope="module")
def service() -> Iterator[LocalIssuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def settings(conninfo: str, tmp_path: Path, service: LocalIssuer) -> Settings:
    """Settings that trust the service."""
    trusting = {"oidc_issuer": service.address, "oidc_audience": AUDIENCE, "oidc_client_id": CLIENT_ID}
    return settings_for(conninfo, tmp_path / "data").model_copy(update=trusting)


@pytest.fixture
def ann(store: Store, service: LocalIssuer) -> MemberId:
    """A member with an account at the service, who may do everything."""
    member_id = membership.invite(store, "Ann Example", BY)
    membership.grant(store, member_id, "admin", BY)
    membership.identify(store, member_id, service.address, "ann", BY)
    return member_id


def status(client: TestClient, token: str) -> int:
    return client.get("/v1/members", headers={"Authorization": f"Bearer {token}"}).status_code


def code(client: TestClient, token: str) -> str:
    answer = client.get("/v1/members", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["code"])


def noted(connection: Connection) -> list[tuple[str, str, UUID | None]]:
    rows = connection.execute("SELECT way, outcome, actor_id FROM access.sign_in ORDER BY attempted_at").fetchall()
    return [(row["way"], row["outcome"], row["actor_id"]) for row in rows]


@pytest.mark.parametrize("key", ["rsa", "ec", "ed"])
def test_a_member_acts_by_an_access_token(
    store: Store, anonymous: TestClient, service: LocalIssuer, ann: MemberId, key: str
) -> None:
    token = service.token(key)
    assert status(anonymous, token) == 200
    headers = {"Authorization": f"Bearer {token}"}
    lead = anonymous.post("/v1/leads", json={"title": "Ten seats"}, headers=headers).json()
    (captured,) = anonymous.get(f"/v1/leads/{lead['lead_id']}/history", headers=headers).json()["data"]
    assert captured["actor"] == {"kind": "user", "id": str(ann)}


def good(service: LocalIssuer) -> dict[str, str]:
    """Tokens as services make them that were there before access tokens had a type of their own."""
    now = time()
    return {
        "typ with its prefix": service.token(headers={"typ": "application/at+jwt"}),
        "typ JWT": service.token(headers={"typ": "JWT"}),
        "without typ": service.token(headers={"typ": ""}),
        "with its use": service.token(headers={"typ": "JWT"}, typ="Bearer", token_use="access"),
        "several audiences": service.token(aud=["https://other.example", AUDIENCE]),
        "a certificate's digest": service.token(headers={"x5t": "abc"}),
        "just over": service.token(exp=int(now) - 30),
        "just before": service.token(nbf=int(now) + 30, iat=int(now) + 30),
    }


def test_tokens_that_are_good(anonymous: TestClient, service: LocalIssuer, ann: MemberId) -> None:
    tokens = good(service)
    assert {name: status(anonymous, token) for name, token in tokens.items()} == dict.fromkeys(tokens, 200)


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def bad(service: LocalIssuer) -> dict[str, str]:
    """Tokens that nobody should get in with."""
    now = int(time())
    fine = service.token()
    header, claims, signature = fine.split(".")
    pem = private_key("rsa").public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip

    def signed_with_public_key() -> str:
        content = f"{segment({'alg': 'HS256', 'kid': 'rsa', 'typ': 'at+jwt'})}.{claims}"
        digest = hmac.digest(pem, content.encode(), "sha256")
        return f"{content}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    def by_stranger(**headers: object) -> str:
        return jwt.encode(
            service.claims(), private_key("rsa-other"), "RS256", {"kid": "rsa", "typ": "at+jwt"} | headers
        )

    def old(**headers: object) -> dict[str, object]:
        return {"typ": "JWT"} | headers

    jku = f"{service.address}/keys"
    return {
        "alg none": f"{segment({'alg': 'none', 'kid': 'rsa', 'typ': 'at+jwt'})}.{claims}.",
        "alg none, capitals": f"{segment({'alg': 'NoNe', 'kid': 'rsa'})}.{claims}.",
        "without alg": f"{segment({'kid': 'rsa', 'typ': 'at+jwt'})}.{claims}.{signature}",
        "HS256 with the public key": signed_with_public_key(),
        "an algorithm that is not allowed": jwt.encode(
            service.claims(), private_key("rsa"), "RS512", {"kid": "rsa", "typ": "at+jwt"}
        ),
        "another algorithm than the key's": jwt.encode(
            service.claims(), private_key("ec"), "ES256", {"kid": "rsa", "typ": "at+jwt"}
        ),
        "a key too short to trust": service.token("rsa-short"),
        "another audience": service.token(aud="https://other.example"),
        "no audience": service.token(aud=None),
        "an empty audience": service.token(aud=[]),
        "an audience of another form": service.token(aud={"x": AUDIENCE}),
        "another issuer": service.token(iss="https://id.example"),
        "an issuer that begins alike": service.token(iss=f"{service.address}/"),
        "no issuer": service.token(iss=None),
        "over": service.token(exp=now - 90),
        "no end": service.token(exp=None),
        "an end that is no moment": service.token(exp="tomorrow"),
        "an endless end": service.token(exp=float("inf")),
        "not yet": service.token(nbf=now + 90),
        "issued in the future": service.token(iat=now + 90),
        "no moment of issue": service.token(iat=None),
        "no subject": service.token(sub=None),
        "an empty subject": service.token(sub=""),
        "a subject of another form": service.token(sub=7),
        "ID token": service.token(headers=old(), aud=CLIENT_ID, nonce="n"),
        "ID token for both": service.token(headers=old(), aud=[CLIENT_ID, AUDIENCE], nonce="n"),
        "ID token of a hybrid flow": service.token(headers=old(), at_hash="h"),
        "ID token by its claim": service.token(headers=old(), typ="ID"),
        "ID token by its use": service.token(headers=old(), token_use="id"),
        "a refresh token": service.token(headers=old(), typ="Refresh"),
        "a logout token": service.token(headers=old(typ="logout+jwt")),
        "a type of another form": service.token(headers={"typ": "at+jwt+x"}),
        "its own key, jku": service.token(headers={"jku": jku}),
        "its own key, x5u": service.token(headers={"x5u": jku}),
        "its own key, jwk": service.token(headers={"jwk": public_jwk("rsa")}),
        "its own key, x5c": service.token(headers={"x5c": ["MII"]}),
        "a stranger's jku": by_stranger(jku="https://evil.example/keys", kid="rsa-other"),
        "a stranger's jwk": by_stranger(jwk=public_jwk("rsa-other"), kid="rsa-other"),
        "a stranger's signature": by_stranger(),
        "critical": service.token(headers={"crit": ["exp"], "exp": now}),
        "packed": service.token(headers={"zip": "DEF"}),
        "kid that leads elsewhere": by_stranger(kid="../../../../dev/null"),
        "kid with SQL": by_stranger(kid="rsa' OR '1'='1"),
        "kid with an address": by_stranger(kid="http://evil.example/keys"),
        "kid of another form": f"{segment({'alg': 'RS256', 'kid': ['rsa'], 'typ': 'at+jwt'})}.{claims}.{signature}",
        "an unknown kid": by_stranger(kid="rsa-other"),
        "without kid": by_stranger(kid=""),
        "truncated": fine[:-20],
        "without signature": f"{header}.{claims}.",
        "two parts": f"{header}.{claims}",
        "two signatures": f"{fine}.{signature}",
        "two tokens": f"{fine}.{fine}",
        "other claims": f"{header}.{segment(service.claims(sub='bob'))}.{signature}",
        "padded": f"{fine}==",
        "deep": f"{header}.{base64.urlsafe_b64encode(b'[' * 5_000).rstrip(b'=').decode()}.{signature}",
        "a header that is no object": f"{segment(['RS256'])}.{claims}.{signature}",
        "huge": service.token(roles=["x" * 100] * 200),
        "a long number": f"{segment({'alg': 'RS256', 'kid': 'rsa', 'exp': int('9' * 4000)})}.{claims}.{signature}",
        "nothing": "..",
        "other signs": "%00.\t.é",
    }


def test_bad_tokens_are_refused_each_and_every_one(
    anonymous: TestClient, service: LocalIssuer, ann: MemberId, connection: Connection
) -> None:
    assert status(anonymous, service.token()) == 200
    asked = service.asked.count("/keys")
    tokens = bad(service)
    answered = {}
    for name, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = anonymous.get("/v1/members", headers=headers)  # type: ignore[arg-type]  # bytes are taken as well
        answered[name] = (answer.status_code, answer.json().get("code"), answer.headers.get("www-authenticate"))
    assert answered == dict.fromkeys(tokens, (401, "not_signed_in", "Bearer"))
    assert service.asked.count("/keys") == asked, "made-up keys are not asked for one by one"
    assert set(noted(connection)) == {("token", "refused", None)}


@pytest.mark.parametrize("gone", ["unknown", "account taken back", "deactivated", "another service's"])
def test_an_account_that_is_no_members_is_told_so(
    store: Store, anonymous: TestClient, service: LocalIssuer, ann: MemberId, gone: str
) -> None:
    assert status(anonymous, service.token()) == 200
    subject, other = "ann", membership.invite(store, "Bob", BY)
    membership.grant(store, other, "admin", BY)
    match gone:
        case "unknown":
            subject = "bob"
        case "account taken back":
            membership.take_account(store, ann, service.address, "ann", BY)
        case "deactivated":
            membership.deactivate(store, ann, None, BY)
        case _:
            subject = "eve"
            membership.identify(store, other, "https://id.example", "eve", BY)
    token = service.token(sub=subject)
    assert (status(anonymous, token), code(anonymous, token)) == (403, "not_a_member")


def test_what_a_member_may_do_is_read_with_every_request(
    store: Store, anonymous: TestClient, service: LocalIssuer, ann: MemberId
) -> None:
    other = membership.invite(store, "Bob", BY)
    membership.grant(store, other, "admin", BY)
    token = service.token()
    assert status(anonymous, token) == 200
    membership.revoke(store, ann, "admin", BY)
    assert (status(anonymous, token), code(anonymous, token)) == (403, "not_allowed")


def test_of_an_account_only_a_keyed_digest_is_kept(store: Store, ann: MemberId, connection: Connection) -> None:
    issuer = store.settings.oidc_issuer or ""
    events = json.dumps(connection.execute("SELECT to_jsonb(e) AS e FROM log.event AS e").fetchall(), default=str)
    assert subject_digest(store, issuer, "ann") in events
    assert '"ann"' not in events


def test_without_an_audience_no_tokens_are_taken(store: Store, service: LocalIssuer, ann: MemberId) -> None:
    object.__setattr__(store, "settings", store.settings.model_copy(update={"oidc_audience": None}))
    with TestClient(create_app(store)) as client:
        assert status(client, service.token()) == 401


def test_a_service_that_is_silent_is_not_the_callers_fault(store: Store, service: LocalIssuer, ann: MemberId) -> None:
    service.is_up = False
    try:
        with TestClient(create_app(store)) as client:
            answer = client.get("/v1/members", headers={"Authorization": f"Bearer {service.token()}"})
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_silent")
        assert answer.headers["retry-after"] == "1"
    finally:
        service.is_up = True


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"oidc_audience": "x"}, "EVERFOLD_OIDC_ISSUER must name"),
        ({"oidc_issuer": "https://id.example", "oidc_client_id": "c"}, "EVERFOLD_PUBLIC_URL must say"),
        (
            {
                "oidc_issuer": "https://id.example",
                "oidc_client_id": "c",
                "oidc_audience": "c",
                "public_url": "https://c",
            },
            "EVERFOLD_OIDC_AUDIENCE must not be",
        ),
        ({"oidc_issuer": "http://id.example"}, "String should match"),
        ({"oidc_issuer": "http://localhost.evil.example"}, "String should match"),
        ({"oidc_algorithms": "RS256,HS256"}, "Input should be 'RS256'"),
        ({"oidc_algorithms": "none"}, "Input should be 'RS256'"),
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(said: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        Settings.model_validate(said)
    assert "input_value" not in str(refused.value), "no secret is repeated"


def test_algorithms_are_listed_with_commas() -> None:
    assert Settings.model_validate({"oidc_algorithms": "ES256, EdDSA"}).oidc_algorithms == ("ES256", "EdDSA")
