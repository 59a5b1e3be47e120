"""What customers pay a month, day by day: opening + movements = closing, to the cent, and MRR is as the rules say."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    evolve,
)
from domain.customer.trade_state import mrr
from domain.money import Money
from eventstore.database import Connection
from projections.reading import Row
from tests.projections.customer_facts import merge, revert
from tests.projections.records import all_rows, tell, values

ONE, TWO = UUID(int=1), UUID(int=2)
COLUMNS = ("effective_on", "kind", "amount", "opening", "closing")


def day(number: int) -> date:
    return date(2026, 3, 1) + timedelta(days=number)


def money(amount: int | str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def started(on: int, amount: int | str, which: UUID = ONE, currency: str = "EUR") -> CustomerSubscriptionStarted:
    mrr = money(amount, currency)
    return CustomerSubscriptionStarted(subscription_id=which, plan="team", mrr=mrr, effective_on=day(on))


def upgraded(on: int, amount: int | str, which: UUID = ONE) -> CustomerSubscriptionUpgraded:
    return CustomerSubscriptionUpgraded(subscription_id=which, mrr=money(amount), effective_on=day(on))


def downgraded(on: int, amount: int | str, which: UUID = ONE) -> CustomerSubscriptionDowngraded:
    return CustomerSubscriptionDowngraded(subscription_id=which, mrr=money(amount), effective_on=day(on))


def paused(on: int, which: UUID = ONE) -> CustomerSubscriptionPaused:
    return CustomerSubscriptionPaused(subscription_id=which, effective_on=day(on))


def resumed(on: int, which: UUID = ONE) -> CustomerSubscriptionResumed:
    return CustomerSubscriptionResumed(subscription_id=which, effective_on=day(on))


def cancelled(on: int, which: UUID = ONE) -> CustomerSubscriptionCancelled:
    return CustomerSubscriptionCancelled(subscription_id=which, effective_on=day(on))


def movements(connection: Connection, *events: CustomerEvent) -> list[tuple[object, ...]]:
    tell(connection, uuid4(), *events)
    return values(connection, "subscription_movement", *COLUMNS, order="currency, effective_on")


def test_a_subscription_from_its_start_to_its_end_and_back(connection: Connection) -> None:
    assert movements(
        connection,
        started(1, "100"),
        upgraded(2, "150.50"),
        downgraded(3, "120"),
        cancelled(4),
        started(6, "80", TWO),
    ) == [
        (day(1), "new", 100, 0, 100),
        (day(2), "expansion", Decimal("50.50"), 100, Decimal("150.50")),
        (day(3), "contraction", Decimal("-30.50"), Decimal("150.50"), 120),
        (day(4), "churn", -120, 120, 0),
        (day(6), "reactivation", 80, 0, 80),
    ]


def test_one_of_several_subscriptions_that_ends_is_a_contraction(connection: Connection) -> None:
    found = movements(connection, started(1, 100), started(2, 50, TWO), cancelled(3), cancelled(4, TWO))
    assert [row[1:3] for row in found] == [("new", 100), ("expansion", 50), ("contraction", -100), ("churn", -50)]


def test_a_plan_exchanged_for_another_on_one_day_is_the_difference(connection: Connection) -> None:
    found = movements(connection, started(1, 100), cancelled(5), started(5, 130, TWO))
    assert [row[:3] for row in found] == [(day(1), "new", 100), (day(5), "expansion", 30)]


def test_a_pause_brings_nothing_and_what_is_agreed_meanwhile_counts_from_its_end(connection: Connection) -> None:
    found = movements(connection, started(1, 100), paused(2), upgraded(3, 130), resumed(5))
    assert [row[:3] for row in found] == [(day(1), "new", 100), (day(2), "churn", -100), (day(5), "reactivation", 130)]


def test_what_is_agreed_while_it_rests_does_not_shorten_what_was_paid_before(connection: Connection) -> None:
    found = movements(connection, started(1, 100), paused(5), upgraded(3, 130), resumed(6))
    assert [row[:3] for row in found] == [(day(1), "new", 100), (day(5), "churn", -100), (day(6), "reactivation", 130)]


def test_a_change_that_is_overruled_before_its_day_never_happened(connection: Connection) -> None:
    found = movements(connection, started(1, 100), upgraded(9, 300), cancelled(4))
    assert [row[:3] for row in found] == [(day(1), "new", 100), (day(4), "churn", -100)]


def test_currencies_are_kept_apart(connection: Connection) -> None:
    found = movements(connection, started(1, 100), started(2, 10, TWO, "USD"), cancelled(3))
    assert [row[:3] for row in found] == [(day(1), "new", 100), (day(3), "churn", -100), (day(2), "new", 10)]


def test_what_brings_nothing_moves_nothing_until_it_does(connection: Connection) -> None:
    found = movements(connection, started(1, 0), started(2, 10, TWO), cancelled(3))
    assert [row[:3] for row in found] == [(day(2), "new", 10)]


def test_of_a_retracted_subscription_no_day_counts(connection: Connection) -> None:
    retracted = CustomerSubscriptionRetracted(subscription_id=ONE)
    assert movements(connection, started(1, 100), upgraded(3, 130), retracted, started(4, 1)) == []


def test_a_merged_customer_and_the_survivor_are_one_until_the_merge_is_reverted(connection: Connection) -> None:
    ann, bob = uuid4(), uuid4()
    tell(connection, ann, started(1, 100), cancelled(4))
    tell(connection, bob, started(2, 50))
    columns = ("customer_id", "effective_on", "kind", "amount")
    before = values(connection, "subscription_movement", *columns, order="effective_on")
    assert [row[1:] for row in before] == [(day(1), "new", 100), (day(2), "new", 50), (day(4), "churn", -100)]
    merge_id = merge(connection, ann, bob)
    assert values(connection, "subscription_movement", *columns, order="effective_on") == [
        (bob, day(1), "new", 100),
        (bob, day(2), "expansion", 50),
        (bob, day(4), "contraction", -100),
    ]
    revert(connection, merge_id, ann, bob)
    assert values(connection, "subscription_movement", *columns, order="effective_on") == before


def test_a_movement_names_the_events_that_made_it(connection: Connection) -> None:
    first, *others = tell(connection, uuid4(), started(1, 100), cancelled(5), started(5, 130, TWO))
    found = values(connection, "subscription_movement", "positions", order="effective_on")
    assert found == [([first],), (others,)]


def test_an_event_that_is_overruled_on_its_day_made_no_movement(connection: Connection) -> None:
    _, second = tell(connection, uuid4(), started(1, 100), upgraded(1, 130))
    assert values(connection, "subscription_movement", "amount", "positions") == [(130, [second])]


whiches = st.sampled_from([ONE, TWO])
on_days = st.integers(0, 6)
sums_paid = st.sampled_from(["0", "10", "10.01", "25"])
EVENTS: SearchStrategy[CustomerEvent] = st.one_of(
    st.builds(started, on_days, sums_paid, whiches, st.sampled_from(["EUR", "EUR", "USD"])),
    st.builds(upgraded, on_days, sums_paid, whiches),
    st.builds(downgraded, on_days, sums_paid, whiches),
    st.builds(paused, on_days, whiches),
    st.builds(resumed, on_days, whiches),
    st.builds(cancelled, on_days, whiches),
    st.builds(
        lambda on, which: CustomerSubscriptionRenewed(subscription_id=which, effective_on=day(on)), on_days, whiches
    ),
    st.builds(lambda which: CustomerSubscriptionRetracted(subscription_id=which), whiches),
)


def mrr_by_the_rules(histories: Sequence[Sequence[CustomerEvent]], on: date) -> dict[str, Decimal]:
    """What all these customers' subscriptions bring on a day, by currency, as far as it is anything."""
    total: dict[str, Decimal] = {}
    for history in histories:
        customer = Customer()
        for event in history:
            customer = evolve(customer, event)
        for currency, amount in mrr(customer.trade, on).items():
            total[currency] = total.get(currency, Decimal()) + amount
    return {currency: amount for currency, amount in total.items() if amount}


