"""What holds of all events: their stored names, what of them is personal, what may be late, what is refused."""

from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest
from pydantic import ValidationError

from domain.campaign import Campaign
from domain.catalogue import EVENT_TYPES, stored_type_of
from domain.customer import (
    Consent,
    Customer,
    CustomerPurchaseRetracted,
    Outreach,
    Purchase,
    ReattributedPart,
    Subscription,
    Trade,
)
from domain.event import (
    FORGOTTEN,
    Event,
    Forgotten,
    PersonalTexts,
    PredatesLastChange,
    must_not_predate,
    personal_fields,
)
from domain.exchange_rate import ExchangeRates
from domain.growing_map import GrowingMap
from domain.imports import Import
from domain.interaction import InteractionLogged
from domain.lead import (
    Conversion,
    Lead,
    LeadAlreadyClosed,
    LeadAssigned,
    LeadCaptured,
    LeadContacted,
    LeadConversionReverted,
    LeadConverted,
    LeadLost,
    LeadRetitled,
    LoseLead,
    RevertedConversion,
)
from domain.lead.imported import ImportedFact
from domain.merge import Merge, Merges
from domain.money import Money
from domain.ticket import SlaClock, Ticket
from domain.work import Work
from domain.workspace import Workspace, WorkspaceApiKeyRevoked
from tests.domain.histories import DAY, IDS

STORED_TYPES = [
    "customer.registered",
    "customer.forgotten",
    "customer.person_forgotten",
    "customer.forgetting_requested",
    "customer.forgetting_request_withdrawn",
    "customer.renamed",
    "customer.classified",
    "customer.owner_assigned",
    "customer.tagged",
    "customer.untagged",
    "customer.archived",
    "customer.restored",
    "customer.contact_point_added",
    "customer.contact_point_corrected",
    "customer.contact_point_removed",
    "customer.contact_person_added",
    "customer.contact_person_role_assigned",
    "customer.contact_person_removed",
    "customer.related_to",
    "customer.relation_ended",
    "customer.activated",
    "customer.marked_at_risk",
    "customer.churned",
    "customer.won_back",
    "customer.merged_into",
    "customer.absorbed",
    "customer.purchase_recorded",
    "customer.purchase_refunded",
    "customer.subscription_started",
    "customer.subscription_upgraded",
    "customer.subscription_downgraded",
    "customer.subscription_paused",
    "customer.subscription_resumed",
    "customer.subscription_renewed",
    "customer.subscription_cancellation_scheduled",
    "customer.subscription_cancelled",
    "customer.purchase_retracted",
    "customer.subscription_retracted",
    "customer.consent_granted",
    "customer.consent_withdrawn",
    "customer.campaign_message_sent",
    "customer.campaign_message_delivered",
    "customer.campaign_message_bounced",
    "customer.campaign_message_opened",
    "customer.campaign_message_clicked",
    "customer.campaign_responded",
    "customer.unsubscribed",
    "customer.survey_answered",
    "customer.merge_reverted",
    "customer.custom_field_recorded",
    "customer.interaction_logged",
    "customer.interaction_corrected",
    "customer.interaction_retracted",
    "customer.follow_up_scheduled",
    "customer.follow_up_rescheduled",
    "customer.follow_up_completed",
    "customer.follow_up_cancelled",
    "customer.follow_up_retracted",
    "customer.events_undone",
    "lead.captured",
    "lead.capture_corrected",
    "lead.retitled",
    "lead.assigned",
    "lead.contacted",
    "lead.qualified",
    "lead.scored",
    "lead.stakeholder_added",
    "lead.stakeholder_removed",
    "lead.disqualified",
    "lead.recycled",
    "lead.reopened",
    "lead.moved_to_stage",
    "lead.valued",
    "lead.expected_close_moved",
    "lead.probability_overridden",
    "lead.forecast_category_chosen",
    "lead.product_added",
    "lead.product_repriced",
    "lead.product_removed",
    "lead.proposal_sent",
    "lead.won",
    "lead.lost",
    "lead.converted",
    "lead.conversion_reverted",
    "lead.merged_into",
    "lead.absorbed",
    "lead.merge_reverted",
    "lead.reattributed",
    "lead.custom_field_recorded",
    "lead.interaction_logged",
    "lead.interaction_corrected",
    "lead.interaction_retracted",
    "lead.follow_up_scheduled",
    "lead.follow_up_rescheduled",
    "lead.follow_up_completed",
    "lead.follow_up_cancelled",
    "lead.follow_up_retracted",
    "lead.events_undone",
    "ticket.opened",
    "ticket.assigned",
    "ticket.escalated",
    "ticket.priority_raised",
    "ticket.priority_lowered",
    "ticket.categorised",
    "ticket.replied",
    "ticket.put_pending",
    "ticket.put_on_hold",
    "ticket.resumed",
    "ticket.solved",
    "ticket.reopened",
    "ticket.closed",
    "ticket.marked_spam",
    "ticket.rated",
    "ticket.sla_applied",
    "ticket.sla_met",
    "ticket.sla_breached",
    "ticket.sla_cancelled",
    "ticket.merged_into",
    "ticket.absorbed",
    "ticket.merge_reverted",
    "ticket.reattributed",
    "ticket.custom_field_recorded",
    "ticket.interaction_logged",
    "ticket.interaction_corrected",
    "ticket.interaction_retracted",
    "ticket.follow_up_scheduled",
    "ticket.follow_up_rescheduled",
    "ticket.follow_up_completed",
    "ticket.follow_up_cancelled",
    "ticket.follow_up_retracted",
    "ticket.events_undone",
    "campaign.planned",
    "campaign.launched",
    "campaign.budget_spent",
    "campaign.ended",
    "workspace.pipeline_published",
    "workspace.business_calendar_published",
    "workspace.sla_policy_published",
    "workspace.member_invited",
    "workspace.member_role_granted",
    "workspace.member_role_revoked",
    "workspace.member_joined_team",
    "workspace.member_left_team",
    "workspace.member_deactivated",
    "workspace.api_key_issued",
    "workspace.api_key_revoked",
    "workspace.member_identified",
    "workspace.member_identity_revoked",
    "workspace.api_key_rotated",
    "workspace.custom_field_defined",
    "workspace.custom_field_retired",
    "workspace.exchange_rate_published",
    "workspace.segment_defined",
    "workspace.assignment_rule_published",
    "workspace.kpi_definition_published",
    "workspace.model_fitted",
    "workspace.webhook_registered",
    "workspace.webhook_paused",
    "workspace.webhook_resumed",
    "workspace.webhook_removed",
    "import.started",
    "import.completed",
    "import.reverted",
]

