"""The agenda: what is to be done, by day and by whom, of customers, leads and tickets alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.doing import do, writer
from api.console.frame import CustomerViewer, Notice, PageRoute, Typed, Worker, page, viewers_zone
from api.exports.calendars import as_calendar
from api.fresh import at_least
from api.problems import BadParameter, NotUpToDate
from api.store import Store
from projections.leads import list_members
from projections.reading import Row
from projections.today import agenda
from replay.asof import models_of

router = APIRouter(prefix="/console/agenda", route_class=PageRoute, include_in_schema=False)

Act: TypeAlias = Literal["done", "tomorrow", "next_week", "move", "cancel"]

_AT_ONCE = 50
_OVERDUE = 20
_ALL_OVERDUE = 500
_IN_A_CALENDAR = 2_000
_EVERYBODY, _NOBODY = "everybody", "nobody"
_MORNING = time(9)
_COMMANDS: Mapping[Act, str] = {
    "done": "complete-follow-up",
    "tomorrow": "reschedule-follow-up",
    "next_week": "reschedule-follow-up",
    "move": "reschedule-follow-up",
    "cancel": "cancel-follow-up",
}
_PARTS = ("Overdue", "Today", "Tomorrow", "Later this week", "Next week", "Later")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the agenda, and what is due in it."""

    name: str
    follow_ups: list[Row]


