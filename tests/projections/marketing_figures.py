"""The figures of surveys and campaigns as they are defined, counted event by event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.customer import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerEvent,
    CustomerSurveyAnswered,
)
from domain.lead import LeadEvent, LeadWon
from domain.money import Money
from tests.projections.ticket_figures import History, counts, solvings


@dataclass(frozen=True)
class Said:
    """An event of a customer, with the hour in which it happened."""

    event: CustomerEvent
    at: float


@dataclass(frozen=True)
class Known:
    """A customer: the histories of all that were merged into her, and of her tickets."""

    customer_id: UUID
    said: Sequence[Said] = ()
    tickets: Sequence[History] = ()


def answers(one: Known, survey: str, first: float, end: float, as_of: float) -> list[tuple[UUID, int, float]]:
    """What was answered in the period by then: by whom, the score and the hour, in the order in which it was."""
    return [
        (said.event.person_id or one.customer_id, said.event.score, said.at)
        for said in sorted(one.said, key=lambda said: said.at)
        if isinstance(said.event, CustomerSurveyAnswered)
        and said.event.survey == survey
        and first <= said.at < end
        and said.at <= as_of
    ]


def net_promoters(
    customers: Iterable[Known], first: float, end: float, as_of: float, window_hours: float
) -> tuple[int, int, int, int]:
    """Promoters, passives and detractors among the last answers of each person; and answers off the scale."""
    scores: list[int] = []
    off_scale = 0
    for one in customers:
        told = answers(one, "nps", first, end, as_of)
        on_scale = [answer for answer in told if 0 <= answer[1] <= 10]
        off_scale += len(told) - len(on_scale)
        for number, (who, score, at) in enumerate(on_scale):
            again = [later for other, _, later in on_scale[number + 1 :] if other == who]
            if not again or again[0] - at > window_hours:
                scores.append(score)
    promoters, detractors = sum(score > 8 for score in scores), sum(score < 7 for score in scores)
    return promoters, len(scores) - promoters - detractors, detractors, off_scale


def effort(customers: Iterable[Known], first: float, end: float, as_of: float) -> tuple[list[int], int, int, int]:
    """The answers on the scale, how many were off it, customers with a ticket solved in the period, and of these those
    who answered in it."""
    scores: list[int] = []
    off_scale = solved = rated = 0
    for one in customers:
        told = [score for _, score, _ in answers(one, "ces", first, end, as_of)]
        on_scale = [score for score in told if 1 <= score <= 7]
        off_scale += len(told) - len(on_scale)
        scores += on_scale
        if any(_solved_in(ticket, first, end, as_of) for ticket in one.tickets):
            solved += 1
            rated += bool(on_scale)
    return scores, off_scale, solved, rated


def _solved_in(ticket: History, first: float, end: float, as_of: float) -> bool:
    return counts(ticket, as_of) and any(first <= one.at < end for one in solvings(ticket, as_of))


def responses(customers: Iterable[Known], first: float, end: float, as_of: float) -> tuple[int, int, int, int]:
    """Of the members of campaigns: how many were first reached in the period, and of these responded by then; who
    responded in it without being reached; and whose messages only came back in it."""
    reached = responded = unreached = bounced = 0
    for one in customers:
        for member in _members(one, as_of).values():
            arrived, came_back, answered = (sorted(member[kind]) for kind in ("delivered", "bounced", "responded"))
            at = [*arrived, *answered, *came_back][0] if arrived or answered or came_back else None
            if at is None or not first <= at < end:
                continue
            reached += bool(arrived)
            responded += bool(arrived and answered)
            unreached += bool(answered and not arrived)
            bounced += not arrived and not answered
    return reached, responded, unreached, bounced


def _members(one: Known, as_of: float) -> dict[tuple[UUID, UUID], dict[str, list[float]]]:
    """When each member was reached, in vain or not, and responded, by campaign and who it was."""
    sent_to = {
        said.event.message_id: said.event.person_id
        for said in one.said
        if isinstance(said.event, CustomerCampaignMessageSent)
    }
    members: dict[tuple[UUID, UUID], dict[str, list[float]]] = {}
    arrivals: dict[UUID, list[tuple[float, UUID, str]]] = {}

    def member(campaign_id: UUID, person_id: UUID | None) -> dict[str, list[float]]:
        key = (campaign_id, person_id or one.customer_id)
        return members.setdefault(key, {"delivered": [], "bounced": [], "responded": []})

    for said in sorted(one.said, key=lambda said: said.at):
        if said.at > as_of:
            continue
        match said.event:
            case CustomerCampaignMessageDelivered() as event:
                arrivals.setdefault(event.message_id, []).append((said.at, event.campaign_id, "delivered"))
            case CustomerCampaignMessageBounced() as event:
                arrivals.setdefault(event.message_id, []).append((said.at, event.campaign_id, "bounced"))
            case CustomerCampaignResponded() as event:
                of_message = sent_to.get(event.message_id) if event.message_id else None
                member(event.campaign_id, event.person_id or of_message)["responded"].append(said.at)
    for message_id, told in arrivals.items():
        # only what became of a message in the end counts, from when on it was so
        last_turn = max([0, *(number for number in range(1, len(told)) if told[number][2] != told[number - 1][2])])
        for at, campaign_id, kind in told[last_turn:]:
            member(campaign_id, sent_to.get(message_id))[kind].append(at)
    return members


@dataclass(frozen=True)
class Deal:
    """A lead: the campaign that it was captured from, whose it is, and what became of it."""

    campaign_id: UUID | None
    customer: Known
    steps: Sequence[tuple[LeadEvent, float]]


Costs = Mapping[UUID, Sequence[tuple[Money, float]]]
"""What each campaign cost when."""


def returns(
    costs: Costs, deals: Iterable[Deal], first: float, end: float, as_of: float, attribution: str
) -> tuple[dict[str, tuple[Decimal, Decimal]], int]:
    """By currency what was won through campaigns in the period and what they cost in it; deals without an amount."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    without = 0
    for cost in costs.values():
        for spent, at in cost:
            if first <= at < end and at <= as_of:
                won, so_far = found.get(spent.currency, (Decimal(), Decimal()))
                found[spent.currency] = won, so_far + spent.amount
    for deal in deals:
        turns = [(event, at) for event, at in deal.steps if at <= as_of]
        if not turns or not isinstance(turns[-1][0], LeadWon) or not first <= turns[-1][1] < end:
            continue
        at = turns[-1][1]
        if (deal.campaign_id if attribution == "first" else _last_answered(deal.customer, at)) is None:
            continue
        values = [event.value for event, _ in turns if isinstance(event, LeadWon) and event.value]
        if not values:
            without += 1
            continue
        won, so_far = found.get(values[-1].currency, (Decimal(), Decimal()))
        found[values[-1].currency] = won + values[-1].amount, so_far
    return found, without


def _last_answered(one: Known, at: float) -> UUID | None:
    answered = [
        said.event.campaign_id
        for said in sorted(one.said, key=lambda said: said.at)
        if isinstance(said.event, CustomerCampaignResponded) and said.at <= at
    ]
    return answered[-1] if answered else None
