"""A ticket: what a customer needs from us, from open to solved. This is the front door; each module behind it has one
subject, with its events, what they do to a ticket, and the commands and rules that they come from.

The subjects are `intake` (opened), `triage` (whose, how pressing, about what), `talk` (replies, ratings), `life` (put
pending to solved and closed), `sla` (what was promised) and `ties` (merged). `state` is what rules know of a ticket,
`history` puts the subjects together, `clocks` tells when promises are due. What every record has is next door: `work`
(interactions, follow-ups), `field_value` (custom fields), `merge` and `reattribution`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.merge import *
from domain.reattribution import *
from domain.sla_policy import *
from domain.ticket.clocks import *
from domain.ticket.history import *
from domain.ticket.intake import *
from domain.ticket.life import *
from domain.ticket.sla import *
from domain.ticket.state import *
from domain.ticket.talk import *
from domain.ticket.ties import *
from domain.ticket.triage import *
from domain.work import *
