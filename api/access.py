"""Who is asking: API keys and the console's sessions. Of every secret only a keyed digest is kept."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from uuid_utils.compat import uuid7

from api.problems import NotAllowed, NotSignedIn
from api.store import Store, append_to_workspace
from domain.workspace import (
    WORKSPACE_ID,
    IssueApiKey,
    RevokeApiKey,
    Workspace,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    issue_api_key,
    revoke_api_key,
)
from eventstore import access, log

SCOPES = {
    "leads:read": "Read leads and their histories",
    "leads:write": "Capture leads and act on them",
    "customers:read": "Read what is known of a customer",
    "customers:write": "Act on customers",
    "tickets:write": "Act on tickets",
    "settings:write": "Publish the settings of the workspace",
    "imports:read": "See imports, and how far they are",
    "imports:write": "Upload files to be imported",
    "events:read": "Read the whole log",
    "kpis:read": "Read figures",
    "members:read": "See who works here",
    "metrics:read": "Read how the system is doing",
    "undo": "Take back commands and imports",
    "audit:read": "Read customers' histories with before and after, and who has looked",
    "personal:read": "See what is personal in them",
}
_ON_DEMAND = ("settings:write", "imports:write", "undo", "audit:read", "personal:read")
USUAL_SCOPES = tuple(scope for scope in SCOPES if scope not in _ON_DEMAND)
"""What a key may do when nothing else is said."""

_LINK_LASTS = timedelta(hours=1)
_SESSION_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: a program by its API key, or a member at the console."""

    kind: str
    id: UUID
    scopes: frozenset[str]


def create_api_key(store: Store, label: str, scopes: tuple[str, ...]) -> str:
    """Issue an API key and return it; it cannot be shown again."""
    key_id, secret = uuid7(), secrets.token_urlsafe(32)
    command = IssueApiKey(key_id=key_id, label=label, secret_digest=store.digest(secret).hex(), scopes=scopes)
    with store.pool.connection() as connection:
        append_to_workspace(connection, None, issue_api_key(Workspace(), command))
    return f"everfold_{key_id.hex}_{secret}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in force: what it is for, and what it may do. The key itself is kept nowhere."""

    key_id: UUID
    label: str
    scopes: tuple[str, ...]


def list_api_keys(store: Store) -> list[ApiKey]:
    """The keys in force, the oldest first."""
    with store.pool.connection() as connection:
        state, _ = store.settled.now(connection)
    return [ApiKey(key_id, str(key.label), key.scopes) for key_id, key in state.keys.items()]


def revoke_key(store: Store, key_id: UUID, by: log.Envelope) -> None:
    """From the next request on, nobody gets in with this key. Raises UnknownApiKey."""

    def attempt() -> None:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            append_to_workspace(connection, version, revoke_api_key(state, RevokeApiKey(key_id=key_id)), by)

    log.retrying(attempt)


def create_sign_in_link(store: Store) -> str:
    """The path of a link that opens one console session, once, within an hour."""
    token = secrets.token_urlsafe(32)
    with store.pool.connection() as connection:
        access.add_link(connection, store.digest(token), datetime.now(UTC) + _LINK_LASTS)
    return f"/console/sign-in?token={token}"


def open_session(store: Store, link_token: str, member_id: UUID) -> str | None:
    """A session's token for a link's, which is used up by it; None when the link is unknown, used or too old."""
    token = secrets.token_urlsafe(32)
    with store.pool.connection() as connection:
        opened = access.use_link(
            connection, store.digest(link_token), store.digest(token), member_id, datetime.now(UTC) + _SESSION_LASTS
        )
    return token if opened else None


def session_member(store: Store, token: str) -> UUID | None:
    """The member whose session this token opens, while it lasts."""
    with store.pool.connection() as connection:
        return access.session_member(connection, store.digest(token))


def close_session(store: Store, token: str) -> None:
    """End a session; its token is worth nothing from now on."""
    with store.pool.connection() as connection:
        access.close_session(connection, store.digest(token))


def opened_store(request: Request) -> Store:
    """The store that the server was started with."""
    store: Store = request.app.state.store
    return store


OpenStore = Annotated[Store, Depends(opened_store)]

_bearer = HTTPBearer(auto_error=False, description="An API key, made by `./crm key create NAME`.")


def principal(
    scopes: SecurityScopes,
    store: OpenStore,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """The owner of the request's API key. Raises NotSignedIn, or NotAllowed when the key lacks a scope."""
    found = _by_api_key(store, credentials.credentials) if credentials else None
    if found is None:
        raise NotSignedIn()
    if missing := set(scopes.scopes) - found.scopes:
        wanted = "".join(f" --scope {scope}" for scope in sorted(scopes.scopes))
        raise NotAllowed(
            f"This key lacks the scope {min(missing)}. Make one that has it: ./crm key create NAME{wanted}"
        )
    return found


def must_declare_permissions(app: FastAPI, prefix: str = "/v1") -> None:
    """Refuse to start with a route below `prefix` that does not say which scope it asks for."""
    for path, route in api_routes(app):
        if path.startswith(prefix) and not _asks_for_scope(route):
            raise RuntimeError(f"The route {path} declares no permission; every route below {prefix} must.")


def api_routes(app: FastAPI) -> list[tuple[str, APIRoute]]:
    """Every API route with its whole path, those of included routers too."""
    contexts = iter_route_contexts(app.routes)
    return [
        (context.path or "", context.original_route)
        for context in contexts
        if isinstance(context.original_route, APIRoute)
    ]


def _asks_for_scope(route: APIRoute) -> bool:
    seen, waiting = False, list(route.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        scopes = [*(dependant.own_oauth_scopes or ()), *(dependant.parent_oauth_scopes or ())]
        seen = seen or (dependant.call is principal and bool(scopes))
        waiting.extend(dependant.dependencies)
    return seen


def _by_api_key(store: Store, presented: str) -> Principal | None:
    prefix, _, rest = presented.partition("_")
    key_text, _, secret = rest.partition("_")
    try:
        key_id = UUID(hex=key_text)
    except ValueError:
        return None
    if prefix != "everfold":
        return None
    with store.pool.connection() as connection:
        history = [recorded.event for recorded in log.load_part(connection, WORKSPACE_ID, key_id)]
    issued = next((event for event in history if isinstance(event, WorkspaceApiKeyIssued)), None)
    if issued is None or any(isinstance(event, WorkspaceApiKeyRevoked) for event in history):
        return None
    if not hmac.compare_digest(store.digest(secret), bytes.fromhex(issued.secret_digest)):
        return None
    return Principal("api_key", key_id, frozenset(issued.scopes))
