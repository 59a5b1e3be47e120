"""A lead: one deal, from first touch to won or lost. This is the front door; each module behind it has one subject.

What can happen is in `events`, what a lead then is in `state`. Commands and rules are in `life`
(captured to won and lost), `deal` (stage, value, products), `work` (interactions, follow-ups) and `ties` (converted,
merged). What every record has is next door: `work`, `field_value` (custom fields), `merge` and `reattribution`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.lead.deal import *
from domain.lead.events import *
from domain.lead.life import *
from domain.lead.state import *
from domain.lead.ties import *
from domain.lead.work import *
from domain.merge import *
from domain.reattribution import *
