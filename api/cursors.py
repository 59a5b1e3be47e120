"""Cursors that nobody else can read or make: a client hands back exactly what it was given, or is told so.

They hold values of the last row of a page, which may be personal, and stand in addresses.
"""

import base64
import hmac
import json

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.problems import BadCursor
from api.store import Store

_NONCE = 12


def encode(store: Store, kind: str, *parts: str | int) -> str:
    """A cursor of that kind; the same for the same parts."""
    body = json.dumps([kind, *parts], separators=(",", ":"), ensure_ascii=False).encode()
    # drawn from the body itself, so that no two bodies are sealed with the same one
    nonce = hmac.digest(store.secret, b"cursor nonce " + body, "sha256")[:_NONCE]
    return base64.urlsafe_b64encode(nonce + _cipher(store).encrypt(nonce, body, None)).decode().rstrip("=")


def decode(store: Store, kind: str, cursor: str) -> list[str | int]:
    """The parts of a cursor of that kind. Raises BadCursor for anything that was not given out here."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        body = _cipher(store).decrypt(raw[:_NONCE], raw[_NONCE:], None)
    except (ValueError, InvalidTag):
        raise BadCursor() from None
    found, *parts = json.loads(body)
    if found != kind:
        raise BadCursor()
    return list(parts)


def _cipher(store: Store) -> AESGCM:
    return AESGCM(hmac.digest(store.secret, b"cursor", "sha256"))
