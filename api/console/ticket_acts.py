"""The forms of the queue and of a ticket's page: each is one command of the API's own table; a refusal is told on the
page it came from, with all that was typed."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.access import OpenStore, Principal
from api.commands.carrying_out import carry_out
from api.commands.rows import Row
from api.commands.ticket import TICKETS
from api.console.acts import SENT_BEFORE, unfit
from api.console.frame import Notice, PageRoute, TicketEditor, Typed, viewers_zone
from api.console.ticket import show_ticket
from api.console.tickets import PRIORITIES, AskedQueue, show_queue
from api.console.told import changes_since, names_of
from api.problems import IdempotencyKeyReused, NotFound, RequestProblem, StaleVersion
from api.resources import CommandResult
from api.store import Store
from api.streams import Streams
from api.write import Writer
from domain.event import Refusal
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.log import CommandAlreadyCarriedOut, SubjectForgotten, VersionConflict

router = APIRouter(prefix="/console/tickets", route_class=PageRoute, include_in_schema=False)

_ROWS = {row.slug: row for row in TICKETS.rows}
_ACTS = frozenset(
    {
        "reply", "assign", "categorise", "put-pending", "put-on-hold", "resume", "solve", "reopen", "close",
        "mark-spam", "escalate", "merge", "revert-merge", "open-follow-up", "schedule-follow-up", "complete-follow-up",
    }
)  # fmt: skip
_PRIORITISE = "prioritise"
_REFUSED = (
    Refusal, SubjectForgotten, RequestProblem, ValidationError, VersionConflict, CommandAlreadyCarriedOut,
)  # fmt: skip
_CHANGED_SINCE = (
    "Somebody changed this ticket after you opened the page. {changes} Nothing was done and nothing was overwritten: "
    "here is how it stands now. Send the form again if you still want to."
)

_BUSY = "Others are changing this ticket at the same moment. Nothing was done; try again."

FormKey = Annotated[str, Form(min_length=8, max_length=64)]


async def typed_in(request: Request) -> Typed:
    """What stands in the fields of a form."""
    return Typed({name: value for name, value in (await request.form()).items() if isinstance(value, str)})


InForm = Annotated[Typed, Depends(typed_in)]


@router.post("")
def open_ticket(request: Request, store: OpenStore, member: TicketEditor, form_key: FormKey, typed: InForm) -> Response:
    """Open a ticket, then show its page."""
    write = _writer(request, store, member, form_key, None)
    try:
        opened = _carry_out(write, _ROWS["open"], WORKSPACE_ID, typed, viewers_zone(request))
    except _REFUSED as refused:
        notice = Notice(*_told(refused), "tickets", typed)
        return show_queue(request, store, member, AskedQueue(), notice)
    return RedirectResponse(f"/console/tickets/{opened.stream_id}", 303)


@router.post("/{ticket_id}/{act}")
def act(
    request: Request,
    ticket_id: UUID,
    act: str,
    store: OpenStore,
    member: TicketEditor,
    form_key: FormKey,
    typed: InForm,
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Do something with the ticket, then show its page again; a ticket that follows on it has a page of its own."""
    if act not in _ACTS and act != _PRIORITISE:
        raise NotFound("There is nothing at this address.")
    begins = act == "open-follow-up"
    write = _writer(request, store, member, form_key, None if begins else version)
    try:
        row = _row(store, member, ticket_id, act, typed)
        done = _carry_out(write, row, ticket_id, typed, viewers_zone(request)) if row else None
    except _REFUSED as refused:
        status, text = _told(refused)
        if isinstance(refused, StaleVersion) and version is not None:
            text = _changed_since(store, member, ticket_id, version)
        return show_ticket(request, store, member, ticket_id, Notice(status, text, act, typed, version))
    return RedirectResponse(f"/console/tickets/{done.stream_id if begins and done else ticket_id}", 303)


def _writer(request: Request, store: Store, member: Principal, form_key: str, version: int | None) -> Writer:
    """The command's id comes from the page as shown and the form's address: a double click acts once."""
    command_id = store.derived_id(member.id.hex, "POST", request.url.path, form_key)
    return Writer(store, member, "console", command_id, version, Response(), is_brief=True)


def _row(store: Store, member: Principal, ticket_id: UUID, act: str, typed: Typed) -> Row | None:
    """The command that the form stands for; of a priority it depends on the one that the ticket has, and the same one
    is none."""
    if act != _PRIORITISE:
        return _ROWS[act]
    with store.pool.connection() as connection:
        now = Streams(connection, "ticket", [ticket_id], sight=member.sight).ticket(ticket_id).priority
    wanted = typed["to_priority"]
    if wanted == now:
        return None
    is_higher = wanted in PRIORITIES and PRIORITIES.index(wanted) > PRIORITIES.index(now)
    return _ROWS["raise-priority" if is_higher else "lower-priority"]


def _carry_out(write: Writer, row: Row, ticket_id: UUID, typed: Typed, zone: ZoneInfo) -> CommandResult:
    known = row.command.model_fields.keys() & typed.keys()
    fields: dict[str, object] = {name: typed[name] for name in known if typed[name].strip()}
    if "due_at" in fields:
        with suppress(ValueError):
            fields["due_at"] = datetime.fromisoformat(typed["due_at"]).replace(tzinfo=zone)
    done = carry_out(write, TICKETS, row, ticket_id, row.command.model_validate(fields))
    assert isinstance(done, CommandResult), "the writer asks only for what was done"
    return done


def _told(refused: Exception) -> tuple[int, str]:
    """The status and the sentence of a refusal."""
    match refused:
        case ValidationError():
            return 422, unfit(refused)
        case IdempotencyKeyReused():
            return refused.status, SENT_BEFORE
        case RequestProblem():
            return refused.status, str(refused)
        case VersionConflict() | CommandAlreadyCarriedOut():
            return 409, _BUSY
        case _:
            return 409, str(refused)


def _changed_since(store: Store, member: Principal, ticket_id: UUID, version: int) -> str:
    """Who was faster, with what, and when."""
    with store.pool.connection() as connection:
        names = names_of(store.settled.now(connection)[0])
        history = log.load(connection, ticket_id).history
    return _CHANGED_SINCE.format(changes=changes_since(history, version, names, member.sight, datetime.now(UTC)))
