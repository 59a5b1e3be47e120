"""A lead: one deal, from first touch to won or lost. This is the front door; each module behind it has one subject.

What can happen is in `events`, what a lead then is in `state`. Commands and rules are in `life`
(captured to won, lost, converted), `deal` (stage, value, products) and `work` (interactions, follow-ups).
"""

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

# Whole modules, because a list of their names here would have to be kept by hand for every new event, command and rule.
from domain.lead.deal import *
from domain.lead.events import *
from domain.lead.life import *
from domain.lead.state import *
from domain.lead.work import *
