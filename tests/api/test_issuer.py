"""The sign-in service's keys: fetched when needed, kept, asked for again with restraint, taken from nowhere else."""

from collections.abc import Iterator

import pytest

from api.issuer import Issuer
from api.problems import IssuerSilent
from tests.api.issuer import LocalIssuer, serving


class Clock:
    """Stands still until it is told otherwise; in seconds."""

    def __init__(self) -> None:
        self.now = 100_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service() -> Iterator[LocalIssuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(service: LocalIssuer, clock: Clock) -> Issuer:
    return Issuer(service.address, ("RS256", "ES256", "EdDSA"), clock)


def test_its_keys_are_fetched_once(service: LocalIssuer, issuer: Issuer) -> None:
    assert service.asked == []
    for name in ("rsa", "ec", "ed", "rsa"):
        key = issuer.key(name)
        assert key is not None
        assert key.key_id == name
    assert service.asked == ["/.well-known/openid-configuration", "/keys"]
    assert issuer.endpoint("token_endpoint") == f"{service.address}/token"
    assert service.asked.count("/keys") == 1


def test_for_a_key_that_is_not_known_it_is_asked_once_more_and_then_left_alone(
    service: LocalIssuer, issuer: Issuer, clock: Clock
) -> None:
    assert issuer.key("rsa")
    service.published.append("rsa-new")
    assert issuer.key("rsa-new") is None
    clock.now += 31
    assert issuer.key("rsa-new")
    assert service.asked.count("/keys") == 2
    for made_up in range(50):
        assert issuer.key(f"made up {made_up}") is None
    assert service.asked.count("/keys") == 2


def test_a_key_that_was_withdrawn_is_worth_nothing_after_a_quarter_of_an_hour(
    service: LocalIssuer, issuer: Issuer, clock: Clock
) -> None:
    assert issuer.key("rsa")
    service.published.remove("rsa")
    clock.now += 14 * 60
    assert issuer.key("rsa")
    clock.now += 2 * 60
    assert issuer.key("rsa") is None


def test_while_it_does_not_answer_its_keys_are_good_for_a_day(
    service: LocalIssuer, issuer: Issuer, clock: Clock
) -> None:
    assert issuer.key("rsa")
    service.is_up = False
    clock.now += 23 * 3600
    assert issuer.key("rsa")
    clock.now += 3600
    with pytest.raises(IssuerSilent):
        issuer.key("rsa")
    service.is_up = True
    with pytest.raises(IssuerSilent):
        issuer.key("rsa")
    clock.now += 31
    assert issuer.key("rsa")


def test_a_service_that_never_answered_is_silent_and_is_not_pestered(
    service: LocalIssuer, issuer: Issuer, clock: Clock
) -> None:
    service.is_up = False
    for _ in range(5):
        with pytest.raises(IssuerSilent):
            issuer.key("rsa")
        with pytest.raises(IssuerSilent):
            issuer.endpoint("token_endpoint")
    assert len(service.asked) == 1
    service.is_up = True
    clock.now += 31
    assert issuer.endpoint("token_endpoint")


def test_a_document_that_names_another_service_is_not_taken(service: LocalIssuer, issuer: Issuer) -> None:
    service.named = "https://id.example"
    with pytest.raises(IssuerSilent):
        issuer.key("rsa")
    assert "/keys" not in service.asked


def test_a_document_elsewhere_is_not_followed(service: LocalIssuer, clock: Clock) -> None:
    with serving() as other:
        other.answer = lambda path, query: (302, {}, f"{service.address}{path}")  # type: ignore[method-assign]
        other.named = service.address
        with pytest.raises(IssuerSilent):
            Issuer(other.address, ("RS256",), clock).key("rsa")
    assert service.asked == []


def test_only_keys_that_may_be_signed_with_are_taken(
    service: LocalIssuer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}
    usual = service.answer

    def answer(path: str, query: str) -> tuple[int, dict[str, object], str | None]:
        status, document, place = usual(path, query)
        if path == "/keys":
            rsa, _, ec, _ = document["keys"]
            odd = [secret, {**rsa, "kid": "enc", "use": "enc"}, {**rsa, "kid": "none", "alg": "none"}, "nonsense", {}]
            document["keys"] = [*odd, ec]
        return status, document, place

    monkeypatch.setattr(service, "answer", answer)
    assert [bool(issuer.key(name)) for name in ("ec", "oct", "enc", "none")] == [True, False, False, False]


def test_an_issuer_with_encryption_sends_nobody_where_there_is_none() -> None:
    issuer = Issuer("https://id.example", ("RS256",))
    issuer._described = {"token_endpoint": "http://id.example/token", "jwks_uri": "file:///etc/passwd"}
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
        with pytest.raises(IssuerSilent):
            issuer.endpoint(name)
