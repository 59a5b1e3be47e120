"""Webhooks: addresses of other programs that are told what happens here."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, ClassVar, TypeAlias, assert_never
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from domain.event import Command, Event, OptionalPersonalText, PersonalText, Refusal, Text, Word
from domain.phrases import after, said
from domain.workspace.state import Digest, Workspace


class WorkspaceWebhookRegistered(Event):
    """From now on events of these types are sent to this address; of the secret only the digest is kept."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID
    url: PersonalText
    event_types: Annotated[tuple[Word, ...], Field(min_length=1)]
    secret_digest: Digest

    def in_words(self) -> str:
        return f"Webhook for {', '.join(self.event_types)}: {said(self.url)}"


class WorkspaceWebhookPaused(Event):
    """Nothing is sent to this address until it is resumed."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Webhook paused{after(': ', self.reason)}"


class WorkspaceWebhookResumed(Event):
    """Events are sent to this address again."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID

    def in_words(self) -> str:
        return "Webhook resumed"


class WorkspaceWebhookRemoved(Event):
    """Nothing is sent to this address any more."""

    part_field: ClassVar[str | None] = "webhook_id"

    webhook_id: UUID

    def in_words(self) -> str:
        return "Webhook removed"


WebhookEvent: TypeAlias = (
    WorkspaceWebhookRegistered | WorkspaceWebhookPaused | WorkspaceWebhookResumed | WorkspaceWebhookRemoved
)


def evolve_webhooks(workspace: Workspace, event: WebhookEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceWebhookRegistered():
            webhooks = {**workspace.webhooks, event.webhook_id: event}
            return replace(workspace, webhooks=webhooks, paused_webhooks=workspace.paused_webhooks - {event.webhook_id})
        case WorkspaceWebhookPaused():
            return replace(workspace, paused_webhooks=workspace.paused_webhooks | {event.webhook_id})
        case WorkspaceWebhookResumed():
            return replace(workspace, paused_webhooks=workspace.paused_webhooks - {event.webhook_id})
        case WorkspaceWebhookRemoved():
            webhooks = {one: webhook for one, webhook in workspace.webhooks.items() if one != event.webhook_id}
            return replace(workspace, webhooks=webhooks)
        case _:
            assert_never(event)


class RegisterWebhook(Command):
    """Send events of these types, such as lead.won, to this address."""

    webhook_id: UUID
    url: Text
    event_types: tuple[Word, ...]
    secret_digest: Digest


class PauseWebhook(Command):
    """Send nothing for a while."""

    webhook_id: UUID
    reason: Text | None = None


class ResumeWebhook(Command):
    """Send again."""

    webhook_id: UUID


class RemoveWebhook(Command):
    """Send nothing any more."""

    webhook_id: UUID


class WebhookAlreadyRegistered(Refusal):
    """There is already a webhook {webhook_id}. Remove it first, or choose another id."""


class WebhookAddressUnusable(Refusal):
    """Events are sent only to an address that begins with https:// and a host, with neither user nor password in it."""


class WebhookWithoutEvents(Refusal):
    """A webhook needs at least one type of event."""


class UnknownEventType(Refusal):
    """There is no type of event {event_type}. All types are listed in docs/events.md."""


class UnknownWebhook(Refusal):
    """There is no webhook {webhook_id}; it may have been removed already."""


class WebhookAlreadyPaused(Refusal):
    """This webhook is already paused."""


class WebhookNotPaused(Refusal):
    """This webhook is not paused."""


def register_webhook(
    workspace: Workspace, command: RegisterWebhook, event_types: Collection[str]
) -> WorkspaceWebhookRegistered:
    """`event_types` are the stored names of all events there are.

    Raises WebhookAlreadyRegistered, WebhookAddressUnusable, WebhookWithoutEvents, UnknownEventType.
    """
    if command.webhook_id in workspace.webhooks:
        raise WebhookAlreadyRegistered(webhook_id=command.webhook_id)
    if not _is_usable(command.url):
        raise WebhookAddressUnusable()
    if not command.event_types:
        raise WebhookWithoutEvents()
    for event_type in command.event_types:
        if event_type not in event_types:
            raise UnknownEventType(event_type=event_type)
    return WorkspaceWebhookRegistered(
        webhook_id=command.webhook_id,
        url=command.url,
        event_types=tuple(dict.fromkeys(command.event_types)),
        secret_digest=command.secret_digest,
    )


def pause_webhook(workspace: Workspace, command: PauseWebhook) -> WorkspaceWebhookPaused:
    """Raises UnknownWebhook, WebhookAlreadyPaused."""
    _must_be_known(workspace, command.webhook_id)
    if command.webhook_id in workspace.paused_webhooks:
        raise WebhookAlreadyPaused()
    return WorkspaceWebhookPaused(webhook_id=command.webhook_id, reason=command.reason)


def resume_webhook(workspace: Workspace, command: ResumeWebhook) -> WorkspaceWebhookResumed:
    """Raises UnknownWebhook, WebhookNotPaused."""
    _must_be_known(workspace, command.webhook_id)
    if command.webhook_id not in workspace.paused_webhooks:
        raise WebhookNotPaused()
    return WorkspaceWebhookResumed(webhook_id=command.webhook_id)


def remove_webhook(workspace: Workspace, command: RemoveWebhook) -> WorkspaceWebhookRemoved:
    """Raises UnknownWebhook."""
    _must_be_known(workspace, command.webhook_id)
    return WorkspaceWebhookRemoved(webhook_id=command.webhook_id)


def _must_be_known(workspace: Workspace, webhook_id: UUID) -> None:
    if webhook_id not in workspace.webhooks:
        raise UnknownWebhook(webhook_id=webhook_id)


def _is_usable(url: str) -> bool:
    # blanks and control characters would be dropped in silence, and another address be called than the one on show
    if any(not character.isprintable() or character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # brackets without an address in them, a port beyond the last
        return False
