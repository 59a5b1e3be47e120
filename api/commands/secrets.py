"""What is begun with a secret: API keys and webhooks. The first answer has it; of it only a digest is kept."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from secrets import token_bytes, token_urlsafe
from typing import Any
from uuid import UUID

from api.access import SCOPES, Principal
from api.problems import BadParameter, NotAllowed
from api.resources import CommandResult
from api.streams import Decision, Streams
from api.write import Answer, Writer
from domain import workspace as rules
from domain.catalogue import EVENT_TYPES
from domain.event import Command
from domain.workspace import WORKSPACE_ID, Workspace, WorkspaceEvent
from eventstore import log
from eventstore.database import Connection


class IssuedKey(CommandResult):
    """A new API key. `key` is shown this once: a retry is answered without it; then revoke it and issue another."""

    key: str | None = None


class RegisteredWebhook(CommandResult):
    """A new webhook. `secret` is shown this once: a retry is answered without it; then remove the webhook and register
    another."""

    secret: str | None = None


def issue_api_key(write: Writer, said: Any, _: UUID) -> IssuedKey:  # Any: the command without id and digest
    """A key that may do no more than whoever issues it, sees no more, and lasts no longer. Raises BadParameter,
    NotAllowed."""
    if unknown := set(said.scopes) - SCOPES.keys():
        raise BadParameter(f"{len(unknown)} of these are no scopes. The scopes are: {', '.join(SCOPES)}.")
    write.principal.must_not_give_more(said.scopes, said.records or "all", said.member_id)
    key_id, secret = write.new_id("api key"), token_urlsafe(32)
    digest = write.store.digest(secret).hex()
    command = rules.IssueApiKey(key_id=key_id, secret_digest=digest, **dict(said))

    def answer(connection: Connection, done: CommandResult) -> IssuedKey:
        key = f"everfold_{key_id.hex}_{secret}" if _is_first(connection, done, digest) else None
        return IssuedKey(**dict(done) | {"created_id": key_id}, key=key)

    def decide(state: Workspace) -> WorkspaceEvent:
        _must_not_outlast(state, write.principal, command.expires_at)
        return rules.issue_api_key(state, command)

    return _told(write, said, decide, answer)


def _must_not_outlast(state: Workspace, caller: Principal, expires_at: datetime | None) -> None:
    end = state.key_ends_at(caller.id) if caller.kind == "api_key" else None
    if end and (expires_at is None or expires_at > end):
        raise NotAllowed(f"This key lasts until {end:%Y-%m-%d %H:%M} UTC. Let the new one end by then.")


def register_webhook(write: Writer, said: Any, _: UUID) -> RegisteredWebhook:  # Any: the same
    """An address that is told of everybody's records. Raises NotAllowed, and what the rule does."""
    write.principal.must_see_all_records()
    webhook_id, secret = write.new_id("webhook"), f"whsec_{b64encode(token_bytes(32)).decode()}"
    digest = write.store.digest(secret).hex()
    command = rules.RegisterWebhook(webhook_id=webhook_id, secret_digest=digest, **dict(said))

    def answer(connection: Connection, done: CommandResult) -> RegisteredWebhook:
        shown = secret if _is_first(connection, done, digest) else None
        return RegisteredWebhook(**dict(done) | {"created_id": webhook_id}, secret=shown)

    return _told(write, said, lambda state: rules.register_webhook(state, command, EVENT_TYPES.keys()), answer)


def _told(
    write: Writer,
    said: Command,
    decide: Callable[[Workspace], WorkspaceEvent],
    answer: Callable[[Connection, CommandResult], Answer],
) -> Answer:
    def decided(streams: Streams) -> Decision:
        return {WORKSPACE_ID: [decide(streams.workspace())]}

    # what was said, not what was made of it, tells a retry from another request
    return write.act_together("workspace", [WORKSPACE_ID], said, decided, answer)


def _is_first(connection: Connection, done: CommandResult, digest: str) -> bool:
    """Whether it is this request's secret that was recorded."""
    recorded = log.load_from(connection, WORKSPACE_ID, done.version)[0].event
    return getattr(recorded, "secret_digest", None) == digest
