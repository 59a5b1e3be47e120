"""What holds of all events: their stored names, what of them is personal, what may be late, what is refused."""

from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import get_args
from uuid import uuid4

import pytest
from pydantic import ValidationError

from domain.catalogue import EVENT_TYPES, stored_type_of
from domain.customer import Customer
from domain.event import (
    FORGOTTEN,
    Event,
    Forgotten,
    PersonalTexts,
    PredatesLastChange,
    must_not_predate,
    personal_fields,
)
from domain.follow_up import FollowUps
from domain.interaction import InteractionLogged, Interactions
from domain.lead import (
    Lead,
    LeadAlreadyClosed,
    LeadAssigned,
    LeadCaptured,
    LeadContacted,
    LeadLost,
    LeadRetitled,
    LoseLead,
)
from domain.lead_import import ImportedFact
from domain.money import Money
from domain.ticket import SlaClock, Ticket
from domain.workspace import Workspace, WorkspaceApiKeyRevoked
from tests.domain.histories import DAY, IDS

STORED_TYPES = [
    "customer.registered",
    "customer.forgotten",
    "customer.person_forgotten",
    "lead.captured",
    "lead.capture_corrected",
    "lead.retitled",
    "lead.assigned",
    "lead.contacted",
    "lead.qualified",
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
    "lead.interaction_logged",
    "lead.interaction_corrected",
    "lead.interaction_retracted",
    "lead.follow_up_scheduled",
    "lead.follow_up_rescheduled",
    "lead.follow_up_completed",
    "lead.follow_up_cancelled",
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
    "ticket.merged_into",
    "ticket.merge_reverted",
    "ticket.rated",
    "ticket.sla_applied",
    "ticket.sla_met",
    "ticket.sla_breached",
    "ticket.sla_cancelled",
    "ticket.interaction_logged",
    "ticket.interaction_corrected",
    "ticket.interaction_retracted",
    "ticket.follow_up_scheduled",
    "ticket.follow_up_rescheduled",
    "ticket.follow_up_completed",
    "ticket.follow_up_cancelled",
    "workspace.pipeline_published",
    "workspace.business_calendar_published",
    "workspace.sla_policy_published",
    "workspace.member_invited",
    "workspace.api_key_issued",
    "workspace.api_key_revoked",
    "import.started",
    "import.completed",
]

FACTS = {
    "lead.contacted",
    "lead.proposal_sent",
    "ticket.replied",
    "ticket.rated",
    *(name for name in STORED_TYPES if name.startswith("ticket.sla_")),
    *(name for name in STORED_TYPES if ".interaction_" in name or ".follow_up_" in name),
}


def test_the_stored_names_never_change() -> None:
    assert list(EVENT_TYPES) == STORED_TYPES


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
        "lead.interaction_logged": interaction,
        "lead.interaction_corrected": interaction,
        "lead.interaction_retracted": ["reason"],
        "lead.follow_up_scheduled": ["what"],
        "lead.follow_up_completed": ["outcome"],
        "lead.follow_up_cancelled": ["reason"],
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
        "ticket.merged_into": ["reason"],
        "ticket.merge_reverted": ["reason"],
        "ticket.rated": ["comment"],
        "ticket.interaction_logged": interaction,
        "ticket.interaction_corrected": interaction,
        "ticket.interaction_retracted": ["reason"],
        "ticket.follow_up_scheduled": ["what"],
        "ticket.follow_up_completed": ["outcome"],
        "ticket.follow_up_cancelled": ["reason"],
        "workspace.member_invited": ["name"],
        "workspace.api_key_issued": ["label"],
        "import.started": ["mapping"],
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
        "workspace.member_invited",
        "workspace.api_key_issued",
        "workspace.api_key_revoked",
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


@pytest.mark.parametrize("moment", ["0999-12-31T23:59:59Z", "9001-01-01T00:00:00Z", "2026-03-02T10:00:00"])
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
        Lead(),
        Ticket(),
        SlaClock("gold", 1, None, 60),
        Interactions(),
        FollowUps(),
        Workspace(),
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
