"""Fitted models, and what a customer may be expected to buy by them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Security
from pydantic import BaseModel, ConfigDict

from api.access import OpenStore, Principal, principal
from api.fitting import day_of
from api.fresh import MinPosition, at_least
from api.kpis.answer import Number
from api.kpis.routes import KpiReader
from api.past import AsOf, tables
from api.problems import BadParameter, NotFound, NotUpToDate, RequestProblem, documented
from api.resources import Page
from api.visible import must_see
from api.worth import Models
from domain.event import CustomerId
from eventstore import log
from eventstore.analytics import AnalyticsMissing
from projections import worth
from projections.customers import root_of
from projections.reading import Row
from projections.worth import Days
from replay.asof import models_of

router = APIRouter(prefix="/v1", tags=["models"])

_READ = ("customer_alias", *worth.PURCHASES, *worth.CONTRACTS, *worth.FITS)
_MONTHS_OF_A_YEAR = 12


class NotInstalled(RequestProblem):
    """The server lacks packages that models are computed with."""

    status, title = 503, "Not installed"


class ModelResource(BaseModel):
    """A model as it was fitted last, to customers who came from `from_day` on, up to, not including, `until_day`."""

    name: str
    version: int
    parameters: dict[str, Number]
    from_day: date
    until_day: date
    observations: int
    fitted_at: datetime
    position: int


class BuyingResource(BaseModel):
    """What is expected of a customer without a subscription, in the weeks asked for.

    `alive` is the probability that she still is a customer. Amounts are null where how much customers spend was not
    fitted in this currency, or has no mean.
    """

    model_config = ConfigDict(from_attributes=True)

    currency: str
    repeat_days: int
    last_bought_on: date
    alive: float
    expected_days: float
    expected_spending_a_day: Decimal | None
    expected_spending: Decimal | None


class RenewingResource(BaseModel):
    """What is expected of a customer with a contract: whether she renews next, and how often she will from now on, a
    later renewal being worth less by the discount."""

    model_config = ConfigDict(from_attributes=True)

    term_months: int
    renewals: int
    has_left: bool
    renews_next: float
    expected_renewals: float


class WorthResource(BaseModel):
    """What a customer may be expected to buy from the day `on` on, by what was known of the days before and the models
    as they were fitted last. Nothing is said where no model was fitted to customers of her kind."""

    customer_id: UUID
    on: date
    weeks: float
    buying: list[BuyingResource]
    renewing: RenewingResource | None


@router.get("/models", responses=documented(BadParameter, NotUpToDate))
def list_models(
    caller: KpiReader, store: OpenStore, as_of: AsOf = None, fresh: MinPosition = None
) -> Page[ModelResource]:
    """The models, each as it was fitted last, now or by a past moment."""
    at_least(store, models_of(worth.FITS), fresh)
    with tables(store, worth.FITS, as_of) as (connection, schema):
        found = worth.fits(connection, schema, sight=caller.sight)
    return Page(data=[_resource(row) for row in found], has_more=False, next_cursor=None)


@router.get("/models/{name}", responses=documented(NotFound, BadParameter, NotUpToDate))
def get_model(
    name: str, caller: KpiReader, store: OpenStore, as_of: AsOf = None, fresh: MinPosition = None
) -> ModelResource:
    """A model as it was fitted last, now or by a past moment."""
    at_least(store, models_of(worth.FITS), fresh)
    with tables(store, worth.FITS, as_of) as (connection, schema):
        found = {row["name"]: row for row in worth.fits(connection, schema, sight=caller.sight)}
    if name not in found:
        there = f"There are: {', '.join(found)}." if found else "None was fitted yet: crm fit clv"
        raise NotFound(f"No model of that name was fitted. {there}")
    return _resource(found[name])


@router.get("/customers/{customer_id}/worth", responses=documented(NotFound, BadParameter, NotUpToDate, NotInstalled))
def get_worth(
    customer_id: CustomerId,
    caller: Annotated[Principal, Security(principal, scopes=["customers:read", "kpis:read"])],
    store: OpenStore,
    weeks: Annotated[float, Query(gt=0, le=1000, description="How far to look ahead.")] = 52,
    discount: Annotated[float, Query(ge=0.01, le=9, description="By what share a year later is worth less.")] = 0.1,
    as_of: AsOf = None,
    fresh: MinPosition = None,
) -> WorthResource:
    """What a customer may be expected to buy, as it could be known now or at a past moment."""
    at_least(store, models_of(_READ), fresh)
    with tables(store, _READ, as_of) as (connection, schema):
        if not log.has_customer(connection, customer_id):
            raise NotFound()
        must_see(connection, caller.sight, "customer", customer_id)
        root = root_of(connection, customer_id, schema, sight=caller.sight)
        days = Days(day_of(connection, as_of, store.settings.zone), store.settings.zone)
        models = Models.known(connection, schema)
        try:
            buying = [
                models.buying(customer, currency, days.until_day, weeks)
                for currency in models.currencies()
                for customer in worth.purchase_days(connection, days, currency, root, schema, sight=caller.sight)
                if not customer.is_contractual
            ]
            renewing = [
                models.renewing(customer, (1 + discount) ** (customer.term_months / _MONTHS_OF_A_YEAR) - 1)
                for customer in worth.contract_renewals(connection, days, root, schema, sight=caller.sight)
            ]
        except AnalyticsMissing as missing:
            raise NotInstalled(str(missing)) from None
    return WorthResource(
        customer_id=root,
        on=days.until_day,
        weeks=weeks,
        buying=[BuyingResource.model_validate(one) for one in buying],
        renewing=next((RenewingResource.model_validate(one) for one in renewing if one), None),
    )


def _resource(row: Row) -> ModelResource:
    return ModelResource.model_validate(row["definition"] | row | {"fitted_at": row["published_at"]})
