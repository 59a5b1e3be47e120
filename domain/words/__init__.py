"""Events in words: the sentences of a timeline."""

from typing import assert_never, cast

from domain.campaign import CampaignEvent
from domain.catalogue import AnyEvent
from domain.customer.events import OwnCustomerEvent
from domain.event import Event, Word
from domain.imports import ImportEvent
from domain.lead.events import (
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
from domain.ticket.events import (
    SlaRecord,
    TicketAssigned,
    TicketCategorised,
    TicketClosed,
    TicketEscalated,
    TicketMarkedSpam,
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
from domain.words.company import company_sentence
from domain.words.customer import customer_sentence
from domain.words.phrases import after, assigned, percent, plain, said
from domain.words.shared import SharedEvent, shared_sentence
from domain.workspace import WorkspaceEvent


def in_words(event: Event) -> str:
    """One sentence about the event, without its moment and without names of members, which the reader looks up."""
    return _sentence(cast(AnyEvent, event))  # every event is in the catalogue


def _sentence(event: AnyEvent) -> str:
    if isinstance(event, WorkspaceEvent | CampaignEvent | ImportEvent):
        return company_sentence(event)
    if isinstance(event, OwnCustomerEvent):
        return customer_sentence(event)
    if isinstance(event, SharedEvent):
        return shared_sentence(event)
    match event:
        case LeadCaptured():
            return f"Captured in stage {event.stage}{after(' from ', event.source)}: {said(event.title)}"
        case LeadCaptureCorrected():
            return f"Capture corrected{after(': it came from ', event.source)}"
        case LeadRetitled():
            return f"Title: {said(event.title)}"
        case LeadAssigned():
            return assigned(event.owner_id, event.team, event.rule)
        case LeadContacted():
            return "Contacted for the first time"
        case LeadQualified():
            return f"Qualified{after(' with score ', event.score)}{after(': ', event.criteria)}"
        case LeadDisqualified():
            return f"Disqualified{after(': ', event.reason)}"
        case LeadRecycled():
            return f"Put back into nurture{after(' until ', event.until)}{after(': ', event.reason)}"
        case LeadReopened():
            return f"Reopened{after(': ', event.reason)}"
        case LeadMovedToStage():
            return f"Moved{after(' from ', event.from_stage)} to {event.to_stage}"
        case LeadValued():
            return f"Valued at {said(event.value)}"
        case LeadExpectedCloseMoved():
            return f"Expected to close on {event.expected_close}"
        case LeadProbabilityOverridden():
            return f"Chance to win judged as {percent(event.probability)}"
        case LeadForecastCategoryChosen():
            return f"Forecast as {event.category.replace('_', ' ')}"
        case LeadProductAdded():
            return f"Added {_line(event)}"
        case LeadProductRepriced():
            return f"Changed to {_line(event)}"
        case LeadProductRemoved():
            return f"Removed {event.product_id}"
        case LeadProposalSent():
            return f"Proposal sent{after(' for ', event.value)}{after(': ', event.document)}"
        case LeadWon():
            return f"Won{after(' for ', event.value)}{after(' on ', event.won_on)}"
        case LeadLost():
            return f"Lost{after(' to ', event.competitor)}{after(': ', event.reason)}"
        case LeadConverted():
            return f"Became a customer{after(', the same as customer ', event.customer_id)}"
        case LeadConversionReverted():
            return f"Did not become a customer after all{after(': ', event.reason)}"
        case TicketOpened():
            return f"Opened{after(' by ', event.channel)} with priority {event.priority}: {said(event.subject)}"
        case TicketAssigned():
            return assigned(event.assignee_id, event.team, event.rule)
        case TicketEscalated():
            return f"Escalated to level {event.level}{_why(event.cause, event.reason)}"
        case TicketPriorityRaised():
            return f"Priority raised from {event.from_priority} to {event.to_priority}{after(': ', event.reason)}"
        case TicketPriorityLowered():
            return f"Priority lowered from {event.from_priority} to {event.to_priority}{after(': ', event.reason)}"
        case TicketCategorised():
            return f"Category: {event.category or 'none'}"
        case TicketReplied():
            return f"{'Reply' if event.public else 'Internal note'} of {_author(event)}: {said(event.body)}"
        case TicketPutPending():
            return f"Waiting for the customer{after(': ', event.waiting_for)}"
        case TicketPutOnHold():
            return f"Waiting for a third party{after(': ', event.waiting_for)}"
        case TicketResumed():
            return f"Resumed{_why(event.cause, event.reason)}"
        case TicketSolved():
            return f"Solved{after(': ', event.resolution)}"
        case TicketReopened():
            return f"Reopened{_why(event.cause, event.reason)}"
        case TicketClosed():
            return f"Closed{_why(event.cause, None)}"
        case TicketMarkedSpam():
            return "Marked as spam"
        case TicketRated():
            return f"Rated {event.csat} of 5{after(': ', event.comment)}"
        case TicketSlaApplied():
            return _applied(event)
        case TicketSlaMet():
            return f"{_target(event)} in time, due {said(event.due_at)}"
        case TicketSlaBreached():
            return f"{_target(event)} overdue since {said(event.due_at)}"
        case TicketSlaCancelled():
            return f"{_target(event)} not owed any more"
        case _:
            assert_never(event)


def _author(event: TicketReplied) -> str:
    return {"agent": "an agent", "customer": "the customer", "bot": "a bot"}[event.author]


def _why(cause: Word | None, reason: object) -> str:
    return f"{after(', ', cause and cause.replace('_', ' '))}{after(': ', reason)}"


def _applied(event: TicketSlaApplied) -> str:
    return f"{_target(event)} {'paused' if event.clock == 'paused' else 'due'}{after(' ', event.due_at)}"


def _target(event: SlaRecord) -> str:
    return event.target.replace("_", " ").capitalize()


def _line(event: LeadProductAdded | LeadProductRepriced) -> str:
    return f"{plain(event.quantity)} x {event.product_id}{after(' at ', event.unit_price)}"
