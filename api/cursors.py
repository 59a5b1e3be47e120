"""Opaque, signed cursors: a client hands back exactly what it was given, or is told so."""

import base64
import hmac
import json

from api.problems import BadCursor
from api.store import Store


def encode(store: Store, kind: str, *parts: str | int) -> str:
    """A cursor of that kind."""
    body = json.dumps([kind, *parts], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(store, body) + body).decode().rstrip("=")


def decode(store: Store, kind: str, cursor: str) -> list[str | int]:
    """The parts of a cursor of that kind. Raises BadCursor for anything that was not given out here."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raise BadCursor() from None
    signature, body = raw[:12], raw[12:]
    if not hmac.compare_digest(signature, _signature(store, body)):
        raise BadCursor()
    found, *parts = json.loads(body)
    if found != kind:
        raise BadCursor()
    return list(parts)


def _signature(store: Store, body: bytes) -> bytes:
    return hmac.digest(store.secret, b"cursor " + body, "sha256")[:12]
