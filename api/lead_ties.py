"""Leads and others: a prospect becomes a customer or turns out to be one; two records of the same deal are merged."""

from uuid import UUID

from fastapi import APIRouter

from api.leads import COMMAND, LeadWriter
from api.merging import merged, parted
from api.resources import LeadResource
from api.streams import Decision, Streams, happening
from api.write import lead_answer
from domain import lead as rules
from domain.customer import Customer
from domain.event import CustomerId
from domain.lead import LeadConverted

router = APIRouter(prefix="/v1/leads", tags=["leads"])


@router.post("/{lead_id}/convert", responses=COMMAND)
def convert(lead_id: UUID, command: rules.ConvertLead, write: LeadWriter) -> LeadResource:
    """Make the prospect a customer in her own right."""
    return write.act(lead_id, command, rules.convert)


@router.post("/{lead_id}/convert-into", responses=COMMAND)
def convert_into(lead_id: UUID, command: rules.ConvertLeadInto, write: LeadWriter) -> LeadResource:
    """Say that the prospect is a customer whom we know already: the two are merged. It can be reverted."""
    merge_id = write.new_id("merge")

    def decide(streams: Streams) -> Decision:
        lead = streams.lead(lead_id)
        prospect_id = lead.reattributed_to or streams.filed_under(lead_id)
        prospect, known = streams.customer(prospect_id), streams.customer(command.customer_id, "customer_id")
        conversion = rules.convert_into(lead, command, prospect_id, prospect, known, merge_id)
        return happening(
            {lead_id: conversion.lead, prospect_id: conversion.prospect, command.customer_id: conversion.customer}
        )

    return write.act_together("lead", [lead_id, command.customer_id], command, decide, lead_answer)


@router.post("/{lead_id}/revert-conversion", responses=COMMAND)
def revert_conversion(lead_id: UUID, command: rules.RevertConversion, write: LeadWriter) -> LeadResource:
    """Take back that the prospect became a customer, or that she was one whom we knew."""

    def decide(streams: Streams) -> Decision:
        lead = streams.lead(lead_id)
        conversion = lead.conversion or LeadConverted()
        known_id, merge_id = conversion.customer_id, conversion.merge_id
        known = streams.customer(known_id) if known_id else Customer()
        # who was merged by it, and not whose the lead is by now
        prospect_id = known.merges.absorbed.get(merge_id) if merge_id else None
        if not known_id or not prospect_id:
            return {lead_id: [rules.revert_conversion(lead, command, Customer(), known).lead]}
        reverted = rules.revert_conversion(lead, command, streams.customer(CustomerId(prospect_id)), known)
        return happening({lead_id: reverted.lead, prospect_id: reverted.prospect, known_id: reverted.customer})

    return write.act_together("lead", [lead_id], command, decide, lead_answer)


@router.post("/{lead_id}/merge", responses=COMMAND)
def merge(lead_id: UUID, command: rules.MergeLead, write: LeadWriter) -> LeadResource:
    """Merge the lead into another record of the same deal. Nothing is rewritten: it can be reverted."""
    merge_id = write.new_id("merge")
    return write.act_together(
        "lead",
        [lead_id, command.survivor_id],
        command,
        lambda streams: merged(streams.lead, rules.merge, rules.absorb, command, lead_id, merge_id),
        lead_answer,
    )


@router.post("/{lead_id}/revert-merge", responses=COMMAND)
def revert_merge(lead_id: UUID, command: rules.RevertMerge, write: LeadWriter) -> LeadResource:
    """Take back that the lead was merged, or that another was merged into it."""
    return write.act_together(
        "lead",
        [lead_id],
        command,
        lambda streams: parted(streams.lead, rules.revert_merge, command, lead_id),
        lead_answer,
    )


@router.post("/{lead_id}/reattribute", responses=COMMAND)
def reattribute(lead_id: UUID, command: rules.Reattribute, write: LeadWriter) -> LeadResource:
    """Say to which customer the lead really belongs."""

    def decide(streams: Streams) -> Decision:
        lead, to = streams.lead(lead_id), streams.customer(command.to_customer_id, "to_customer_id")
        return {lead_id: [rules.reattribute(lead, command, streams.filed_under(lead_id), to)]}

    return write.act_together("lead", [lead_id, command.to_customer_id], command, decide, lead_answer)