FACTS = {
    "lead.contacted",
    "lead.proposal_sent",
    "ticket.replied",
    "ticket.rated",
    "campaign.budget_spent",
    "customer.purchase_recorded",
    "customer.purchase_refunded",
    "customer.purchase_retracted",
    "customer.campaign_responded",
    "customer.unsubscribed",
    "customer.survey_answered",
    "customer.forgetting_requested",
    "customer.forgetting_request_withdrawn",
    *(name for name in STORED_TYPES if name.startswith("customer.campaign_message_")),
    *(name for name in STORED_TYPES if name.startswith("ticket.sla_")),
    *(name for name in STORED_TYPES if ".interaction_" in name or ".follow_up_" in name),
    *(name for name in STORED_TYPES if name.endswith(".events_undone")),
}


def test_the_stored_names_never_change() -> None:
    assert sorted(EVENT_TYPES) == sorted(STORED_TYPES)


def test_an_event_knows_its_stored_name() -> None:
    assert stored_type_of("lead", LeadLost()) == "lead.lost"
    assert stored_type_of("lead", InteractionLogged(interaction_id=IDS[0], kind="call")) == "lead.interaction_logged"
    assert stored_type_of("workspace", WorkspaceApiKeyRevoked(key_id=IDS[0])) == "workspace.api_key_revoked"


