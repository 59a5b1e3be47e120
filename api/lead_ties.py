"""Leads and others: who has a part in the deal, which customer the prospect becomes or turns out to be, and two records
of the same deal that are merged."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Security

from api.leads import LeadWriter
from api.merging import conversion_reverted, given_to, merged, parted
from api.problems import COMMAND
from api.resources import CommandResult, LeadAnswer
from api.streams import Decision, Streams, happening
from api.write import Writer, writer
from domain import lead as rules
from eventstore import log
from eventstore.database import Connection

router = APIRouter(prefix="/v1/leads", tags=["leads"])

MergingWriter = Annotated[Writer, Security(writer, scopes=["leads:write", "customers:write"])]
"""For what merges or parts the lead's customers as well."""


@router.post("/{lead_id}/add-stakeholder", responses=COMMAND)
def add_stakeholder(lead_id: UUID, command: rules.AddStakeholder, write: LeadWriter) -> LeadAnswer:
    """Say that a contact person of the customer has a part in the deal, or now another one."""

    def decide(streams: Streams) -> Decision:
        lead = streams.lead(lead_id)
        people = streams.people(lead.reattributed_to or streams.filed_under(lead_id))
        return {lead_id: [rules.add_stakeholder(lead, command, people)]}

    return write.act_together("lead", [lead_id], command, decide, write.lead_answer())


@router.post("/{lead_id}/remove-stakeholder", responses=COMMAND)
def remove_stakeholder(lead_id: UUID, command: rules.RemoveStakeholder, write: LeadWriter) -> LeadAnswer:
    """Say that a contact person has no part in the deal any more."""
    return write.act(lead_id, command, rules.remove_stakeholder)


@router.post("/{lead_id}/convert", responses=COMMAND)
def convert(lead_id: UUID, command: rules.ConvertLead, write: LeadWriter) -> LeadAnswer:
    """Make the prospect a customer in her own right."""
    return write.act(lead_id, command, rules.convert)


@router.post("/{lead_id}/convert-into", responses=COMMAND)
def convert_into(lead_id: UUID, command: rules.ConvertLeadInto, write: MergingWriter) -> LeadAnswer:
    """Say that the prospect is a customer whom we know already: the two are merged. It can be reverted."""
    merge_id, workspace = write.new_id("merge"), write.workspace()

    def decide(streams: Streams) -> Decision:
        lead = streams.lead(lead_id)
        prospect_id = lead.reattributed_to or streams.filed_under(lead_id)
        prospect, known = streams.customer(prospect_id), streams.customer(command.customer_id, "customer_id")
        root_id = streams.root(prospect_id)
        conversion = rules.convert_into(lead, command, prospect_id, prospect, known, merge_id, root_id, workspace)
        return happening(
            {lead_id: conversion.lead, prospect_id: conversion.prospect, command.customer_id: conversion.customer}
        )

    def answer(connection: Connection, done: CommandResult) -> LeadAnswer:
        conversion = log.load_from(connection, lead_id, done.version)[0].event
        return write.lead_answer(getattr(conversion, "merge_id", None))(connection, done)

    return write.act_together("lead", [lead_id, command.customer_id], command, decide, answer)


@router.post("/{lead_id}/revert-conversion", responses=COMMAND)
def revert_conversion(lead_id: UUID, command: rules.RevertConversion, write: MergingWriter) -> LeadAnswer:
    """Take back that the prospect became a customer, or that she was one whom we knew."""
    return write.act_together(
        "lead",
        [lead_id],
        command,
        lambda streams: conversion_reverted(streams, lead_id, command),
        write.lead_answer(),
    )


@router.post("/{lead_id}/merge", responses=COMMAND)
def merge(lead_id: UUID, command: rules.MergeLead, write: LeadWriter) -> LeadAnswer:
    """Merge the lead into another record of the same deal. Nothing is rewritten: it can be reverted."""
    merge_id = write.new_id("merge")
    return write.act_together(
        "lead",
        [lead_id, command.survivor_id],
        command,
        lambda streams: merged(streams.lead, rules.merge, rules.absorb, command, lead_id, merge_id),
        write.lead_answer(merge_id),
    )


@router.post("/{lead_id}/revert-merge", responses=COMMAND)
def revert_merge(lead_id: UUID, command: rules.RevertMerge, write: LeadWriter) -> LeadAnswer:
    """Take back that the lead was merged, or that another was merged into it."""
    return write.act_together(
        "lead",
        [lead_id],
        command,
        lambda streams: parted(streams.lead, rules.revert_merge, command, lead_id),
        write.lead_answer(),
    )


@router.post("/{lead_id}/reattribute", responses=COMMAND)
def reattribute(lead_id: UUID, command: rules.Reattribute, write: LeadWriter) -> LeadAnswer:
    """Say to which customer the lead really belongs."""
    return write.act_together(
        "lead",
        [lead_id, command.to_customer_id],
        command,
        lambda streams: given_to(streams, streams.lead(lead_id), lead_id, command),
        write.lead_answer(),
    )
