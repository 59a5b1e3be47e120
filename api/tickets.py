"""Tickets: two about the same are merged and parted again; one filed under the wrong customer goes to the right one."""

from typing import Annotated

from fastapi import APIRouter, Security

from api.merging import given_to, merged, parted
from api.problems import COMMAND
from api.resources import CommandResult
from api.write import Writer, command_result, writer
from domain import ticket as rules
from domain.ticket import TicketId

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

TicketWriter = Annotated[Writer, Security(writer, scopes=["tickets:write"])]


@router.post("/{ticket_id}/merge", responses=COMMAND)
def merge(ticket_id: TicketId, command: rules.MergeTicket, write: TicketWriter) -> CommandResult:
    """Merge the ticket into another one that is about the same. Nothing is rewritten: it can be reverted."""
    merge_id = write.new_id("merge")
    return write.act_together(
        "ticket",
        [ticket_id, command.survivor_id],
        command,
        lambda streams: merged(streams.ticket, rules.merge, rules.absorb, command, ticket_id, merge_id),
        command_result(merge_id, merge_id),
    )


@router.post("/{ticket_id}/revert-merge", responses=COMMAND)
def revert_merge(ticket_id: TicketId, command: rules.RevertMerge, write: TicketWriter) -> CommandResult:
    """Take back that the ticket was merged, or that another was merged into it."""
    return write.act_together(
        "ticket",
        [ticket_id],
        command,
        lambda streams: parted(streams.ticket, rules.revert_merge, command, ticket_id),
        command_result(command.merge_id),
    )


@router.post("/{ticket_id}/reattribute", responses=COMMAND)
def reattribute(ticket_id: TicketId, command: rules.Reattribute, write: TicketWriter) -> CommandResult:
    """Say to which customer the ticket really belongs."""
    return write.act_together(
        "ticket",
        [ticket_id, command.to_customer_id],
        command,
        lambda streams: given_to(streams, streams.ticket(ticket_id), ticket_id, command),
        command_result(),
    )
