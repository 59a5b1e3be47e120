"""How those who work here prove who they are: members by a sign-in service, programs by an API key that is replaced."""

from dataclasses import replace
from typing import Annotated, ClassVar, TypeAlias, assert_never
from uuid import UUID

from pydantic import StringConstraints

from domain.event import Command, Event, MemberId, Moment, Refusal
from domain.phrases import said
from domain.workspace.access import (
    ApiKeyAlreadyIssued,
    UnknownApiKey,
    WorkspaceApiKeyIssued,
    must_be_active,
)
from domain.workspace.state import Digest, Workspace

Issuer: TypeAlias = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,490}$")]
"""The address by which a sign-in service names itself in its tokens."""


class WorkspaceMemberIdentified(Event):
    """A sign-in service's account is this member's; of the account's name there only a keyed digest is kept."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    issuer: Issuer
    subject_digest: Digest

    def in_words(self) -> str:
        return f"A member signs in with {self.issuer}"


class WorkspaceMemberIdentityRevoked(Event):
    """A sign-in service's account is this member's no longer."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    issuer: Issuer
    subject_digest: Digest

    def in_words(self) -> str:
        return f"A member no longer signs in with an account of {self.issuer}"


class WorkspaceApiKeyRotated(Event):
    """A program's key was replaced by another one; until this moment both work."""

    part_field: ClassVar[str | None] = "key_id"

    key_id: UUID
    successor_id: UUID
    ends_at: Moment

    def in_words(self) -> str:
        return f"API key replaced; the old one works until {said(self.ends_at)}"


SignInEvent: TypeAlias = WorkspaceMemberIdentified | WorkspaceMemberIdentityRevoked | WorkspaceApiKeyRotated


def evolve_sign_in(workspace: Workspace, event: SignInEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceMemberIdentified():
            known = {**workspace.identities, (event.issuer, event.subject_digest): event.member_id}
            return replace(workspace, identities=known)
        case WorkspaceMemberIdentityRevoked():
            gone = (event.issuer, event.subject_digest)
            left = {identity: member for identity, member in workspace.identities.items() if identity != gone}
            return replace(workspace, identities=left)
        case WorkspaceApiKeyRotated():
            return replace(workspace, rotated_keys={**workspace.rotated_keys, event.key_id: event})
        case _:
            assert_never(event)


class IdentifyMember(Command):
    """Let a member sign in with her account at a sign-in service."""

    member_id: MemberId
    issuer: Issuer
    subject_digest: Digest


class RevokeIdentity(Command):
    """Let a member no longer sign in with that account."""

    member_id: MemberId
    issuer: Issuer
    subject_digest: Digest


class RotateApiKey(Command):
    """Give a program a new key that may do the same; the old one works until `ends_at`, the new one until
    `expires_at`."""

    key_id: UUID
    successor_id: UUID
    secret_digest: Digest
    ends_at: Moment
    expires_at: Moment | None = None


class AlreadyIdentified(Refusal):
    """This account is that of the member {member_id} already. Take it from that member first."""


class UnknownIdentity(Refusal):
    """This member does not sign in with this account, so there is nothing to take back."""


class ApiKeyAlreadyRotated(Refusal):
    """This key was replaced by the key {successor_id} already. Rotate that one."""


class SuccessorNeedsEnd(Refusal):
    """This key works only until {expires_at}, so the new one needs an end as well. Say until when it should work."""


def identify_member(workspace: Workspace, command: IdentifyMember) -> WorkspaceMemberIdentified:
    """An account is one member's; she may have several. Raises UnknownMember, AlreadyIdentified."""
    must_be_active(workspace, command.member_id)
    if (owner := workspace.identities.get((command.issuer, command.subject_digest))) is not None:
        raise AlreadyIdentified(member_id=owner)
    return WorkspaceMemberIdentified(
        member_id=command.member_id, issuer=command.issuer, subject_digest=command.subject_digest
    )


def revoke_identity(workspace: Workspace, command: RevokeIdentity) -> WorkspaceMemberIdentityRevoked:
    """Raises UnknownIdentity."""
    if workspace.identities.get((command.issuer, command.subject_digest)) != command.member_id:
        raise UnknownIdentity()
    return WorkspaceMemberIdentityRevoked(
        member_id=command.member_id, issuer=command.issuer, subject_digest=command.subject_digest
    )


def rotate_api_key(workspace: Workspace, command: RotateApiKey) -> tuple[WorkspaceApiKeyRotated, WorkspaceApiKeyIssued]:
    """Raises UnknownApiKey, ApiKeyAlreadyRotated, ApiKeyAlreadyIssued, SuccessorNeedsEnd."""
    known = workspace.keys.get(command.key_id)
    if known is None:
        raise UnknownApiKey(key_id=command.key_id)
    if command.key_id in workspace.rotated_keys:
        raise ApiKeyAlreadyRotated(successor_id=workspace.rotated_keys[command.key_id].successor_id)
    if command.successor_id in workspace.keys:
        raise ApiKeyAlreadyIssued(key_id=command.successor_id)
    if known.expires_at and command.expires_at is None:
        raise SuccessorNeedsEnd(expires_at=f"{known.expires_at:%Y-%m-%d}")
    rotated = WorkspaceApiKeyRotated(key_id=command.key_id, successor_id=command.successor_id, ends_at=command.ends_at)
    changed = {
        "key_id": command.successor_id,
        "secret_digest": command.secret_digest,
        "expires_at": command.expires_at,
    }
    return rotated, known.model_copy(update=changed)