def test_all_free_text_is_personal_and_nothing_else() -> None:
    personal = {name: sorted(personal_fields(event)) for name, event in EVENT_TYPES.items() if personal_fields(event)}
    interaction = ["external_id", "outcome", "summary"]
    assert personal == {
        "customer.registered": ["external_ids", "name"],
        "customer.forgotten": ["reason"],
        "customer.person_forgotten": ["reason"],
        "customer.forgetting_requested": ["reason"],
        "customer.forgetting_request_withdrawn": ["reason"],
        "customer.renamed": ["name"],
        "customer.archived": ["reason"],
        "customer.restored": ["reason"],
        "customer.contact_point_added": ["value"],
        "customer.contact_point_corrected": ["value"],
        "customer.contact_point_removed": ["reason"],
        "customer.contact_person_added": ["name"],
        "customer.contact_person_removed": ["reason"],
        "customer.relation_ended": ["reason"],
        "customer.activated": ["reason"],
        "customer.marked_at_risk": ["reason"],
        "customer.churned": ["reason"],
        "customer.won_back": ["reason"],
        "customer.merged_into": ["reason"],
        "customer.merge_reverted": ["reason"],
        "customer.purchase_recorded": ["external_id"],
        "customer.purchase_refunded": ["reason"],
        "customer.purchase_retracted": ["reason"],
        "customer.subscription_retracted": ["reason"],
        "customer.subscription_paused": ["reason"],
        "customer.subscription_cancellation_scheduled": ["reason"],
        "customer.subscription_cancelled": ["reason"],
        "customer.consent_granted": ["proof"],
        "customer.consent_withdrawn": ["reason"],
        "customer.campaign_message_bounced": ["reason"],
        "customer.campaign_message_clicked": ["link"],
        "customer.campaign_responded": ["response"],
        "customer.survey_answered": ["comment"],
        "customer.interaction_logged": interaction,
        "customer.interaction_corrected": interaction,
        "customer.interaction_retracted": ["reason"],
        "customer.follow_up_scheduled": ["what"],
        "customer.follow_up_completed": ["outcome"],
        "customer.follow_up_cancelled": ["reason"],
        "customer.follow_up_retracted": ["reason"],
        "customer.custom_field_recorded": ["personal_value"],
        "customer.events_undone": ["reason"],
        "lead.captured": ["external_ids", "form", "title"],
        "lead.capture_corrected": ["external_ids"],
        "lead.retitled": ["title"],
        "lead.qualified": ["criteria"],
        "lead.disqualified": ["reason"],
        "lead.recycled": ["reason"],
        "lead.reopened": ["reason"],
        "lead.proposal_sent": ["document"],
        "lead.lost": ["competitor", "reason"],
        "lead.conversion_reverted": ["reason"],
        "lead.merged_into": ["reason"],
        "lead.merge_reverted": ["reason"],
        "lead.reattributed": ["reason"],
        "lead.interaction_logged": interaction,
        "lead.interaction_corrected": interaction,
        "lead.interaction_retracted": ["reason"],
        "lead.follow_up_scheduled": ["what"],
        "lead.follow_up_completed": ["outcome"],
        "lead.follow_up_cancelled": ["reason"],
        "lead.follow_up_retracted": ["reason"],
        "lead.custom_field_recorded": ["personal_value"],
        "lead.events_undone": ["reason"],
        "ticket.opened": ["external_ids", "subject"],
        "ticket.escalated": ["reason"],
        "ticket.priority_raised": ["reason"],
        "ticket.priority_lowered": ["reason"],
        "ticket.replied": ["body", "message_id"],
        "ticket.put_pending": ["waiting_for"],
        "ticket.put_on_hold": ["waiting_for"],
        "ticket.resumed": ["reason"],
        "ticket.solved": ["resolution"],
        "ticket.reopened": ["reason"],
        "ticket.rated": ["comment"],
        "ticket.merged_into": ["reason"],
        "ticket.merge_reverted": ["reason"],
        "ticket.reattributed": ["reason"],
        "ticket.interaction_logged": interaction,
        "ticket.interaction_corrected": interaction,
        "ticket.interaction_retracted": ["reason"],
        "ticket.follow_up_scheduled": ["what"],
        "ticket.follow_up_completed": ["outcome"],
        "ticket.follow_up_cancelled": ["reason"],
        "ticket.follow_up_retracted": ["reason"],
        "ticket.custom_field_recorded": ["personal_value"],
        "ticket.events_undone": ["reason"],
        "campaign.budget_spent": ["what"],
        "campaign.ended": ["reason"],
        "workspace.member_invited": ["name"],
        "workspace.member_deactivated": ["reason"],
        "workspace.api_key_issued": ["label"],
        "workspace.segment_defined": ["groups"],
        "workspace.assignment_rule_published": ["steps"],
        "workspace.webhook_registered": ["url"],
        "workspace.webhook_paused": ["reason"],
        "import.started": ["mapping"],
        "import.reverted": ["reason"],
    }


def test_every_event_says_what_it_means_in_one_sentence() -> None:
    for event in EVENT_TYPES.values():
        assert event.__doc__ is not None
        assert event.__doc__ != Event.__doc__
        assert event.__doc__.endswith(".")


def test_what_may_be_recorded_late() -> None:
    assert {name for name, event in EVENT_TYPES.items() if event.is_fact} == FACTS


