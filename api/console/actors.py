"""Who did what, by name: members, programs by the labels of their keys, and ourselves."""

from collections.abc import Mapping
from uuid import UUID

from api.console.shown import words
from api.store import OPERATOR_ID, SYSTEM_ID
from domain.event import Forgotten
from domain.workspace import Workspace

_STRANGERS = {"user": "a former member", "api_key": "a revoked API key", "import": "an import"}


def actors(workspace: Workspace, *, personal: bool) -> Mapping[UUID, str]:
    """Whoever can be named in a history; without what is personal, members are not."""
    members = {member_id: _said(name) if personal else "a member" for member_id, name in workspace.members.items()}
    keys = {key_id: f"{_said(key.label)} (API key)" for key_id, key in workspace.keys.items()}
    return {**members, **keys, OPERATOR_ID: "the operator", SYSTEM_ID: "Everfold"}


def named(actor: Mapping[str, str], names: Mapping[UUID, str]) -> str:
    """The actor of an event, in words."""
    kind, actor_id = actor.get("kind", ""), actor.get("id")
    stranger = _STRANGERS.get(kind, words(kind) or "somebody")
    return names.get(UUID(actor_id), stranger) if actor_id else stranger


def _said(text: str | Forgotten) -> str:
    return "(forgotten)" if isinstance(text, Forgotten) else text
