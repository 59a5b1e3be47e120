"""What we may send to a customer, what we sent, and what she answers: consent, campaign messages, surveys."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from domain.event import Event, OptionalPersonalText, Word

Survey: TypeAlias = Literal["nps", "csat", "ces"]
"""Net promoter score, customer satisfaction, customer effort score."""

SurveyScore = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""Whatever scale an imported survey had; ours are narrower."""


class CustomerConsentGranted(Event):
    """The customer, or one of her people, allows us a purpose on a channel, in answer to a version of our text."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    text_version: Word | None = None
    proof: OptionalPersonalText = None


class CustomerConsentWithdrawn(Event):
    """The customer, or one of her people, does not allow us a purpose on a channel, whether she once did or not."""

    channel: Word
    purpose: Word
    person_id: UUID | None = None
    source: Word | None = None
    reason: OptionalPersonalText = None


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


class CustomerCampaignMessageDelivered(CampaignMessageRecord):
    """The message arrived, as far as the channel can tell."""


class CustomerCampaignMessageBounced(CampaignMessageRecord):
    """The message came back: the address is wrong for good, or could not be reached this time."""

    permanent: bool = False
    reason: OptionalPersonalText = None


class CustomerCampaignMessageOpened(CampaignMessageRecord):
    """The message was opened, perhaps again, perhaps only by a program."""


class CustomerCampaignMessageClicked(CampaignMessageRecord):
    """A link in the message was followed."""

    link: OptionalPersonalText = None


class CustomerCampaignResponded(Event):
    """The customer answered a campaign, whether or not a message of it is known."""

    is_fact: ClassVar[bool] = True

    campaign_id: UUID
    message_id: UUID | None = None
    person_id: UUID | None = None
    response: OptionalPersonalText = None


class CustomerUnsubscribed(Event):
    """The customer, or one of her people, wants no more campaigns on the channel."""

    is_fact: ClassVar[bool] = True

    channel: Word
    campaign_id: UUID | None = None
    message_id: UUID | None = None
    person_id: UUID | None = None


class CustomerSurveyAnswered(Event):
    """The customer, or one of her people, said how content she is: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7."""

    is_fact: ClassVar[bool] = True

    survey: Survey
    score: SurveyScore
    comment: OptionalPersonalText = None
    person_id: UUID | None = None


OutreachEvent: TypeAlias = (
    CustomerConsentGranted
    | CustomerConsentWithdrawn
    | CustomerCampaignMessageSent
    | CustomerCampaignMessageDelivered
    | CustomerCampaignMessageBounced
    | CustomerCampaignMessageOpened
    | CustomerCampaignMessageClicked
    | CustomerCampaignResponded
    | CustomerUnsubscribed
    | CustomerSurveyAnswered
)
