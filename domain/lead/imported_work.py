"""What a row of a foreign file about an interaction means for the lead that it is about."""

from collections.abc import Sequence
from functools import reduce

from domain.imported import ImportedFact, Past
from domain.interaction import InteractionCorrected, InteractionLogged
from domain.lead.history import LeadEvent, evolve
from domain.lead.intake import LeadContacted
from domain.lead.state import Lead
from domain.lead.work import reaches_out


def first_contact(history: Sequence[Past], facts: Sequence[ImportedFact]) -> list[ImportedFact]:
    """That the lead was contacted, where an interaction of these is our first outbound one; of no lead, nothing.

    Raises LeadMerged where a new one is about a lead that was merged into another.
    """
    events = [past.event for past in history if isinstance(past.event, LeadEvent)]
    if not events or len(events) < len(history):
        return []
    lead = reduce(evolve, events, Lead())
    for fact in facts:
        if isinstance(fact.event, InteractionLogged):
            lead.must_be_in_use()
        match fact.event:
            case InteractionLogged() | InteractionCorrected() as told if reaches_out(told) and not lead.contacted:
                return [ImportedFact(LeadContacted(interaction_id=told.interaction_id), fact.occurred_at)]
    return []
