"""A customer: a person or an organisation, from the first contact on, so a prospect too. This is the front door; each
module behind it has one subject.

What can happen is in `events`, `trade_events` and `outreach_events`, what a customer then is
in the states of the same names. Commands and rules are in `profile` (registered to archived and forgotten),
`contacts`, `purchase`, `subscription`, `outreach` (consent, campaigns, surveys), `life` (active to won back), `ties`
(relations, merges) and `reattribution` (what was recorded on the wrong customer). What every record has is next door:
`work` (interactions, follow-ups), `field_value` (custom fields) and `merge`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.customer.contacts import *
from domain.customer.events import *
from domain.customer.life import *
from domain.customer.outreach import *
from domain.customer.outreach_events import *
from domain.customer.outreach_state import Consent as Consent
from domain.customer.outreach_state import Outreach as Outreach
from domain.customer.outreach_state import allows as allows
from domain.customer.profile import *
from domain.customer.purchase import *
from domain.customer.reattribution import *
from domain.customer.state import *
from domain.customer.subscription import *
from domain.customer.ties import *
from domain.customer.trade_events import *
from domain.customer.trade_state import Purchase as Purchase
from domain.customer.trade_state import Subscription as Subscription
from domain.customer.trade_state import Trade as Trade
from domain.customer.trade_state import mrr as mrr
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.merge import *
from domain.work import *
