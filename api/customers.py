"""Customers: what is known of one. What can be done with her is in the table of her commands."""

from typing import Annotated
from uuid import UUID

from fastapi import Response, Security

from api.access import OpenStore, Principal, principal
from api.commands.answers import customer_as_of
from api.fresh import MinPosition, at_least
from api.lists.answer import as_json
from api.past import AsOf, OnAxis, must_be_recorded, position_of
from api.problems import BadParameter, NotFound, NotUpToDate, documented
from api.resources import CustomerResource
from api.section import Section
from api.visible import must_see
from projections.customers import TABLES, get_customer
from replay.asof import models_of

router = Section(prefix="/v1/customers", tags=["customers"])

CustomerReader = Annotated[Principal, Security(principal, scopes=["customers:read"])]


@router.get(
    "/{customer_id}",
    name="get_customer",
    response_model=CustomerResource,
    responses=documented(NotFound, BadParameter, NotUpToDate),
)
def get(
    customer_id: UUID,
    caller: CustomerReader,
    store: OpenStore,
    as_of: AsOf = None,
    axis: OnAxis = None,
    fresh: MinPosition = None,
) -> Response:
    """What is known of a customer, or was at a past moment. Who was merged is answered as whom she lives on in."""
    must_be_recorded(axis)
    if as_of is None and fresh is not None:
        at_least(store, models_of([*TABLES, "customer_alias"]), fresh)
    with store.pool.connection() as connection:
        if as_of is None:
            found = get_customer(connection, customer_id, sight=caller.sight)
        else:
            must_see(connection, caller.sight, "customer", customer_id)
            settings, _ = store.settled.now(connection)
            found = customer_as_of(connection, settings, caller.sight, customer_id, position_of(connection, as_of))
    if found is None:
        raise NotFound()
    # not checked once more by the framework
    return as_json(CustomerResource.model_validate(found))
