"""The forms of the board and of a lead's page: each is one command; a refusal is told on the page it came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.access import OpenStore, Principal
from api.capturing import capture as capture_lead
from api.console.board import show_board
from api.console.board_asked import AskedBoard, asked_before
from api.console.frame import LeadEditor, Notice, PageRoute, Typed, viewers_zone
from api.console.lead import show_lead
from api.console.shown import words
from api.console.told import changes_since, names_of
from api.problems import IdempotencyKeyReused, StaleVersion
from api.resources import LeadAnswer, LeadResource
from api.store import Store
from api.write import Decided, Writer, today
from domain import lead as rules
from domain.event import Command, Refusal
from domain.lead import Lead
from domain.workspace import DEFAULT_PIPELINE
from eventstore import log
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict

router = APIRouter(prefix="/console/leads", route_class=PageRoute, include_in_schema=False)

C = TypeVar("C", bound=Command)
Field = Annotated[str | None, Form()]
"""What was typed into a field; None when it was left empty. The command judges it, so that the page can explain."""

_CHANGED_SINCE = (
    "Somebody changed this lead after you opened the page. {changes} Nothing was done and nothing was overwritten: "
    "here is how it stands now. Send the form again if you still want to."
)
_BUSY = "Others are changing this lead at the same moment. Nothing was done; try again."
SENT_BEFORE = "This form was sent before with other content. Nothing was done this time; send it again if you mean it."


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: by whom, from which page, with what in it, and for which version of the lead."""

    request: Request
    store: Store
    member: Principal
    form_key: str
    version: int | None
    shown_on: Literal["board", "lead"]
    asked: AskedBoard
    typed: Typed

    def capture(self, fields: Mapping[str, object]) -> Response:
        """Take up a new lead, then show it on the board."""
        return self._answered(None, rules.CaptureLead, fields, capture_lead)

    def act(
        self, lead_id: UUID, kind: type[C], fields: Mapping[str, object], rule: Callable[[Lead, C], Decided]
    ) -> Response:
        """Carry the command out, then show the page again that the form was on."""
        return self._answered(lead_id, kind, fields, lambda writer, command: writer.act(lead_id, command, rule))

    def writer(self) -> Writer:
        """The command's id comes from the page as shown and the form's address: a double click acts once."""
        command_id = self.store.derived_id(self.member.id.hex, "POST", self.request.url.path, self.form_key)
        return Writer(self.store, self.member, "console", command_id, self.version, Response())

    def moment(self, typed: str) -> datetime | str:
        """What was typed as a moment, in the viewer's zone; other text stays as it is, for the command to refuse."""
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=viewers_zone(self.request))
        except ValueError:
            return typed

    def _answered(
        self,
        lead_id: UUID | None,
        kind: type[C],
        fields: Mapping[str, object],
        carry_out: Callable[[Writer, C], LeadAnswer],
    ) -> Response:
        try:
            command = kind.model_validate({name: value for name, value in fields.items() if value is not None})
        except ValidationError as error:
            return self._told(lead_id, 422, unfit(error))
        try:
            lead = carry_out(self.writer(), command)
        except (Refusal, SubjectForgotten) as refusal:
            return self._told(lead_id, 409, str(refusal))
        except StaleVersion as stale:
            return self._told(lead_id, stale.status, self._changed_since(lead_id))
        except IdempotencyKeyReused as reused:
            return self._told(lead_id, reused.status, SENT_BEFORE)
        except (VersionConflict, CommandAlreadyCarriedOut):
            return self._told(lead_id, 409, _BUSY)
        assert isinstance(lead, LeadResource), "who sends forms may read leads"
        if self.shown_on == "lead":
            return RedirectResponse(f"/console/leads/{lead.lead_id}", 303)
        query = "&".join(filter(None, [f"position={lead.position}", self.asked.query]))
        return RedirectResponse(f"/console/pipeline?{query}#lead-{lead.lead_id}", 303)

    def _changed_since(self, lead_id: UUID | None) -> str:
        """Who was faster, with what, and when."""
        assert lead_id is not None
        assert self.version is not None
        with self.store.pool.connection() as connection:
            names = names_of(self.store.settled.now(connection)[0])
            history = log.load(connection, lead_id).history
        changes = changes_since(history, self.version, names, self.member.sight, datetime.now(UTC))
        return _CHANGED_SINCE.format(changes=changes)

    def _told(self, lead_id: UUID | None, status: int, text: str) -> Response:
        act = self.request.url.path.rpartition("/")[2]
        notice = Notice(status, text, act, self.typed, self.version)
        if self.shown_on == "lead" and lead_id:
            return show_lead(self.request, self.store, self.member, lead_id, notice)
        return show_board(self.request, self.store, self.member, self.asked, notice=notice)


