"""The sign-in service that is trusted: where it answers, and the public keys it signs with, fetched and kept."""

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from threading import Lock
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler

from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from api.problems import IssuerSilent
from api.settings import Settings

_FRESH = 15 * 60.0
"""For how many seconds its keys are used without asking again; after that a key it withdrew is worth nothing."""

_OLDEST = 24 * 3600.0
"""For how many seconds they are used while it does not answer."""

_COOL_DOWN = 30.0
"""How many seconds lie between two questions: whoever makes keys up cannot make us ask for each."""

_PATIENCE = 5.0
_LARGEST = 1 << 18


class _Unanswered(Exception):
    """It gave no answer that can be used."""


class Issuer:
    """One sign-in service, named by its address. Its documents are fetched when first needed."""

    def __init__(self, address: str, algorithms: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self.algorithms = algorithms
        self._clock = clock
        self._turn = Lock()
        self._described: Mapping[str, object] = {}
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = self._asked_at = -_OLDEST

    def key(self, key_id: str) -> PyJWK | None:
        """The public key of that id; None when the service has none. Raises IssuerSilent when its keys are not there.

        A key that is not known may be new, so the service is asked once more, but not more often than the cool-down.
        """
        # whose key is known does not wait for the answer to others' questions
        if self._turn.acquire(blocking=key_id not in self._keys):
            try:
                if key_id not in self._keys or self._age() >= _FRESH:
                    self._ask()
            finally:
                self._turn.release()
        if self._age() >= _OLDEST:
            raise IssuerSilent()
        return self._keys.get(key_id)

    def endpoint(self, name: str) -> str:
        """The address of one of its endpoints, as its discovery document says. Raises IssuerSilent."""
        with self._turn:
            if not self._described:
                self._ask()
            try:
                return _address(self._described, name, self.address)
            except _Unanswered:
                raise IssuerSilent() from None

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _ask(self) -> None:
        if self._clock() - self._asked_at < _COOL_DOWN:
            return
        self._asked_at = self._clock()
        try:
            described = _document(f"{self.address.rstrip('/')}/.well-known/openid-configuration")
            if described.get("issuer") != self.address:  # the document is another service's
                return
            keys = _usable(_document(_address(described, "jwks_uri", self.address)), self.algorithms)
        except _Unanswered:
            return
        self._described, self._keys, self._fetched_at = described, keys, self._clock()


def issuer_of(settings: Settings) -> Issuer | None:
    """The one that the settings name, if they do."""
    return Issuer(settings.oidc_issuer, settings.oidc_algorithms) if settings.oidc_issuer else None


def _usable(published: Mapping[str, object], algorithms: tuple[str, ...]) -> Mapping[str, PyJWK]:
    found = published.get("keys")
    signing = [
        key
        for key in (found if isinstance(found, list) else [])
        if isinstance(key, dict)
        # "oct" is a secret shared with somebody: what it signs proves nothing about who did
        and key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use", "sig") == "sig"
        and ("alg" not in key or key["alg"] in algorithms)
    ]
    try:
        known = PyJWKSet(signing).keys
    except PyJWTError:
        raise _Unanswered from None
    return {key.key_id: key for key in known if isinstance(key.key_id, str)}


def _address(described: Mapping[str, object], name: str, issuer: str) -> str:
    address = described.get(name)
    # a service on this machine may go without encryption, one elsewhere may not
    schemes = ("https", "http") if urlsplit(issuer).scheme == "http" else ("https",)
    if not isinstance(address, str) or urlsplit(address).scheme not in schemes:
        raise _Unanswered
    return address


def _document(address: str) -> Mapping[str, object]:
    try:
        with _web().open(address, timeout=_PATIENCE) as answer:
            if answer.status != 200:
                raise _Unanswered
            document = json.loads(answer.read(_LARGEST))
    except (OSError, URLError, HTTPException, ValueError, RecursionError):
        raise _Unanswered from None
    if not isinstance(document, dict):
        raise _Unanswered
    return document


def _web() -> OpenerDirector:
    # without what follows redirects, and without what opens files
    web = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        web.add_handler(handler)
    return web
