"""Who may work in the workspace: its members, and the programs that hold an API key."""

from uuid import UUID

from domain.event import Command, MemberId, Refusal, Text, Word
from domain.workspace_events import Digest, WorkspaceApiKeyIssued, WorkspaceApiKeyRevoked, WorkspaceMemberInvited
from domain.workspace_state import Workspace


class InviteMember(Command):
    """Let somebody work here."""

    member_id: MemberId
    name: Text


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


class ApiKeyAlreadyIssued(Refusal):
    """There is already an API key with the id {key_id}. Choose another id."""


class UnknownApiKey(Refusal):
    """There is no API key {key_id} in force; it may have been revoked already."""


def invite_member(workspace: Workspace, command: InviteMember) -> WorkspaceMemberInvited:
    """Raises AlreadyMember."""
    if command.member_id in workspace.members:
        raise AlreadyMember()
    return WorkspaceMemberInvited(member_id=command.member_id, name=command.name)


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
