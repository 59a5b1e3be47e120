"""What an undo does where events have a way back of their own: merges and conversions are reverted, not left out."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from domain import customer, lead, ticket
from domain.customer import (
    CustomerForgettingRequested,
    CustomerForgettingRequestWithdrawn,
    CustomerForgotten,
    CustomerPersonForgotten,
)
from domain.event import CustomerId, Event, Refusal
from domain.lead import LeadConversionReverted, LeadConverted
from domain.merge import Absorbed, MergedInto, MergeReverted
from domain.reattribution import Reattributed

EVOLVE: Mapping[str, Callable[[Any, Any], object]] = MappingProxyType(  # Any: the noun's own state and events
    {"customer": customer.evolve, "lead": lead.evolve, "ticket": ticket.evolve}
)
"""The nouns in whose histories events can be undone."""


class NotUndone(Refusal):
    """What was reverted or undone is not brought back by an undo. Do again what shall stand."""


class ErasureStays(Refusal):
    """Whoever was forgotten stays forgotten: nothing of it can be undone."""


class RequestStays(Refusal):
    """A request to forget somebody is not undone. Withdraw it, or ask for it again."""


class ReattributedSince(Refusal):
    """The record was given to yet another customer since. Say of the record itself to whom it belongs."""


def merge_of(event: Event) -> UUID | None:
    """The merge that the event is part of: what is part of the same one is reverted together."""
    return event.merge_id if isinstance(event, MergedInto | Absorbed | LeadConverted) else None


def is_reverted(event: Event, later: Iterable[Event]) -> bool:
    """Whether one of the later events of its history took it back."""
    match event:
        case MergedInto() | Absorbed():
            return any(isinstance(one, MergeReverted) and one.merge_id == event.merge_id for one in later)
        case LeadConverted():
            return any(isinstance(one, LeadConversionReverted) for one in later)
        case Reattributed():
            back = event.from_customer_id
            return any(isinstance(one, Reattributed) and one.to_customer_id == back for one in later)
        case _:
            return False


def must_still_belong(event: Reattributed, reattributed_to: CustomerId | None) -> None:
    """To whom it was given by that event; raises ReattributedSince."""
    if reattributed_to != event.to_customer_id:
        raise ReattributedSince()


def without_way_back(event: Event) -> Refusal:
    """Why nothing takes the event back."""
    match event:
        case CustomerForgotten() | CustomerPersonForgotten():
            return ErasureStays()
        case CustomerForgettingRequested() | CustomerForgettingRequestWithdrawn():
            return RequestStays()
        case _:
            return NotUndone()
