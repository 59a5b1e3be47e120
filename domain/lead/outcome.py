"""How a lead ends: won, lost or disqualified; and how it is opened again."""

from dataclasses import replace
from datetime import date
from typing import TypeAlias, assert_never

from domain.event import Command, Event, OptionalPersonalText, Refusal, Text
from domain.lead.state import Lead, LeadAlreadyClosed, LeadNotClosed, must_be_open
from domain.money import Money, must_be_payable
from domain.phrases import after


class LeadWon(Event):
    """The prospect bought, for this value if one is known; the lead is closed, since that day if one is given."""

    value: Money | None = None
    won_on: date | None = None

    def in_words(self) -> str:
        return f"Won{after(' for ', self.value)}{after(' on ', self.won_on)}"


class LeadLost(Event):
    """The prospect did not buy, or bought elsewhere; the lead is closed."""

    reason: OptionalPersonalText = None
    competitor: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Lost{after(' to ', self.competitor)}{after(': ', self.reason)}"


class LeadDisqualified(Event):
    """The lead was never one for us: it is closed, and counts neither as won nor as lost."""

    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Disqualified{after(': ', self.reason)}"


class LeadRecycled(Event):
    """A lost or disqualified lead is open again, to be nurtured, at the latest until a day; it keeps its stage."""

    until: date | None = None
    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Put back into nurture{after(' until ', self.until)}{after(': ', self.reason)}"


class LeadReopened(Event):
    """A closed lead is open again, because the deal goes on or was closed by mistake."""

    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Reopened{after(': ', self.reason)}"


OutcomeEvent: TypeAlias = LeadWon | LeadLost | LeadDisqualified | LeadRecycled | LeadReopened


def evolve_outcome(lead: Lead, event: OutcomeEvent) -> Lead:
    """The lead after the event."""
    match event:
        case LeadDisqualified():
            return replace(lead, status="disqualified", qualified=False, recycled_until=None)
        case LeadRecycled():
            return replace(lead, status="open", qualified=False, recycled_until=event.until)
        case LeadReopened():
            return replace(lead, status="open", recycled_until=None)
        case LeadWon():
            return replace(lead, status="won", value=event.value or lead.value, recycled_until=None)
        case LeadLost():
            return replace(lead, status="lost", recycled_until=None)
        case _:
            assert_never(event)


class WinLead(Command):
    """Close the lead as won, for the given value or else the lead's own."""

    value: Money | None = None
    won_on: date | None = None


class LoseLead(Command):
    """Close the lead as lost."""

    reason: Text | None = None
    competitor: Text | None = None


class DisqualifyLead(Command):
    """Close a lead that was never one for us."""

    reason: Text | None = None


class RecycleLead(Command):
    """Put a lost or disqualified lead back into nurture."""

    until: date | None = None
    reason: Text | None = None


class ReopenLead(Command):
    """Open a closed lead again."""

    reason: Text | None = None


class WonInFuture(Refusal):
    """A lead cannot have been won on {won_on}, which is still to come. Move its expected close to that day."""


def win(lead: Lead, command: WinLead, today: date) -> LeadWon:
    """Raises LeadMerged, LeadAlreadyClosed, UnknownCurrency, AmountNegative, AmountNotPayable, WonInFuture."""
    must_be_open(lead)
    if command.value:
        must_be_payable(command.value)
    if command.won_on is not None and command.won_on > today:
        raise WonInFuture(won_on=command.won_on)
    return LeadWon(value=command.value or lead.value, won_on=command.won_on)


def lose(lead: Lead, command: LoseLead) -> LeadLost:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadLost(reason=command.reason, competitor=command.competitor)


def disqualify(lead: Lead, command: DisqualifyLead) -> LeadDisqualified:
    """Raises LeadMerged, LeadAlreadyClosed."""
    must_be_open(lead)
    return LeadDisqualified(reason=command.reason)


def recycle(lead: Lead, command: RecycleLead) -> LeadRecycled:
    """Raises LeadMerged, LeadNotClosed, and LeadAlreadyClosed for a lead that was won."""
    lead.must_be_in_use()
    if lead.status == "open":
        raise LeadNotClosed()
    if lead.status == "won":
        raise LeadAlreadyClosed(status=lead.status)
    return LeadRecycled(until=command.until, reason=command.reason)


def reopen(lead: Lead, command: ReopenLead) -> LeadReopened:
    """Raises LeadMerged, LeadNotClosed."""
    lead.must_be_in_use()
    if lead.status == "open":
        raise LeadNotClosed()
    return LeadReopened(reason=command.reason)
