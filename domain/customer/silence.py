"""Who stays away longer than she is used to: the rule `silence@1` finds customers at risk, and those who have left.

It is about customers who are bound by no contract, and bought on three days at least. One who has bought nothing for
more than three times her median gap, and for 30 days, is at risk; for more than six times, and 180 days, she has left.
A finding is taken back when it no longer holds. What a person says of her holds first: from then on silence is counted
anew, and whom a person found to have left, no rule wins back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal

from domain.customer.history import CustomerEvent, evolve
from domain.customer.life import (
    ActivateCustomer,
    ChurnCustomer,
    CustomerActivated,
    CustomerChurned,
    CustomerMarkedAtRisk,
    CustomerWonBack,
    LifeEvent,
    MarkCustomerAtRisk,
    WinBackCustomer,
    activate,
    churn,
    mark_at_risk,
    win_back,
)
from domain.customer.state import Customer
from domain.event import Word
from domain.phrases import plain

SILENCE, SILENCE_VERSION = "silence", 1
_FEWEST_DAYS = 3
_AT_RISK = (3, 30)
_CHURNED = (6, 180)
"""How many median gaps, and how many days at least."""
_TAKEN_BACK = f"{SILENCE}@{SILENCE_VERSION} no longer holds"


@dataclass(frozen=True)
class Habit:
    """On how many days a customer bought, how many days lie between two of them (median), and when the last was."""

    purchase_days: int
    median_gap: Decimal
    last_bought_on: date


@dataclass(frozen=True)
class Silence:
    """What the rule finds, and by which signals."""

    finding: Literal["at_risk", "churned"]
    signals: tuple[Word, ...]


def silence_of(habit: Habit | None, today: date, said_active_on: date | None = None) -> Silence | None:
    """What her silence says of a customer today; None where it says nothing, or she has no habit to go by."""
    if habit is None or habit.purchase_days < _FEWEST_DAYS:
        return None
    quiet = (today - max(habit.last_bought_on, said_active_on or date.min)).days
    signals = (
        f"no purchase for {(today - habit.last_bought_on).days} days",
        f"her median gap is {plain(habit.median_gap)} days",
    )
    if _lasts(quiet, habit, *_CHURNED):
        return Silence("churned", signals)
    return Silence("at_risk", signals) if _lasts(quiet, habit, *_AT_RISK) else None


def find_silence(
    history: Sequence[tuple[CustomerEvent, date]], habit: Habit | None, today: date
) -> tuple[LifeEvent, ...]:
    """What is to be recorded of a customer to whom this happened on these days, so that it agrees with her silence;
    nothing where it does. `habit` is None of one who is bound by a contract, or bought nothing that stands.

    Raises CustomerAlreadyForgotten, CustomerMerged.
    """
    customer = reduce(evolve, (event for event, _ in history), Customer())
    by_rule = _is_by_rule(next((event for event, _ in reversed(history) if isinstance(event, LifeEvent)), None))
    found = silence_of(habit, today, _said_active_on(history))
    if found and customer.status in ("active", "at_risk"):
        return _found(customer, found, today)
    if by_rule and customer.status == "at_risk":
        return (activate(customer, ActivateCustomer(cause=_TAKEN_BACK)),)
    if by_rule and customer.status == "churned" and (found is None or found.finding == "at_risk"):
        back = win_back(customer, WinBackCustomer(cause=_TAKEN_BACK))
        return (back, *(_found(evolve(customer, back), found, today) if found else ()))
    return ()


def _found(customer: Customer, found: Silence, today: date) -> tuple[LifeEvent, ...]:
    if found.finding == "churned":
        left = ChurnCustomer(
            kind="silence", effective_on=today, rule=SILENCE, rule_version=SILENCE_VERSION, signals=found.signals
        )
        return (churn(customer, left),)
    if customer.status == "at_risk":
        return ()
    risky = MarkCustomerAtRisk(rule=SILENCE, rule_version=SILENCE_VERSION, signals=found.signals)
    return (mark_at_risk(customer, risky),)


def _said_active_on(history: Sequence[tuple[CustomerEvent, date]]) -> date | None:
    """When a person said last that she is active. What the rule found since does not make that unsaid."""
    active = (CustomerActivated, CustomerWonBack)
    return next((on for event, on in reversed(history) if isinstance(event, active) and not _is_by_rule(event)), None)


def _lasts(quiet: int, habit: Habit, gaps: int, days: int) -> bool:
    return quiet > gaps * habit.median_gap and quiet > days


def _is_by_rule(said: LifeEvent | None) -> bool:
    match said:
        case CustomerMarkedAtRisk() | CustomerChurned():
            return said.rule == SILENCE
        case CustomerActivated() | CustomerWonBack():
            return said.cause == _TAKEN_BACK
        case None:
            return False
