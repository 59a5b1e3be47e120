"""What models of a customer's worth are fitted to, her days of purchase or her contract's renewals; and the fits."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from eventstore.database import Connection, query
from projections.reading import LIVE, Row, read
from projections.sight import Sight

PURCHASES = ("purchase", "subscription")
CONTRACTS = ("subscription", "customer_profile")
FITS = ("workspace_setting",)


@dataclass(frozen=True, slots=True)
class Days:
    """The half-open range of days that is looked at, in a time zone: customers who came in it, up to its end."""

    until_day: date
    zone: str
    from_day: date = date.min


@dataclass(frozen=True, slots=True)
class PurchaseDays:
    """A customer's days of purchase in one currency; `spent` on `spending_days`, which are those after the first."""

    customer_id: UUID
    first_day: date
    last_day: date
    days: int
    spending_days: int
    spent: Decimal
    is_contractual: bool
    """She has had a subscription, and so does not leave unnoticed."""


@dataclass(frozen=True, slots=True)
class ContractRenewals:
    """How often a customer's contract came up for renewal; where she has left, that was at the last time."""

    customer_id: UUID
    started_on: date
    term_months: int
    segment: str | None
    has_left: bool
    renewals: int


def currencies(connection: Connection, days: Days, schema: str = LIVE, *, sight: Sight) -> list[str]:
    """What customers paid in before the end of these days, the most frequent first."""
    text, parameters = query("projections.purchase", "currencies"), _parameters(days, None)
    rows = read(connection, text, ("purchase",), parameters, schema, sight=sight)
    return [row["currency"] for row in rows]


def purchase_days(
    connection: Connection,
    days: Days,
    currency: str,
    customer_id: UUID | None = None,
    schema: str = LIVE,
    *,
    sight: Sight,
) -> list[PurchaseDays]:
    """Of every customer who bought first in these days, or of one."""
    parameters = _parameters(days, customer_id) | {"currency": currency}
    rows = read(connection, query("projections.purchase", "days"), PURCHASES, parameters, schema, sight=sight)
    return [PurchaseDays(**row) for row in rows]


def contract_renewals(
    connection: Connection, days: Days, customer_id: UUID | None = None, schema: str = LIVE, *, sight: Sight
) -> list[ContractRenewals]:
    """Of every customer whose first subscription began in these days, or of one."""
    parameters = _parameters(days, customer_id)
    rows = read(connection, query("projections.subscription", "contracts"), CONTRACTS, parameters, schema, sight=sight)
    return [ContractRenewals(**row) for row in rows]


def fits(connection: Connection, schema: str = LIVE, *, sight: Sight) -> list[Row]:
    """The models as they were fitted last, by name: `definition` holds what the event says."""
    return read(connection, query("projections.workspace_setting", "models"), FITS, {}, schema, sight=sight)


def _parameters(days: Days, customer_id: UUID | None) -> dict[str, object]:
    return {
        "from_day": days.from_day,
        "until_day": days.until_day,
        "zone": days.zone,
        "customer_id": customer_id,
    }
