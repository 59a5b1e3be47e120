"""What we may send to a customer, what campaigns sent her and what became of it, and what she says in surveys."""

from collections.abc import Mapping
from types import MappingProxyType
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
    Survey,
    SurveyScore,
)
from domain.customer.outreach_state import Consent
from domain.customer.state import Customer, must_be_in_use
from domain.event import Command, Refusal, Text, Word

SCALES: Mapping[Survey, tuple[int, int]] = MappingProxyType({"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)})
"""The lowest and the highest answer of each survey."""


class GrantConsent(Command):
    """Record that the customer, or one of her people, allows us a purpose on a channel."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    text_version: Word | None = None
    proof: Text | None = None


class WithdrawConsent(Command):
    """Record that the customer, or one of her people, does not allow it, whether she once did or not."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    reason: Text | None = None


class SendCampaignMessage(Command):
    """Record that a campaign wrote to the customer."""

    message_id: UUID | None = None
    campaign_id: UUID
    channel: Word
    person_id: UUID | None = None


class DeliverCampaignMessage(Command):
    """Record that a campaign's message arrived."""

    message_id: UUID


class BounceCampaignMessage(Command):
    """Record that a campaign's message came back, for good or this time."""

    message_id: UUID
    permanent: bool = False
    reason: Text | None = None


class OpenCampaignMessage(Command):
    """Record that a campaign's message was opened."""

    message_id: UUID


class ClickCampaignMessage(Command):
    """Record that a link in a campaign's message was followed."""

    message_id: UUID
    link: Text | None = None


class RespondToCampaign(Command):
    """Record that the customer answered a campaign."""

    campaign_id: UUID
    message_id: UUID | None = None
    person_id: UUID | None = None
    response: Text | None = None


class Unsubscribe(Command):
    """Record that the customer wants no more campaigns on the channel."""

    channel: Word
    campaign_id: UUID | None = None
    message_id: UUID | None = None
    person_id: UUID | None = None


class AnswerSurvey(Command):
    """Record how content the customer says she is."""

    survey: Survey
    score: SurveyScore
    comment: Text | None = None
    person_id: UUID | None = None


class ConsentAlreadyGranted(Refusal):
    """This consent was already granted, to the same version of the text."""


class ConsentAlreadyWithdrawn(Refusal):
    """This consent was already withdrawn."""


class MessageAlreadySent(Refusal):
    """There is already a campaign message {message_id} here. Leave out the id to record another."""


class UnknownMessage(Refusal):
    """There is no campaign message {message_id} here. Record that it was sent first."""


class AlreadyUnsubscribed(Refusal):
    """This was already said: no more campaigns on this channel."""


class ScoreOffScale(Refusal):
    """The answers of this survey go from {lowest} to {highest}. Check the score."""


def grant_consent(customer: Customer, command: GrantConsent) -> CustomerConsentGranted:
    """Again for another version of the text, or to subscribe again.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, ConsentAlreadyGranted.
    """
    must_be_in_use(customer, command.person_id)
    known = customer.outreach.consents.get((command.person_id, command.channel, command.purpose))
    unsubscribed = (command.person_id, command.channel) in customer.outreach.unsubscribed
    if known == Consent(granted=True, text_version=command.text_version) and not unsubscribed:
        raise ConsentAlreadyGranted()
    return CustomerConsentGranted(
        channel=command.channel,
        purpose=command.purpose,
        person_id=command.person_id,
        source=command.source,
        text_version=command.text_version,
        proof=command.proof,
    )


def withdraw_consent(customer: Customer, command: WithdrawConsent) -> CustomerConsentWithdrawn:
    """Also where none was granted: an objection is kept.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, ConsentAlreadyWithdrawn.
    """
    must_be_in_use(customer, command.person_id)
    known = customer.outreach.consents.get((command.person_id, command.channel, command.purpose))
    if known is not None and not known.granted:
        raise ConsentAlreadyWithdrawn()
    return CustomerConsentWithdrawn(
        channel=command.channel,
        purpose=command.purpose,
        person_id=command.person_id,
        source=command.source,
        reason=command.reason,
    )


def send_campaign_message(
    customer: Customer, command: SendCampaignMessage, new_id: UUID
) -> CustomerCampaignMessageSent:
    """Also without consent, because it was sent all the same; under the command's own id, else under `new_id`.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, MessageAlreadySent.
    """
    must_be_in_use(customer, command.person_id)
    message_id = command.message_id or new_id
    if message_id in customer.outreach.messages:
        raise MessageAlreadySent(message_id=message_id)
    return CustomerCampaignMessageSent(
        message_id=message_id, campaign_id=command.campaign_id, channel=command.channel, person_id=command.person_id
    )


def deliver_campaign_message(customer: Customer, command: DeliverCampaignMessage) -> CustomerCampaignMessageDelivered:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownMessage."""
    campaign_id = _campaign_of(customer, command.message_id)
    return CustomerCampaignMessageDelivered(message_id=command.message_id, campaign_id=campaign_id)


def bounce_campaign_message(customer: Customer, command: BounceCampaignMessage) -> CustomerCampaignMessageBounced:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownMessage."""
    return CustomerCampaignMessageBounced(
        message_id=command.message_id,
        campaign_id=_campaign_of(customer, command.message_id),
        permanent=command.permanent,
        reason=command.reason,
    )


def open_campaign_message(customer: Customer, command: OpenCampaignMessage) -> CustomerCampaignMessageOpened:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownMessage."""
    campaign_id = _campaign_of(customer, command.message_id)
    return CustomerCampaignMessageOpened(message_id=command.message_id, campaign_id=campaign_id)


def click_campaign_message(customer: Customer, command: ClickCampaignMessage) -> CustomerCampaignMessageClicked:
    """Raises CustomerAlreadyForgotten, CustomerMerged, UnknownMessage."""
    campaign_id = _campaign_of(customer, command.message_id)
    return CustomerCampaignMessageClicked(message_id=command.message_id, campaign_id=campaign_id, link=command.link)


def respond_to_campaign(customer: Customer, command: RespondToCampaign) -> CustomerCampaignResponded:
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged."""
    must_be_in_use(customer, command.person_id)
    return CustomerCampaignResponded(
        campaign_id=command.campaign_id,
        message_id=command.message_id,
        person_id=command.person_id,
        response=command.response,
    )


def unsubscribe(customer: Customer, command: Unsubscribe) -> CustomerUnsubscribed:
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, AlreadyUnsubscribed."""
    must_be_in_use(customer, command.person_id)
    if (command.person_id, command.channel) in customer.outreach.unsubscribed:
        raise AlreadyUnsubscribed()
    return CustomerUnsubscribed(
        channel=command.channel,
        campaign_id=command.campaign_id,
        message_id=command.message_id,
        person_id=command.person_id,
    )


def answer_survey(customer: Customer, command: AnswerSurvey) -> CustomerSurveyAnswered:
    """Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, ScoreOffScale."""
    must_be_in_use(customer, command.person_id)
    lowest, highest = SCALES[command.survey]
    if not lowest <= command.score <= highest:
        raise ScoreOffScale(lowest=lowest, highest=highest)
    return CustomerSurveyAnswered(
        survey=command.survey, score=command.score, comment=command.comment, person_id=command.person_id
    )


def _campaign_of(customer: Customer, message_id: UUID) -> UUID:
    must_be_in_use(customer)
    if message_id not in customer.outreach.messages:
        raise UnknownMessage(message_id=message_id)
    return customer.outreach.messages[message_id]
