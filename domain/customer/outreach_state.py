"""What a customer allows us to send, and the messages that can still be answered, as far as the rules need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never
from uuid import UUID

from domain.customer.outreach_events import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerSurveyAnswered,
    CustomerUnsubscribed,
    OutreachEvent,
)
from domain.event import Word
from domain.growing_map import GrowingMap

Whose: TypeAlias = UUID | None
"""A contact person, or None for the customer herself."""


@dataclass(frozen=True)
class Consent:
    """The last word on a channel and purpose."""

    granted: bool
    text_version: Word | None = None


@dataclass(frozen=True)
class Outreach:
    """Consents by whose they are, channel and purpose; who wants no campaigns on a channel; campaigns by message."""

    consents: Mapping[tuple[Whose, Word, Word], Consent] = field(default_factory=dict)
    unsubscribed: frozenset[tuple[Whose, Word]] = frozenset()
    messages: GrowingMap[UUID, UUID] = field(default_factory=GrowingMap)


def evolve(outreach: Outreach, event: OutreachEvent) -> Outreach:
    """The outreach after the event; to grant a consent on a channel is to subscribe to it again."""
    match event:
        case CustomerConsentGranted():
            granted = _said(outreach, event, Consent(granted=True, text_version=event.text_version))
            return replace(granted, unsubscribed=outreach.unsubscribed - {(event.person_id, event.channel)})
        case CustomerConsentWithdrawn():
            return _said(outreach, event, Consent(granted=False))
        case CustomerCampaignMessageSent():
            return replace(outreach, messages=outreach.messages.with_entry(event.message_id, event.campaign_id))
        case CustomerUnsubscribed():
            return replace(outreach, unsubscribed=outreach.unsubscribed | {(event.person_id, event.channel)})
        case (
            CustomerCampaignMessageDelivered()
            | CustomerCampaignMessageBounced()
            | CustomerCampaignMessageOpened()
            | CustomerCampaignMessageClicked()
            | CustomerCampaignResponded()
            | CustomerSurveyAnswered()
        ):
            return outreach
        case _:
            assert_never(event)


def allows(outreach: Outreach, channel: Word, purpose: Word, person_id: UUID | None = None) -> bool:
    """Whether she has granted the purpose on the channel, and has neither withdrawn that nor unsubscribed since."""
    consent = outreach.consents.get((person_id, channel, purpose))
    return consent is not None and consent.granted and (person_id, channel) not in outreach.unsubscribed


def _said(outreach: Outreach, event: CustomerConsentGranted | CustomerConsentWithdrawn, consent: Consent) -> Outreach:
    return replace(outreach, consents={**outreach.consents, (event.person_id, event.channel, event.purpose): consent})
