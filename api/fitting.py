"""Fits models to what customers did, as it is known at a moment, and records what they were found to be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.past import tables
from api.problems import BadParameter
from api.store import SYSTEM_ID, Store
from domain import workspace
from domain.workspace import WORKSPACE_ID, FitModel
from eventstore import log
from eventstore.analytics import must_have_analytics
from eventstore.database import Connection
from projections import worth
from projections.models import Fit, ModelDoesNotApply, NotConverged, TooFewToFit
from projections.sight import EVERYTHING
from projections.worth import ContractRenewals, Days, PurchaseDays

if TYPE_CHECKING:  # these need packages that may be missing
    from projections.models.bg_nbd import Buyer
    from projections.models.gamma_gamma import Spender
    from projections.models.sbg import Contract

BUYING, SPENDING, RENEWING = "bg_nbd", "gamma_gamma", "sbg"
"""The models by name, as they are recorded: with the currency behind the first two, the months of a term behind sbg,
and the segment behind that."""

_LONGEST = 100

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Range:
    """Which days are looked at: customers who came from `from_day` on, up to, not including, `until_day`."""

    from_day: date | None = None
    until_day: date | None = None
    """None is the day of `as_of`, which is not over."""
    as_of: datetime | None = None
    """As it was known at that moment; None is now."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that was fitted, to which days, and what else is to be said of it."""

    model: str
    fit: Fit
    from_day: date
    until_day: date
    excluded: int
    notes: tuple[str, ...] = ()


def fit_clv(store: Store, asked: Range, currency: str | None = None) -> list[Fitted]:
    """How often customers without a subscription buy, and how much they then spend, in one currency: that of all
    purchases where it is not named.

    Raises AnalyticsMissing, BadParameter, TooFewToFit, ModelDoesNotApply or NotConverged; what they spend is left out,
    with a note, where the number of those who came again is too small for it.
    """
    must_have_analytics()
    from projections.models import bg_nbd, gamma_gamma

    with tables(store, worth.PURCHASES, asked.as_of) as (connection, schema):
        days = days_of(store, connection, asked)
        chosen = _currency(worth.currencies(connection, days, schema, sight=EVERYTHING), currency)
        found = worth.purchase_days(connection, days, chosen, None, schema, sight=EVERYTHING)
    if found and all(customer.is_contractual for customer in found):
        raise ModelDoesNotApply(
            f"All {len(found)} customers who bought something have had a subscription: they do not leave unnoticed, as "
            "BG/NBD takes it. Fit how they renew it: crm fit retention"
        )
    free = [customer for customer in found if not customer.is_contractual]
    first = min((customer.first_day for customer in free), default=days.from_day)
    excluded = len(found) - len(free)
    bought = bg_nbd.fit([buyer(customer, days.until_day) for customer in free])
    spenders = [one for customer in free if (one := spender(customer))]
    try:
        spent = gamma_gamma.fit(spenders)
    except (TooFewToFit, NotConverged) as refused:
        return [Fitted(f"{BUYING}_{chosen}", bought, first, days.until_day, excluded, (str(refused),))]
    return [
        Fitted(f"{BUYING}_{chosen}", bought, first, days.until_day, excluded),
        Fitted(f"{SPENDING}_{chosen}", spent, first, days.until_day, excluded, _independence(spenders)),
    ]


def fit_retention(store: Store, asked: Range, term_months: int = 1, *, by_segment: bool = False) -> list[Fitted]:
    """How customers whose contract has a term of so many months renew it; also of each segment, where it has enough.

    Raises AnalyticsMissing, BadParameter, TooFewToFit, ModelDoesNotApply or NotConverged.
    """
    must_have_analytics()

    with tables(store, worth.CONTRACTS, asked.as_of) as (connection, schema):
        days = days_of(store, connection, asked)
        found = worth.contract_renewals(connection, days, None, schema, sight=EVERYTHING)
    alike = [customer for customer in found if customer.term_months == term_months]
    if found and not alike:
        terms = ", ".join(str(term) for term in sorted({customer.term_months for customer in found}))
        raise ModelDoesNotApply(
            f"No customer has a contract with a term of {term_months} months, and sBG is of customers who renew at the "
            f"same interval. Name a term that there is with --term: {terms}."
        )
    due = [customer for customer in alike if customer.renewals]
    whole = _renewed(due, None, term_months, days, len(found) - len(due))
    parts, notes = [], []
    for segment in sorted({one.segment for one in due if one.segment}) if by_segment else ():
        of_segment = [one for one in due if one.segment == segment]
        try:
            parts.append(_renewed(of_segment, segment, term_months, days, len(found) - len(of_segment)))
        except (TooFewToFit, ModelDoesNotApply, NotConverged) as refused:
            notes.append(f"Segment {segment}: {refused}")
    return [replace(whole, notes=tuple(notes)), *parts]