def test_events_about_a_part_name_it() -> None:
    parts = {name: event.part_field for name, event in EVENT_TYPES.items() if event.part_field}
    assert set(parts) == {
        *(name for name in STORED_TYPES if ".interaction_" in name or ".follow_up_" in name),
        "customer.person_forgotten",
        *(name for name in STORED_TYPES if name.startswith("customer.contact_p")),
        *(name for name in STORED_TYPES if name.startswith(("customer.purchase_", "customer.subscription_"))),
        *(name for name in STORED_TYPES if name.startswith("customer.campaign_message_")),
        "campaign.budget_spent",
        *(name for name in STORED_TYPES if name.startswith("workspace.member_")),
        *(name for name in STORED_TYPES if name.startswith("workspace.webhook_")),
        "workspace.api_key_issued",
        "workspace.api_key_revoked",
        "workspace.api_key_rotated",
    }
    assert all(field in EVENT_TYPES[name].model_fields for name, field in parts.items())


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_change_of_state_may_not_lie_before_the_last_one_but_a_fact_may(days: int) -> None:
    moment = DAY + timedelta(days)
    must_not_predate(None, LeadAssigned(), moment)
    must_not_predate(DAY, LeadContacted(), moment)
    if days >= 0:
        must_not_predate(DAY, LeadAssigned(), moment)
        return
    with pytest.raises(PredatesLastChange, match=r"2026-03-01.*2026-03-02"):
        must_not_predate(DAY, LeadAssigned(), moment)


def test_a_refusal_has_a_code_for_programs() -> None:
    assert LeadAlreadyClosed(status="won").code == "lead_already_closed"


@pytest.mark.parametrize("title", ["", "a\0b", "\ud800", "x" * 20_001])
def test_text_that_cannot_be_kept_is_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        LeadRetitled(title=title)


def test_what_cannot_be_kept_is_said() -> None:
    with pytest.raises(ValidationError, match=", the NUL character cannot be stored; remove it "):
        LeadRetitled(title="a\0b")
    with pytest.raises(ValidationError, match=", the year must lie between 1000 and 9000 "):
        LoseLead.model_validate({"occurred_at": "9001-01-01T00:00:00Z"})


@pytest.mark.parametrize("moment", ["1000-01-01T00:00:00Z", "9000-12-31T23:59:59Z", "2026-03-02T10:00:00+15:59"])
def test_a_moment_just_in_reach_is_kept(moment: str) -> None:
    assert LoseLead.model_validate({"occurred_at": moment}).occurred_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "moment",
    [
        "0999-12-31T23:59:59Z",
        "9001-01-01T00:00:00Z",
        "2026-03-02T10:00:00",
        "2026-03-02T10:00:00+16:00",
        "2026-03-02T10:00:00-16:00",
    ],
)
def test_a_moment_out_of_reach_or_without_its_offset_is_refused(moment: str) -> None:
    with pytest.raises(ValidationError):
        LoseLead.model_validate({"occurred_at": moment})


def test_a_moment_has_its_offset() -> None:
    command = LoseLead.model_validate({"occurred_at": "2026-03-02T02:00:00+02:00"})
    assert command.occurred_at == DAY


@pytest.mark.parametrize(
    "state",
    [
        Customer(kind="person"),
        Trade(),
        Subscription(),
        Purchase(),
        Outreach(),
        Consent(granted=True),
        GrowingMap(),
        Lead(),
        Ticket(),
        SlaClock("gold", 1, None, 60),
        Work(),
        Merges(),
        Merge(IDS[0], IDS[1]),
        Conversion(LeadConverted()),
        RevertedConversion(LeadConversionReverted()),
        ReattributedPart(CustomerPurchaseRetracted(purchase_id=IDS[0]), ()),
        Workspace(),
        ExchangeRates(),
        Campaign(),
        Import(),
        ImportedFact(LeadLost(), DAY),
    ],
)
def test_a_state_is_never_changed(state: object) -> None:
    with pytest.raises(FrozenInstanceError):
        state.__setattr__("status", "won")


def test_nothing_is_not_taken_for_forgotten() -> None:
    captured = {"title": "Roof", "pipeline": "default", "pipeline_version": 1, "stage": "new", "probability": 0}
    assert LeadCaptured.model_validate({**captured, "form": {}}).form == {}
    assert LeadCaptured.model_validate({**captured, "form": {"forgotten": True}}).form == FORGOTTEN
    assert LeadCaptured.model_validate({**captured, "form": {"forgotten": "yes"}}).form == {"forgotten": "yes"}
    assert Forgotten in get_args(get_args(PersonalTexts)[0])


def test_an_event_is_never_changed_and_takes_nothing_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        LeadLost().__setattr__("reason", "price")
    with pytest.raises(ValidationError):
        LeadLost.model_validate({"price": 1})


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.1234567"])
def test_an_amount_is_an_exact_decimal(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "EUR"})


def test_a_currency_has_three_capital_letters() -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 1, "currency": "euro"})


def test_ids_in_events_survive_json() -> None:
    event = LeadContacted(interaction_id=uuid4())
    assert LeadContacted.model_validate_json(event.model_dump_json()) == event
