"""A row becomes what must be recorded for a purchase or a subscription to be what it says, and not twice."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.customer import (
    CustomerChurned,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerWonBack,
    MrrInOtherCurrency,
)
from domain.customer.imported_purchase import ImportedPurchase
from domain.customer.imported_purchase import reconcile as reconcile_purchase
from domain.customer.imported_subscription import ImportedSubscription, Row, StartIsAnother, reconcile
from domain.event import Event
from domain.imported import ImportedFact, Past
from domain.money import Money
from tests.domain.histories import EUR, HUNDRED, IDS
from tests.domain.imported import IMPORT_DAY, by_hand, day, taken

BOUGHT, PLAN = IDS[0], IDS[1]
TEN = EUR(amount=Decimal(10))
THIRTY = EUR(amount=Decimal(30))


def read_purchase(past: Sequence[Past], wanted: ImportedPurchase) -> list[ImportedFact]:
    return reconcile_purchase(past, BOUGHT, wanted, day(IMPORT_DAY))


def events(facts: Sequence[ImportedFact]) -> list[Event]:
    return [fact.event for fact in facts]


def flags(facts: Sequence[ImportedFact]) -> list[tuple[str, ...]]:
    return [fact.flags for fact in facts]


PURCHASE = ImportedPurchase(total=HUNDRED, purchased_at=day(1), external_id="A1")
RECORDED = CustomerPurchaseRecorded(purchase_id=BOUGHT, total=HUNDRED, external_id="A1")


def test_a_purchase_is_recorded_when_it_was_made() -> None:
    assert read_purchase([], PURCHASE) == [ImportedFact(RECORDED, day(1))]
    assert read_purchase(taken(PURCHASE, read=read_purchase), PURCHASE) == []
    undated = PURCHASE.model_copy(update={"purchased_at": None})
    assert read_purchase([], undated) == [ImportedFact(RECORDED, day(IMPORT_DAY), ("no_purchase_date",))]
    assert read_purchase(taken(undated, read=read_purchase), undated) == []


@pytest.mark.parametrize("said", [{"total": THIRTY}, {"purchased_at": day(2)}])
def test_what_the_file_says_otherwise_is_recorded_again(said: dict[str, object]) -> None:
    newer = PURCHASE.model_copy(update=said)
    (fact,) = read_purchase(taken(PURCHASE, read=read_purchase), newer)
    assert fact.event == CustomerPurchaseRecorded(purchase_id=BOUGHT, total=newer.total or TEN, external_id="A1")
    assert fact.occurred_at == newer.purchased_at


def test_a_refund_is_recorded_as_far_as_the_file_says_more_than_before() -> None:
    back = PURCHASE.model_copy(update={"refunded": TEN, "refunded_at": day(3)})
    refund = CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=TEN)
    assert read_purchase([], back) == [ImportedFact(RECORDED, day(1)), ImportedFact(refund, day(3))]
    history = taken(back, read=read_purchase)
    assert read_purchase(history, back) == []
    (more,) = read_purchase(history, back.model_copy(update={"refunded": THIRTY}))
    assert more.event == CustomerPurchaseRefunded(purchase_id=BOUGHT, amount=EUR(amount=Decimal(20)))
    later = PURCHASE.model_copy(update={"refunded": TEN})
    (undated,) = read_purchase(taken(PURCHASE, read=read_purchase), later)
    assert undated.occurred_at == day(IMPORT_DAY)


def test_what_our_rules_refuse_of_a_purchase_is_recorded_and_flagged() -> None:
    odd = PURCHASE.model_copy(update={"total": EUR(amount=Decimal("1.005")), "refunded": HUNDRED})
    assert flags(read_purchase([], odd)) == [("against_our_rules",), ("against_our_rules",)]
    alone = ImportedPurchase(refunded=TEN, refunded_at=day(2))
    assert flags(read_purchase([], alone)) == [("refund_without_purchase",)]


def test_a_purchase_that_was_retracted_stays_so() -> None:
    retracted = by_hand((CustomerPurchaseRetracted(purchase_id=BOUGHT), 60))
    newer = PURCHASE.model_copy(update={"total": TEN})
    assert read_purchase([*taken(PURCHASE, read=read_purchase), *retracted], newer) == []


# Subscriptions


def read(history: Sequence[Past], wanted: ImportedSubscription) -> list[ImportedFact]:
    return reconcile(history, Row(PLAN, wanted, ZoneInfo("UTC"), day(IMPORT_DAY)))


RUNNING = ImportedSubscription(plan="basic", mrr=TEN, started_at=day(1))
ENDED = RUNNING.model_copy(update={"is_cancelled": True, "ended_at": day(9)})


def test_a_subscription_is_started_and_ended_when_the_row_says() -> None:
    (started,) = read([], RUNNING)
    assert started.event == CustomerSubscriptionStarted(
        subscription_id=PLAN, plan="basic", mrr=TEN, effective_on=day(1).date()
    )
    facts = read([], ENDED)
    assert [type(fact.event) for fact in facts] == [
        CustomerSubscriptionStarted,
        CustomerSubscriptionCancelled,
        CustomerChurned,
    ]
    assert [fact.occurred_at for fact in facts] == [day(1), day(9), day(9)]
    for row in (RUNNING, ENDED):
        assert read(taken(row, read=read), row) == []


def test_an_end_that_comes_with_a_later_file_is_recorded_then() -> None:
    facts = read(taken(RUNNING, read=read), ENDED)
    assert [type(fact.event) for fact in facts] == [CustomerSubscriptionCancelled, CustomerChurned]
    undated = RUNNING.model_copy(update={"is_cancelled": True})
    facts = read(taken(RUNNING, read=read), undated)
    assert facts[0].occurred_at == day(IMPORT_DAY)
    assert flags(facts) == [("no_end_date",), ()]
    assert read(taken(ENDED, read=read), RUNNING) == []


def test_an_end_to_come_is_scheduled_and_who_renewed_is_not_overruled() -> None:
    ending = RUNNING.model_copy(update={"is_cancelled": True, "ended_at": day(90)})
    facts = read([], ending)
    assert isinstance(facts[1].event, CustomerSubscriptionCancellationScheduled)
    assert facts[1].occurred_at == day(IMPORT_DAY)
    renewed = by_hand((CustomerSubscriptionRenewed(subscription_id=PLAN, effective_on=day(60).date()), 60))
    history = [*taken(ending, read=read), *renewed]
    assert read(history, ending) == []
    assert read(history, ending.model_copy(update={"ended_at": None})) == []


@pytest.mark.parametrize(("mrr", "record"), [(THIRTY, CustomerSubscriptionUpgraded), (EUR(amount=Decimal(5)), CustomerSubscriptionDowngraded)])  # fmt: skip  # noqa: E501
def test_another_price_holds_from_the_import_on(mrr: Money, record: type[Event]) -> None:
    newer = RUNNING.model_copy(update={"mrr": mrr})
    (fact,) = read(taken(RUNNING, read=read), newer)
    assert isinstance(fact.event, record)
    assert fact.occurred_at == day(IMPORT_DAY)
    assert read(taken(RUNNING, newer, read=read), newer) == []


def test_a_price_that_people_agreed_since_stays_and_another_currency_is_refused() -> None:
    agreed = CustomerSubscriptionUpgraded(subscription_id=PLAN, mrr=THIRTY, effective_on=day(20).date())
    assert read([*taken(RUNNING, read=read), *by_hand((agreed, 20))], RUNNING) == []
    dollars = RUNNING.model_copy(update={"mrr": Money(amount=Decimal(10), currency="USD")})
    with pytest.raises(MrrInOtherCurrency):
        read(taken(RUNNING, read=read), dollars)


def test_a_price_of_a_subscription_whose_start_nobody_recorded_is_the_first() -> None:
    renewed = by_hand((CustomerSubscriptionRenewed(subscription_id=PLAN, effective_on=day(2).date()), 2))
    (fact,) = read(renewed, RUNNING)
    assert isinstance(fact.event, CustomerSubscriptionUpgraded)


def test_an_import_moves_no_start() -> None:
    with pytest.raises(StartIsAnother):
        read(taken(RUNNING, read=read), RUNNING.model_copy(update={"started_at": day(2)}))


def test_a_subscription_that_was_retracted_stays_so() -> None:
    retracted = by_hand((CustomerSubscriptionRetracted(subscription_id=PLAN), 20))
    assert read([*taken(RUNNING, read=read), *retracted], ENDED) == []


def test_what_our_rules_refuse_of_a_subscription_is_recorded_and_flagged() -> None:
    less = RUNNING.model_copy(update={"mrr": EUR(amount=Decimal(-1)), "started_at": None})
    assert flags(read([], less)) == [("no_start_date", "against_our_rules")]
    backwards = ENDED.model_copy(update={"ended_at": day(0)})
    assert flags(read([], backwards)) == [(), ("against_our_rules",)]
    due = RUNNING.model_copy(update={"is_cancelled": True, "ended_at": day(90), "started_at": day(100)})
    assert flags(read([], due)) == [(), ("against_our_rules",)]


def test_who_subscribes_again_is_won_back_but_not_by_what_had_ended_before() -> None:
    left = by_hand((CustomerChurned(kind="said", effective_on=day(20).date()), 20))
    back = read(left, RUNNING.model_copy(update={"started_at": day(30)}))
    assert [type(fact.event) for fact in back] == [CustomerSubscriptionStarted, CustomerWonBack]
    over = read(left, ENDED)
    assert CustomerWonBack not in [type(fact.event) for fact in over]
    ran_on = read(left, ENDED.model_copy(update={"ended_at": day(30)}))
    assert ran_on[1] == ImportedFact(CustomerWonBack(cause="subscription_started"), day(20))
    assert ran_on[1].occurred_at - ran_on[0].occurred_at == timedelta(days=19)
