"""A row says that a subscription rests: paused and resumed when the row says, and not twice."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.customer import (
    CustomerSubscriptionCancelled,
    CustomerSubscriptionPaused,
    CustomerSubscriptionResumed,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
)
from domain.customer.imported_pause import ImportedPause
from domain.customer.imported_subscription import ImportedSubscription, Row, reconcile
from domain.customer.subscription import SubscriptionIsPaused
from domain.event import Event
from domain.imported import ImportedFact, Past
from tests.domain.histories import HUNDRED, IDS
from tests.domain.imported import IMPORT_DAY, by_hand, day, taken

PLAN = IDS[0]


def row(price: object = HUNDRED, *, ended: bool = False, **pause: Any) -> ImportedSubscription:
    """A subscription that runs since the first day."""
    end = {"is_cancelled": True, "ended_at": day(40)} if ended else {}
    return ImportedSubscription.model_validate(
        {"plan": "basic", "mrr": price, "started_at": day(1), "pause": ImportedPause(**pause), **end}
    )


def read(history: Sequence[Past], wanted: ImportedSubscription) -> list[ImportedFact]:
    return reconcile(history, Row(PLAN, wanted, ZoneInfo("UTC"), day(IMPORT_DAY)))


def paused(number: int, until: int | None = None) -> Event:
    ends = day(until).date() if until else None
    return CustomerSubscriptionPaused(subscription_id=PLAN, effective_on=day(number).date(), until=ends)


def resumed(number: int) -> Event:
    return CustomerSubscriptionResumed(subscription_id=PLAN, effective_on=day(number).date())


def told(facts: Sequence[ImportedFact]) -> list[tuple[Event, object, tuple[str, ...]]]:
    return [(fact.event, fact.occurred_at, fact.flags) for fact in facts]


RUNNING = row()
RESTING = row(is_paused=True, paused_at=day(10))
BACK = row(is_paused=False, paused_at=day(10), resumed_at=day(20))


def test_a_subscription_rests_from_the_day_that_the_row_says() -> None:
    started, *rest = read([], RESTING)
    assert isinstance(started.event, CustomerSubscriptionStarted)
    assert told(rest) == [(paused(10), day(10), ())]
    assert told(read([], BACK)[1:]) == [(paused(10), day(10), ()), (resumed(20), day(20), ())]
    for wanted in (RUNNING, RESTING, BACK):
        assert read(taken(wanted, read=read), wanted) == []


def test_what_comes_with_a_later_file_is_recorded_then() -> None:
    assert told(read(taken(RUNNING, read=read), RESTING)) == [(paused(10), day(10), ())]
    assert told(read(taken(RUNNING, RESTING, read=read), BACK)) == [(resumed(20), day(20), ())]
    again = row(is_paused=True, paused_at=day(30))
    assert told(read(taken(RESTING, BACK, read=read), again)) == [(paused(30), day(30), ())]


def test_without_days_it_was_so_from_the_import_on_and_is_flagged() -> None:
    undated, running = row(is_paused=True), row(is_paused=False)
    assert told(read([], undated)[1:]) == [(paused(IMPORT_DAY), day(IMPORT_DAY), ("no_pause_date",))]
    history = taken(undated, read=read)
    assert read(history, undated) == []
    assert told(read(history, running)) == [(resumed(IMPORT_DAY), day(IMPORT_DAY), ("no_resume_date",))]
    assert read(taken(undated, running, read=read), running) == []


def test_a_row_that_does_not_speak_of_rests_leaves_them() -> None:
    assert read(taken(RESTING, read=read), RUNNING) == []


def test_a_rest_that_is_to_end_is_resumed_by_a_later_file() -> None:
    to_come = row(is_paused=True, paused_at=day(10), resumed_at=day(IMPORT_DAY + 1))
    assert told(read([], to_come)[1:]) == [(paused(10, IMPORT_DAY + 1), day(10), ())]
    assert read(taken(to_come, read=read), to_come) == []


@pytest.mark.parametrize("wanted", [RESTING, BACK, row(is_paused=False)])
def test_what_people_did_since_stays(wanted: ImportedSubscription) -> None:
    by_people = by_hand((resumed(15), 15))
    assert read([*taken(RESTING, read=read), *by_people], wanted) == []
    rested = by_hand((paused(45), 45))
    assert read([*taken(BACK, read=read), *rested], wanted if wanted.pause.paused_at else BACK) == []


def test_a_rest_that_our_rules_refuse_is_recorded_and_flagged() -> None:
    early = row(is_paused=True, paused_at=day(0))
    assert told(read([], early)[1:]) == [(paused(0), day(0), ("against_our_rules",))]
    backwards = row(is_paused=False, paused_at=day(10), resumed_at=day(5))
    assert told(read([], backwards)[1:])[1] == (resumed(5), day(5), ("against_our_rules",))


def test_it_may_end_at_rest_and_go_on_at_another_price() -> None:
    ended = read([], row(ended=True, paused_at=day(10)))
    assert [type(fact.event) for fact in ended[:3]] == [
        CustomerSubscriptionStarted,
        CustomerSubscriptionPaused,
        CustomerSubscriptionCancelled,
    ]
    dearer = HUNDRED.model_copy(update={"amount": HUNDRED.amount * 2})
    history = taken(RESTING, read=read)
    facts = read(history, row(dearer, is_paused=False, paused_at=day(10), resumed_at=day(20)))
    assert [type(fact.event) for fact in facts] == [CustomerSubscriptionResumed, CustomerSubscriptionUpgraded]
    with pytest.raises(SubscriptionIsPaused):
        read(history, row(dearer, is_paused=True, paused_at=day(10)))
