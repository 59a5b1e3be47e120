"""Events in words: the sentences of a timeline."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_never, cast

from domain.catalogue import AnyEvent
from domain.customer import CustomerForgotten, CustomerPersonForgotten, CustomerRegistered
from domain.event import Event, Forgotten, MemberId, Word
from domain.follow_up import FollowUpCancelled, FollowUpCompleted, FollowUpRescheduled, FollowUpScheduled
from domain.imports import ImportCompleted, ImportStarted
from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRecord, InteractionRetracted
from domain.lead_events import (
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadContacted,
    LeadConversionReverted,
    LeadConverted,
    LeadDisqualified,
    LeadExpectedCloseMoved,
    LeadForecastCategoryChosen,
    LeadLost,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadProductAdded,
    LeadProductRemoved,
    LeadProductRepriced,
    LeadProposalSent,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
)
from domain.money import Money, written
from domain.sla_policy import SlaPolicy
from domain.ticket_events import (
    SlaRecord,
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMergedInto,
    TicketMergeReverted,
    TicketOpened,
    TicketPriorityLowered,
    TicketPriorityRaised,
    TicketPutOnHold,
    TicketPutPending,
    TicketRated,
    TicketReopened,
    TicketReplied,
    TicketResumed,
    TicketSlaApplied,
    TicketSlaBreached,
    TicketSlaCancelled,
    TicketSlaMet,
    TicketSolved,
)
from domain.workspace import (
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceBusinessCalendarPublished,
    WorkspaceMemberInvited,
    WorkspacePipelinePublished,
    WorkspaceSlaPolicyPublished,
)


def in_words(event: Event) -> str:
    """One sentence about the event, without its moment and without names of members, which the reader looks up."""
    return _sentence(cast(AnyEvent, event))  # every event is in the catalogue


def _sentence(event: AnyEvent) -> str:
    match event:
        case CustomerRegistered():
            return f"Registered as {'a person' if event.kind == 'person' else 'an organisation'}: {_said(event.name)}"
        case CustomerForgotten():
            return f"Personal data erased {_erased(event)}"
        case CustomerPersonForgotten():
            return f"Personal data of a contact person erased {_erased(event)}"
        case LeadCaptured():
            return f"Captured in stage {event.stage}{_after(' from ', event.source)}: {_said(event.title)}"
        case LeadCaptureCorrected():
            return f"Capture corrected{_after(': it came from ', event.source)}"
        case LeadRetitled():
            return f"Title: {_said(event.title)}"
        case LeadAssigned():
            return _assigned(event.owner_id, event.team, event.rule)
        case LeadContacted():
            return "Contacted for the first time"
        case LeadQualified():
            return f"Qualified{_after(' with score ', event.score)}{_after(': ', event.criteria)}"
        case LeadDisqualified():
            return f"Disqualified{_after(': ', event.reason)}"
        case LeadRecycled():
            return f"Put back into nurture{_after(' until ', event.until)}{_after(': ', event.reason)}"
        case LeadReopened():
            return f"Reopened{_after(': ', event.reason)}"
        case LeadMovedToStage():
            return f"Moved{_after(' from ', event.from_stage)} to {event.to_stage}"
        case LeadValued():
            return f"Valued at {_said(event.value)}"
        case LeadExpectedCloseMoved():
            return f"Expected to close on {event.expected_close}"
        case LeadProbabilityOverridden():
            return f"Chance to win judged as {_percent(event.probability)}"
        case LeadForecastCategoryChosen():
            return f"Forecast as {event.category.replace('_', ' ')}"
        case LeadProductAdded():
            return f"Added {_line(event)}"
        case LeadProductRepriced():
            return f"Changed to {_line(event)}"
        case LeadProductRemoved():
            return f"Removed {event.product_id}"
        case LeadProposalSent():
            return f"Proposal sent{_after(' for ', event.value)}{_after(': ', event.document)}"
        case LeadWon():
            return f"Won{_after(' for ', event.value)}{_after(' on ', event.won_on)}"
        case LeadLost():
            return f"Lost{_after(' to ', event.competitor)}{_after(': ', event.reason)}"
        case LeadConverted():
            return "Became a customer"
        case LeadConversionReverted():
            return f"Did not become a customer after all{_after(': ', event.reason)}"
        case TicketOpened():
            return f"Opened{_after(' by ', event.channel)} with priority {event.priority}: {_said(event.subject)}"
        case TicketAssigned():
            return _assigned(event.assignee_id, event.team, event.rule)
        case TicketEscalated():
            return f"Escalated to level {event.level}{_why(event.cause, event.reason)}"
        case TicketPriorityRaised():
            return f"Priority raised from {event.from_priority} to {event.to_priority}{_after(': ', event.reason)}"
        case TicketPriorityLowered():
            return f"Priority lowered from {event.from_priority} to {event.to_priority}{_after(': ', event.reason)}"
        case TicketCategorised():
            return f"Category: {event.category or 'none'}"
        case TicketReplied():
            return f"{'Reply' if event.public else 'Internal note'} of {_author(event)}: {_said(event.body)}"
        case TicketPutPending():
            return f"Waiting for the customer{_after(': ', event.waiting_for)}"
        case TicketPutOnHold():
            return f"Waiting for a third party{_after(': ', event.waiting_for)}"
        case TicketResumed():
            return f"Resumed{_why(event.cause, event.reason)}"
        case TicketSolved():
            return f"Solved{_after(': ', event.resolution)}"
        case TicketReopened():
            return f"Reopened{_why(event.cause, event.reason)}"
        case TicketClosed():
            return f"Closed{_why(event.cause, None)}"
        case TicketMarkedSpam():
            return "Marked as spam"
        case TicketMergedInto():
            return f"Merged into ticket {event.survivor_id}{_after(': ', event.reason)}"
        case TicketMergeReverted():
            return f"Not merged after all{_after(': ', event.reason)}"
        case TicketRated():
            return f"Rated {event.csat} of 5{_after(': ', event.comment)}"
        case TicketSlaApplied():
            return _applied(event)
        case TicketSlaMet():
            return f"{_target(event)} in time, due {_said(event.due_at)}"
        case TicketSlaBreached():
            return f"{_target(event)} overdue since {_said(event.due_at)}"
        case TicketSlaCancelled():
            return f"{_target(event)} not owed any more"
        case InteractionLogged():
            return _interaction(event)
        case InteractionCorrected():
            return f"Corrected: {_interaction(event)}"
        case InteractionRetracted():
            return f"Interaction retracted{_after(': ', event.reason)}"
        case FollowUpScheduled():
            return f"Follow-up due {_said(event.due_at)}: {_said(event.what)}"
        case FollowUpRescheduled():
            return f"Follow-up moved to {_said(event.due_at)}"
        case FollowUpCompleted():
            return f"Follow-up done{_after(': ', event.outcome)}"
        case FollowUpCancelled():
            return f"Follow-up cancelled{_after(': ', event.reason)}"
        case WorkspacePipelinePublished():
            stages = ", ".join(stage.name for stage in event.pipeline.stages)
            return f"Pipeline {event.pipeline.name}, version {event.pipeline.version}: {stages}"
        case WorkspaceBusinessCalendarPublished():
            calendar = event.calendar
            holidays = f"{len(calendar.holidays)} holidays"
            return f"Business calendar {calendar.name}, version {calendar.version}: {calendar.zone}, {holidays}"
        case WorkspaceSlaPolicyPublished():
            return f"SLA policy {event.policy.name}, version {event.policy.version}: {_goals(event.policy)}"
        case WorkspaceMemberInvited():
            return f"Invited {_said(event.name)}"
        case WorkspaceApiKeyIssued():
            return f"API key issued for {', '.join(event.scopes) or 'nothing'}: {_said(event.label)}"
        case WorkspaceApiKeyRevoked():
            return "API key revoked"
        case ImportStarted():
            return f"Import of {event.kind} started"
        case ImportCompleted():
            return (
                f"Import completed: {event.rows} rows, {event.created} created, {event.changed} changed, "
                f"{event.unchanged} unchanged, {event.refused} refused"
            )
        case _:
            assert_never(event)


def _erased(event: CustomerForgotten | CustomerPersonForgotten) -> str:
    return f"({event.legal_basis.replace('_', ' ')}){_after(': ', event.reason)}"


def _assigned(member_id: MemberId | None, team: Word | None, rule: Word | None) -> str:
    """The member's name is the reader's to look up: it may have been forgotten since."""
    to = "a member" if member_id else None
    of = f"team {team}" if team else None
    return f"Assigned to {' of '.join(filter(None, (to, of))) or 'nobody'}{_after(' by rule ', rule)}"


def _author(event: TicketReplied) -> str:
    return {"agent": "an agent", "customer": "the customer", "bot": "a bot"}[event.author]


def _why(cause: Word | None, reason: object) -> str:
    return f"{_after(', ', cause and cause.replace('_', ' '))}{_after(': ', reason)}"


def _applied(event: TicketSlaApplied) -> str:
    return f"{_target(event)} {'paused' if event.clock == 'paused' else 'due'}{_after(' ', event.due_at)}"


def _target(event: SlaRecord) -> str:
    return event.target.replace("_", " ").capitalize()


def _line(event: LeadProductAdded | LeadProductRepriced) -> str:
    return f"{_plain(event.quantity)} x {event.product_id}{_after(' at ', event.unit_price)}"


def _goals(policy: SlaPolicy) -> str:
    goals = (
        f"{goal.target.replace('_', ' ')} in {round(goal.within_seconds / 60)} min ({goal.priority})"
        for goal in policy.goals
    )
    return ", ".join(goals) or "nothing"


def _interaction(event: InteractionRecord) -> str:
    kind = f"{event.direction} {event.kind}" if event.direction else event.kind
    minutes = f", {round(event.duration_seconds / 60)} min" if event.duration_seconds else ""
    return f"{kind.capitalize()}{minutes}{_after(': ', event.summary)}{_after(' → ', event.outcome)}"


def _after(before: str, value: object) -> str:
    """The value with what leads up to it; nothing when there is none."""
    return "" if value is None else before + _said(value)


def _said(value: object) -> str:
    match value:
        case Forgotten():
            return "(forgotten)"
        case Money():
            return written(value)
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case _:
            return str(value)


def _percent(probability: Decimal) -> str:
    return f"{_plain(probability * 100)} %"


def _plain(number: Decimal) -> str:
    """Without the zeros that say nothing: 2 rather than 2.000."""
    return f"{number.normalize():f}"
