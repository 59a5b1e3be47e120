"""Who may work in the workspace: its members with their roles, and the programs that hold an API key."""

from uuid import UUID

from domain.event import Command, MemberId, Refusal, Text, Word
from domain.workspace.events import (
    Digest,
    Role,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceMemberRoleGranted,
    WorkspaceMemberRoleRevoked,
)
from domain.workspace.state import Workspace


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
    """Raises ApiKeyAlreadyIssued."""
    if command.key_id in workspace.keys:
        raise ApiKeyAlreadyIssued(key_id=command.key_id)
    return WorkspaceApiKeyIssued(
        key_id=command.key_id, label=command.label, secret_digest=command.secret_digest, scopes=command.scopes
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
