"""What can be done with a lead."""

from datetime import date
from uuid import UUID

from api.capturing import capture
from api.commands.rows import Resource, Row, Situation, row, workspace
from api.commands.work import ties, work
from api.merging import conversion_reverted
from api.resources import CommandResult, LeadAnswer
from api.streams import Decision, happening
from api.write import Writer, today
from domain import lead as rules
from domain.event import CustomerId
from domain.pipeline import Pipeline
from domain.workspace import DEFAULT_PIPELINE
from eventstore import log
from eventstore.database import Connection

_ALSO_CUSTOMERS = ("customers:write",)
"""For what merges or parts the lead's customers as well."""


def _today(_: Situation) -> date:
    return today()


def _pipeline(at: Situation) -> Pipeline:
    return at.workspace.pipeline(at.record.pipeline or DEFAULT_PIPELINE.name)


def _people(at: Situation) -> frozenset[UUID]:
    return at.streams.people(_prospect(at))


def _prospect(at: Situation) -> CustomerId:
    """Whose the lead is, before any merge of hers."""
    return at.streams.stranger(at.record.reattributed_to or at.streams.filed_under(at.record_id))


def _convert_into(at: Situation) -> Decision:
    lead, customer_id = at.record, at.command.customer_id
    prospect_id = _prospect(at)
    prospect, known = at.streams.customer(prospect_id), at.streams.customer(customer_id, "customer_id")
    root_id = at.streams.root(prospect_id)
    conversion = rules.convert_into(lead, at.command, prospect_id, prospect, known, at.new_id, root_id, at.workspace)
    return happening(
        {at.record_id: conversion.lead, prospect_id: conversion.prospect, customer_id: conversion.customer}
    )


def _merge_of_conversion(connection: Connection, done: CommandResult) -> UUID | None:
    """None where the prospect lived on there already."""
    conversion = log.load_from(connection, done.stream_id, done.version)[0].event
    return getattr(conversion, "merge_id", None)


def _revert_conversion(at: Situation) -> Decision:
    return conversion_reverted(at.streams, at.record_id, at.command)


def _capture(write: Writer, command: rules.CaptureLead, _: UUID) -> LeadAnswer:
    return capture(write, command)


LEADS = Resource(
    path="leads",
    noun="lead",
    scope="leads:write",
    answer=Writer.lead_answer,
    answer_type=LeadAnswer,
    rows=(
        Row("capture", rules.CaptureLead, begin=_capture, is_first=True),
        row("retitle", rules.RetitleLead, rules.retitle),
        row("assign", rules.AssignLead, rules.assign, workspace),
        row("contact", rules.ContactLead, rules.contact),
        row("qualify", rules.QualifyLead, rules.qualify),
        row("score", rules.ScoreLead, rules.score),
        row("disqualify", rules.DisqualifyLead, rules.disqualify),
        row("recycle", rules.RecycleLead, rules.recycle),
        row("reopen", rules.ReopenLead, rules.reopen),
        row("move-to-stage", rules.MoveLeadToStage, rules.move_to_stage, _pipeline),
        row("value", rules.ValueLead, rules.value),
        row("move-expected-close", rules.MoveExpectedClose, rules.move_expected_close),
        row("override-probability", rules.OverrideProbability, rules.override_probability),
        row("choose-forecast-category", rules.ChooseForecastCategory, rules.choose_forecast_category),
        row("add-product", rules.AddProduct, rules.add_product),
        row("reprice-product", rules.RepriceProduct, rules.reprice_product),
        row("remove-product", rules.RemoveProduct, rules.remove_product),
        row("send-proposal", rules.SendProposal, rules.send_proposal),
        *work(rules),
        row("win", rules.WinLead, rules.win, _today),
        row("lose", rules.LoseLead, rules.lose),
        row("add-stakeholder", rules.AddStakeholder, rules.add_stakeholder, _people),
        row("remove-stakeholder", rules.RemoveStakeholder, rules.remove_stakeholder),
        row("convert", rules.ConvertLead, rules.convert),
        Row(
            "convert-into",
            rules.ConvertLeadInto,
            _convert_into,
            makes="merge",
            others=("customer_id",),
            scopes=_ALSO_CUSTOMERS,
            made=_merge_of_conversion,
        ),
        Row("revert-conversion", rules.RevertConversion, _revert_conversion, scopes=_ALSO_CUSTOMERS),
        *ties(rules, rules.MergeLead, "record"),
    ),
)
