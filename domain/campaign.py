"""A campaign: planned, launched, paid for, ended. Whom it reached and who responded lies in the customers' histories.

Its name and its kind are the company's own words, like the names of pipelines, and stand in figures for ever: they are
not personal and must name nobody. What people write about a campaign is personal, as everywhere.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal, NewType, TypeAlias, assert_never
from uuid import UUID

from domain.event import Command, Event, MemberId, OptionalPersonalText, Refusal, Text, Word
from domain.money import Money, digits
from domain.phrases import after, during, said

CampaignId = NewType("CampaignId", UUID)
CampaignStatus: TypeAlias = Literal["planned", "launched", "ended"]


class CampaignPlanned(Event):
    """A campaign is planned like this; planned again, the later plan holds, in full."""

    name: Word
    kind: Word | None = None
    owner_id: MemberId | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    budget: Money | None = None

    def in_words(self) -> str:
        return f"Planned{during(self.starts_on, self.ends_on)}{after(' for ', self.budget)}: {self.name}"


class CampaignLaunched(Event):
    """The campaign began to reach out."""

    def in_words(self) -> str:
        return "Launched"


class CampaignBudgetSpent(Event):
    """One cost of the campaign: the cost of the campaign is the sum of these; a negative one takes money back."""

    is_fact: ClassVar[bool] = True
    part_field: ClassVar[str | None] = "spending_id"

    spending_id: UUID
    spent: Money
    what: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Spent {said(self.spent)}{after(': ', self.what)}"


class CampaignEnded(Event):
    """The campaign is over, or was called off before its launch."""

    reason: OptionalPersonalText = None

    def in_words(self) -> str:
        return f"Ended{after(': ', self.reason)}"


CampaignEvent: TypeAlias = CampaignPlanned | CampaignLaunched | CampaignBudgetSpent | CampaignEnded


@dataclass(frozen=True)
class Campaign:
    """What the rules need to know of a campaign. Imported histories need not begin with the plan."""

    status: CampaignStatus = "planned"
    spendings: frozenset[UUID] = frozenset()


def evolve(campaign: Campaign | None, event: CampaignEvent) -> Campaign:
    """The campaign after the event."""
    known = campaign or Campaign()
    match event:
        case CampaignPlanned():
            return known  # also when planned again after the launch: a plan neither stops nor restarts a campaign
        case CampaignLaunched():
            return replace(known, status="launched")
        case CampaignBudgetSpent():
            return replace(known, spendings=known.spendings | {event.spending_id})
        case CampaignEnded():
            return replace(known, status="ended")
        case _:
            assert_never(event)


class PlanCampaign(Command):
    """Plan a campaign, or plan it again while it is not over."""

    name: Word
    kind: Word | None = None
    owner_id: MemberId | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    budget: Money | None = None


class LaunchCampaign(Command):
    """Begin to reach out."""


class SpendBudget(Command):
    """Book a cost of the campaign on the day of `occurred_at`; to take money back, book it as a negative amount."""

    spent: Money
    what: Text | None = None


class EndCampaign(Command):
    """Say that the campaign is over, or call it off."""

    reason: Text | None = None


class CampaignEndsBeforeItStarts(Refusal):
    """The campaign would end on {ends_on}, before it starts on {starts_on}. Choose a later end."""


class CampaignBudgetNegative(Refusal):
    """A budget cannot be negative. Give an amount of zero or more, or leave the budget open."""


class CampaignAlreadyLaunched(Refusal):
    """This campaign is already launched."""


class CampaignAlreadyEnded(Refusal):
    """This campaign is over. Plan a new one to go on; its costs can still be booked."""


class NothingSpent(Refusal):
    """A cost of zero says nothing. Give the amount that was spent, or a negative one that came back."""


class SpendingAlreadyBooked(Refusal):
    """The cost {spending_id} is already booked. To correct it, book the difference."""


def plan(campaign: Campaign | None, command: PlanCampaign) -> CampaignPlanned:
    """Raises CampaignAlreadyEnded, CampaignEndsBeforeItStarts, CampaignBudgetNegative, UnknownCurrency."""
    if campaign is not None:
        _must_not_have_ended(campaign)
    if command.starts_on is not None and command.ends_on is not None and command.ends_on < command.starts_on:
        raise CampaignEndsBeforeItStarts(starts_on=command.starts_on, ends_on=command.ends_on)
    if command.budget is not None:
        digits(command.budget.currency)  # refuses a currency that nobody knows
        if command.budget.amount < 0:
            raise CampaignBudgetNegative()
    return CampaignPlanned(
        name=command.name,
        kind=command.kind,
        owner_id=command.owner_id,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        budget=command.budget,
    )


def launch(campaign: Campaign, command: LaunchCampaign) -> CampaignLaunched:
    """Raises CampaignAlreadyLaunched, CampaignAlreadyEnded."""
    _must_not_have_ended(campaign)
    if campaign.status == "launched":
        raise CampaignAlreadyLaunched()
    return CampaignLaunched()


def spend_budget(campaign: Campaign, command: SpendBudget, new_id: UUID) -> CampaignBudgetSpent:
    """At any time, because bills come before the launch and after the end, and may lie above the budget.

    Raises NothingSpent, SpendingAlreadyBooked, UnknownCurrency.
    """
    digits(command.spent.currency)  # refuses a currency that nobody knows
    if not command.spent.amount:
        raise NothingSpent()
    if new_id in campaign.spendings:
        raise SpendingAlreadyBooked(spending_id=new_id)
    return CampaignBudgetSpent(spending_id=new_id, spent=command.spent, what=command.what)


def end(campaign: Campaign, command: EndCampaign) -> CampaignEnded:
    """Raises CampaignAlreadyEnded."""
    _must_not_have_ended(campaign)
    return CampaignEnded(reason=command.reason)


def _must_not_have_ended(campaign: Campaign) -> None:
    if campaign.status == "ended":
        raise CampaignAlreadyEnded()
