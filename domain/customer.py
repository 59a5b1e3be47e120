"""A customer: a person or an organisation, from the first contact on, so a prospect too. This is the front door; each
module behind it has one subject.

What can happen is in `customer_events`, `customer_trade_events` and `customer_outreach_events`, what a customer then is
in the states of the same names. Commands and rules are in `customer_profile` (registered to archived and forgotten),
`customer_contacts`, `customer_work` (interactions, follow-ups), `customer_purchase`, `customer_subscription`,
`customer_outreach` (consent, campaigns, surveys), `customer_life` (active to won back) and `customer_ties` (relations,
merges).
"""

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.customer_contacts import *
from domain.customer_events import *
from domain.customer_life import *
from domain.customer_outreach import *
from domain.customer_outreach_events import *
from domain.customer_outreach_state import Consent as Consent
from domain.customer_outreach_state import Outreach as Outreach
from domain.customer_outreach_state import allows as allows
from domain.customer_profile import *
from domain.customer_purchase import *
from domain.customer_state import *
from domain.customer_subscription import *
from domain.customer_ties import *
from domain.customer_trade_events import *
from domain.customer_trade_state import Purchase as Purchase
from domain.customer_trade_state import Subscription as Subscription
from domain.customer_trade_state import Trade as Trade
from domain.customer_trade_state import mrr as mrr
from domain.customer_work import *
from domain.follow_up import CancelFollowUp as CancelFollowUp
from domain.follow_up import CompleteFollowUp as CompleteFollowUp
from domain.follow_up import FollowUpAlreadyDone as FollowUpAlreadyDone
from domain.follow_up import FollowUpAlreadyScheduled as FollowUpAlreadyScheduled
from domain.follow_up import FollowUpCancelled as FollowUpCancelled
from domain.follow_up import FollowUpCompleted as FollowUpCompleted
from domain.follow_up import FollowUpRescheduled as FollowUpRescheduled
from domain.follow_up import FollowUpScheduled as FollowUpScheduled
from domain.follow_up import RescheduleFollowUp as RescheduleFollowUp
from domain.follow_up import ScheduleFollowUp as ScheduleFollowUp
from domain.follow_up import UnknownFollowUp as UnknownFollowUp
from domain.interaction import CorrectInteraction as CorrectInteraction
from domain.interaction import InteractionAlreadyLogged as InteractionAlreadyLogged
from domain.interaction import InteractionAlreadyRetracted as InteractionAlreadyRetracted
from domain.interaction import InteractionCorrected as InteractionCorrected
from domain.interaction import InteractionLogged as InteractionLogged
from domain.interaction import InteractionRetracted as InteractionRetracted
from domain.interaction import LogInteraction as LogInteraction
from domain.interaction import RetractInteraction as RetractInteraction
from domain.interaction import UnknownInteraction as UnknownInteraction
