"""Purchases and refunds, subscriptions and what they bring a month."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.customer import (
    CancellationAlreadyScheduled,
    CancelSubscription,
    CustomerAbsorbed,
    CustomerChurned,
    CustomerEvent,
    CustomerMarkedAtRisk,
    CustomerMerged,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerWonBack,
    DowngradeSubscription,
    MrrInOtherCurrency,
    MrrNegative,
    MrrNotHigher,
    MrrNotLower,
    PauseSubscription,
    PeriodBackwards,
    PurchaseAlreadyRecorded,
    PurchaseLine,
    PurchaseTotalNegative,
    RecordPurchase,
    RefundExceedsPurchase,
    RefundInOtherCurrency,
    RefundNotPositive,
    RefundPurchase,
    RenewSubscription,
    ResumeSubscription,
    RetractPurchase,
    ScheduleCancellation,
    StartSubscription,
    SubscriptionAlreadyCancelled,
    SubscriptionAlreadyStarted,
    SubscriptionChangedSince,
    SubscriptionEndsBefore,
    SubscriptionIsPaused,
    SubscriptionNotEndedYet,
    SubscriptionNotPaused,
    UnknownPurchase,
    UnknownSubscription,
    UpgradeSubscription,
    mrr,
)
from domain.event import Command, Refusal
from domain.growing_map import GrowingMap
from domain.money import AmountNegative, AmountNotPayable, Money, UnknownCurrency
from tests.domain.customers import FIRST, MERGE, MERGED, NEW, OTHER, SECOND, decide, eur, given, refused
from tests.domain.histories import IDS

BOUGHT, ONE, TWO = IDS[0], IDS[0], IDS[1]
USD = Money(amount=Decimal(1), currency="USD")
XXQ = Money(amount=Decimal(1), currency="XXQ")
RECORDED = CustomerPurchaseRecorded(purchase_id=BOUGHT, total=eur(100))
ON_FIRST: dict[str, Any] = {"subscription_id": ONE, "effective_on": FIRST}  # Any: fields of several types
ON_SECOND: dict[str, Any] = {"subscription_id": ONE, "effective_on": SECOND}  # Any: as above
STARTED = CustomerSubscriptionStarted(plan="basic", mrr=eur(10), **ON_FIRST)
OTHER_STARTED = CustomerSubscriptionStarted(subscription_id=TWO, plan="extra", mrr=USD, effective_on=SECOND)
PAUSED, CANCELLED = CustomerSubscriptionPaused(**ON_FIRST), CustomerSubscriptionCancelled(**ON_FIRST)


def test_a_purchase_is_recorded_with_its_lines_and_makes_a_customer_active() -> None:
    lines = (PurchaseLine(product_id="nut", quantity=Decimal(2), unit_price=eur(50)), PurchaseLine(product_id="bolt"))
    command = RecordPurchase(lines=lines, total=eur(100), external_id="A-1")
    event = CustomerPurchaseRecorded(purchase_id=NEW, lines=lines, total=eur(100), external_id="A-1")
    assert decide(given(), command) == (event,)
    assert given(event).status == "active"


def test_a_purchase_does_not_say_that_a_customer_at_risk_is_not() -> None:
    assert given(RECORDED, CustomerMarkedAtRisk(), RECORDED).status == "at_risk"


def test_a_purchase_is_recorded_once() -> None:
    refused(PurchaseAlreadyRecorded, given(RECORDED), RecordPurchase(purchase_id=BOUGHT, total=eur(1)))


def test_a_purchase_has_a_total_that_can_be_paid() -> None:
    assert decide(given(), RecordPurchase(total=eur(0)))
    refused(PurchaseTotalNegative, given(), RecordPurchase(total=eur("-0.01")))
    refused(UnknownCurrency, given(), RecordPurchase(total=XXQ))
    line = PurchaseLine(product_id="nut", unit_price=XXQ)
    refused(UnknownCurrency, given(), RecordPurchase(total=eur(1), lines=(line,)))


def test_a_purchase_is_refunded_in_parts_up_to_its_total() -> None:
    part = CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=eur(60))
    assert decide(given(RECORDED), RefundPurchase(purchase_id=BOUGHT, amount=eur(60))) == (part,)
    rest = RefundPurchase(purchase_id=BOUGHT, amount=eur(40), reason="Broken")
    rest_refunded = CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=eur(40), reason="Broken")
    assert decide(given(RECORDED, part), rest) == (rest_refunded,)
    too_much = RefundPurchase(purchase_id=BOUGHT, amount=eur("40.01"))
    assert "100.00 EUR" in refused(RefundExceedsPurchase, given(RECORDED, part), too_much)


def test_what_an_import_refunded_in_another_currency_does_not_count() -> None:
    strange = CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=USD)
    assert decide(given(RECORDED, strange), RefundPurchase(purchase_id=BOUGHT, amount=eur(100)))


@pytest.mark.parametrize(
    ("refusal", "amount"),
    [(RefundNotPositive, eur(0)), (RefundNotPositive, eur(-1)), (RefundInOtherCurrency, USD)],
)
def test_a_refund_is_money_of_the_purchase(refusal: type[Refusal], amount: Money) -> None:
    refused(refusal, given(RECORDED), RefundPurchase(purchase_id=BOUGHT, amount=amount))


def test_only_a_known_purchase_is_refunded() -> None:
    refund = RefundPurchase(purchase_id=BOUGHT, amount=eur(1))
    refused(UnknownPurchase, given(), refund)
    # an import may know of the refund alone
    alone = given(CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=eur(1)))
    refused(UnknownPurchase, alone, refund)
    assert alone.status == "prospect"


def test_a_subscription_is_started_and_makes_a_customer_active() -> None:
    command = StartSubscription(plan="basic", mrr=eur(10), term_months=12, effective_on=FIRST)
    event = CustomerSubscriptionStarted(
        subscription_id=NEW, plan="basic", mrr=eur(10), term_months=12, effective_on=FIRST
    )
    assert decide(given(), command) == (event,)
    assert given(event).status == "active"
    assert decide(given(), StartSubscription(plan="free", mrr=eur(0), effective_on=FIRST))


def test_who_subscribes_again_is_won_back() -> None:
    gone = given(STARTED, CANCELLED, CustomerChurned(kind="contractual", effective_on=FIRST))
    decided = decide(gone, StartSubscription(subscription_id=TWO, plan="extra", mrr=USD, effective_on=SECOND))
    assert decided == (OTHER_STARTED, CustomerWonBack(cause="subscription_started"))


@pytest.mark.parametrize(
    ("refusal", "fields"),
    [
        (SubscriptionAlreadyStarted, {"subscription_id": ONE}),
        (MrrNegative, {"mrr": eur(-1)}),
        (UnknownCurrency, {"mrr": XXQ}),
    ],
)
def test_a_subscription_that_cannot_start(refusal: type[Refusal], fields: dict[str, object]) -> None:
    command = StartSubscription(plan="basic", mrr=eur(10), effective_on=FIRST).model_copy(update=fields)
    refused(refusal, given(STARTED), command)


@pytest.mark.parametrize(
    ("before", "command", "event"),
    [
        (
            (),
            UpgradeSubscription(plan="pro", mrr=eur(20), **ON_SECOND),
            CustomerSubscriptionUpgraded(plan="pro", mrr=eur(20), from_mrr=eur(10), **ON_SECOND),
        ),
        (
            (),
            DowngradeSubscription(plan="free", mrr=eur(0), **ON_SECOND),
            CustomerSubscriptionDowngraded(plan="free", mrr=eur(0), from_mrr=eur(10), **ON_SECOND),
        ),
        (
            (),
            PauseSubscription(until=SECOND, reason="Holiday", **ON_FIRST),
            CustomerSubscriptionPaused(until=SECOND, reason="Holiday", **ON_FIRST),
        ),
        ((PAUSED,), ResumeSubscription(**ON_SECOND), CustomerSubscriptionResumed(**ON_SECOND)),
        (
            (CustomerSubscriptionCancellationScheduled(**ON_SECOND),),
            RenewSubscription(term_months=6, **ON_SECOND),
            CustomerSubscriptionRenewed(term_months=6, **ON_SECOND),
        ),
        (
            (PAUSED,),
            ScheduleCancellation(voluntary=False, reason="Unpaid", **ON_SECOND),
            CustomerSubscriptionCancellationScheduled(voluntary=False, reason="Unpaid", **ON_SECOND),
        ),
        (
            (OTHER_STARTED,),
            CancelSubscription(voluntary=False, reason="Unpaid", **ON_SECOND),
            CustomerSubscriptionCancelled(voluntary=False, reason="Unpaid", **ON_SECOND),
        ),
    ],
)
def test_what_becomes_of_a_subscription(
    before: tuple[CustomerEvent, ...], command: Command, event: CustomerEvent
) -> None:
    assert decide(given(STARTED, *before), command) == (event,)


@pytest.mark.parametrize("tie", [MERGED, CustomerAbsorbed(merged_id=OTHER, merge_id=MERGE)])
def test_a_subscription_of_merged_records_is_ended_and_nobody_has_churned_by_that(tie: CustomerEvent) -> None:
    ended = CustomerSubscriptionCancelled(**ON_SECOND)
    assert decide(given(STARTED, tie), CancelSubscription(**ON_SECOND)) == (ended,)


def test_what_was_bought_on_a_record_that_was_merged_is_refunded_and_retracted_there() -> None:
    merged = given(RECORDED, MERGED)
    assert decide(merged, RefundPurchase(purchase_id=BOUGHT, amount=eur(10)))
    assert decide(merged, RetractPurchase(purchase_id=BOUGHT))
    refused(CustomerMerged, merged, RecordPurchase(total=eur(1)))


def test_what_is_paid_has_the_digits_of_its_currency_and_prices_are_not_negative() -> None:
    refused(AmountNotPayable, given(), RecordPurchase(total=eur("1.234567")))
    refused(AmountNotPayable, given(RECORDED), RefundPurchase(purchase_id=BOUGHT, amount=eur("0.001")))
    line = PurchaseLine(product_id="nut", unit_price=eur("0.0035"))
    assert decide(given(), RecordPurchase(lines=(line,), total=eur(1)))
    debt = PurchaseLine(product_id="nut", unit_price=eur(-1))
    refused(AmountNegative, given(), RecordPurchase(lines=(debt,), total=eur(1)))


def test_a_subscription_that_ends_on_a_day_to_come_has_not_ended() -> None:
    later = SECOND + timedelta(days=1)
    sentence = refused(
        SubscriptionNotEndedYet, given(STARTED), CancelSubscription(subscription_id=ONE, effective_on=later)
    )
    assert str(later) in sentence


def test_a_pause_does_not_end_before_it_begins() -> None:
    refused(PeriodBackwards, given(STARTED), PauseSubscription(until=FIRST, **ON_SECOND))


def test_nothing_changes_from_the_day_on_which_a_subscription_is_to_end() -> None:
    ending = (STARTED, CustomerSubscriptionCancellationScheduled(**{**ON_FIRST, "effective_on": SECOND}))
    for command in (
        UpgradeSubscription(mrr=eur(20), **ON_SECOND),
        DowngradeSubscription(mrr=eur(5), **ON_SECOND),
        PauseSubscription(**ON_SECOND),
    ):
        assert str(SECOND) in refused(SubscriptionEndsBefore, given(*ending), command)
    assert decide(given(*ending), RenewSubscription(**ON_SECOND))
    paused = (STARTED, CustomerSubscriptionPaused(**ON_FIRST), ending[1])
    refused(SubscriptionEndsBefore, given(*paused), ResumeSubscription(**ON_SECOND))


def test_with_the_last_subscription_the_customer_has_churned() -> None:
    churned = CustomerChurned(kind="contractual", effective_on=SECOND, reason="Price")
    cancelled = CustomerSubscriptionCancelled(reason="Price", **ON_SECOND)
    cancel = CancelSubscription(reason="Price", **ON_SECOND)
    assert decide(given(STARTED), cancel) == (cancelled, churned)
    other_cancelled = CustomerSubscriptionCancelled(subscription_id=TWO, effective_on=SECOND)
    assert decide(given(STARTED, OTHER_STARTED, other_cancelled), cancel) == (cancelled, churned)
    rests = CustomerSubscriptionPaused(subscription_id=TWO, effective_on=SECOND)
    assert decide(given(STARTED, OTHER_STARTED, rests), cancel) == (cancelled,)
    gone = given(STARTED, CustomerChurned(kind="said", effective_on=FIRST))
    assert decide(gone, cancel) == (cancelled,)


EVERY_CHANGE: list[Command] = [
    UpgradeSubscription(mrr=eur(20), **ON_FIRST),
    DowngradeSubscription(mrr=eur(5), **ON_FIRST),
    PauseSubscription(**ON_FIRST),
    ResumeSubscription(**ON_FIRST),
    RenewSubscription(**ON_FIRST),
    ScheduleCancellation(**ON_FIRST),
    CancelSubscription(**ON_FIRST),
]


@pytest.mark.parametrize("command", EVERY_CHANGE)
def test_only_a_live_subscription_changes_and_never_into_its_past(command: Command) -> None:
    refused(UnknownSubscription, given(), command)
    refused(SubscriptionAlreadyCancelled, given(STARTED, CANCELLED), command)
    since = given(STARTED, CustomerSubscriptionRenewed(**ON_SECOND))
    assert "2026-04-01" in refused(SubscriptionChangedSince, since, command)


@pytest.mark.parametrize("command", [*EVERY_CHANGE[:3], RenewSubscription(**ON_FIRST)])
def test_a_paused_subscription_is_resumed_before_anything_else(command: Command) -> None:
    refused(SubscriptionIsPaused, given(STARTED, PAUSED), command)


def test_only_a_paused_subscription_is_resumed() -> None:
    refused(SubscriptionNotPaused, given(STARTED), ResumeSubscription(**ON_FIRST))


def test_a_cancellation_is_scheduled_once_for_a_day() -> None:
    scheduled = given(STARTED, CustomerSubscriptionCancellationScheduled(**ON_SECOND))
    refused(CancellationAlreadyScheduled, scheduled, ScheduleCancellation(**ON_SECOND))
    another_day = ScheduleCancellation(subscription_id=ONE, effective_on=date(2026, 5, 1))
    assert decide(scheduled, another_day)
    renewed = given(
        STARTED, CustomerSubscriptionCancellationScheduled(**ON_SECOND), CustomerSubscriptionRenewed(**ON_FIRST)
    )
    assert decide(renewed, ScheduleCancellation(**ON_SECOND))


@pytest.mark.parametrize(
    ("refusal", "command"),
    [
        (MrrNotHigher, UpgradeSubscription(mrr=eur(10), **ON_FIRST)),
        (MrrNotLower, DowngradeSubscription(mrr=eur(10), **ON_FIRST)),
        (MrrNegative, DowngradeSubscription(mrr=eur(-1), **ON_FIRST)),
        (MrrInOtherCurrency, UpgradeSubscription(mrr=USD, **ON_FIRST)),
        (MrrInOtherCurrency, DowngradeSubscription(mrr=USD, **ON_FIRST)),
    ],
)
def test_an_upgrade_brings_more_and_a_downgrade_less_in_the_same_currency(
    refusal: type[Refusal], command: Command
) -> None:
    refused(refusal, given(STARTED), command)


def test_where_nobody_knows_what_a_subscription_brought_any_amount_will_do() -> None:
    unknown = given(CustomerSubscriptionRenewed(**ON_FIRST))
    assert decide(unknown, UpgradeSubscription(mrr=eur(1), **ON_FIRST))
    assert decide(unknown, DowngradeSubscription(mrr=eur(1), **ON_FIRST))
    refused(UnknownCurrency, unknown, UpgradeSubscription(mrr=XXQ, **ON_FIRST))


def test_mrr_is_what_all_subscriptions_bring_on_a_day() -> None:
    upgraded = CustomerSubscriptionUpgraded(mrr=eur(20), **ON_SECOND)
    trade = given(STARTED, upgraded, OTHER_STARTED).trade
    assert mrr(trade, date(2026, 2, 28)) == {}
    assert mrr(trade, FIRST) == mrr(trade, date(2026, 3, 31)) == {"EUR": 10}
    assert mrr(trade, SECOND) == {"EUR": 20, "USD": 1}


def test_a_subscription_that_rests_or_has_ended_brings_nothing() -> None:
    paused = given(STARTED, CustomerSubscriptionPaused(**ON_SECOND)).trade
    assert mrr(paused, FIRST) == {"EUR": 10}
    assert mrr(paused, SECOND) == {"EUR": 0}
    resumed = given(STARTED, PAUSED, CustomerSubscriptionResumed(**ON_SECOND)).trade
    assert mrr(resumed, FIRST) == {"EUR": 0}
    assert mrr(resumed, SECOND) == {"EUR": 10}
    assert mrr(given(STARTED, CustomerSubscriptionCancelled(**ON_SECOND)).trade, SECOND) == {"EUR": 0}
    assert mrr(given(STARTED, CustomerSubscriptionCancellationScheduled(**ON_FIRST)).trade, SECOND) == {"EUR": 10}
    repriced_at_rest = given(STARTED, PAUSED, CustomerSubscriptionUpgraded(mrr=eur(20), **ON_FIRST))
    assert mrr(repriced_at_rest.trade, SECOND) == {"EUR": 0}


def test_of_a_subscription_without_a_beginning_nothing_is_known() -> None:
    assert mrr(given(PAUSED, CustomerSubscriptionResumed(**ON_SECOND)).trade, SECOND) == {}


@pytest.mark.parametrize(
    "last", [STARTED, PAUSED, CustomerSubscriptionResumed(**ON_FIRST), CustomerSubscriptionRenewed(**ON_FIRST)]
)
def test_nothing_is_said_of_a_day_before_the_last_change(last: CustomerEvent) -> None:
    before = given(STARTED.model_copy(update={"effective_on": FIRST - timedelta(days=9)}), last)
    earlier = FIRST - timedelta(days=1)
    cancel = CancelSubscription(subscription_id=ONE, effective_on=earlier)
    assert str(FIRST) in refused(SubscriptionChangedSince, before, cancel)


@pytest.mark.parametrize("ending", [CANCELLED, CustomerSubscriptionStarted(plan="basic", mrr=eur(10), **ON_SECOND)])
def test_what_has_ended_or_begins_anew_is_not_to_end_any_more(ending: CustomerEvent) -> None:
    subscription = given(STARTED, CustomerSubscriptionCancellationScheduled(**ON_SECOND), ending).trade.subscriptions[
        ONE
    ]
    assert subscription.ends_on is None


def test_what_begins_anew_after_its_end_runs() -> None:
    trade = given(STARTED, CANCELLED, CustomerSubscriptionStarted(plan="basic", mrr=eur(10), **ON_SECOND)).trade
    assert trade.subscriptions[ONE].status == "active"
    assert mrr(trade, SECOND) == {"EUR": 10}


def test_of_one_day_only_what_was_said_last_is_kept() -> None:
    upgraded = CustomerSubscriptionUpgraded(mrr=eur(20), **ON_FIRST)
    assert given(STARTED, upgraded).trade.subscriptions[ONE].paid == ((FIRST, eur(20)),)


def test_what_was_said_last_holds_from_its_day_on() -> None:
    upgraded = CustomerSubscriptionUpgraded(mrr=eur(20), **ON_SECOND)
    trade = given(STARTED, upgraded, CustomerSubscriptionDowngraded(mrr=eur(5), **ON_FIRST)).trade
    assert mrr(trade, SECOND) == {"EUR": 5}


def test_a_growing_map_holds_what_a_dict_would_and_never_changes() -> None:
    entries = [(number * 7 % 50, number) for number in range(200)]
    grown: GrowingMap[int, int] = GrowingMap()
    for key, value in entries:
        before = dict(grown)
        larger = grown.with_entry(key, value)
        assert dict(grown) == before
        grown = larger
    assert grown == dict(entries)
    assert (len(grown), grown[7], 50 in grown) == (50, dict(entries)[7], False)
    assert len(grown.layers) < 8
    with pytest.raises(KeyError, match="^50$"):
        grown[50]
