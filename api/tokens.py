"""What a client sends to prove who it is: an API key, or an access token of the sign-in service that is trusted."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from api.attempts import note, note_use
from api.issuer import Issuer
from api.problems import KeyExpired, NotAMember, NotSignedIn
from domain.event import MemberId
from domain.workspace import WORKSPACE_ID, Records, RotateApiKey, WorkspaceApiKeyIssued, rotate_api_key
from eventstore import access, log

if TYPE_CHECKING:
    from api.store import Store

_PREFIX = "everfold"
_LONGEST = 8_192
"""In characters; a sign-in service's tokens are a tenth of that."""

_LEEWAY = 60
"""By how many seconds the clocks may differ."""

_OWN_KEYS = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty")
"""Headers by which a token would bring its own key, or say how it wants to be read."""

_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash")


class TokenRefused(Exception):
    """This token is none that the sign-in service has given out for here."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in force: what it is for, what it may do, until when, and in which hour it was used last. The key itself is
    kept nowhere."""

    key_id: UUID
    label: str
    scopes: tuple[str, ...]
    member_id: UUID | None
    records: Records | None
    expires_at: datetime | None
    last_used_at: datetime | None
    replaced_by: UUID | None


def list_api_keys(store: "Store") -> list[ApiKey]:
    """The keys in force, the oldest first; also those that have come to their end and were not revoked."""
    with store.pool.connection() as connection:
        state, _ = store.settled.now(connection)
        used = access.key_uses(connection)
    return [
        ApiKey(
            key_id,
            str(key.label),
            key.scopes,
            key.member_id,
            key.records,
            state.key_ends_at(key_id),
            used.get(key_id),
            state.rotated_keys[key_id].successor_id if key_id in state.rotated_keys else None,
        )
        for key_id, key in state.keys.items()
    ]


def rotate_key(store: "Store", key_id: UUID, ends_at: datetime, expires_at: datetime | None, by: log.Envelope) -> str:
    """A new key that may do the same, until `expires_at`; the old one works until `ends_at`. It cannot be shown again.
    Raises UnknownApiKey, ApiKeyAlreadyRotated, SuccessorNeedsEnd."""
    successor_id, secret = uuid7(), secrets.token_urlsafe(32)
    command = RotateApiKey(
        key_id=key_id,
        successor_id=successor_id,
        secret_digest=store.digest(secret).hex(),
        ends_at=ends_at,
        expires_at=expires_at,
    )

    def attempt() -> None:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            happened = rotate_api_key(state, command)
            log.append(
                connection,
                [
                    log.NewEvent(WORKSPACE_ID, "workspace", WORKSPACE_ID, version + step, event)
                    for step, event in enumerate(happened, start=1)
                ],
                by,
            )

    log.retrying(attempt)
    return key_text(successor_id, secret)


def key_text(key_id: UUID, secret: str) -> str:
    """A key as a program sends it."""
    return f"{_PREFIX}_{key_id.hex}_{secret}"


def bearer(store: "Store", presented: str) -> WorkspaceApiKeyIssued | MemberId:
    """The API key that was presented, or the member whose access token it is. Raises NotSignedIn, KeyExpired,
    NotAMember, IssuerSilent."""
    if presented.startswith(f"{_PREFIX}_"):
        return _api_key(store, presented)
    if store.issuer and store.settings.oidc_audience:
        return _member(store, store.issuer, presented, store.settings.oidc_audience)
    note(store, "token", "refused")
    raise NotSignedIn()


def subject_digest(store: "Store", issuer: str, subject: str) -> str:
    """By what an account at a sign-in service is known here; nobody can guess its name back."""
    return store.digest(f"{issuer}\n{subject}").hex()


def member_of(store: "Store", claims: Mapping[str, Any]) -> MemberId | None:
    """The active member whose account the claims of a checked token name."""
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    with store.pool.connection() as connection:
        state, _ = store.settled.now(connection)
    return state.identities.get((issuer, subject_digest(store, issuer, subject)))


def checked(issuer: Issuer, token: str, audience: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims (any JSON) of a token that the service signed, for this audience, for now. Raises TokenRefused,
    IssuerSilent."""
    if len(token) > _LONGEST or token.count(".") != 2 or "=" in token:
        raise TokenRefused()
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in issuer.algorithms or any(name in header for name in _OWN_KEYS):
            raise TokenRefused()
        key = issuer.key(header["kid"]) if header.get("kid") else None
        if key is None:
            raise TokenRefused()
        claims = jwt.decode(
            token,
            key,
            algorithms=issuer.algorithms,
            audience=audience,
            issuer=issuer.address,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )
    except (jwt.PyJWTError, ValueError):
        raise TokenRefused() from None
    if not claims["sub"]:
        raise TokenRefused()
    return header, claims


def is_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether a token lets its bearer act (RFC 9068), rather than telling a client who signed in. Services that do not
    say so in `typ` are taken at their claims: nothing that only ID tokens have, and no other use named."""
    kind = str(header.get("typ", "")).lower().removeprefix("application/")
    if kind == "at+jwt":
        return True
    uses = (claims.get("typ", "Bearer"), claims.get("token_use", "access"))
    return kind in ("jwt", "") and uses == ("Bearer", "access") and not any(name in claims for name in _OF_ID_TOKENS)


def _api_key(store: "Store", presented: str) -> WorkspaceApiKeyIssued:
    id_text, _, secret = presented.removeprefix(f"{_PREFIX}_").partition("_")
    try:
        key_id = UUID(hex=id_text)
    except ValueError:
        note(store, "api_key", "refused")
        raise NotSignedIn() from None
    with store.pool.connection() as connection:
        state, _ = store.settled.now(connection)
    issued = state.keys.get(key_id)
    # compared also where there is none, so that the answer takes as long
    digest = bytes.fromhex(issued.secret_digest) if issued else bytes(32)
    if not hmac.compare_digest(store.digest(secret), digest) or issued is None:
        note(store, "api_key", "refused", key_id if issued else None)
        raise NotSignedIn()
    ends_at = state.key_ends_at(key_id)
    if ends_at and ends_at <= datetime.now(UTC):
        note(store, "api_key", "expired", key_id)
        raise KeyExpired()
    note_use(store, key_id)
    return issued


def _member(store: "Store", issuer: Issuer, presented: str, audience: str) -> MemberId:
    try:
        header, claims = checked(issuer, presented, audience)
        if not is_access_token(header, claims):
            raise TokenRefused()
    except TokenRefused:
        note(store, "token", "refused")
        raise NotSignedIn() from None
    member_id = member_of(store, claims)
    if member_id is None:
        note(store, "token", "not_a_member")
        raise NotAMember()
    return member_id
