"""Members: who works here by which roles and accounts, as one command each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from api.store import Store, append_to_workspace
from api.tokens import subject_digest
from domain.event import Command, Forgotten, MemberId
from domain.workspace import (
    DeactivateMember,
    GrantRole,
    IdentifyMember,
    InviteMember,
    RevokeIdentity,
    RevokeRole,
    Role,
    Workspace,
    WorkspaceEvent,
    deactivate_member,
    grant_role,
    identify_member,
    invite_member,
    revoke_identity,
    revoke_role,
)
from eventstore import log

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works here, or did; with the sign-in services that she has an account at."""

    member_id: UUID
    name: str | None
    roles: tuple[str, ...]
    issuers: tuple[str, ...]
    is_active: bool


def list_members(store: Store) -> list[Member]:
    """All members, in the order in which they were invited."""
    with store.pool.connection() as connection:
        state, _ = store.settled.now(connection)
    return [
        Member(
            member_id,
            None if isinstance(name, Forgotten) else name,
            tuple(sorted(state.roles_of(member_id))),
            tuple(sorted(issuer for (issuer, _), of in state.identities.items() if of == member_id)),
            member_id not in state.deactivated,
        )
        for member_id, name in state.members.items()
    ]


def invite(store: Store, name: str, by: log.Envelope) -> MemberId:
    """Let somebody work here; she begins without roles."""
    member_id = MemberId(uuid7())
    _decide(store, invite_member, InviteMember(member_id=member_id, name=name), by)
    return member_id


def grant(store: Store, member_id: MemberId, role: Role, by: log.Envelope) -> None:
    """Raises UnknownMember, RoleAlreadyGranted."""
    _decide(store, grant_role, GrantRole(member_id=member_id, role=role), by)


def revoke(store: Store, member_id: MemberId, role: Role, by: log.Envelope) -> None:
    """Raises UnknownMember, RoleNotGranted, LastAdmin."""
    _decide(store, revoke_role, RevokeRole(member_id=member_id, role=role), by)


def identify(store: Store, member_id: MemberId, issuer: str, account: str, by: log.Envelope) -> None:
    """Let a member sign in with her account at a sign-in service. Raises UnknownMember, AlreadyIdentified."""
    digest = subject_digest(store, issuer, account)
    _decide(store, identify_member, IdentifyMember(member_id=member_id, issuer=issuer, subject_digest=digest), by)


def take_account(store: Store, member_id: MemberId, issuer: str, account: str, by: log.Envelope) -> None:
    """Let her no longer sign in with it. Raises UnknownIdentity."""
    digest = subject_digest(store, issuer, account)
    _decide(store, revoke_identity, RevokeIdentity(member_id=member_id, issuer=issuer, subject_digest=digest), by)


def deactivate(store: Store, member_id: MemberId, reason: str | None, by: log.Envelope) -> None:
    """Let a member no longer work here; her sessions end with it. Raises UnknownMember, LastAdmin."""
    _decide(store, deactivate_member, DeactivateMember(member_id=member_id, reason=reason), by)


def _decide(store: Store, rule: Callable[[Workspace, C], WorkspaceEvent], command: C, by: log.Envelope) -> None:
    def attempt() -> None:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            append_to_workspace(connection, version, rule(state, command), by)

    log.retrying(attempt)
