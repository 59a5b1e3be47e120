"""What can be done with a ticket."""

from datetime import datetime

from api.commands.answers import TicketAnswer, ticket_answer
from api.commands.beginning import open_follow_up, open_ticket
from api.commands.rows import Resource, Row, Situation, row
from api.commands.work import ties, work
from domain import ticket as rules
from eventstore import log


def _at(at: Situation) -> datetime:
    moment: datetime | None = at.command.occurred_at
    return moment or log.now(at.connection)


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
        *work(),
        *ties(rules, rules.MergeTicket, "done"),
    ),
)
