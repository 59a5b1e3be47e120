"""Leads and others: a prospect becomes a customer or turns out to be one; two records of the same deal are merged."""

from uuid import UUID

from fastapi import APIRouter

from api.leads import COMMAND, LeadWriter
from api.merging import conversion_reverted, given_to, merged, parted
from api.resources import LeadResource
from api.streams import Decision, Streams, happening
from api.write import lead_answer
from domain import lead as rules

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
    return write.act_together(
        "lead",
        [lead_id],
        command,
        lambda streams: conversion_reverted(streams, lead_id, command),
        lead_answer,
    )


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
    return write.act_together(
        "lead",
        [lead_id, command.to_customer_id],
        command,
        lambda streams: given_to(streams, streams.lead(lead_id), lead_id, command),
        lead_answer,
    )
