"""Who may work in the workspace: its members with their roles, and the programs that hold an API key."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.event import Command, Event, MemberId, Moment, OptionalPersonalText, PersonalText, Refusal, Text, Word
from domain.phrases import after, said
from domain.workspace.state import Digest, Records, Role, Workspace


class WorkspaceMemberInvited(Event):
    """Somebody joined the company's workspace."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    name: PersonalText

    def in_words(self) -> str:
        return f"Invited {said(self.name)}"


class WorkspaceMemberRoleGranted(Event):
    """A member may do more: what this role may."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    role: Role

    def in_words(self) -> str:
        return f"A member became {self.role}"


class WorkspaceMemberRoleRevoked(Event):
    """A member may no longer do what this role may."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    role: Role

    def in_words(self) -> str:
        return f"A member is no longer {self.role}"


class WorkspaceMemberDeactivated(Event):
    """A member left; her roles, teams and ways to sign in went with her, and what she did stays. Invited again, she
    begins without."""

    part_field: ClassVar[str | None] = "member_id"

    member_id: MemberId
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"A member was deactivated{after(': ', self.reason)}"


class WorkspaceApiKeyIssued(Event):
    """A program may act here; of its secret only the digest is kept."""

    part_field: ClassVar[str | None] = "key_id"

    key_id: UUID
    label: PersonalText
    secret_digest: Digest
    scopes: tuple[Word, ...]
    member_id: MemberId | None = None
    """On whose behalf the program acts: it may do no more than she may, and sees no more."""
    records: Records | None = None
    """Whose records it sees; without a word and without a member, all."""
    expires_at: Moment | None = None
    """From when on it is worth nothing; without, it lasts until it is revoked."""

    def in_words(self) -> str:
        return f"API key issued for {', '.join(self.scopes) or 'nothing'}: {said(self.label)}"


class WorkspaceApiKeyRevoked(Event):
    """A program may no longer act here."""

    part_field: ClassVar[str | None] = "key_id"

    key_id: UUID

    def in_words(self) -> str:
        return "API key revoked"


AccessEvent: TypeAlias = (
    WorkspaceMemberInvited
    | WorkspaceMemberRoleGranted
    | WorkspaceMemberRoleRevoked
    | WorkspaceMemberDeactivated
    | WorkspaceApiKeyIssued
    | WorkspaceApiKeyRevoked
)


