"""A sign-in service of the tests' own, on this machine: its keys, its tokens, and how people sign in."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE, CLIENT_ID, CLIENT_SECRET = "https://crm.example/api", "everfold-console", "s3cret:with/signs"
CALLBACK = "http://testserver/console/sign-in/oidc/callback"

Claims = dict[str, Any]  # Any: whatever a token may say


@cache
def private_key(name: str) -> Any:  # Any: one of three kinds of keys
    """The key of that name; `rsa-old` and `rsa-other` are RSA keys as well, and are not published."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(65537, 1024 if name == "rsa-short" else 2048)
    return ec.generate_private_key(ec.SECP256R1()) if name == "ec" else ed25519.Ed25519PrivateKey.generate()


def public_jwk(name: str) -> dict[str, Any]:
    """Its public half, as it is published."""
    public = private_key(name).public_key()
    if name.startswith("rsa"):
        jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = ECAlgorithm.to_jwk(public, as_dict=True) if name == "ec" else OKPAlgorithm.to_jwk(public, as_dict=True)
    return {**jwk, "kid": name, "use": "sig"}


ALGORITHMS = {**dict.fromkeys(["rsa", "rsa-short", "rsa-other", "rsa-new"], "RS256"), "ec": "ES256", "ed": "EdDSA"}


class LocalIssuer:
    """The service: what it publishes, and what it was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.named = address
        """What its discovery document says it is."""
        self.published = ["rsa", "rsa-short", "ec", "ed"]
        self.asked: list[str] = []
        self.is_up = True
        self.codes: dict[str, Claims] = {}
        self.subject = "ann"
        self.id_claims: Claims = {}

    def claims(self, **changed: object) -> Claims:
        """What an access token for the API says; None leaves a claim out."""
        now = int(time())
        usual: Claims = {"iss": self.address, "sub": self.subject, "aud": AUDIENCE, "iat": now, "exp": now + 300}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(self, key: str = "rsa", headers: dict[str, object] | None = None, **changed: object) -> str:
        """Such a token, signed."""
        header = {"kid": key, "typ": "at+jwt", **(headers or {})}
        return jwt.encode(self.claims(**changed), private_key(key), ALGORITHMS[key], header)

    def answer(self, path: str, query: str) -> tuple[int, dict[str, Any], str | None]:
        """Status, document and place to go to."""
        self.asked.append(path)
        if not self.is_up:
            return 503, {}, None
        if path == "/.well-known/openid-configuration":
            names = {"jwks_uri": "/keys", "authorization_endpoint": "/authorize", "token_endpoint": "/token"}
            return 200, {"issuer": self.named, **{name: self.address + at for name, at in names.items()}}, None
        if path == "/keys":
            return 200, {"keys": [public_jwk(name) for name in self.published]}, None
        if path == "/authorize":
            return 302, {}, self._consent(dict(parse_qsl(query)))
        return 404, {}, None

    def exchange(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What the token endpoint answers to a code: it is worth something once, to whom it was meant for."""
        self.asked.append("/token")
        asked = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if asked is None or proof.decode() != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if (user, password) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        claims = {"aud": CLIENT_ID, "nonce": asked["nonce"], **self.id_claims}
        id_token = self.token(headers={"typ": "JWT"}, **claims)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}

    def _consent(self, asked: dict[str, str]) -> str:
        assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT_ID, CALLBACK, "code")
        assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid")
        assert "code_verifier" not in asked
        code = f"code-{len(self.asked)}"
        self.codes[code] = asked
        return f"{CALLBACK}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.address})}"


@contextmanager
def serving() -> Iterator[LocalIssuer]:
    """The service, answering on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document, place = issuer.answer(urlsplit(self.path).path, urlsplit(self.path).query)
            self._send(status, document, place)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, document = issuer.exchange(self.headers.get("Authorization", ""), form)
            self._send(status, document, None)

        def _send(self, status: int, document: dict[str, Any], place: str | None) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            if place:
                self.send_header("Location", place)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = LocalIssuer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