async def sent(
    request: Request,
    store: OpenStore,
    member: LeadEditor,
    form_key: Annotated[str, Form(min_length=8, max_length=64)],
    version: Annotated[int | None, Form()] = None,
    shown_on: Annotated[Literal["board", "lead"], Form()] = "lead",
    board: Annotated[str, Form(max_length=2_000)] = "",
) -> Sent:
    """The form of this request; only who is signed in may send one."""
    typed = Typed({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    return Sent(request, store, member, form_key, version, shown_on, asked_before(board), typed)


SentForm = Annotated[Sent, Depends(sent)]


@router.post("")
def capture(
    sent: SentForm,
    title: Field = None,
    customer_name: Field = None,
    customer_kind: Field = None,
    source: Field = None,
    amount: Field = None,
    currency: Field = None,
) -> Response:
    """Add a lead."""
    who = {"customer_name": customer_name, "customer_kind": customer_kind}
    return sent.capture({"title": title, "source": source, "value": _money(amount, currency), **who})


@router.post("/{lead_id}/move-to-stage")
def move_to_stage(lead_id: UUID, sent: SentForm, to_stage: Field = None, chosen: Field = None) -> Response:
    """Move the lead: `to_stage` comes from a button, `chosen` from the list beside them."""
    workspace = sent.writer().workspace()
    return sent.act(
        lead_id,
        rules.MoveLeadToStage,
        {"to_stage": to_stage or chosen},
        lambda lead, move: rules.move_to_stage(lead, move, workspace.pipeline(lead.pipeline or DEFAULT_PIPELINE.name)),
    )


@router.post("/{lead_id}/win")
def win(lead_id: UUID, sent: SentForm, amount: Field = None, currency: Field = None) -> Response:
    """Close the lead as won."""
    return sent.act(
        lead_id, rules.WinLead, {"value": _money(amount, currency)}, lambda lead, wish: rules.win(lead, wish, today())
    )


@router.post("/{lead_id}/lose")
def lose(lead_id: UUID, sent: SentForm, reason: Field = None, competitor: Field = None) -> Response:
    """Close the lead as lost."""
    return sent.act(lead_id, rules.LoseLead, {"reason": reason, "competitor": competitor}, rules.lose)


@router.post("/{lead_id}/reopen")
def reopen(lead_id: UUID, sent: SentForm, reason: Field = None) -> Response:
    """Open a closed lead again."""
    return sent.act(lead_id, rules.ReopenLead, {"reason": reason}, rules.reopen)


@router.post("/{lead_id}/value")
def value(lead_id: UUID, sent: SentForm, amount: Field = None, currency: Field = None) -> Response:
    """Say what the deal is worth."""
    return sent.act(lead_id, rules.ValueLead, {"value": _money(amount, currency)}, rules.value)


@router.post("/{lead_id}/assign")
def assign(lead_id: UUID, sent: SentForm, owner_id: Field = None) -> Response:
    """Hand the lead to a member, or to nobody; its team stays."""
    workspace = sent.writer().workspace()
    return sent.act(
        lead_id,
        rules.AssignLead,
        {"owner_id": owner_id},
        lambda lead, wish: rules.assign(lead, wish.model_copy(update={"team": lead.team}), workspace),
    )


@router.post("/{lead_id}/log-interaction")
def log_interaction(
    lead_id: UUID, sent: SentForm, kind: Field = None, direction: Field = None, summary: Field = None
) -> Response:
    """Record a call, an e-mail, a meeting."""
    new_id = sent.writer().new_id("interaction")
    return sent.act(
        lead_id,
        rules.LogInteraction,
        {"kind": kind, "direction": direction, "summary": summary},
        lambda lead, wish: rules.log_interaction(lead, wish, new_id),
    )


@router.post("/{lead_id}/schedule-follow-up")
def schedule_follow_up(
    lead_id: UUID, sent: SentForm, what: Field = None, due_at: Field = None, assignee_id: Field = None
) -> Response:
    """Plan what to do next, and by when, as the clock stands where the viewer is."""
    new_id = sent.writer().new_id("task")
    return sent.act(
        lead_id,
        rules.ScheduleFollowUp,
        {"what": what, "due_at": due_at and sent.moment(due_at), "assignee_id": assignee_id},
        lambda lead, wish: rules.schedule_follow_up(lead, wish, new_id),
    )


@router.post("/{lead_id}/complete-follow-up")
def complete_follow_up(lead_id: UUID, sent: SentForm, task_id: Field = None, outcome: Field = None) -> Response:
    """Note that a follow-up is done."""
    return sent.act(lead_id, rules.CompleteFollowUp, {"task_id": task_id, "outcome": outcome}, rules.complete_follow_up)


def _money(amount: str | None, currency: str | None) -> Mapping[str, str] | None:
    return {"amount": amount, "currency": (currency or "").strip().upper()} if amount else None


def unfit(error: ValidationError) -> str:
    """One sentence per field; the library's own words, without the value that was sent."""
    told = (f"{words(str(found['loc'][-1])).capitalize()}: {found['msg'].lower()}." for found in error.errors())
    return f"Nothing was done. {' '.join(dict.fromkeys(told))}"