@router.get("")
def show(
    request: Request,
    store: OpenStore,
    viewer: CustomerViewer,
    who: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
    overdue: Annotated[str, Query(max_length=10)] = "",
    position: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> Response:
    """What is planned: mine, everybody's, somebody's, or what is nobody's. Of what is overdue the latest, or all."""
    return show_agenda(request, store, viewer, who, after=after, overdue=overdue, position=position)


@router.get("/calendar.ics")
def calendar(store: OpenStore, viewer: CustomerViewer, who: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The same as tasks of a calendar."""
    with store.pool.connection() as connection:
        known = {member["member_id"] for member in list_members(connection, sight=viewer.sight)}
        whose, is_nobodys = _whose(who, viewer, known)
        rows = agenda(connection, limit=_IN_A_CALENDAR, sight=viewer.sight, assignee_id=whose, is_nobodys=is_nobodys)
    tasks = [{**row, "status": "scheduled", "scheduled_at": None, "done_at": None, "outcome": None} for row in rows]
    headers = {"Content-Disposition": 'attachment; filename="agenda.ics"', "Cache-Control": "no-store"}
    return Response(b"".join(as_calendar(tasks)), headers=headers, media_type="text/calendar; charset=utf-8")


@router.post("")
async def act(
    request: Request,
    store: OpenStore,
    member: Worker,
    act: Annotated[Act, Form()],
    form_key: Annotated[str, Form(min_length=8, max_length=64)],
    noun: Annotated[Literal["customer", "lead", "ticket"], Form()],
    record_id: Annotated[UUID, Form()],
    task_id: Annotated[UUID, Form()],
    who: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Complete, move or cancel a follow-up; then the agenda again."""
    typed = Typed({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    return await run_in_threadpool(
        _acted, request, store, member, act, (form_key, record_id, task_id), noun, who, typed
    )


def _acted(
    request: Request,
    store: Store,
    member: Principal,
    act: Act,
    key: tuple[str, UUID, UUID],
    noun: str,
    who: str,
    typed: Typed,
) -> Response:
    form_key, record_id, task_id = key
    fields = {"task_id": task_id, **_fields(act, typed, viewers_zone(request))}
    write = writer(store, member, ("/console/agenda", act, form_key, task_id.hex))
    outcome = do(write, f"{noun}s/{_COMMANDS[act]}", record_id, fields, typed)
    if isinstance(outcome, Notice):
        return show_agenda(request, store, member, who, notice=outcome)
    said = {"who": who, "position": outcome.position}
    return RedirectResponse(f"/console/agenda?{urlencode({name: one for name, one in said.items() if one})}", 303)


def show_agenda(
    request: Request,
    store: Store,
    viewer: Principal,
    who: str,
    *,
    after: str = "",
    overdue: str = "",
    position: int | None = None,
    notice: Notice | None = None,
) -> Response:
    """The agenda, and what became of a form that was sent from it."""
    notice = notice or _waited(store, position)
    now, zone = datetime.now(UTC), viewers_zone(request)
    with store.pool.connection() as connection:
        members = list_members(connection, sight=viewer.sight)
        whose, is_nobodys = _whose(who, viewer, {member["member_id"] for member in members})
        ask = partial(agenda, connection, sight=viewer.sight, assignee_id=whose, is_nobodys=is_nobodys)
        most = _ALL_OVERDUE if overdue == "all" else _OVERDUE
        late = [] if after else ask(limit=most + 1, before=now, last_first=True)
        found = ask(limit=_AT_ONCE + 1, since=now, after=_after(after))
    rows, has_more = found[:_AT_ONCE], len(found) > _AT_ONCE
    is_member = viewer.id in {member["member_id"] for member in members}
    return page(
        request,
        "agenda.html",
        notice.status if notice else 200,
        notice=notice,
        parts=parts([*late[:most], *rows], now, zone),
        more_overdue=len(late) > most,
        members=members,
        who=who,
        me=str(viewer.id) if is_member else "",
        everybody=_EVERYBODY,
        nobody=_NOBODY,
        may_act={"customers:write", "leads:write", "tickets:write"} <= viewer.scopes,
        tomorrow=f"{datetime.combine(now.astimezone(zone) + timedelta(days=1), _MORNING):%Y-%m-%dT%H:%M}",
        following=_following(who, rows[-1]) if has_more else None,
    )


def parts(rows: Iterable[Row], now: datetime, zone: ZoneInfo) -> list[Part]:
    """What is due, by the viewer's days; a week ends on Sunday."""
    today = now.astimezone(zone).date()
    to_sunday = 6 - today.weekday()

    def part(row: Row) -> str:
        days = (row["due_at"].astimezone(zone).date() - today).days
        if row["due_at"] < now:
            return _PARTS[0]
        bounds = ((0, 1), (1, 2), (to_sunday, 3), (to_sunday + 7, 4))
        return next((_PARTS[place] for last, place in bounds if days <= last), _PARTS[5])

    return [Part(name, list(due)) for name, due in groupby(rows, key=part)]


def _whose(who: str, viewer: Principal, members: set[UUID]) -> tuple[UUID | None, bool]:
    """To whom it is given, and whether to nobody: a member's own where she does not say; whoever is no member sees
    everybody's. Raises BadParameter."""
    if who in ("", _EVERYBODY):
        return (viewer.id if not who and viewer.id in members else None), False
    if who == _NOBODY:
        return None, True
    try:
        return UUID(who), False
    except ValueError:
        raise BadParameter("There is no such member. Choose one on the agenda.") from None


def _fields(act: Act, typed: Typed, zone: ZoneInfo) -> dict[str, object]:
    tomorrow = datetime.now(zone).date() + timedelta(days=1)
    match act:
        case "done":
            return {"outcome": typed["said"] or None}
        case "cancel":
            return {"reason": typed["said"] or None}
        case "tomorrow":
            return {"due_at": datetime.combine(tomorrow, _MORNING, zone)}
        case "next_week":
            monday = tomorrow + timedelta(days=-tomorrow.weekday() % 7)
            return {"due_at": datetime.combine(monday, _MORNING, zone)}
        case "move":
            return {"due_at": _moment(typed["due_at"], zone)}


def _moment(typed: str, zone: ZoneInfo) -> datetime | str:
    """What was typed, in the viewer's zone; other text stays as it is, for the command to refuse."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError:
        return typed


def _after(cursor: str) -> tuple[datetime, UUID] | None:
    """The last one that was seen. Raises BadParameter."""
    if not cursor:
        return None
    moment, _, task_id = cursor.rpartition("~")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(task_id)
    except (ValueError, OverflowError):
        raise BadParameter("This does not say where to go on. Begin again at the agenda.") from None


def _following(who: str, last: Row) -> str:
    said = {"who": who, "after": f"{last['due_at'].isoformat()}~{last['task_id']}"}
    return f"/console/agenda?{urlencode({name: one for name, one in said.items() if one})}"


def _waited(store: Store, position: int | None) -> Notice | None:
    try:
        at_least(store, models_of(["follow_up"]), position)
    except (NotUpToDate, BadParameter) as problem:
        return Notice(200, f"Your change is recorded, but the agenda does not show it yet: {problem}")
    return None
