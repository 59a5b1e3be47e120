"""Consent, what campaigns sent and what became of it, and answers to surveys."""

from typing import Any

import pytest

from domain.customer import (
    AlreadyUnsubscribed,
    AnswerSurvey,
    BounceCampaignMessage,
    ClickCampaignMessage,
    ConsentAlreadyGranted,
    ConsentAlreadyWithdrawn,
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerEvent,
    CustomerPersonForgotten,
    CustomerSurveyAnswered,
    CustomerTagged,
    CustomerUnsubscribed,
    DeliverCampaignMessage,
    GrantConsent,
    MessageAlreadySent,
    OpenCampaignMessage,
    PersonAlreadyForgotten,
    RespondToCampaign,
    ScoreOffScale,
    SendCampaignMessage,
    UnknownContactPerson,
    UnknownMessage,
    Unsubscribe,
    WithdrawConsent,
    allows,
)
from domain.event import Command
from tests.domain.customers import ANN, FORGOTTEN_CUSTOMER, NEW, decide, given, refused
from tests.domain.histories import IDS

CAMPAIGN, MESSAGE = IDS[0], IDS[2]
NEWS: dict[str, Any] = {"channel": "email", "purpose": "news"}  # Any: fields of several types
GRANTED = CustomerConsentGranted(text_version="1", **NEWS)
WITHDRAWN = CustomerConsentWithdrawn(**NEWS)
SENT = CustomerCampaignMessageSent(message_id=MESSAGE, campaign_id=CAMPAIGN, channel="email")
OF_SENT: dict[str, Any] = {"message_id": MESSAGE, "campaign_id": CAMPAIGN}  # Any: as above
UNSUBSCRIBED = CustomerUnsubscribed(channel="email")
ANN_ADDED = CustomerContactPersonAdded(person_id=ANN, name="Ann")
OF_ANN = CustomerConsentGranted(person_id=ANN, **NEWS)


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (
            GrantConsent(person_id=ANN, source="form", text_version="1", proof="Signed", **NEWS),
            CustomerConsentGranted(person_id=ANN, source="form", text_version="1", proof="Signed", **NEWS),
        ),
        (
            WithdrawConsent(person_id=ANN, source="mail", reason="Too much", **NEWS),
            CustomerConsentWithdrawn(person_id=ANN, source="mail", reason="Too much", **NEWS),
        ),
        (
            SendCampaignMessage(campaign_id=CAMPAIGN, channel="email", person_id=ANN),
            CustomerCampaignMessageSent(message_id=NEW, campaign_id=CAMPAIGN, channel="email", person_id=ANN),
        ),
        (DeliverCampaignMessage(message_id=MESSAGE), CustomerCampaignMessageDelivered(**OF_SENT)),
        (
            BounceCampaignMessage(message_id=MESSAGE, permanent=True, reason="No such box"),
            CustomerCampaignMessageBounced(permanent=True, reason="No such box", **OF_SENT),
        ),
        (OpenCampaignMessage(message_id=MESSAGE), CustomerCampaignMessageOpened(**OF_SENT)),
        (
            ClickCampaignMessage(message_id=MESSAGE, link="/offer"),
            CustomerCampaignMessageClicked(link="/offer", **OF_SENT),
        ),
        (
            RespondToCampaign(campaign_id=CAMPAIGN, message_id=MESSAGE, person_id=ANN, response="Call me"),
            CustomerCampaignResponded(response="Call me", person_id=ANN, **OF_SENT),
        ),
        (
            Unsubscribe(channel="email", campaign_id=CAMPAIGN, message_id=MESSAGE, person_id=ANN),
            CustomerUnsubscribed(channel="email", person_id=ANN, **OF_SENT),
        ),
        (
            AnswerSurvey(survey="nps", score=9, comment="Fine", person_id=ANN),
            CustomerSurveyAnswered(survey="nps", score=9, comment="Fine", person_id=ANN),
        ),
    ],
)
def test_what_is_said_is_recorded(command: Command, event: CustomerEvent) -> None:
    assert decide(given(ANN_ADDED, SENT), command) == (event,)
    refused_of_ann = given(SENT, CustomerPersonForgotten(person_id=ANN, legal_basis="request"))
    if getattr(event, "person_id", None) == ANN:
        refused(PersonAlreadyForgotten, refused_of_ann, command)


def test_a_consent_is_granted_once_for_a_version_of_the_text() -> None:
    again = GrantConsent(text_version="1", **NEWS)
    refused(ConsentAlreadyGranted, given(GRANTED), again)
    assert decide(given(GRANTED), GrantConsent(text_version="2", **NEWS))
    assert decide(given(GRANTED, WITHDRAWN), again)
    assert decide(given(GRANTED, UNSUBSCRIBED), again)


