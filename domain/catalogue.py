"""All events there are, by the name they are stored under; computed from the unions, so nothing is listed twice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias, get_args

from domain.campaign import CampaignEvent
from domain.customer import CustomerEvent
from domain.event import Event, stored_type
from domain.imports import ImportEvent
from domain.lead import LeadEvent
from domain.ticket import TicketEvent
from domain.workspace import WorkspaceEvent

AnyEvent: TypeAlias = CustomerEvent | LeadEvent | TicketEvent | CampaignEvent | WorkspaceEvent | ImportEvent

_BY_NOUN: Mapping[str, object] = {
    "customer": CustomerEvent,
    "lead": LeadEvent,
    "ticket": TicketEvent,
    "campaign": CampaignEvent,
    "workspace": WorkspaceEvent,
    "import": ImportEvent,
}

EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType(
    # a union of one class is that class
    {stored_type(noun, event): event for noun, union in _BY_NOUN.items() for event in get_args(union) or (union,)}
)
"""The class of each stored type, such as `LeadLost` of `lead.lost`."""


def stored_type_of(noun: str, event: Event) -> str:
    """The name under which this event of that noun's stream is stored."""
    return stored_type(noun, type(event))
