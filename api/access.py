"""Who is asking, and what that program or member may do. Of every secret only a keyed digest is kept."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from uuid_utils.compat import uuid7

from api import underway
from api.attempts import note
from api.permissions import OPEN, RIGHTS, SCOPES, USUAL_SCOPES, narrower, scopes_of, sight_of
from api.problems import HiddenField, NotAllowed, NotSignedIn
from api.store import OPERATOR_ID, Store, append_to_workspace
from api.tokens import bearer, key_text
from domain.event import MemberId
from domain.workspace import (
    IssueApiKey,
    Records,
    RevokeApiKey,
    Role,
    WorkspaceApiKeyIssued,
    issue_api_key,
    revoke_api_key,
)
from eventstore import log
from eventstore.database import Connection
from projections.sight import EVERYTHING, PERSONAL, Sight

__all__ = ["OPERATOR_ID", "SCOPES", "USUAL_SCOPES"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, a program by its API key or a member: what she may do, and on whose records."""

    kind: str
    id: UUID
    scopes: frozenset[str]
    sight: Sight
    roles: frozenset[Role] = frozenset()

    def must(self, *scopes: str) -> None:
        """Raises NotAllowed, naming a scope that is missing."""
        if missing := set(scopes) - self.scopes:
            wanted = "".join(f" --scope {scope}" for scope in sorted(scopes))
            raise NotAllowed(
                f"This key lacks the scope {min(missing)}. Make one that has it: ./crm key create NAME{wanted}"
                if self.kind == "api_key"
                else f"This takes the scope {min(missing)}, which none of your roles has. Ask an admin."
            )

    def must_see_all_records(self) -> None:
        """Raises NotAllowed where only some of the records may be seen."""
        if self.sight.records != "all":
            raise NotAllowed("This concerns everybody's records, and you may see only some. Ask an admin to do it.")

    def must_not_give_more(self, scopes: Collection[str], records: Records, member_id: UUID | None = None) -> None:
        """Nobody gives what she has not: a scope, or sight of records, which are `member_id`'s where they are
        somebody's own or her team's. Raises NotAllowed."""
        if more := set(scopes) - self.scopes:
            raise NotAllowed(f"This gives the scope {min(more)}, which you do not have yourself. Ask an admin.")
        is_as_much = member_id == self.sight.member_id and narrower(records, self.sight.records) == records
        if self.sight.records != "all" and records != "none" and not is_as_much:
            raise NotAllowed("This shows records that you may not see yourself. Ask an admin to do it.")

    def must_see_fields(self, table: str, columns: Collection[str]) -> None:
        """Whether rows may be chosen or ordered by these columns: not by what she is not shown. Raises HiddenField."""
        if not self.sight.personal and PERSONAL.get(table, frozenset()).intersection(columns):
            raise HiddenField()


def principal_of_member(store: Store, connection: Connection, member_id: UUID) -> Principal:
    """A member with what her roles bring as they are now; who has none, or was deactivated, may do nothing."""
    if member_id == OPERATOR_ID:
        return Principal("user", member_id, RIGHTS["admin"].scopes, EVERYTHING, frozenset({"admin"}))
    workspace, _ = store.settled.now(connection)
    roles = workspace.roles_of(MemberId(member_id))
    return Principal("user", member_id, scopes_of(roles), sight_of(workspace, MemberId(member_id)), roles)