def test_a_consent_is_withdrawn_once_also_where_there_was_none() -> None:
    withdraw = WithdrawConsent(**NEWS)
    assert decide(given(), withdraw) == decide(given(GRANTED), withdraw) == (WITHDRAWN,)
    refused(ConsentAlreadyWithdrawn, given(WITHDRAWN), withdraw)


def test_only_what_was_granted_and_not_taken_back_is_allowed() -> None:
    def allowed(*events: CustomerEvent) -> bool:
        return allows(given(*events), "email", "news")

    assert not allowed()
    assert allowed(GRANTED)
    assert not allowed(GRANTED, WITHDRAWN)
    assert not allowed(GRANTED, UNSUBSCRIBED)
    assert allowed(UNSUBSCRIBED, GRANTED)
    assert allowed(GRANTED, CustomerUnsubscribed(channel="sms"))
    assert allowed(GRANTED, CustomerUnsubscribed(channel="email", person_id=ANN))
    assert not allows(given(GRANTED), "email", "news", ANN)
    assert not allows(given(GRANTED), "email", "offers")


@pytest.mark.parametrize(
    ("since", "is_allowed"),
    [
        ((), True),
        ((CustomerContactPersonRemoved(person_id=ANN),), False),
        ((CustomerContactPersonRemoved(person_id=ANN), ANN_ADDED), True),
        ((CustomerPersonForgotten(person_id=ANN, legal_basis="request"),), False),
        ((CustomerPersonForgotten(person_id=ANN, legal_basis="request"), ANN_ADDED), False),
        ((FORGOTTEN_CUSTOMER,), False),
        ((UNSUBSCRIBED,), False),
        ((UNSUBSCRIBED, GRANTED), True),
        ((CustomerUnsubscribed(channel="sms"),), True),
    ],
)
def test_nobody_is_written_to_who_is_gone_or_whose_customer_unsubscribed(
    since: tuple[CustomerEvent, ...], is_allowed: bool
) -> None:
    assert allows(given(ANN_ADDED, OF_ANN, *since), "email", "news", ANN) == is_allowed
    assert not allows(given(GRANTED, FORGOTTEN_CUSTOMER), "email", "news")


def test_only_of_a_known_contact_person_is_a_consent_or_an_answer_recorded_but_any_objection() -> None:
    refused(UnknownContactPerson, given(), GrantConsent(person_id=ANN, **NEWS))
    refused(UnknownContactPerson, given(), AnswerSurvey(survey="nps", score=9, person_id=ANN))
    assert decide(given(), WithdrawConsent(person_id=ANN, **NEWS))
    assert decide(given(), Unsubscribe(channel="email", person_id=ANN))


def test_a_message_is_sent_once() -> None:
    command = SendCampaignMessage(message_id=MESSAGE, campaign_id=CAMPAIGN, channel="email")
    assert decide(given(UNSUBSCRIBED), command) == (SENT,)
    refused(MessageAlreadySent, given(SENT), command)


@pytest.mark.parametrize(
    "command",
    [
        DeliverCampaignMessage(message_id=MESSAGE),
        BounceCampaignMessage(message_id=MESSAGE),
        OpenCampaignMessage(message_id=MESSAGE),
        ClickCampaignMessage(message_id=MESSAGE),
    ],
)
def test_of_a_message_that_was_not_sent_nothing_is_recorded(command: Command) -> None:
    refused(UnknownMessage, given(), command)


def test_to_unsubscribe_twice_says_nothing_new() -> None:
    refused(AlreadyUnsubscribed, given(UNSUBSCRIBED), Unsubscribe(channel="email"))
    assert decide(given(UNSUBSCRIBED, GRANTED), Unsubscribe(channel="email")) == (UNSUBSCRIBED,)


def test_an_answer_changes_nothing_that_the_rules_need() -> None:
    before = given(CustomerTagged(tag="vip"))
    assert given(CustomerTagged(tag="vip"), CustomerSurveyAnswered(survey="nps", score=9)) == before


@pytest.mark.parametrize(("survey", "lowest", "highest"), [("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)])
def test_an_answer_lies_on_the_scale_of_its_survey(survey: str, lowest: int, highest: int) -> None:
    for score in (lowest, highest):
        assert decide(given(), AnswerSurvey.model_validate({"survey": survey, "score": score}))
    for score in (lowest - 1, highest + 1):
        off_scale = AnswerSurvey.model_validate({"survey": survey, "score": score})
        assert f"from {lowest} to {highest}" in refused(ScoreOffScale, given(), off_scale)
