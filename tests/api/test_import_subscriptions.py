"""Subscriptions from a file: started, repriced and ended as the file says, with who left and who came back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.customer import (
    CustomerChurned,
    CustomerRegistered,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerWonBack,
)
from domain.money import Money
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
zone = "Europe/Berlin"
[fields]
external_id = "id"
customer = "who"
plan = "plan"
mrr = { column = "a_year", per = "year" }
currency = { constant = "EUR" }
term_months = "term"
started_at = "from"
ended_at = "to"
reason = "why"
voluntary = { column = "wanted", values = { y = "yes", n = "no" } }
"""
HEADER = "id,who,plan,a_year,term,from,to,why,wanted"
RUNNING = "S1,Hill Bakery,basic,120.00,12,2024-01-05,,,"
ENDED = "S2,Brook,plus,100,,2024-01-05,2025-01-05,too dear,n"


def test_rows_become_subscriptions_and_who_has_none_left_has_churned(house: House) -> None:
    report = house.take_in("subscriptions", MAPPING, HEADER, RUNNING, ENDED)
    assert counts(report) == (2, 0, 0, 0)
    registered, started = house.history(house.id_of("customer", "Hill Bakery"))
    assert isinstance(registered.event, CustomerRegistered)
    assert started.event == CustomerSubscriptionStarted(
        subscription_id=house.id_of("subscription", "S1"),
        plan="basic",
        mrr=Money(amount=Decimal(10), currency="EUR"),
        term_months=12,
        effective_on=date(2024, 1, 5),
    )
    assert started.occurred_at == datetime(2024, 1, 4, 23, tzinfo=UTC)
    _, brook, cancelled, churned = house.events(house.id_of("customer", "Brook"))
    assert isinstance(brook, CustomerSubscriptionStarted)
    assert brook.mrr.amount == Decimal("8.333333")
    assert cancelled == CustomerSubscriptionCancelled(
        subscription_id=house.id_of("subscription", "S2"),
        effective_on=date(2025, 1, 5),
        voluntary=False,
        reason="too dear",
    )
    assert churned == CustomerChurned(kind="contractual", effective_on=date(2025, 1, 5), reason="too dear")
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, RUNNING, ENDED)) == (0, 0, 2, 0)


def test_another_price_holds_from_the_import_on_and_an_end_ends_it(house: House) -> None:
    house.take_in("subscriptions", MAPPING, HEADER, RUNNING)
    dearer = RUNNING.replace("120.00", "240.00").replace("basic", "plus")
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, dearer)) == (0, 1, 0, 0)
    ended = dearer.replace(",,,", ",2026-01-05,,", 1)
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, ended)) == (0, 1, 0, 0)
    hill = house.id_of("customer", "Hill Bakery")
    upgraded, cancelled, *_ = house.events(hill)[2:]
    assert isinstance(upgraded, CustomerSubscriptionUpgraded)
    assert (upgraded.plan, upgraded.mrr.amount) == ("plus", Decimal(20))
    assert isinstance(cancelled, CustomerSubscriptionCancelled)
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, RUNNING)) == (0, 0, 1, 0)


def test_who_subscribes_again_is_won_back_and_an_older_subscription_wins_nobody(house: House) -> None:
    older, newer = "S3,Brook,basic,120,,2023-01-05,2023-12-05,,", "S4,Brook,basic,120,,2025-06-05,,,"
    house.take_in("subscriptions", MAPPING, HEADER, ENDED, older, newer)
    history = house.history(house.id_of("customer", "Brook"))
    assert [type(recorded.event) for recorded in history if isinstance(recorded.event, CustomerWonBack)] == [
        CustomerWonBack
    ]
    assert history[-1].occurred_at == datetime(2025, 6, 4, 22, tzinfo=UTC)


def test_an_end_to_come_is_scheduled_and_people_may_renew(house: House) -> None:
    row = RUNNING.replace(",,,", ",2999-01-05,,", 1)
    house.take_in("subscriptions", MAPPING, HEADER, row)
    hill = house.id_of("customer", "Hill Bakery")
    assert isinstance(house.events(hill)[-1], CustomerSubscriptionCancellationScheduled)
    renewed = CustomerSubscriptionRenewed(
        subscription_id=house.id_of("subscription", "S1"), effective_on=date(2026, 1, 5)
    )
    house.add("customer", hill, renewed)
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, row)) == (0, 0, 1, 0)


