"""What campaigns sent to a customer, what became of it, and what she answered."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.customer.state import Customer, must_be_in_use, must_not_be_forgotten
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after


class CampaignMessageRecord(Event):
    """What is recorded of anything that becomes of a campaign's message."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "message_id"

    message_id: UUID
    campaign_id: UUID


class CustomerCampaignMessageSent(CampaignMessageRecord):
    """A campaign wrote to the customer, or to one of her people."""

    channel: Word
    person_id: UUID | None = None

    def in_words(self) -> str:
        return f"Campaign message sent by {self.channel}"


class CustomerCampaignMessageDelivered(CampaignMessageRecord):
    """The message arrived, as far as the channel can tell."""

    def in_words(self) -> str:
        return "Campaign message delivered"


class CustomerCampaignMessageBounced(CampaignMessageRecord):
    """The message came back: the address is wrong for good, or could not be reached this time."""

    permanent: bool = False
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Campaign message bounced{' for good' if self.permanent else ''}{after(': ', self.reason)}"


class CustomerCampaignMessageOpened(CampaignMessageRecord):
    """The message was opened, perhaps again, perhaps only by a program."""

    def in_words(self) -> str:
        return "Campaign message opened"


class CustomerCampaignMessageClicked(CampaignMessageRecord):
    """A link in the message was followed."""

    link: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Link in a campaign message followed{after(': ', self.link)}"


class CustomerCampaignResponded(Event):
    """The customer answered a campaign, whether or not a message of it is known."""

    is_fact: ClassVar[bool] = True

    campaign_id: UUID
    message_id: UUID | None = None
    person_id: UUID | None = None
    response: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Answered a campaign{after(': ', self.response)}"


CampaignMessageEvent: TypeAlias = (
    CustomerCampaignMessageSent
    | CustomerCampaignMessageDelivered
    | CustomerCampaignMessageBounced
    | CustomerCampaignMessageOpened
    | CustomerCampaignMessageClicked
    | CustomerCampaignResponded
)


def evolve_campaign_messages(customer: Customer, event: CampaignMessageEvent) -> Customer:
    """The customer after the event."""
    match event:
        case CustomerCampaignMessageSent():
            messages = customer.outreach.messages.with_entry(event.message_id, event.campaign_id)
            return replace(customer, outreach=replace(customer.outreach, messages=messages))
        case (
            CustomerCampaignMessageDelivered()
            | CustomerCampaignMessageBounced()
            | CustomerCampaignMessageOpened()
            | CustomerCampaignMessageClicked()
            | CustomerCampaignResponded()
        ):
            return customer
        case _:
            assert_never(event)


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


class MessageAlreadySent(Refusal):
    """There is already a campaign message {message_id} here. Leave out the id to record another."""


class UnknownMessage(Refusal):
    """There is no campaign message {message_id} here. Record that it was sent first."""


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
    """Raises CustomerAlreadyForgotten, UnknownMessage."""
    campaign_id = _campaign_of(customer, command.message_id)
    return CustomerCampaignMessageDelivered(message_id=command.message_id, campaign_id=campaign_id)


def bounce_campaign_message(customer: Customer, command: BounceCampaignMessage) -> CustomerCampaignMessageBounced:
    """Raises CustomerAlreadyForgotten, UnknownMessage."""
    return CustomerCampaignMessageBounced(
        message_id=command.message_id,
        campaign_id=_campaign_of(customer, command.message_id),
        permanent=command.permanent,
        reason=command.reason,
    )


def open_campaign_message(customer: Customer, command: OpenCampaignMessage) -> CustomerCampaignMessageOpened:
    """Raises CustomerAlreadyForgotten, UnknownMessage."""
    campaign_id = _campaign_of(customer, command.message_id)
    return CustomerCampaignMessageOpened(message_id=command.message_id, campaign_id=campaign_id)


def click_campaign_message(customer: Customer, command: ClickCampaignMessage) -> CustomerCampaignMessageClicked:
    """Raises CustomerAlreadyForgotten, UnknownMessage."""
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


def _campaign_of(customer: Customer, message_id: UUID) -> UUID:
    must_not_be_forgotten(customer)
    if message_id not in customer.outreach.messages:
        raise UnknownMessage(message_id=message_id)
    return customer.outreach.messages[message_id]