def create_api_key(
    store: Store,
    label: str,
    scopes: tuple[str, ...],
    *,
    member_id: UUID | None = None,
    records: Records | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Issue an API key and return it; it cannot be shown again. Raises UnknownMember, KeyWithoutMember."""
    key_id, secret = uuid7(), secrets.token_urlsafe(32)
    command = IssueApiKey(
        key_id=key_id,
        label=label,
        secret_digest=store.digest(secret).hex(),
        scopes=scopes,
        member_id=None if member_id is None else MemberId(member_id),
        records=records,
        expires_at=expires_at,
    )
    with store.pool.connection() as connection:
        workspace, _ = store.settled.now(connection)
        append_to_workspace(connection, None, issue_api_key(workspace, command))
    return key_text(key_id, secret)


def revoke_key(store: Store, key_id: UUID, by: log.Envelope) -> None:
    """From the next request on, nobody gets in with this key. Raises UnknownApiKey."""

    def attempt() -> None:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            append_to_workspace(connection, version, revoke_api_key(state, RevokeApiKey(key_id=key_id)), by)

    log.retrying(attempt)


async def opened_store(request: Request) -> Store:
    """The store that the server was started with; async, because a thread costs more than this does."""
    store: Store = request.app.state.store
    return store


OpenStore = Annotated[Store, Depends(opened_store)]

_bearer = HTTPBearer(
    auto_error=False,
    description="An API key, made by `./crm key create NAME`, or an access token of the sign-in service.",
)


def principal(
    scopes: SecurityScopes,
    store: OpenStore,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Who sent the request: a program by its API key, or a member by an access token. Raises NotSignedIn, KeyExpired,
    NotAMember, or NotAllowed when a scope is lacking."""
    if credentials is None:
        raise NotSignedIn()
    found = _recognised(store, credentials.credentials)
    try:
        found.must(*scopes.scopes)
    except NotAllowed:
        note(store, "api_key" if found.kind == "api_key" else "token", "not_allowed", found.id)
        raise
    underway.belongs_to(found.id, found.kind)
    return found


def still_allowed(
    scopes: SecurityScopes,
    store: OpenStore,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Callable[[], Principal]:
    """Asks the same once more, during an answer that goes on for long: who it is by now; raises as `principal` does."""
    return lambda: principal(scopes, store, credentials)


def principal_of_all(caller: Annotated[Principal, Depends(principal)]) -> Principal:
    """Whoever may see all records. Raises NotAllowed."""
    caller.must_see_all_records()
    return caller


def must_declare_permissions(app: FastAPI | APIRouter, judges: Collection[Callable[..., object]] = ()) -> None:
    """Refuse to start with a route that does not say which scope it asks for and is not open to everybody. `judges`
    are what else than an API key says who asks."""
    for path, route in api_routes(app):
        if path not in OPEN and not _asks_for_scope(route, (principal, *judges)):
            raise RuntimeError(f"The route {path} declares no permission; every route must, or be listed as open.")


def api_routes(app: FastAPI | APIRouter) -> list[tuple[str, APIRoute]]:
    """Every API route with its whole path, those of included routers too."""
    contexts = iter_route_contexts(app.routes)
    return [
        (context.path or "", context.original_route)
        for context in contexts
        if isinstance(context.original_route, APIRoute)
    ]


def _asks_for_scope(route: APIRoute, judges: Collection[Callable[..., object]]) -> bool:
    seen, waiting = False, list(route.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        scopes = [*(dependant.own_oauth_scopes or ()), *(dependant.parent_oauth_scopes or ())]
        seen = seen or (dependant.call in judges and bool(scopes))
        waiting.extend(dependant.dependencies)
    return seen


def _recognised(store: Store, presented: str) -> Principal:
    match bearer(store, presented):
        case WorkspaceApiKeyIssued() as key:
            return _principal_of_key(store, key)
        case member_id:
            with store.pool.connection() as connection:
                return principal_of_member(store, connection, member_id)


def _principal_of_key(store: Store, issued: WorkspaceApiKeyIssued) -> Principal:
    """What the key may do; one that acts on a member's behalf no more than she, and nothing once she has left."""
    scopes, records = frozenset(issued.scopes), issued.records or "all"
    if issued.member_id is None:
        sight = Sight(records, personal="personal:read" in scopes)
        return Principal("api_key", issued.key_id, scopes, sight)
    with store.pool.connection() as connection:
        member = principal_of_member(store, connection, issued.member_id)
    if not member.roles:
        raise NotSignedIn()
    scopes &= member.scopes
    sight = replace(member.sight, records=narrower(records, member.sight.records), personal="personal:read" in scopes)
    return Principal("api_key", issued.key_id, scopes, sight, member.roles)