def test_what_is_odd_is_recorded_and_flagged(house: House) -> None:
    rows = (
        "S5,Odd,basic,120,,2025-01-05,2024-01-05,,",
        "S6,Late,basic,120,,,2024-01-05,,",
        "S7,Less,basic,-12,,2024-01-05,,,",
    )
    report = house.take_in("subscriptions", MAPPING, HEADER, *rows)
    assert counts(report) == (3, 0, 0, 0)
    assert report.flagged == {"against_our_rules": 2, "no_start_date": 1}
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, *rows)) == (0, 0, 3, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (RUNNING.replace("2024-01-05", "2024-02-05"), "is on record as started on 2024-01-05"),
        (RUNNING.replace("basic", ""), "needs a plan and what is paid for it"),
        (RUNNING.replace("12,", "a year,"), "'a year' is no number of months"),
        (RUNNING.replace("2024-01-05", "2999-01-05"), "which lies in the future"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused(house: House, row: str, reason: str) -> None:
    house.take_in("subscriptions", MAPPING, HEADER, RUNNING)
    report = house.take_in("subscriptions", MAPPING, HEADER, row, ENDED)
    assert counts(report) == (1, 0, 0, 1)
    assert reason in refused(report)[0][1]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("subscriptions", MAPPING, HEADER, ENDED)
    before = house.known()
    report = house.take_in("subscriptions", MAPPING, HEADER, RUNNING, ENDED, "S4,Brook,basic,120,,2025-06-05,,,")
    assert counts(report) == (2, 0, 1, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("subscriptions", MAPPING, HEADER, RUNNING)) == (1, 0, 0, 0)


@pytest.mark.full
def test_a_published_file_of_subscribers_goes_in_whole(house: House, oracle_data: Path) -> None:
    file = oracle_data / "telco_churn" / "WA_Fn-UseC_-Telco-Customer-Churn.csv"
    mapping = Path("docs/examples/telco_subscriptions.toml")
    report = house.take_in_file("subscriptions", file, mapping)
    assert counts(report) == (7_043, 0, 0, 0)
    counted = """
        SELECT plan, count(*) AS subscribers, count(*) FILTER (WHERE status = 'cancelled') AS churned, sum(mrr) AS mrr
        FROM subscription GROUP BY plan ORDER BY plan
    """
    plans = {row["plan"]: (row["subscribers"], row["churned"]) for row in house.rows(counted)}
    assert plans == {"Month-to-month": (3_875, 1_655), "One year": (1_473, 166), "Two year": (1_695, 48)}
    sums = "SELECT sum(mrr) AS all, sum(mrr) FILTER (WHERE status = 'cancelled') AS churned FROM subscription"
    assert tuple(house.rows(sums)[0].values()) == (Decimal("456116.60"), Decimal("139130.85"))
    churned = "SELECT count(*) AS customers FROM customer_360 WHERE status = 'churned'"
    assert house.rows(churned)[0]["customers"] == 1_869
    assert counts(house.take_in_file("subscriptions", file, mapping, dry_run=True)) == (0, 0, 7_043, 0)


def test_a_subscription_rests_as_its_status_or_its_days_say(house: House) -> None:
    mapping = MAPPING + 'paused_at = "rests"\nresumed_at = "on"\n'
    header, rows = (
        f"{HEADER},rests,on",
        [f"{RUNNING},2024-03-01,", f"{RUNNING.replace('S1,Hill', 'S2,Dell')},2024-03-01,2024-04-01"],
    )
    assert counts(house.take_in("subscriptions", mapping, header, *rows)) == (2, 0, 0, 0)
    hill, dell = (house.events(house.id_of("customer", f"{name} Bakery")) for name in ("Hill", "Dell"))
    assert [type(event) for event in hill[2:]] == [CustomerSubscriptionPaused]
    assert [type(event) for event in dell[2:]] == [CustomerSubscriptionPaused, CustomerSubscriptionResumed]
    found = {row["status"] for row in house.rows("SELECT status FROM subscription")}
    assert found == {"active", "paused"}
    assert counts(house.take_in("subscriptions", mapping, header, *rows)) == (0, 0, 2, 0)
    status = mapping + 'status = { column = "wanted", values = { y = "paused", n = "active" } }\n'
    status = status.replace('voluntary = { column = "wanted", values = { y = "yes", n = "no" } }\n', "")
    assert counts(house.take_in("subscriptions", status, header, f"{RUNNING}n,,")) == (0, 1, 0, 0)
    assert [type(event) for event in house.events(house.id_of("customer", "Hill Bakery"))[3:]] == [
        CustomerSubscriptionResumed
    ]
    refused_row = refused(house.take_in("subscriptions", mapping, header, f"{RUNNING.replace('S1', 'S3')},2999-01-01,"))
    assert "paused" in str(refused_row)
