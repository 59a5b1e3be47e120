"""The list of customers: searched as one types, filtered, sorted, kept as a segment, and acted on many at a time."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console import together
from api.console.doing import do, writer
from api.console.frame import CustomerEditor, CustomerViewer, Notice, PageRoute, Typed, page
from api.console.narrowed import ME, NOBODY, SORTS, STATUSES, Narrowed, narrowed, own_fields, segments
from api.fresh import at_least
from api.lists.question import from_body
from api.problems import BadParameter, NotUpToDate, RequestProblem
from api.store import Store
from domain.workspace import WORKSPACE_ID
from projections.customers import used_words
from projections.leads import list_members
from projections.lists import page as lists
from projections.lists.nouns import NOUNS
from projections.reading import Row
from replay.asof import models_of

router = APIRouter(prefix="/console/customers", route_class=PageRoute, include_in_schema=False)

_CUSTOMERS = NOUNS["customers"]
_AT_ONCE = 50
_SHOWN = [
    "kind", "name", "status", "since", "owner_id", "team", "segment", "tags", "open_leads", "open_tickets",
    "open_follow_ups", "next_due_at", "last_interaction_at", "mrr",
]  # fmt: skip


@router.get("")
def show(
    request: Request,
    store: OpenStore,
    viewer: CustomerViewer,
    cursor: Annotated[str | None, Query()] = None,
    position: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The customers that the query asks for; after a write, at least as new as that."""
    asked = narrowed(request.query_params.multi_items())
    return show_customers(request, store, viewer, asked, cursor=cursor, position=position, done=done)


@router.post("")
async def act(
    request: Request,
    store: OpenStore,
    member: CustomerEditor,
    act: Annotated[str, Form(max_length=20)],
    form_key: Annotated[str, Form(min_length=8, max_length=64)],
    question: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """What the buttons of the list do, to all customers that are ticked; then the list again."""
    form = await request.form()
    typed = Typed({name: value for name, value in form.items() if isinstance(value, str)})
    asked = narrowed(parse_qsl(question))
    ids = [value for value in form.getlist("customer_id") if isinstance(value, str)]
    return await run_in_threadpool(_acted, request, store, member, act, form_key, asked, ids, typed)


def _acted(
    request: Request,
    store: Store,
    member: Principal,
    act: str,
    form_key: str,
    asked: Narrowed,
    ids: list[str],
    typed: Typed,
) -> Response:
    match act:
        case "save":
            return _saved(request, store, member, form_key, asked, typed)
        case "undo":
            outcome = together.undone(store, member, typed["together"])
        case "tag" | "untag" | "assign":
            outcome = together.acted(store, member, act, form_key, ids, typed)
        case _:
            raise BadParameter("There is no such button here.")
    if outcome.notice:
        return show_customers(
            request, store, member, asked, position=outcome.position, done=str(outcome.id or ""), notice=outcome.notice
        )
    said = {"position": outcome.position, "done": outcome.id}
    more = urlencode({name: value for name, value in said.items() if value})
    return RedirectResponse(f"/console/customers?{'&'.join(filter(None, [asked.query, more]))}", 303)


def _saved(request: Request, store: Store, member: Principal, form_key: str, asked: Narrowed, typed: Typed) -> Response:
    """Keep what the list is narrowed to under a name."""
    write = writer(store, member, ("/console/customers/save", form_key))
    groups = [[one.model_dump() for one in group] for group in asked.groups(member, write.workspace())]
    fields = {"name": typed["name"].strip(), "noun": "customer", "groups": groups}
    outcome = do(write, "segments/define", WORKSPACE_ID, fields, typed)
    if isinstance(outcome, Notice):
        return show_customers(request, store, member, asked, notice=outcome)
    kept = Narrowed(segment=str(fields["name"]), sort=asked.sort)
    return RedirectResponse(f"/console/customers?{kept.query}", 303)


def show_customers(
    request: Request,
    store: Store,
    viewer: Principal,
    asked: Narrowed,
    *,
    cursor: str | None = None,
    position: int | None = None,
    done: str = "",
    notice: Notice | None = None,
) -> Response:
    """The list, and what became of a form that was sent from it."""
    notice = notice or _waited(store, position)
    rows: list[Row] = []
    following = None
    with store.pool.connection() as connection:
        workspace = store.settled.now(connection)[0]
        try:
            search = asked.search(viewer, _AT_ONCE, cursor, _SHOWN)
            question = from_body(store, _CUSTOMERS, viewer.sight, lambda: workspace, search)
            found = lists.rows(connection, _CUSTOMERS, question.question, sight=viewer.sight)
            rows = found[:_AT_ONCE]
            following = question.cursor(store, _CUSTOMERS, rows[-1]) if len(found) > _AT_ONCE else None
        except RequestProblem as problem:
            notice = notice or Notice(problem.status, _said(problem))
        members = list_members(connection, sight=viewer.sight)
        used = used_words(connection, sight=viewer.sight)
        result = together.told(connection, done, viewer)
    names: dict[UUID, str] = {member["member_id"]: member["name"] or "(forgotten)" for member in members}
    return page(
        request,
        "customers.html",
        notice.status if notice else 200,
        notice=notice,
        result=result,
        may_undo="undo" in viewer.scopes,
        may_act="customers:write" in viewer.scopes,
        may_save="settings:write" in viewer.scopes,
        sees_names=viewer.sight.personal,
        asked=asked,
        customers=rows,
        following=f"/console/customers?{asked.query}&{urlencode({'cursor': following})}" if following else None,
        names=names,
        members=members,
        me=ME if viewer.id in names else "",
        nobody=NOBODY,
        statuses=STATUSES,
        sorts=SORTS if viewer.sight.personal else {name: told for name, told in SORTS.items() if name != "name"},
        segments=segments(workspace),
        own_fields=own_fields(workspace, viewer),
        used=used,
    )


def _said(problem: RequestProblem) -> str:
    """What is wrong with the question."""
    return f"{problem} Change the filter, or show everybody."


def _waited(store: Store, position: int | None) -> Notice | None:
    try:
        at_least(store, models_of(["customer_360"]), position)
    except (NotUpToDate, BadParameter) as problem:
        return Notice(200, f"Your change is recorded, but the list does not show it yet: {problem}")
    return None
