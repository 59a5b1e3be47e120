"""A lead: one deal, from first touch to won or lost. This is the front door; each module behind it has one subject,
with its events, what they do to a lead, and the commands and rules that they come from.

The subjects are `intake` (captured to qualified), `scoring`, `deal` (stage, value, products), `stakeholders`, `outcome`
(won, lost, open again), `work` (interactions, follow-ups) and `ties` (converted, merged). `state` is what rules know of
a lead, `history` puts the subjects together. What every record has is next door: `work`, `field_value` (custom fields),
`merge` and `reattribution`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.lead.deal import *
from domain.lead.history import *
from domain.lead.intake import *
from domain.lead.outcome import *
from domain.lead.scoring import *
from domain.lead.stakeholders import *
from domain.lead.state import *
from domain.lead.ties import *
from domain.lead.work import *
from domain.merge import *
from domain.reattribution import *
