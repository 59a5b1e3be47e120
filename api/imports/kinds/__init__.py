"""The kinds of files: of each, which fields it feeds, what a row says, and what that comes to."""

from collections.abc import Mapping
from types import MappingProxyType

from api.imports.kinds.campaign_members import CampaignMembers
from api.imports.kinds.customers import Customers
from api.imports.kinds.interactions import Interactions
from api.imports.kinds.leads import Leads
from api.imports.kinds.people import People
from api.imports.kinds.purchases import Purchases
from api.imports.kinds.subscriptions import Subscriptions
from api.imports.kinds.surveys import Surveys
from api.imports.kinds.ticket_events import TicketEvents
from api.imports.kinds.tickets import Tickets
from api.imports.mapping_file import ImportMapping

KINDS: Mapping[str, type[ImportMapping]] = MappingProxyType(
    {
        "customers": Customers,
        "people": People,
        "leads": Leads,
        "purchases": Purchases,
        "subscriptions": Subscriptions,
        "tickets": Tickets,
        "ticket-events": TicketEvents,
        "interactions": Interactions,
        "campaign-members": CampaignMembers,
        "surveys": Surveys,
    }
)
