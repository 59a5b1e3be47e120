"""A customer's timeline: a page of what happened, by day, of one kind or by one actor; and one event on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from api.console.customer_then import Then
from api.console.told import Told, told, who
from domain.catalogue import EVENT_TYPES
from domain.reversal import EVOLVE
from eventstore.audit.latest import latest
from eventstore.database import Connection
from projections.sight import Sight

_AT_ONCE = 40

_BEGINNINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("lead.",),
        "tickets": ("ticket.",),
        "talk": ("interaction_", "follow_up_", "replied"),
        "money": ("customer.purchase_", "customer.subscription_", "customer.cancellation", "lead.won", "lead.valued"),
        "consent": ("customer.consent_", "customer.unsubscribed", "customer.campaign"),
        "people": ("customer.contact_", "customer.person_", "customer.relat"),
        "profile": (
            "customer.registered", "customer.renamed", "customer.classified", "customer.owner", "customer.tagged",
            "customer.untagged", "customer.custom_field", "customer.archived", "customer.restored", "customer.merge",
            "customer.absorbed", "customer.forg",
        ),
        "standing": (
            "customer.activated", "customer.marked", "customer.churned", "customer.won_back", "customer.survey",
            "ticket.rated",
        ),
    }
)  # fmt: skip

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        kind: tuple(
            name
            for name in EVENT_TYPES
            if name.partition(".")[0] in EVOLVE
            and name.startswith(
                tuple(f"{name.partition('.')[0]}.{start}" if "." not in start else start for start in beginnings)
            )
        )
        for kind, beginnings in _BEGINNINGS.items()
    }
)
"""The kinds of events that somebody may ask for alone, with their types."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events: of a kind, by an actor, before one that was seen already."""

    kind: str = ""
    by: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of events by day, the last first, and behind which to go on, if there are more."""

    days: Sequence[tuple[date, Sequence[Told]]]
    more: int | None
    asked: Asked
    actors: Sequence[tuple[str, str]]


def timeline(
    connection: Connection, then: Then, asked: Asked, names: Mapping[UUID, str], sight: Sight, zone: ZoneInfo
) -> Timeline:
    """What happened last to the customer as of the moment that is looked at, of what was asked for."""
    found = latest(
        connection,
        then.people,
        then.cut,
        _AT_ONCE + 1,
        types=KINDS.get(asked.kind),
        actor_id=_id(asked.by),
        before=asked.before,
        unseen=then.unseen,
    )
    shown = [told(event, names, sight, is_undone=is_undone) for event, is_undone in found[:_AT_ONCE]]
    by_day = groupby(shown, key=lambda one: one.recorded.occurred_at.astimezone(zone).date())
    return Timeline(
        days=[(day, list(of_day)) for day, of_day in by_day],
        more=shown[-1].recorded.position if len(found) > _AT_ONCE else None,
        asked=asked,
        actors=_actors(then, names),
    )


def _actors(then: Then, names: Mapping[UUID, str]) -> list[tuple[str, str]]:
    """Who acted in her history, by name; of the same kind, who has none is counted as one of them each."""
    known = {actor["id"]: who(actor["kind"], actor["id"], names) for actor in then.extent.actors if "id" in actor}
    return sorted(known.items(), key=lambda one: one[1].casefold())


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
