"""How customers are in touch and how they stand with us, by the definitions, counted event by event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from uuid import UUID

from domain.customer import (
    Customer,
    CustomerEvent,
    CustomerSurveyAnswered,
    evolve,
    mrr,
)
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from domain.ticket import (
    TicketRated,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
)
from tests.projections.records import hour
from tests.projections.ticket_figures import UNSOLVED, History, state

DAY = 24.0


@dataclass(frozen=True)
class Company:
    """What happened to a customer at which hours, her tickets, and what was agreed on her subscriptions."""

    life: Sequence[tuple[CustomerEvent, float]] = ()
    tickets: Sequence[History] = ()
    agreed: Sequence[CustomerEvent] = field(default=())


def is_active(one: Company, end: float, as_of: float) -> bool:
    """Whether she was a customer at the end of the period, or at as_of if that came first."""
    happened = [event for event, at in one.life if at <= as_of and at < end]
    customer = reduce(evolve, (*one.agreed, *happened), Customer())
    return customer.status in ("active", "at_risk", "won_back") and not customer.is_archived


def interactions(one: Company, first: float, end: float, as_of: float) -> list[tuple[str, float]]:
    """Of which kind those of the period by then really were, and when."""
    retracted = {event.interaction_id for event, _ in one.life if isinstance(event, InteractionRetracted)}
    found: dict[UUID, tuple[str, float]] = {}
    for event, at in one.life:
        if isinstance(event, InteractionLogged | InteractionCorrected) and event.interaction_id not in retracted:
            # who corrects says how it was, not when
            found[event.interaction_id] = (event.kind, found.get(event.interaction_id, ("", at))[1])
    return [(kind, at) for kind, at in found.values() if first <= at < end and at <= as_of]


def signals(one: Company, end: float, as_of: float, days: Mapping[str, float]) -> dict[str, int]:
    """The points of the rule health@1 for each signal that is known."""
    now = min(end, as_of)
    found = {"contact": _contact(one, end, as_of, days["contact"]), "promises": _promises(one, now)}
    ratings = [score for score, at in _ratings(one) if now - days["rating"] * DAY < at <= as_of and at < end]
    if ratings:
        found["rating"] = _grade(sum(ratings) / len(ratings) >= 4, sum(ratings) / len(ratings) >= 3)
    paid = _revenue(one, hour(now).date(), min(hour(as_of).date(), hour(end).date() - timedelta(days=1)), days["trend"])
    return found | ({} if paid is None else {"revenue": paid})


def score(points: Mapping[str, int]) -> float:
    """Out of 100."""
    return 100 * sum(points.values()) / (25 * len(points))


def _grade(is_good: bool, is_fair: bool) -> int:
    return 25 if is_good else 10 if is_fair else 0


def _contact(one: Company, end: float, as_of: float, days: float) -> int:
    times = [at for _, at in interactions(one, float("-inf"), end, as_of)]
    silence = min(end, as_of) - max(times) if times else float("inf")
    return _grade(silence <= days * DAY, silence <= 3 * days * DAY)


def _promises(one: Company, now: float) -> int:
    broken = sum(state(ticket, now) in UNSOLVED and _is_broken(ticket, now) for ticket in one.tickets)
    return _grade(broken == 0, broken == 1)


def _is_broken(ticket: History, now: float) -> bool:
    due: dict[str, float] = {}
    for told in ticket:
        match told.event:
            case TicketSlaBreached() if told.at <= now:
                return True
            case TicketSlaApplied(due_at=moment) if told.at <= now and moment is not None:
                due[told.event.target] = (moment - hour(0)) / timedelta(hours=1)
            case TicketSlaMet() | TicketSlaCancelled() | TicketSlaApplied() if told.at <= now:
                due.pop(told.event.target, None)
            case _:
                pass
    return any(moment < now for moment in due.values())


def _ratings(one: Company) -> list[tuple[int, float]]:
    surveys = [
        (event.score, at)
        for event, at in one.life
        if isinstance(event, CustomerSurveyAnswered) and event.survey == "csat"
    ]
    return surveys + [
        (told.event.csat, told.at) for ticket in one.tickets for told in ticket if isinstance(told.event, TicketRated)
    ]


def _revenue(one: Company, until: date, last: date, days: float) -> int | None:
    trade = reduce(evolve, one.agreed, Customer()).trade
    begin = until - timedelta(days=int(days))
    now, then = mrr(trade, last), mrr(trade, begin)
    between = [mrr(trade, begin + timedelta(days=number)) for number in range((last - begin).days + 1)]
    known = {currency for paid in between for currency, amount in paid.items() if amount > 0}
    if not known:
        return None
    if not any(now.get(currency, 0) > 0 for currency in known):
        return 0
    return 10 if any(now.get(currency, 0) < then.get(currency, 0) for currency in known) else 25
