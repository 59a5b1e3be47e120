"""What can be done with a ticket."""

from datetime import datetime

from api.commands.answers import TicketAnswer, ticket_answer
from api.commands.beginning import open_follow_up, open_ticket
from api.commands.rows import Resource, Row, Situation, new_id, row, workspace
from api.merging import given_to, merged, parted
from api.streams import Decision
from domain import ticket as rules
from eventstore import log


def _at(at: Situation) -> datetime:
    moment: datetime | None = at.command.occurred_at
    return moment or log.now(at.connection)


def _merge(at: Situation) -> Decision:
    return merged(at.streams.ticket, rules.merge, rules.absorb, at.command, at.record_id, at.new_id)


def _revert_merge(at: Situation) -> Decision:
    return parted(at.streams.ticket, rules.revert_merge, at.command, at.record_id)


def _reattribute(at: Situation) -> Decision:
    return given_to(at.streams, at.record, at.record_id, at.command)


TICKETS = Resource(
    path="tickets",
    noun="ticket",
    scope="tickets:write",
    answer=ticket_answer,
    answer_type=TicketAnswer,
    rows=(
        Row("open", rules.OpenTicket, begin=open_ticket, is_first=True),
        Row("open-follow-up", rules.OpenFollowUpTicket, begin=open_follow_up),
        row("assign", rules.AssignTicket, rules.assign),
        row("escalate", rules.EscalateTicket, rules.escalate),
        row("raise-priority", rules.RaiseTicketPriority, rules.raise_priority),
        row("lower-priority", rules.LowerTicketPriority, rules.lower_priority),
        row("categorise", rules.CategoriseTicket, rules.categorise),
        row("reply", rules.ReplyToTicket, rules.reply),
        row("rate", rules.RateTicket, rules.rate),
        row("put-pending", rules.PutTicketPending, rules.put_pending),
        row("put-on-hold", rules.PutTicketOnHold, rules.put_on_hold),
        row("resume", rules.ResumeTicket, rules.resume),
        row("solve", rules.SolveTicket, rules.solve),
        row("reopen", rules.ReopenTicket, rules.reopen),
        row("close", rules.CloseTicket, rules.close),
        row("mark-spam", rules.MarkTicketSpam, rules.mark_spam),
        row("breach-sla", rules.BreachSla, rules.breach_sla, _at),
        row("log-interaction", rules.LogInteraction, rules.log_interaction, new_id, makes="interaction"),
        row("correct-interaction", rules.CorrectInteraction, rules.correct_interaction),
        row("retract-interaction", rules.RetractInteraction, rules.retract_interaction),
        row("schedule-follow-up", rules.ScheduleFollowUp, rules.schedule_follow_up, new_id, makes="task"),
        row("reschedule-follow-up", rules.RescheduleFollowUp, rules.reschedule_follow_up),
        row("complete-follow-up", rules.CompleteFollowUp, rules.complete_follow_up),
        row("cancel-follow-up", rules.CancelFollowUp, rules.cancel_follow_up),
        row("retract-follow-up", rules.RetractFollowUp, rules.retract_follow_up),
        row("record-custom-field", rules.RecordCustomField, rules.record_custom_field, workspace),
        Row("merge", rules.MergeTicket, _merge, makes="merge", others=("survivor_id",), answers="done"),
        Row("revert-merge", rules.RevertMerge, _revert_merge, answers="done"),
        Row("reattribute", rules.Reattribute, _reattribute, others=("to_customer_id",), answers="done"),
    ),
)