def evolve_access(workspace: Workspace, event: AccessEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceMemberInvited():
            members = {**workspace.members, event.member_id: event.name}
            return replace(workspace, members=members, deactivated=workspace.deactivated - {event.member_id})
        case WorkspaceMemberRoleGranted():
            return _with_roles(workspace, event.member_id, workspace.roles_of(event.member_id) | {event.role})
        case WorkspaceMemberRoleRevoked():
            return _with_roles(workspace, event.member_id, workspace.roles_of(event.member_id) - {event.role})
        case WorkspaceMemberDeactivated():
            known = _with_roles(workspace, event.member_id, frozenset())
            teams = {**workspace.teams, event.member_id: frozenset[Word]()}
            left = {identity: member for identity, member in workspace.identities.items() if member != event.member_id}
            gone = workspace.deactivated | {event.member_id}
            return replace(known, deactivated=gone, teams=teams, identities=left)
        case WorkspaceApiKeyIssued():
            return replace(workspace, keys={**workspace.keys, event.key_id: event})
        case WorkspaceApiKeyRevoked():
            keys = {key_id: key for key_id, key in workspace.keys.items() if key_id != event.key_id}
            return replace(workspace, keys=keys)
        case _:
            assert_never(event)


class InviteMember(Command):
    """Let somebody work here, or work here again."""

    member_id: MemberId
    name: Text


class GrantRole(Command):
    """Let a member do what this role may."""

    member_id: MemberId
    role: Role


class RevokeRole(Command):
    """Let a member no longer do what this role may."""

    member_id: MemberId
    role: Role


class DeactivateMember(Command):
    """Let a member no longer work here."""

    member_id: MemberId
    reason: Text | None = None


class IssueApiKey(Command):
    """Let a program act here."""

    key_id: UUID
    label: Text
    secret_digest: Digest
    scopes: tuple[Word, ...]
    member_id: MemberId | None = None
    records: Records | None = None
    expires_at: Moment | None = None


class RevokeApiKey(Command):
    """Let a program no longer act here."""

    key_id: UUID


class AlreadyMember(Refusal):
    """This person is already a member of the workspace."""


class UnknownMember(Refusal):
    """There is no active member {member_id} in this workspace. Invite this person first."""


class RoleAlreadyGranted(Refusal):
    """This member already has the role {role}."""


class RoleNotGranted(Refusal):
    """This member does not have the role {role}. {roles}"""


class LastAdmin(Refusal):
    """This member is the last admin. Grant the role admin to somebody else first."""


class ApiKeyAlreadyIssued(Refusal):
    """There is already an API key with the id {key_id}. Choose another id."""


class KeyWithoutMember(Refusal):
    """This key belongs to nobody, so no records are its own or its team's. Name the member on whose behalf it acts."""


class UnknownApiKey(Refusal):
    """There is no API key {key_id} in force; it may have been revoked already."""


def invite_member(workspace: Workspace, command: InviteMember) -> WorkspaceMemberInvited:
    """Once, and again after she was deactivated; raises AlreadyMember."""
    if _is_active(workspace, command.member_id):
        raise AlreadyMember()
    return WorkspaceMemberInvited(member_id=command.member_id, name=command.name)


def grant_role(workspace: Workspace, command: GrantRole) -> WorkspaceMemberRoleGranted:
    """Raises UnknownMember, RoleAlreadyGranted."""
    must_be_active(workspace, command.member_id)
    if command.role in workspace.roles_of(command.member_id):
        raise RoleAlreadyGranted(role=command.role)
    return WorkspaceMemberRoleGranted(member_id=command.member_id, role=command.role)


def revoke_role(workspace: Workspace, command: RevokeRole) -> WorkspaceMemberRoleRevoked:
    """Raises UnknownMember, RoleNotGranted, LastAdmin."""
    must_be_active(workspace, command.member_id)
    roles = workspace.roles_of(command.member_id)
    if command.role not in roles:
        had = f"Her roles are: {', '.join(sorted(roles))}." if roles else "She has none."
        raise RoleNotGranted(role=command.role, roles=had)
    if command.role == "admin":
        _must_not_be_the_last_admin(workspace, command.member_id)
    return WorkspaceMemberRoleRevoked(member_id=command.member_id, role=command.role)


def deactivate_member(workspace: Workspace, command: DeactivateMember) -> WorkspaceMemberDeactivated:
    """Raises UnknownMember, LastAdmin."""
    must_be_active(workspace, command.member_id)
    _must_not_be_the_last_admin(workspace, command.member_id)
    return WorkspaceMemberDeactivated(member_id=command.member_id, reason=command.reason)


def must_be_active(workspace: Workspace, member_id: MemberId) -> None:
    """Raises UnknownMember, also of a member who was deactivated."""
    if not _is_active(workspace, member_id):
        raise UnknownMember(member_id=member_id)


def issue_api_key(workspace: Workspace, command: IssueApiKey) -> WorkspaceApiKeyIssued:
    """Raises ApiKeyAlreadyIssued, UnknownMember, KeyWithoutMember."""
    if command.key_id in workspace.keys:
        raise ApiKeyAlreadyIssued(key_id=command.key_id)
    if command.member_id:
        must_be_active(workspace, command.member_id)
    elif command.records in ("own", "team"):
        raise KeyWithoutMember()
    return WorkspaceApiKeyIssued(
        key_id=command.key_id,
        label=command.label,
        secret_digest=command.secret_digest,
        scopes=command.scopes,
        member_id=command.member_id,
        records=command.records,
        expires_at=command.expires_at,
    )


def revoke_api_key(workspace: Workspace, command: RevokeApiKey) -> WorkspaceApiKeyRevoked:
    """Raises UnknownApiKey."""
    if command.key_id not in workspace.keys:
        raise UnknownApiKey(key_id=command.key_id)
    return WorkspaceApiKeyRevoked(key_id=command.key_id)


def _is_active(workspace: Workspace, member_id: MemberId) -> bool:
    return member_id in workspace.members and member_id not in workspace.deactivated


def _must_not_be_the_last_admin(workspace: Workspace, member_id: MemberId) -> None:
    # an imported history may have given roles to people whom nobody invited: they cannot take over
    admins = {member for member, roles in workspace.roles.items() if "admin" in roles and _is_active(workspace, member)}
    if admins == {member_id}:
        raise LastAdmin()


def _with_roles(workspace: Workspace, member_id: MemberId, roles: frozenset[Role]) -> Workspace:
    return replace(workspace, roles={**workspace.roles, member_id: roles})
