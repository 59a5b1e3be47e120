"""The console's sessions: links that open one, how long it lasts, what ends it. Of tokens only digests are kept."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from api.attempts import note
from api.settings import Settings
from api.store import OPERATOR_ID, Store
from domain.event import MemberId
from domain.workspace import must_be_active
from eventstore import access

_LINK_LASTS = timedelta(hours=1)


def console_address(settings: Settings, port: int, host: str = "127.0.0.1") -> str:
    """Where browsers reach the console, without a slash at the end."""
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return (settings.public_url or here).rstrip("/")


def create_sign_in_link(store: Store, member_id: UUID = OPERATOR_ID) -> str:
    """The path of a link that opens one console session, once, within an hour: the member's, or that of whoever runs
    the installation. Raises UnknownMember."""
    token = secrets.token_urlsafe(32)
    with store.pool.connection() as connection:
        if member_id != OPERATOR_ID:
            must_be_active(store.settled.now(connection)[0], MemberId(member_id))
        access.add_link(connection, store.digest(token), member_id, datetime.now(UTC) + _LINK_LASTS)
    return f"/console/sign-in?token={token}"


def open_session(store: Store, link_token: str) -> str | None:
    """A session's token for a link's, which is used up by it; None when the link is unknown, used or too old, or its
    member has left."""
    token = secrets.token_urlsafe(32)
    with store.pool.connection() as connection:
        member_id = access.use_link(connection, store.digest(link_token), store.digest(token), _end(store))
    note(store, "link", "signed_in" if member_id else "refused", member_id)
    return token if member_id else None


def begin_session(store: Store, member_id: MemberId, way: str) -> str:
    """The token of a new session of this member, who has just proved who she is by this way."""
    token = secrets.token_urlsafe(32)
    with store.pool.connection() as connection:
        access.add_session(connection, store.digest(token), member_id, _end(store))
    note(store, way, "signed_in", member_id)
    return token


def session_member(store: Store, token: str, *, is_use: bool = True) -> UUID | None:
    """The member whose session this token opens, while it lasts; None also when it was not used for too long.

    What a page does on its own, for as long as it is open, is no use.
    """
    idle = timedelta(minutes=store.settings.session_idle_minutes)
    with store.pool.connection() as connection:
        return access.session_member(connection, store.digest(token), idle, is_use=is_use)


def close_session(store: Store, token: str) -> None:
    """End a session; its token is worth nothing from now on."""
    with store.pool.connection() as connection:
        member_id = access.close_session(connection, store.digest(token))
    if member_id:
        note(store, "session", "signed_out", member_id)


def close_sessions_of(store: Store, member_id: UUID) -> int:
    """End all sessions of a member, and take back her links that nobody has opened; how many sessions there were."""
    with store.pool.connection() as connection:
        ended = access.close_sessions_of(connection, member_id)
        for _ in range(ended):
            access.note_sign_in(connection, uuid7(), "session", "ended", member_id)
    return ended


def _end(store: Store) -> datetime:
    return datetime.now(UTC) + timedelta(hours=store.settings.session_hours)
