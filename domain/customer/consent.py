"""What we may send to a customer: consents by channel and purpose, and no more campaigns on a channel."""

from dataclasses import replace
from typing import ClassVar, TypeAlias, assert_never
from uuid import UUID

from domain.customer.contact_persons import must_speak_for
from domain.customer.outreach_state import Consent, Outreach
from domain.customer.state import Customer, must_be_in_use
from domain.event import Command, Event, OptionalPersonalText, Refusal, Text, Word
from domain.phrases import after


class CustomerConsentGranted(Event):
    """The customer, or one of her people, allows us a purpose on a channel, in answer to a version of our text."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    text_version: Word | None = None
    proof: OptionalPersonalText = None

    def in_words(self) -> str:
        text = after(", text version ", self.text_version)
        return f"Consent for {self.purpose} by {self.channel}{text}{after(': ', self.proof)}"


class CustomerConsentWithdrawn(Event):
    """The customer, or one of her people, does not allow us a purpose on a channel, whether she once did or not."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"No consent for {self.purpose} by {self.channel}{after(': ', self.reason)}"


class CustomerUnsubscribed(Event):
    """The customer, or one of her people, wants no more campaigns on the channel."""

    is_fact: ClassVar[bool] = True

    channel: Word
    campaign_id: UUID | None = None
    message_id: UUID | None = None
    person_id: UUID | None = None

    def in_words(self) -> str:
        return f"Wants no more campaigns by {self.channel}"


ConsentEvent: TypeAlias = CustomerConsentGranted | CustomerConsentWithdrawn | CustomerUnsubscribed


def evolve_consent(customer: Customer, event: ConsentEvent) -> Customer:
    """The customer after the event; to grant a consent on a channel is to subscribe to it again."""
    outreach = customer.outreach
    whose = (event.person_id, event.channel)
    match event:
        case CustomerConsentGranted():
            granted = _said(outreach, event, Consent(granted=True, text_version=event.text_version))
            return replace(customer, outreach=replace(granted, unsubscribed=outreach.unsubscribed - {whose}))
        case CustomerConsentWithdrawn():
            return replace(customer, outreach=_said(outreach, event, Consent(granted=False)))
        case CustomerUnsubscribed():
            return replace(customer, outreach=replace(outreach, unsubscribed=outreach.unsubscribed | {whose}))
        case _:
            assert_never(event)


def allows(customer: Customer, channel: Word, purpose: Word, person_id: UUID | None = None) -> bool:
    """Whether she has granted the purpose on the channel, and has neither withdrawn that nor unsubscribed since.

    Nobody is written to who was forgotten, or does not speak for the customer any more; nor any of her people on a
    channel on which the customer herself wants no more campaigns.
    """
    if customer.is_forgotten or person_id in customer.forgotten_people:
        return False
    if person_id is not None and person_id not in customer.people:
        return False
    consent = customer.outreach.consents.get((person_id, channel, purpose))
    unsubscribed = customer.outreach.unsubscribed & {(None, channel), (person_id, channel)}
    return consent is not None and consent.granted and not unsubscribed


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


class Unsubscribe(Command):
    """Record that the customer wants no more campaigns on the channel."""

    channel: Word
    campaign_id: UUID | None = None
    message_id: UUID | None = None
    person_id: UUID | None = None


class ConsentAlreadyGranted(Refusal):
    """This consent was already granted, to the same version of the text."""


class ConsentAlreadyWithdrawn(Refusal):
    """This consent was already withdrawn."""


class AlreadyUnsubscribed(Refusal):
    """This was already said: no more campaigns on this channel."""


def grant_consent(customer: Customer, command: GrantConsent) -> CustomerConsentGranted:
    """Again for another version of the text, or to subscribe again.

    Raises CustomerAlreadyForgotten, PersonAlreadyForgotten, CustomerMerged, UnknownContactPerson,
    ConsentAlreadyGranted.
    """
    must_be_in_use(customer, command.person_id)
    must_speak_for(customer, command.person_id)
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
    """Also where none was granted, and of a person who is not known here: an objection is kept.

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


def _said(outreach: Outreach, event: CustomerConsentGranted | CustomerConsentWithdrawn, consent: Consent) -> Outreach:
    return replace(outreach, consents={**outreach.consents, (event.person_id, event.channel, event.purpose): consent})
