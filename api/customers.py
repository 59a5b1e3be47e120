"""Customers: two of the same one are merged and parted again; what lies at the wrong one goes to the right one."""

from typing import Annotated

from fastapi import APIRouter, Security

from api.merging import merged, parted
from api.problems import BadIfMatch, IdempotencyKeyReused, NotFound, OccurredInFuture, StaleVersion, documented
from api.resources import CommandResult
from api.streams import Dated, Decision, Streams
from api.write import Writer, command_result, writer
from domain import customer as rules
from domain.event import CustomerId

router = APIRouter(prefix="/v1/customers", tags=["customers"])

CustomerWriter = Annotated[Writer, Security(writer, scopes=["customers:write"])]

_COMMAND = documented(NotFound, StaleVersion, IdempotencyKeyReused, OccurredInFuture, BadIfMatch, writes=True)


@router.post("/{customer_id}/merge", responses=_COMMAND)
def merge(customer_id: CustomerId, command: rules.MergeCustomer, write: CustomerWriter) -> CommandResult:
    """Merge the customer into another record of the same one. Nothing is rewritten: it can be reverted."""
    merge_id = write.new_id("merge")
    return write.act_together(
        "customer",
        [customer_id, command.survivor_id],
        command,
        lambda streams: merged(streams.customer, rules.merge, rules.absorb, command, customer_id, merge_id),
        command_result(merge_id),
    )


@router.post("/{customer_id}/revert-merge", responses=_COMMAND)
def revert_merge(customer_id: CustomerId, command: rules.RevertMerge, write: CustomerWriter) -> CommandResult:
    """Take back that the customer was merged, or that another was merged into her."""
    return write.act_together(
        "customer",
        [customer_id],
        command,
        lambda streams: parted(streams.customer, rules.revert_merge, command, customer_id),
        command_result(command.merge_id),
    )


@router.post("/{customer_id}/reattribute-part", responses=_COMMAND)
def reattribute_part(customer_id: CustomerId, command: rules.ReattributePart, write: CustomerWriter) -> CommandResult:
    """Say to which customer an interaction, follow-up, purchase or subscription really belongs. It is taken back here
    and recorded there under a new id, with the moments when it happened."""

    def decide(streams: Streams) -> Decision:
        customer, to = streams.customer(customer_id), streams.customer(command.to_customer_id, "to_customer_id")
        history = streams.customer_history(customer_id)
        part = rules.reattribute_part(customer, command, customer_id, to, history, write.new_id("part"))
        return {customer_id: [part.here], command.to_customer_id: [Dated(event, at) for event, at in part.there]}

    ids = [customer_id, command.to_customer_id]
    return write.act_together("customer", ids, command, decide, command_result())
