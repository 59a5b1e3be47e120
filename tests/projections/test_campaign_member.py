"""Whom a campaign reached, and what they did about it: a row for each person, or for the customer herself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.customer import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerUnsubscribed,
)
from domain.event import Event
from eventstore.database import Connection
from tests.projections.customer_facts import merge, revert
from tests.projections.records import all_rows, tell, values

CAMPAIGN, MESSAGE, OTHER, PERSON = (UUID(int=number) for number in range(1, 5))
SENT = CustomerCampaignMessageSent(campaign_id=CAMPAIGN, message_id=MESSAGE, channel="email")
SENT_TO_PERSON = SENT.model_copy(update={"person_id": PERSON})
DELIVERED = CustomerCampaignMessageDelivered(campaign_id=CAMPAIGN, message_id=MESSAGE)
BOUNCED = CustomerCampaignMessageBounced(campaign_id=CAMPAIGN, message_id=MESSAGE)
BOUNCED_FOR_GOOD = CustomerCampaignMessageBounced(campaign_id=CAMPAIGN, message_id=MESSAGE, permanent=True)
OPENED = CustomerCampaignMessageOpened(campaign_id=CAMPAIGN, message_id=MESSAGE)
CLICKED = CustomerCampaignMessageClicked(campaign_id=CAMPAIGN, message_id=MESSAGE)
RESPONDED = CustomerCampaignResponded(campaign_id=CAMPAIGN, message_id=MESSAGE)
UNSUBSCRIBED = CustomerUnsubscribed(channel="email", message_id=MESSAGE)


def at(number: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)


def told(connection: Connection, *events: Event) -> UUID:
    customer_id = uuid4()
    tell(connection, customer_id, *events, at=[at(number) for number in range(len(events))])
    return customer_id


def test_a_member_from_the_first_message_to_the_last(connection: Connection) -> None:
    second = CustomerCampaignMessageSent(campaign_id=CAMPAIGN, message_id=OTHER, channel="email", person_id=PERSON)
    ann = told(
        connection, SENT_TO_PERSON, DELIVERED, OPENED, CLICKED, RESPONDED, UNSUBSCRIBED, OPENED, CLICKED, RESPONDED,
        second,
    )  # fmt: skip
    assert all_rows(connection, "campaign_member") == [
        {
            "campaign_id": CAMPAIGN,
            "customer_id": ann,
            "subject_id": PERSON,
            "person_id": PERSON,
            "messages": 2,
            "sent_at": at(0),
            "delivered_at": at(1),
            "bounced_at": None,
            "bounced_for_good": False,
            "opened_at": at(2),
            "clicked_at": at(3),
            "responded_at": at(4),
            "unsubscribed_at": at(5),
        }
    ]


ARRIVAL = ("delivered_at", "bounced_at", "bounced_for_good")


def test_a_message_that_came_back_after_all_was_not_delivered(connection: Connection) -> None:
    told(connection, SENT, DELIVERED, BOUNCED_FOR_GOOD)
    assert values(connection, "campaign_member", *ARRIVAL) == [(None, at(2), True)]


def test_a_message_that_arrived_after_all_did_not_bounce(connection: Connection) -> None:
    told(connection, SENT, BOUNCED, DELIVERED)
    assert values(connection, "campaign_member", *ARRIVAL) == [(at(2), None, False)]


def test_a_bounce_that_is_recorded_late_counts_when_it_happened(connection: Connection) -> None:
    tell(connection, uuid4(), SENT, DELIVERED, BOUNCED, at=[at(0), at(2), at(1)])
    assert values(connection, "campaign_member", *ARRIVAL) == [(at(2), None, False)]


def test_of_two_messages_the_one_that_arrived_reached_the_member(connection: Connection) -> None:
    told(
        connection,
        SENT,
        BOUNCED_FOR_GOOD,
        CustomerCampaignMessageSent(campaign_id=CAMPAIGN, message_id=OTHER, channel="email"),
        CustomerCampaignMessageDelivered(campaign_id=CAMPAIGN, message_id=OTHER),
    )
    assert values(connection, "campaign_member", "messages", *ARRIVAL) == [(2, at(3), at(1), True)]


def test_the_persons_of_a_customer_are_members_beside_her(connection: Connection) -> None:
    ann = told(connection, SENT, CustomerCampaignResponded(campaign_id=CAMPAIGN, person_id=PERSON), RESPONDED)
    found = values(connection, "campaign_member", "subject_id", "person_id", "sent_at", "responded_at", order="sent_at")
    assert found == [(ann, None, at(0), at(2)), (PERSON, PERSON, None, at(1))]


def test_who_unsubscribes_without_naming_a_campaign_is_no_member_of_any(connection: Connection) -> None:
    told(connection, CustomerCampaignResponded(campaign_id=CAMPAIGN), CustomerUnsubscribed(channel="email"))
    assert values(connection, "campaign_member", "responded_at", "unsubscribed_at") == [(at(0), None)]


def test_merged_members_count_once_under_the_survivor(connection: Connection) -> None:
    ann = told(connection, SENT, DELIVERED)
    bob = told(connection, SENT, RESPONDED)
    columns = ("customer_id", "subject_id", "messages", "delivered_at", "responded_at")
    before = values(connection, "campaign_member", *columns, order="responded_at NULLS FIRST")
    assert before == [(ann, ann, 1, at(1), None), (bob, bob, 1, None, at(1))]
    merge_id = merge(connection, ann, bob)
    assert values(connection, "campaign_member", *columns) == [(bob, bob, 2, at(1), at(1))]
    revert(connection, merge_id, ann, bob)
    assert values(connection, "campaign_member", *columns, order="responded_at NULLS FIRST") == before
