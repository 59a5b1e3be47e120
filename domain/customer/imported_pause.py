"""What a row of a foreign file says of a subscription's rest, and what must be recorded for that to be so."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from domain.customer.state import Customer
from domain.customer.subscription import (
    CustomerSubscriptionPaused,
    CustomerSubscriptionResumed,
    PauseSubscription,
    ResumeSubscription,
    evolve_subscription,
    pause_subscription,
    resume_subscription,
)
from domain.event import Frozen, Moment, Refusal
from domain.imported import AGAINST_OUR_RULES, ImportedFact

NO_PAUSE_DATE, NO_RESUME_DATE = "no_pause_date", "no_resume_date"


class ImportedPause(Frozen):
    """The last rest, as the row has it: it began at `paused_at`, and ended, or will end, at `resumed_at`.

    `is_paused` is None where the row does not say whether the subscription rests now.
    """

    is_paused: bool | None = None
    paused_at: Moment | None = None
    resumed_at: Moment | None = None


def rested(
    customer: Customer,
    subscription_id: UUID,
    told: Sequence[object],
    wanted: ImportedPause,
    imported_at: datetime,
    day: Callable[[datetime], date],
) -> Iterator[ImportedFact]:
    """What must be recorded for the subscription to rest, or to run again, as the row says; `told` is what imports
    recorded of it, which is not said again. What our rules refuse of it is recorded and flagged.
    """
    rests = [event for event in told if isinstance(event, CustomerSubscriptionPaused | CustomerSubscriptionResumed)]
    if (wanted.is_paused or wanted.paused_at) and not _is_told(rests, wanted.paused_at, day):
        paused, flags = _paused(customer, subscription_id, wanted, imported_at, day)
        customer = evolve_subscription(customer, paused)
        rests.append(paused)
        yield ImportedFact(paused, wanted.paused_at or imported_at, flags)
    at = wanted.resumed_at
    goes_on = at <= imported_at if at else wanted.is_paused is False
    resting = bool(rests) and isinstance(rests[-1], CustomerSubscriptionPaused)
    if goes_on and resting and customer.trade.subscriptions[subscription_id].status == "paused":
        yield _resumed(customer, subscription_id, at, imported_at, day)


def _is_told(
    rests: Sequence[CustomerSubscriptionPaused | CustomerSubscriptionResumed],
    at: datetime | None,
    day: Callable[[datetime], date],
) -> bool:
    """A rest is known by its first day; without one, the last rest is it."""
    if at is None:
        return bool(rests) and isinstance(rests[-1], CustomerSubscriptionPaused)
    return any(isinstance(event, CustomerSubscriptionPaused) and event.effective_on == day(at) for event in rests)


def _paused(
    customer: Customer,
    subscription_id: UUID,
    wanted: ImportedPause,
    imported_at: datetime,
    day: Callable[[datetime], date],
) -> tuple[CustomerSubscriptionPaused, tuple[str, ...]]:
    first = day(wanted.paused_at or imported_at)
    until = day(wanted.resumed_at) if wanted.resumed_at and wanted.resumed_at > imported_at else None
    flags = () if wanted.paused_at else (NO_PAUSE_DATE,)
    command = PauseSubscription(subscription_id=subscription_id, effective_on=first, until=until)
    try:
        return pause_subscription(customer, command), flags
    except Refusal:
        event = CustomerSubscriptionPaused(subscription_id=subscription_id, effective_on=first, until=until)
        return event, (*flags, AGAINST_OUR_RULES)


def _resumed(
    customer: Customer,
    subscription_id: UUID,
    at: datetime | None,
    imported_at: datetime,
    day: Callable[[datetime], date],
) -> ImportedFact:
    moment = at if at and at <= imported_at else imported_at
    flags = () if at else (NO_RESUME_DATE,)
    command = ResumeSubscription(subscription_id=subscription_id, effective_on=day(moment))
    try:
        return ImportedFact(resume_subscription(customer, command), moment, flags)
    except Refusal:
        event = CustomerSubscriptionResumed(subscription_id=subscription_id, effective_on=day(moment))
        return ImportedFact(event, moment, (*flags, AGAINST_OUR_RULES))
