"""Customers: what is known of one; two of the same are merged and parted again; what lies at the wrong one moves."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Security

from api.access import OpenStore, Principal, principal
from api.fresh import MinPosition, at_least
from api.merging import merged, parted
from api.past import AsOf, OnAxis, must_be_recorded, position_of
from api.problems import COMMAND, BadParameter, NotFound, NotUpToDate, documented
from api.resources import CommandResult, CustomerResource
from api.streams import Dated, Decision, Streams
from api.write import Writer, command_result, writer
from domain import customer as rules
from domain.event import CustomerId
from projections.customers import PARTS, TABLES, get_customer
from replay.asof import models_of
from replay.recall import customer_at, table_at

router = APIRouter(prefix="/v1/customers", tags=["customers"])

CustomerReader = Annotated[Principal, Security(principal, scopes=["customers:read"])]
CustomerWriter = Annotated[Writer, Security(writer, scopes=["customers:write"])]


@router.get("/{customer_id}", responses=documented(NotFound, BadParameter, NotUpToDate))
def get(
    customer_id: UUID,
    _: CustomerReader,
    store: OpenStore,
    as_of: AsOf = None,
    axis: OnAxis = None,
    fresh: MinPosition = None,
) -> CustomerResource:
    """What is known of a customer, or was at a past moment. Who was merged is answered as whom she lives on in."""
    must_be_recorded(axis)
    if as_of is None:
        at_least(store, models_of([*TABLES, "customer_alias"]), fresh)
    with store.pool.connection() as connection:
        if as_of:
            position = position_of(connection, as_of)
            root = customer_at(connection, customer_id, position)
            found = {table: table_at(connection, table, root, position) for table in TABLES}
        else:
            found = get_customer(connection, customer_id)
    if not found["customer_360"]:
        raise NotFound()
    parts = {part: sorted(found[table], key=lambda row: row["position"]) for part, table in PARTS.items()}
    return CustomerResource.model_validate(found["customer_360"][0] | parts)


@router.post("/{customer_id}/merge", responses=COMMAND)
def merge(customer_id: CustomerId, command: rules.MergeCustomer, write: CustomerWriter) -> CommandResult:
    """Merge the customer into another record of the same one. Nothing is rewritten: it can be reverted."""
    merge_id, workspace = write.new_id("merge"), write.workspace()
    rule = partial(rules.merge, workspace=workspace)
    return write.act_together(
        "customer",
        [customer_id, command.survivor_id],
        command,
        lambda streams: merged(streams.customer, rule, rules.absorb, command, customer_id, merge_id),
        command_result(merge_id, merge_id),
    )


@router.post("/{customer_id}/revert-merge", responses=COMMAND)
def revert_merge(customer_id: CustomerId, command: rules.RevertMerge, write: CustomerWriter) -> CommandResult:
    """Take back that the customer was merged, or that another was merged into her."""
    return write.act_together(
        "customer",
        [customer_id],
        command,
        lambda streams: parted(streams.customer, rules.revert_merge, command, customer_id),
        command_result(command.merge_id),
    )


@router.post("/{customer_id}/reattribute-part", responses=COMMAND)
def reattribute_part(customer_id: CustomerId, command: rules.ReattributePart, write: CustomerWriter) -> CommandResult:
    """Say to which customer an interaction, follow-up, purchase or subscription really belongs. It is taken back here
    and recorded there under a new id, with the moments when it happened."""
    part_id = write.new_id("part")

    def decide(streams: Streams) -> Decision:
        customer, to = streams.customer(customer_id), streams.customer(command.to_customer_id, "to_customer_id")
        history = streams.customer_history(customer_id)
        part = rules.reattribute_part(customer, command, customer_id, to, history, part_id)
        return {customer_id: [part.here], command.to_customer_id: [Dated(event, at) for event, at in part.there]}

    ids = [customer_id, command.to_customer_id]
    return write.act_together("customer", ids, command, decide, command_result(created_id=part_id))
