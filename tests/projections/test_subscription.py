"""One row per subscription that stands: what was agreed, how it is today, and when it is renewed or ends."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerSubscriptionCancellationScheduled,
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
from domain.event import FORGOTTEN, Event
from domain.money import Money
from eventstore.database import Connection
from tests.domain.histories import examples_of
from tests.projections.customer_facts import merge, revert
from tests.projections.records import all_rows, forget, tell, values

S = uuid4()
JANUARY, MARCH, MAY = date(2026, 1, 31), date(2026, 3, 1), date(2026, 5, 1)


def euros(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


STARTED = CustomerSubscriptionStarted(
    subscription_id=S, plan="team", mrr=euros(10), term_months=1, effective_on=JANUARY
)
UPGRADED = CustomerSubscriptionUpgraded(subscription_id=S, plan="company", mrr=euros(30), effective_on=MARCH)
DOWNGRADED = CustomerSubscriptionDowngraded(subscription_id=S, mrr=euros(5), effective_on=MARCH)
PAUSED = CustomerSubscriptionPaused(subscription_id=S, effective_on=MARCH, until=MAY)
RESUMED = CustomerSubscriptionResumed(subscription_id=S, effective_on=MAY)
RENEWED = CustomerSubscriptionRenewed(subscription_id=S, effective_on=MARCH, term_months=12)
RENEWED_AS_BEFORE = CustomerSubscriptionRenewed(subscription_id=S, effective_on=MARCH)
SCHEDULED = CustomerSubscriptionCancellationScheduled(
    subscription_id=S, effective_on=MAY, voluntary=False, reason="card expired"
)
CANCELLED = CustomerSubscriptionCancelled(subscription_id=S, effective_on=MAY, reason="too dear")
RETRACTED = CustomerSubscriptionRetracted(subscription_id=S)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [STARTED],
            {
                "status": "active",
                "plan": "team",
                "mrr": 10,
                "currency": "EUR",
                "started_on": JANUARY,
                "renews_on": date(2026, 2, 28),
                "ends_on": None,
                "ended_on": None,
                "voluntary": None,
            },
        ),
        ([STARTED, CANCELLED.model_copy(update={"reason": FORGOTTEN})], {"status": "cancelled", "cancel_reason": None}),
        ([STARTED, UPGRADED], {"plan": "company", "mrr": 30, "changed_on": MARCH, "renews_on": date(2026, 2, 28)}),
        ([STARTED, DOWNGRADED], {"plan": "team", "mrr": 5}),
        ([STARTED, PAUSED], {"status": "paused", "paused_until": MAY, "mrr": 10}),
        ([STARTED, PAUSED, RESUMED], {"status": "active", "paused_until": None, "changed_on": MAY}),
        ([STARTED, RENEWED], {"term_months": 12, "renews_on": date(2027, 3, 1), "started_on": JANUARY}),
        ([STARTED, RENEWED_AS_BEFORE], {"term_months": 1, "renews_on": date(2026, 4, 1)}),
        (
            [STARTED, SCHEDULED],
            {
                "status": "active",
                "ends_on": MAY,
                "renews_on": None,
                "voluntary": False,
                "cancel_reason": "card expired",
                "changed_on": JANUARY,
            },
        ),
        (
            [STARTED, SCHEDULED, RENEWED],
            {"ends_on": None, "renews_on": date(2027, 3, 1), "voluntary": None, "cancel_reason": None},
        ),
        (
            [STARTED, SCHEDULED, CANCELLED],
            {
                "status": "cancelled",
                "ends_on": None,
                "ended_on": MAY,
                "renews_on": None,
                "voluntary": True,
                "cancel_reason": "too dear",
            },
        ),
    ],
)
def test_the_row_says_what_the_events_say(
    connection: Connection, events: list[Event], expected: dict[str, object]
) -> None:
    tell(connection, uuid4(), *events)
    (row,) = all_rows(connection, "subscription")
    assert {name: row[name] for name in expected} == expected


def test_a_retracted_subscription_has_no_row_whatever_is_recorded_later(connection: Connection) -> None:
    tell(connection, uuid4(), STARTED, RETRACTED, UPGRADED)
    assert all_rows(connection, "subscription") == []


def test_why_it_was_cancelled_can_be_forgotten(connection: Connection) -> None:
    ann = uuid4()
    tell(connection, ann, STARTED, CANCELLED)
    forget(connection, ann)
    assert values(connection, "subscription", "status", "cancel_reason") == [("cancelled", None)]


def test_the_subscription_of_a_merged_customer_is_the_survivors(connection: Connection) -> None:
    ann, bob = uuid4(), uuid4()
    tell(connection, ann, STARTED)
    tell(connection, bob, STARTED, UPGRADED)
    before = values(connection, "subscription", "customer_id", "mrr", order="mrr")
    merge_id = merge(connection, ann, bob)
    assert values(connection, "subscription", "customer_id", "mrr", order="mrr") == [(bob, 10), (bob, 30)]
    revert(connection, merge_id, ann, bob)
    assert values(connection, "subscription", "customer_id", "mrr", order="mrr") == before == [(ann, 10), (bob, 30)]


ALL = (STARTED, UPGRADED, DOWNGRADED, PAUSED, RESUMED, RENEWED, SCHEDULED, CANCELLED, RETRACTED)
EVENTS = st.one_of([examples_of(type(event)) for event in ALL])


@for_all(events=st.lists(EVENTS, min_size=1, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_rows_and_the_rules_see_the_same_subscriptions(connection: Connection, events: list[CustomerEvent]) -> None:
    ann = uuid4()
    tell(connection, ann, *events)
    customer: Customer | None = None
    for event in events:
        customer = evolve(customer, event)
    assert customer is not None
    expected = {
        subscription_id: (
            known.status,
            known.mrr and known.mrr.amount,
            known.mrr and known.mrr.currency,
            known.ends_on,
        )
        for subscription_id, known in customer.trade.subscriptions.items()
        if known.status != "retracted"
    }
    found = {
        row["subscription_id"]: (row["status"], row["mrr"], row["currency"], row["ends_on"])
        for row in all_rows(connection, "subscription")
        if row["customer_id"] == ann
    }
    assert found == expected