def _renewed(
    due: Sequence[ContractRenewals], segment: str | None, term_months: int, days: Days, excluded: int
) -> Fitted:
    from projections.models import sbg

    first = min((customer.started_on for customer in due), default=days.from_day)
    fit = sbg.fit([contract(customer) for customer in due])
    return Fitted(renewing_name(term_months, segment), fit, first, days.until_day, excluded)


def renewing_name(term_months: int, segment: str | None = None) -> str:
    """What the model of contracts of that term is called, of all customers or of a segment."""
    return f"{RENEWING}_{term_months}" if segment is None else f"{RENEWING}_{term_months}_{segment}"[:_LONGEST]


def record(store: Store, fitted: Sequence[Fitted]) -> None:
    """Put what was found into the workspace's history, all or nothing."""

    def attempt() -> None:
        with store.pool.connection() as connection:
            state, version = store.settled.now(connection)
            new = [
                log.NewEvent(
                    WORKSPACE_ID, "workspace", WORKSPACE_ID, number, workspace.fit_model(state, _command(model))
                )
                for number, model in enumerate(fitted, start=version + 1)
            ]
            log.append(connection, new, log.Envelope("system", SYSTEM_ID, "cli"))

    log.retrying(attempt)


def buyer(customer: PurchaseDays, until_day: date) -> "Buyer":
    """What BG/NBD needs to know of her, who is watched to the day before `until_day`."""
    from projections.models.bg_nbd import Buyer

    watched = until_day - timedelta(days=1) - customer.first_day
    return Buyer(customer.days - 1, (customer.last_day - customer.first_day) / _WEEK, watched / _WEEK)


def spender(customer: PurchaseDays) -> "Spender | None":
    """What Gamma-Gamma needs to know of her; None where she spent nothing after her first day."""
    from projections.models.gamma_gamma import Spender

    days = customer.spending_days
    return Spender(days, float(customer.spent / days)) if days else None


def contract(customer: ContractRenewals) -> "Contract":
    """What sBG needs to know of her."""
    from projections.models.sbg import Contract

    return Contract(customer.renewals, customer.has_left)


def day_of(connection: Connection, as_of: datetime | None, zone: str) -> date:
    """The day of a moment, or today, in the zone."""
    return (as_of or log.now(connection)).astimezone(ZoneInfo(zone)).date()


def days_of(store: Store, connection: Connection, asked: Range) -> Days:
    """The days that are looked at, in the workspace's zone. Raises BadParameter when they cannot be."""
    zone = store.settings.zone
    today = day_of(connection, asked.as_of, zone)
    until_day = asked.until_day or today
    if until_day > today:
        raise BadParameter(f"The days end on {until_day}, which has not come yet. The last they can end on is {today}.")
    if asked.from_day and asked.from_day >= until_day:
        raise BadParameter("There are no such days: the first must lie before the day that they end on.")
    return Days(until_day, zone, asked.from_day or date.min)


def _currency(paid_in: list[str], wanted: str | None) -> str:
    if wanted and wanted not in paid_in:
        raise BadParameter(f"Nobody paid in {wanted} in these days. There are: {', '.join(paid_in) or 'no purchases'}.")
    if not paid_in:
        raise TooFewToFit("No purchases are recorded in these days. Take in more days, or record purchases first.")
    if not wanted and len(paid_in) > 1:
        raise BadParameter(f"Customers paid in {', '.join(paid_in)}. Name one: --currency {paid_in[0]}")
    return wanted or paid_in[0]


def _independence(spenders: "Sequence[Spender]") -> tuple[str, ...]:
    from projections.models.gamma_gamma import CORRELATED, correlation

    found = correlation(spenders)
    if found is None or abs(found) < CORRELATED:
        return ()
    return (
        f"How often customers buy and how much they spend are correlated ({found:.2f}), and Gamma-Gamma takes them to "
        "be independent: do not rely on what it says of the worth of single customers.",
    )


def _command(fitted: Fitted) -> FitModel:
    numbers = {**fitted.fit.parameters, "log_likelihood": fitted.fit.log_likelihood}
    return FitModel(
        model=fitted.model,
        parameters={name: Decimal(f"{value:.10f}") for name, value in numbers.items()},
        from_day=fitted.from_day,
        until_day=fitted.until_day,
        observations=fitted.fit.observations,
    )
