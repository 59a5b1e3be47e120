"""What a row of a foreign file says of a subscription, and what must be recorded for that to be so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.customer.cancellation import (
    CancelSubscription,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    ScheduleCancellation,
    cancel_subscription,
    schedule_cancellation,
)
from domain.customer.history import CustomerEvent, evolve
from domain.customer.imported_pause import ImportedPause, rested
from domain.customer.life import CustomerChurned
from domain.customer.plan_change import (
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionUpgraded,
    DowngradeSubscription,
    UpgradeSubscription,
    downgrade_subscription,
    upgrade_subscription,
)
from domain.customer.state import Customer
from domain.customer.subscription import (
    CustomerSubscriptionStarted,
    Months,
    StartSubscription,
    start_subscription,
)
from domain.event import Frozen, Moment, Refusal, Text, Word
from domain.imported import AGAINST_OUR_RULES, ImportedFact, Past
from domain.money import Money

NO_START_DATE, NO_END_DATE = "no_start_date", "no_end_date"

_Priced: TypeAlias = CustomerSubscriptionStarted | CustomerSubscriptionUpgraded | CustomerSubscriptionDowngraded
_End: TypeAlias = CustomerSubscriptionCancelled | CustomerSubscriptionCancellationScheduled


class ImportedSubscription(Frozen):
    """A subscription as the row has it. What is None the row does not say; it ended, or will end, at `ended_at`."""

    plan: Word
    mrr: Money
    term_months: Months | None = None
    started_at: Moment | None = None
    is_cancelled: bool = False
    ended_at: Moment | None = None
    voluntary: bool = True
    reason: Text | None = None
    pause: ImportedPause = ImportedPause()


class StartIsAnother(Refusal):
    """This subscription is on record as started on {started_on}, and an import moves no start. If the file is right,
    undo the import that brought it in, or retract the subscription and give it another external id."""


@dataclass(frozen=True)
class Row:
    """A row about a subscription of that id, read at a moment; days are days in the zone."""

    subscription_id: UUID
    wanted: ImportedSubscription
    zone: ZoneInfo
    imported_at: datetime

    def day(self, moment: datetime) -> date:
        """The day there."""
        return moment.astimezone(self.zone).date()


def reconcile(history: Sequence[Past], row: Row) -> list[ImportedFact]:
    """What must be recorded for the subscription to be what the row says; nothing when it already is.

    Another price than the file said before holds from the day of the import on. With the last subscription the
    customer has churned, and with the next she is won back. A row that calls running what has ended here is out of
    date. What our rules refuse of a new subscription, or of its end, is recorded and flagged.

    Raises StartIsAnother, and what a change of price is refused for.
    """
    customer = _after(Customer(), history)
    known = customer.trade.subscriptions.get(row.subscription_id)
    if known is None:
        facts = list(_started(history, customer, row))
        facts += _rested(_after(customer, facts), [], row)
        return [*facts, *_ended(_after(customer, facts), row)] if row.wanted.is_cancelled else facts
    if known.status in ("cancelled", "retracted"):
        return []
    mine = [past.event for past in history if past.by_import and _is_about(past.event, row.subscription_id)]
    _must_start_alike(mine, row)
    facts = list(_rested(customer, mine, row))
    facts += _repriced(_after(customer, facts), mine, row)
    if row.wanted.is_cancelled and not _is_told(mine, row):
        facts += _ended(_after(customer, facts), row)
    return facts


def _started(history: Sequence[Past], customer: Customer, row: Row) -> Iterator[ImportedFact]:
    wanted = row.wanted
    at = wanted.started_at or min(wanted.ended_at or row.imported_at, row.imported_at)
    flags = () if wanted.started_at else (NO_START_DATE,)
    plan, mrr, term, day = wanted.plan, wanted.mrr, wanted.term_months, row.day(at)
    try:
        command = StartSubscription(plan=plan, mrr=mrr, term_months=term, effective_on=day)
        started, *won_back = start_subscription(customer, command, row.subscription_id)
    except Refusal:
        started, won_back, flags = (
            CustomerSubscriptionStarted(
                subscription_id=row.subscription_id, plan=plan, mrr=mrr, term_months=term, effective_on=day
            ),
            [],
            (*flags, AGAINST_OUR_RULES),
        )
    yield ImportedFact(started, at, flags)
    # what had ended before she left brings nobody back
    left_at = max((past.occurred_at for past in history if isinstance(past.event, CustomerChurned)), default=at)
    if not (wanted.is_cancelled and (wanted.ended_at or row.imported_at) <= left_at):
        yield from (ImportedFact(event, max(at, left_at)) for event in won_back)


def _rested(customer: Customer, mine: Sequence[object], row: Row) -> Iterator[ImportedFact]:
    return rested(customer, row.subscription_id, mine, row.wanted.pause, row.imported_at, row.day)


def _must_start_alike(mine: Sequence[object], row: Row) -> None:
    started_at = row.wanted.started_at
    for event in mine:
        if isinstance(event, CustomerSubscriptionStarted) and started_at and row.day(started_at) != event.effective_on:
            raise StartIsAnother(started_on=event.effective_on)


def _repriced(customer: Customer, mine: Sequence[object], row: Row) -> Iterator[ImportedFact]:
    wanted, today = row.wanted, row.day(row.imported_at)
    said = [event.mrr for event in mine if isinstance(event, _Priced)]
    known = customer.trade.subscriptions[row.subscription_id].mrr
    if wanted.mrr == known or wanted.mrr in said[-1:]:
        return
    subscription_id, plan, mrr = row.subscription_id, wanted.plan, wanted.mrr
    if known is None or mrr.amount > known.amount:
        up = UpgradeSubscription(subscription_id=subscription_id, plan=plan, mrr=mrr, effective_on=today)
        yield ImportedFact(upgrade_subscription(customer, up), row.imported_at)
    else:
        down = DowngradeSubscription(subscription_id=subscription_id, plan=plan, mrr=mrr, effective_on=today)
        yield ImportedFact(downgrade_subscription(customer, down), row.imported_at)


def _is_told(mine: Sequence[object], row: Row) -> bool:
    """Whether the file said that end before: who renewed the subscription since is not overruled."""
    said = [event.effective_on for event in mine if isinstance(event, _End)]
    return bool(said) and (row.wanted.ended_at is None or said[-1] == row.day(row.wanted.ended_at))


def _ended(customer: Customer, row: Row) -> list[ImportedFact]:
    wanted, today = row.wanted, row.day(row.imported_at)
    at = wanted.ended_at or row.imported_at
    flags = () if wanted.ended_at else (NO_END_DATE,)
    subscription_id, day, voluntary, reason = row.subscription_id, row.day(at), wanted.voluntary, wanted.reason
    events: Sequence[CustomerEvent]
    try:
        if day <= today:
            cancel = CancelSubscription(
                subscription_id=subscription_id, effective_on=day, voluntary=voluntary, reason=reason
            )
            events = cancel_subscription(customer, cancel, today)
        else:
            schedule = ScheduleCancellation(
                subscription_id=subscription_id, effective_on=day, voluntary=voluntary, reason=reason
            )
            events = (schedule_cancellation(customer, schedule),)
    except Refusal:
        ended = CustomerSubscriptionCancelled if day <= today else CustomerSubscriptionCancellationScheduled
        events = (ended(subscription_id=subscription_id, effective_on=day, voluntary=voluntary, reason=reason),)
        flags = (*flags, AGAINST_OUR_RULES)
    return [ImportedFact(event, min(at, row.imported_at), flags if _is_end(event) else ()) for event in events]


def _is_end(event: CustomerEvent) -> bool:
    return isinstance(event, _End)


def _is_about(event: object, subscription_id: UUID) -> bool:
    return getattr(event, "subscription_id", None) == subscription_id


def _after(customer: Customer, facts: Sequence[Past | ImportedFact]) -> Customer:
    """The customer after all of it."""
    events: list[CustomerEvent] = []
    for fact in facts:
        assert isinstance(fact.event, CustomerEvent)
        events.append(fact.event)
    return reduce(evolve, events, customer)
