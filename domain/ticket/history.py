"""All that can happen to a ticket, and what it is after that."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.field_value import CustomFieldRecorded, with_value
from domain.ticket.intake import IntakeEvent, evolve_intake
from domain.ticket.life import LifeEvent, evolve_life
from domain.ticket.sla import SlaEvent, evolve_sla
from domain.ticket.state import Ticket
from domain.ticket.talk import TalkEvent, evolve_talk
from domain.ticket.ties import TieEvent, evolve_ties
from domain.ticket.triage import TriageEvent, evolve_triage
from domain.undo import EventsUndone
from domain.work import WorkEvent, worked

TicketEvent: TypeAlias = (
    IntakeEvent
    | TriageEvent
    | TalkEvent
    | LifeEvent
    | SlaEvent
    | TieEvent
    | WorkEvent
    | CustomFieldRecorded
    | EventsUndone
)


def evolve(ticket: Ticket | None, event: TicketEvent) -> Ticket:
    """The ticket after the event, whatever was recorded before: facts are not judged here."""
    ticket = ticket or Ticket()
    if isinstance(event, IntakeEvent):
        return evolve_intake(ticket, event)
    if isinstance(event, SlaEvent):
        return evolve_sla(ticket, event)
    if isinstance(event, TalkEvent):
        return evolve_talk(ticket, event)
    if isinstance(event, TriageEvent):
        return evolve_triage(ticket, event)
    if isinstance(event, LifeEvent):
        return evolve_life(ticket, event)
    if isinstance(event, WorkEvent):
        return replace(ticket, work=worked(ticket.work, event))
    if isinstance(event, TieEvent):
        return evolve_ties(ticket, event)
    match event:
        case CustomFieldRecorded():
            return replace(ticket, custom_fields=with_value(ticket.custom_fields, event))
        case EventsUndone():
            return ticket
        case _:
            assert_never(event)
