"""A customer: a person or an organisation, from the first contact on, so a prospect too. This is the front door; each
module behind it has one subject, with its events, what they do to a customer, and the commands and rules that they come
from.

The subjects are `profile` (registered to archived), `contact_points` and `contact_persons`; `purchase`, `subscription`,
`plan_change` and `cancellation`; `consent`, `campaign_messages` and `survey`; `life` (active to won back), `silence`
(who stays away, by rule), `ties` (relations, merges), `reattribution` (what was recorded on the wrong customer),
`forgetting` and `forgetting_request` (that it takes two persons). `state` is what rules know of a customer, with
`trade_state` and `outreach_state` in it; `history` puts the subjects together. What every record has is next door:
`work` (interactions, follow-ups), `field_value` (custom fields) and `merge`.
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.customer.campaign_messages import *
from domain.customer.cancellation import *
from domain.customer.consent import *
from domain.customer.contact_persons import *
from domain.customer.contact_points import *
from domain.customer.forgetting import *
from domain.customer.forgetting_request import *
from domain.customer.history import *
from domain.customer.life import *
from domain.customer.outreach_state import *
from domain.customer.plan_change import *
from domain.customer.profile import *
from domain.customer.purchase import *
from domain.customer.reattribution import *
from domain.customer.silence import *
from domain.customer.state import *
from domain.customer.subscription import *
from domain.customer.survey import *
from domain.customer.ties import *
from domain.customer.trade_state import *
from domain.field_value import *
from domain.follow_up import *
from domain.interaction import *
from domain.merge import *
from domain.work import *