def kind(before: Sequence[Decimal], opening: Decimal, closing: Decimal) -> str:
    """The kind of a movement, as KPIs know it: `before` is what was paid at any time before."""
    if not opening:
        return "reactivation" if any(before) else "new"
    if not closing:
        return "churn"
    return "expansion" if closing > opening else "contraction"


@for_all(one=st.lists(EVENTS, max_size=8), other=st.lists(EVENTS, max_size=4), are_merged=st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_sum_of_all_movements_is_mrr_on_every_day_and_each_is_of_its_kind(
    connection: Connection, one: list[CustomerEvent], other: list[CustomerEvent], are_merged: bool
) -> None:
    ann, bob = uuid4(), uuid4()
    tell(connection, ann, *one[:4])
    tell(connection, bob, *other)
    tell(connection, ann, *one[4:])
    if are_merged:
        merge(connection, ann, bob)
    everything = all_rows(connection, "subscription_movement", "effective_on, currency")
    groups = {bob: [one, other]} if are_merged else {ann: [one], bob: [other]}
    for customer_id, histories in groups.items():
        found = [row for row in everything if row["customer_id"] == customer_id]
        assert found == expected_movements(found, histories)


def expected_movements(found: list[Row], histories: list[list[CustomerEvent]]) -> list[Row]:
    """What the rules' MRR of each day makes of it; the positions are taken as they are."""
    days = [day(number) for number in range(-1, 8)]
    paid = [mrr_by_the_rules(histories, on) for on in days]
    positions = {(row["currency"], row["effective_on"]): row["positions"] for row in found}
    expected: list[Row] = []
    for currency in sorted({currency for known in paid for currency in known}):
        amounts = [known.get(currency, Decimal()) for known in paid]
        for number, (opening, closing) in enumerate(pairwise(amounts), start=1):
            if opening != closing:
                expected.append(
                    {
                        "customer_id": found[0]["customer_id"] if found else None,
                        "currency": currency,
                        "effective_on": days[number],
                        "kind": kind(amounts[:number], opening, closing),
                        "amount": closing - opening,
                        "opening": opening,
                        "closing": closing,
                        "positions": positions.get((currency, days[number])),
                    }
                )
    return sorted(expected, key=lambda row: (row["effective_on"], row["currency"]))
