"""What must hold of every history of a customer: it evolves, survives forgetting, and the rules have an answer."""

import inspect
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import customer as customers
from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerPurchaseRecorded,
    Purchase,
    evolve,
)
from domain.event import FORGOTTEN, Command, Refusal, personal_fields
from domain.money import sums
from tests.domain.customers import (
    CUSTOMER_EVENTS,
    FORGOTTEN_CUSTOMER,
    MERGED,
    RULES,
    any_customer_command,
    any_customer_event,
    decide,
    eur,
    fold,
)
from tests.domain.customers import given as customer_given
from tests.domain.histories import IDS, examples_of, forgotten, patient

PERSONAL = {name for event in CUSTOMER_EVENTS for name in personal_fields(event)} | {"written"}
TEXTS = PERSONAL - {"external_ids"}
STATUSES = {"prospect", "active", "at_risk", "churned"}
recorded_histories = st.lists(any_customer_event, max_size=8)


def refusal_of(customer: Customer, command: Command) -> str | None:
    """The sentence with which the rule refuses, if it does; it may also find that there is nothing to record."""
    try:
        decide(customer, command)
    except Refusal as refusal:
        return str(refusal)
    return None


def apart_from_words(customer: Customer) -> Customer:
    """What is left of a customer when all that is personal is forgotten."""
    points = {key: replace(point, value=FORGOTTEN) for key, point in customer.contact_points.items()}
    return replace(customer, contact_points=points, custom_fields=dict.fromkeys(customer.custom_fields, FORGOTTEN))


def accepted(commands: list[Command]) -> list[CustomerEvent]:
    """The history that these commands leave behind; what is refused leaves nothing."""
    customer, history = Customer(), list[CustomerEvent]()
    for command in commands:
        try:
            decided = decide(customer, command)
        except Refusal:
            continue
        customer = fold(decided, customer)
        history.extend(decided)
    return history


accepted_histories = st.lists(any_customer_command, max_size=20).map(accepted)


def test_every_command_of_a_customer_has_its_rule_here() -> None:
    commands = {
        thing
        for _, thing in inspect.getmembers(customers, inspect.isclass)
        if issubclass(thing, Command) and thing is not Command and not thing.__subclasses__()
    }
    assert commands == {*RULES}


@patient
@given(recorded_histories)
def test_any_recorded_history_evolves_also_forgotten(history: list[CustomerEvent]) -> None:
    assert fold(history).status in STATUSES
    assert apart_from_words(fold(map(forgotten, history))) == apart_from_words(fold(history))


@settings(patient, max_examples=150)
@given(recorded_histories, any_customer_command)
def test_the_rules_answer_whatever_was_recorded(history: list[CustomerEvent], command: Command) -> None:
    for known in (history, [forgotten(event) for event in history]):
        sentence = refusal_of(fold(known), command)
        assert sentence is None or (sentence.endswith(".") and "{" not in sentence and "None" not in sentence)


@settings(patient, max_examples=150)
@given(recorded_histories, any_customer_command)
def test_a_refusal_says_nothing_personal(history: list[CustomerEvent], command: Command) -> None:
    marked = command.model_copy(update=dict.fromkeys(TEXTS & set(type(command).model_fields), "PERSONAL"))
    assert "PERSONAL" not in (refusal_of(fold(history), marked) or "")


@patient
@given(accepted_histories)
def test_an_accepted_history_evolves_and_never_refunds_more_than_was_paid(history: list[CustomerEvent]) -> None:
    customer = fold(history)
    assert customer.status in STATUSES
    for purchase in customer.trade.purchases.values():
        assert purchase.total is not None
        assert set(sums(purchase.refunds)) <= {purchase.total.currency}
        assert all(refunded <= purchase.total.amount for refunded in sums(purchase.refunds).values())


BEGINNINGS = (
    customers.CustomerRenamed,
    customers.CustomerTagged,
    customers.CustomerContactPointAdded,
    customers.CustomerContactPersonAdded,
    customers.CustomerRelatedTo,
    customers.CustomerCampaignMessageSent,
    customers.CustomerConsentGranted,
    customers.CustomerPurchaseRecorded,
    customers.CustomerSubscriptionStarted,
    customers.CustomerChurned,
    customers.InteractionLogged,
    customers.FollowUpScheduled,
)
OF_WHAT_LIES_THERE = (
    customers.CorrectContactPoint,
    customers.RemoveContactPoint,
    customers.AssignContactPersonRole,
    customers.RemoveContactPerson,
    customers.CorrectInteraction,
    customers.RetractInteraction,
    customers.RescheduleFollowUp,
    customers.CompleteFollowUp,
    customers.CancelFollowUp,
    customers.RetractFollowUp,
    customers.WithdrawForgettingRequest,
    customers.ApproveForgetting,
    customers.DeliverCampaignMessage,
    customers.BounceCampaignMessage,
    customers.OpenCampaignMessage,
    customers.ClickCampaignMessage,
    customers.RefundPurchase,
    customers.RetractPurchase,
    customers.UpgradeSubscription,
    customers.DowngradeSubscription,
    customers.PauseSubscription,
    customers.ResumeSubscription,
    customers.RenewSubscription,
    customers.ScheduleCancellation,
    customers.CancelSubscription,
    customers.RetractSubscription,
    customers.EndRelation,
    customers.ReattributePart,
)


@patient
@given(accepted_histories)
def test_nothing_follows_the_end_of_a_customer(history: list[CustomerEvent]) -> None:
    customer = Customer()
    for event in history:
        assert not customer.is_forgotten
        assert not customer.merges.into or not isinstance(event, BEGINNINGS)
        customer = evolve(customer, event)


@pytest.mark.parametrize("wanted", RULES)
@settings(patient, max_examples=3)
@given(data=st.data())
def test_a_merged_customer_refuses_everything_but_the_revert_to_be_forgotten_and_what_lies_there(
    wanted: type[Command], data: st.DataObject
) -> None:
    command = data.draw(examples_of(wanted))
    free = (customers.RevertMerge, customers.ForgetCustomer, customers.ForgetPerson, *OF_WHAT_LIES_THERE)
    is_refused = "was merged into" in (refusal_of(customer_given(MERGED), command) or "")
    assert is_refused != isinstance(command, free)
    assert "was forgotten" in (refusal_of(customer_given(FORGOTTEN_CUSTOMER), command) or "")


def test_many_purchases_are_folded_in_no_time() -> None:
    customer = Customer()
    for number in range(20_000):
        customer = evolve(customer, CustomerPurchaseRecorded(purchase_id=UUID(int=number), total=eur(1)))
    assert len(customer.trade.purchases) == 20_000
    assert customer.trade.purchases[IDS[1]] == Purchase(total=eur(1))
