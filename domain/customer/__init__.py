"""A customer: a person or an organisation, from the first contact on, so a prospect too. This is the front door; each
module behind it has one subject.

What can happen is in `events`, `trade_events` and `outreach_events`, what a customer then is
in the states of the same names. Commands and rules are in `profile` (registered to archived and forgotten),
`contacts`, `work` (interactions, follow-ups), `purchase`, `subscription`,
`outreach` (consent, campaigns, surveys), `life` (active to won back) and `ties` (relations,
merges).
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
from domain.customer.state import *
from domain.customer.subscription import *
from domain.customer.ties import *
from domain.customer.trade_events import *
from domain.customer.trade_state import Purchase as Purchase
from domain.customer.trade_state import Subscription as Subscription
from domain.customer.trade_state import Trade as Trade
from domain.customer.trade_state import mrr as mrr
from domain.customer.work import *
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
