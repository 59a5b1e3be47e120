"""Whom campaigns reached and who answered: each figure is the plain count over events."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.campaign import CampaignPlanned
from domain.customer import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerClassified,
    CustomerEvent,
)
from domain.workspace import WORKSPACE_ID
from eventstore.database import Connection
from tests.projections.customer_facts import merge
from tests.projections.marketing_figures import Known, Said, responses
from tests.projections.records import hour, row, rows, tell
from tests.projections.test_survey_kpis import customer
from tests.projections.test_ticket_kpis import TIMES, only
from tests.projections.ticket_figures import asked, behind

SPRING, AUTUMN, MAIL, CALL, ANN = (UUID(int=number) for number in range(11, 16))
RATE = "response_rate"
ENOUGH = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def sent(
    message: UUID = MAIL, person: UUID | None = None, channel: str = "email", campaign: UUID = SPRING
) -> CustomerEvent:
    return CustomerCampaignMessageSent(campaign_id=campaign, message_id=message, channel=channel, person_id=person)


def delivered(message: UUID = MAIL, campaign: UUID = SPRING) -> CustomerEvent:
    return CustomerCampaignMessageDelivered(campaign_id=campaign, message_id=message)


def bounced(message: UUID = MAIL, campaign: UUID = SPRING) -> CustomerEvent:
    return CustomerCampaignMessageBounced(campaign_id=campaign, message_id=message)


def responded(message: UUID | None = None, person: UUID | None = None, campaign: UUID = SPRING) -> CustomerEvent:
    return CustomerCampaignResponded(campaign_id=campaign, message_id=message, person_id=person)


OPENED = CustomerCampaignMessageOpened(campaign_id=SPRING, message_id=MAIL)
CLICKED = CustomerCampaignMessageClicked(campaign_id=SPRING, message_id=MAIL)


# the contacts


def test_each_arrival_lasts_until_the_message_comes_back(shared: Connection) -> None:
    ann = customer(
        shared, (sent(person=ANN), 0), (delivered(), 1), (bounced(), 2), (delivered(), 3), (responded(MAIL), 4)
    )
    found = sorted(rows(shared, "campaign_contact", customer_id=ann), key=lambda row: row["position"])
    assert [(row["kind"], row["subject_id"], row["channel"], row["happened_at"], row["ended_at"]) for row in found] == [
        ("delivered", ANN, "email", hour(1), hour(2)),
        ("bounced", ANN, "email", hour(2), hour(3)),
        ("delivered", ANN, "email", hour(3), None),
        ("responded", ANN, "email", hour(4), None),
    ]


def test_a_response_to_no_known_message_is_of_who_gave_it(shared: Connection) -> None:
    ann = customer(shared, (responded(person=ANN), 0))
    assert row(shared, "campaign_contact", customer_id=ann)["subject_id"] == ANN
    bob = customer(shared, (responded(), 0))
    found = row(shared, "campaign_contact", customer_id=bob)
    assert (found["subject_id"], found["channel"]) == (bob, None)


# response rate


def test_members_who_responded_count_once(connection: Connection) -> None:
    customer(
        connection,
        (sent(), 0),
        (delivered(), 1),
        (sent(CALL), 1),
        (delivered(CALL), 2),
        (responded(), 3),
        (responded(), 4),
    )
    customer(connection, (sent(), 0), (delivered(), 1), (OPENED, 2), (CLICKED, 2))
    found = only(connection, RATE)
    assert (found["value"], found["numerator"], found["denominator"]) == (0.5, 1, 2)
    assert len(behind(connection, RATE)) == 3
    assert only(connection, RATE, as_of=2)["value"] == 0, "nobody had answered by then"
    assert asked(connection, RATE, 1.5) == [], "she was reached before"


def test_what_came_back_reached_nobody_unless_it_arrived_later(connection: Connection) -> None:
    customer(connection, (sent(), 0), (bounced(), 1))
    found = only(connection, RATE)
    assert (found["value"], found["denominator"], found["excluded"]) == (None, 0, 1)
    customer(connection, (sent(), 0), (bounced(), 1), (delivered(), 2))
    customer(connection, (sent(), 0), (delivered(), 1), (bounced(), 3))
    found = only(connection, RATE)
    assert (found["denominator"], found["excluded"]) == (1, 2)
    assert only(connection, RATE, as_of=2)["denominator"] == 2, "it had not come back yet"


def test_who_responded_without_being_reached_is_told_apart(connection: Connection) -> None:
    customer(connection, (responded(), 1))
    found = only(connection, RATE)
    assert (found["value"], found["details"]["responded_unreached"]) == (None, 1)


def test_each_person_is_a_member_and_merged_customers_are_one(connection: Connection) -> None:
    anna = customer(connection, (sent(person=ANN), 0), (delivered(), 1), (sent(CALL), 0), (delivered(CALL), 1))
    bert = customer(connection, (sent(), 0), (delivered(), 1), (responded(), 2))
    assert only(connection, RATE)["denominator"] == 3
    merge(connection, bert, anna)
    found = only(connection, RATE)
    assert (found["numerator"], found["denominator"]) == (1, 2)


def test_campaigns_and_channels_are_groups(connection: Connection) -> None:
    plan = CampaignPlanned(name="Spring", kind="mailing")
    tell(connection, WORKSPACE_ID, plan, noun="campaign", stream_id=SPRING)
    customer(
        connection,
        *((sent(), 0), (delivered(), 1), (sent(CALL, channel="phone"), 1), (delivered(CALL), 2), (responded(CALL), 3)),
        *((sent(ANN, campaign=AUTUMN), 0), (delivered(ANN, campaign=AUTUMN), 1)),
    )
    groups = {one["group_label"]: one["value"] for one in asked(connection, RATE, group_by="campaign")}
    assert groups == {"Spring": 1, None: 0}
    assert [one["group_key"] for one in asked(connection, RATE, group_by="kind")] == ["mailing", None]
    channels = {one["group_key"]: one["denominator"] for one in asked(connection, RATE, group_by="channel")}
    assert channels == {"email": 2, "phone": 1}


FACTS = st.sampled_from(
    [
        *(sent(), sent(person=ANN), sent(CALL, channel="phone"), delivered(), delivered(), bounced(), delivered(CALL)),
        *(bounced(CALL), OPENED, CLICKED, responded(), responded(MAIL), responded(person=ANN)),
        *(delivered(AUTUMN, AUTUMN), responded(campaign=AUTUMN)),
    ]
)
HISTORIES = st.lists(
    st.lists(st.tuples(FACTS, st.sampled_from([0.0, 1.0, 3.0, 5.5, 9.0, 13.0, 30.0])), max_size=9),
    min_size=1,
    max_size=3,
)


@for_all(histories=HISTORIES, times=TIMES)
@ENOUGH
def test_the_response_rate_is_the_plain_count_over_events(
    shared: Connection, histories: list[Sequence[tuple[CustomerEvent, float]]], times: list[float]
) -> None:
    first, end, as_of = sorted(times)[0], sorted(times)[1] + 0.1, times[2]
    segment = uuid4().hex
    known = [
        Known(customer(shared, *history, segment=segment), [Said(event, at) for event, at in history])
        for history in histories
    ]
    found: dict[str, Any] = next(  # Any: a row of any figure
        (one for one in asked(shared, RATE, first, end, as_of, "segment") if one["group_key"] == segment),
        {"details": {}},
    )
    assert (
        found.get("denominator", 0),
        found.get("numerator", 0),
        found["details"].get("responded_unreached", 0),
        found.get("excluded", 0),
    ) == responses(known, first, end, as_of)


def test_the_segment_of_a_member_is_the_customers(connection: Connection) -> None:
    customer(connection, (sent(), 0), (delivered(), 1), (CustomerClassified(segment="enterprise"), 2))
    assert [one["group_key"] for one in asked(connection, RATE, group_by="segment")] == ["enterprise"]
