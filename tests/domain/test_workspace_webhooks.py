"""The workspace: webhooks are registered, paused, resumed and removed."""

from typing import Any

import pytest

from domain.catalogue import EVENT_TYPES
from domain.event import FORGOTTEN
from domain.workspace import (
    PauseWebhook,
    RegisterWebhook,
    RemoveWebhook,
    ResumeWebhook,
    UnknownEventType,
    UnknownWebhook,
    WebhookAddressUnusable,
    WebhookAlreadyPaused,
    WebhookAlreadyRegistered,
    WebhookNotPaused,
    WebhookWithoutEvents,
    Workspace,
    WorkspaceEvent,
    WorkspaceWebhookPaused,
    WorkspaceWebhookRegistered,
    WorkspaceWebhookRemoved,
    WorkspaceWebhookResumed,
    pause_webhook,
    register_webhook,
    remove_webhook,
    resume_webhook,
)
from tests.domain.histories import IDS, forgotten
from tests.domain.test_workspace import given

HOOK = IDS[0]
ADDRESS: dict[str, Any] = {  # Any: fields of several types
    "webhook_id": HOOK,
    "url": "https://example.org:8443/in?from=crm",
    "event_types": ("lead.won", "lead.lost"),
    "secret_digest": "ab" * 32,
}
REGISTERED = WorkspaceWebhookRegistered(**ADDRESS)
PAUSED = WorkspaceWebhookPaused(webhook_id=HOOK, reason="Moving")
RESUMED = WorkspaceWebhookResumed(webhook_id=HOOK)
REMOVED = WorkspaceWebhookRemoved(webhook_id=HOOK)


def register(workspace: Workspace, **fields: Any) -> WorkspaceWebhookRegistered:  # Any: as above
    return register_webhook(workspace, RegisterWebhook(**ADDRESS | fields), EVENT_TYPES)


def test_a_webhook_is_registered_as_it_was_given() -> None:
    assert register(Workspace()) == REGISTERED
    assert given(REGISTERED).webhooks == {HOOK: REGISTERED}
    assert forgotten(REGISTERED).url == FORGOTTEN


def test_a_webhook_is_registered_once_until_it_is_removed() -> None:
    for history in ((REGISTERED,), (REGISTERED, PAUSED)):
        with pytest.raises(WebhookAlreadyRegistered, match=str(HOOK)):
            register(given(*history))
    back = given(REGISTERED, PAUSED, REMOVED, register(given(REGISTERED, PAUSED, REMOVED)))
    assert (back.webhooks, back.paused_webhooks) == ({HOOK: REGISTERED}, frozenset())
    assert register(given(REGISTERED), webhook_id=IDS[1]).webhook_id == IDS[1]


@pytest.mark.parametrize(
    "url", ["https://example.org", "HTTPS://EXAMPLE.ORG/in", "https://[2001:db8::1]/in", "https://bücher.example/"]
)
def test_an_address_is_one_of_https(url: str) -> None:
    assert register(Workspace(), url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/in", "example.org", "//example.org/in", "https:///in", "https://", "https://:443/in",
        "ftp://example.org", "javascript:https://example.org", "https://anna@example.org", "https://a:b@example.org",
        "https://@example.org", "https://exa mple.org", "https://example.org/\n", " https://example.org",
        "https://example.org\u200b", "https://[::1", "https://example.org:0/", "https://example.org:65536/",
        "https://example.org:x/",
    ],
)  # fmt: skip
def test_any_other_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(WebhookAddressUnusable) as raised:
        register(Workspace(), url=url)
    assert "example.org" not in str(raised.value)


def test_a_webhook_is_told_of_events_that_there_are_each_once() -> None:
    assert register(Workspace(), event_types=("lead.won", "lead.lost", "lead.won")) == REGISTERED
    with pytest.raises(WebhookWithoutEvents):
        register(Workspace(), event_types=())
    with pytest.raises(UnknownEventType, match="no type of event lead.vanished"):
        register(Workspace(), event_types=("lead.won", "lead.vanished"))


def test_a_webhook_is_paused_and_resumed_each_once() -> None:
    assert pause_webhook(given(REGISTERED), PauseWebhook(webhook_id=HOOK, reason="Moving")) == PAUSED
    paused = given(REGISTERED, PAUSED)
    assert paused.paused_webhooks == {HOOK}
    with pytest.raises(WebhookAlreadyPaused):
        pause_webhook(paused, PauseWebhook(webhook_id=HOOK))
    assert resume_webhook(paused, ResumeWebhook(webhook_id=HOOK)) == RESUMED
    resumed = given(REGISTERED, PAUSED, RESUMED)
    assert resumed == given(REGISTERED)
    with pytest.raises(WebhookNotPaused):
        resume_webhook(resumed, ResumeWebhook(webhook_id=HOOK))


@pytest.mark.parametrize("history", [(REGISTERED,), (REGISTERED, PAUSED)], ids=["in use", "paused"])
def test_a_webhook_is_removed(history: tuple[WorkspaceEvent, ...]) -> None:
    assert remove_webhook(given(*history), RemoveWebhook(webhook_id=HOOK)) == REMOVED
    assert given(*history, REMOVED).webhooks == {}


@pytest.mark.parametrize("history", [(), (REGISTERED, REMOVED)], ids=["never registered", "removed"])
def test_a_webhook_that_is_not_there_is_left_alone(history: tuple[WorkspaceEvent, ...]) -> None:
    workspace = given(*history)
    with pytest.raises(UnknownWebhook, match=str(HOOK)):
        pause_webhook(workspace, PauseWebhook(webhook_id=HOOK))
    with pytest.raises(UnknownWebhook):
        resume_webhook(workspace, ResumeWebhook(webhook_id=HOOK))
    with pytest.raises(UnknownWebhook):
        remove_webhook(workspace, RemoveWebhook(webhook_id=HOOK))
