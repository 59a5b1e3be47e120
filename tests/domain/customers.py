"""How the tests of customers speak, and what they draw from."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import get_args

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain import customer as customers
from domain.customer import Customer, CustomerEvent, CustomerForgotten, CustomerMergedInto, CustomerRegistered, evolve
from domain.event import Command, CustomerId, Refusal
from domain.money import Money
from tests.domain.histories import IDS, WORKSPACE, examples_of

THIS, OTHER = CustomerId(IDS[0]), CustomerId(IDS[1])
MERGE = IDS[2]
NEW = IDS[3]
ANN = IDS[1]
FIRST, SECOND = date(2026, 3, 1), date(2026, 4, 1)

REGISTERED = CustomerRegistered(kind="organisation", name="Acme")
MERGED = CustomerMergedInto(survivor_id=OTHER, merge_id=MERGE)
FORGOTTEN_CUSTOMER = CustomerForgotten(legal_basis="request")


def eur(amount: int | str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


RULES: dict[type[Command], Callable[..., CustomerEvent | tuple[CustomerEvent, ...]]] = {
    customers.RegisterCustomer: customers.register,
    customers.RenameCustomer: customers.rename,
    customers.ClassifyCustomer: customers.classify,
    customers.AssignCustomerOwner: customers.assign_owner,
    customers.TagCustomer: customers.tag,
    customers.UntagCustomer: customers.untag,
    customers.ArchiveCustomer: customers.archive,
    customers.RestoreCustomer: customers.restore,
    customers.ForgetCustomer: customers.forget,
    customers.ForgetPerson: customers.forget_person,
    customers.RequestForgetting: customers.request_forgetting,
    customers.WithdrawForgettingRequest: customers.withdraw_forgetting_request,
    customers.ApproveForgetting: partial(customers.approve_forgetting, asked_by={THIS}, approved_by={OTHER}),
    customers.AddContactPoint: partial(customers.add_contact_point, new_id=NEW),
    customers.CorrectContactPoint: customers.correct_contact_point,
    customers.RemoveContactPoint: customers.remove_contact_point,
    customers.AddContactPerson: partial(customers.add_contact_person, new_id=NEW),
    customers.AssignContactPersonRole: customers.assign_contact_person_role,
    customers.RemoveContactPerson: customers.remove_contact_person,
    customers.LogInteraction: partial(customers.log_interaction, new_id=NEW),
    customers.CorrectInteraction: customers.correct_interaction,
    customers.RetractInteraction: customers.retract_interaction,
    customers.ScheduleFollowUp: partial(customers.schedule_follow_up, new_id=NEW),
    customers.RescheduleFollowUp: customers.reschedule_follow_up,
    customers.CompleteFollowUp: customers.complete_follow_up,
    customers.CancelFollowUp: customers.cancel_follow_up,
    customers.RetractFollowUp: customers.retract_follow_up,
    customers.GrantConsent: customers.grant_consent,
    customers.WithdrawConsent: customers.withdraw_consent,
    customers.SendCampaignMessage: partial(customers.send_campaign_message, new_id=NEW),
    customers.DeliverCampaignMessage: customers.deliver_campaign_message,
    customers.BounceCampaignMessage: customers.bounce_campaign_message,
    customers.OpenCampaignMessage: customers.open_campaign_message,
    customers.ClickCampaignMessage: customers.click_campaign_message,
    customers.RespondToCampaign: customers.respond_to_campaign,
    customers.Unsubscribe: customers.unsubscribe,
    customers.AnswerSurvey: customers.answer_survey,
    customers.RecordPurchase: partial(customers.record_purchase, new_id=NEW),
    customers.RefundPurchase: customers.refund_purchase,
    customers.StartSubscription: partial(customers.start_subscription, new_id=NEW),
    customers.UpgradeSubscription: customers.upgrade_subscription,
    customers.DowngradeSubscription: customers.downgrade_subscription,
    customers.PauseSubscription: customers.pause_subscription,
    customers.ResumeSubscription: customers.resume_subscription,
    customers.RenewSubscription: customers.renew_subscription,
    customers.ScheduleCancellation: customers.schedule_cancellation,
    customers.CancelSubscription: partial(customers.cancel_subscription, today=SECOND),
    customers.ActivateCustomer: customers.activate,
    customers.MarkCustomerAtRisk: customers.mark_at_risk,
    customers.ChurnCustomer: customers.churn,
    customers.WinBackCustomer: customers.win_back,
    customers.RelateCustomer: partial(customers.relate, customer_id=THIS),
    customers.EndRelation: customers.end_relation,
    customers.MergeCustomer: partial(customers.merge, customer_id=THIS, merge_id=MERGE, workspace=WORKSPACE),
    customers.RevertMerge: customers.revert_merge,
    customers.RetractPurchase: customers.retract_purchase,
    customers.RetractSubscription: customers.retract_subscription,
    customers.ReattributePart: lambda customer, command: (
        customers.reattribute_part(customer, command, THIS, Customer(), (), NEW).here
    ),
    customers.RecordCustomField: partial(customers.record_custom_field, workspace=WORKSPACE),
}
CUSTOMER_EVENTS: list[type[CustomerEvent]] = list(get_args(CustomerEvent))
any_customer_event: SearchStrategy[CustomerEvent] = st.one_of([examples_of(event) for event in CUSTOMER_EVENTS])
any_customer_command = st.one_of([examples_of(command) for command in RULES])


def fold(events: Iterable[CustomerEvent], customer: Customer | None = None) -> Customer:
    """The customer after these events."""
    for event in events:
        customer = evolve(customer, event)
    return customer or Customer()


def given(*events: CustomerEvent) -> Customer:
    return fold((REGISTERED, *events))


def decide(customer: Customer, command: Command) -> tuple[CustomerEvent, ...]:
    """What the command's rule says, or its refusal."""
    decided = RULES[type(command)](customer, command)
    return decided if isinstance(decided, tuple) else (decided,)


def refused(refusal: type[Refusal], customer: Customer, command: Command) -> str:
    with pytest.raises(refusal) as raised:
        decide(customer, command)
    sentence = str(raised.value)
    assert "None" not in sentence
    return sentence
