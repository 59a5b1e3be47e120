"""A ticket: what a customer needs from us, from open to solved. This is the front door; each module behind it has one
subject.

What can happen is in `events`, what a ticket then is in `state`. Commands and rules are in `life`
(opened to solved, closed, merged), `triage` (whose, how pressing, about what), `talk` (replies, follow-up
tickets, ratings) and `sla` (when the targets are due). What every record has is next door: `work` (interactions,
follow-ups), `field_value` (custom fields), `merge` and `reattribution`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.merge import *
from domain.reattribution import *
from domain.sla_policy import *
from domain.ticket.events import *
from domain.ticket.life import *
from domain.ticket.sla import *
from domain.ticket.state import *
from domain.ticket.talk import *
from domain.ticket.triage import *
from domain.work import *
