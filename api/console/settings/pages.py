"""The pages of the settings: a section each, with its history, and its forms carried out as commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response, Security
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.access import OpenStore, Principal
from api.commands.carrying_out import carry_out
from api.commands.routes import body_of, command_of, table
from api.commands.secrets import IssuedKey
from api.console.actors import actors, named
from api.console.frame import Notice, PageRoute, Typed, page, signed_in
from api.console.settings.fields import NotRead
from api.console.settings.parts import READS, SECTIONS
from api.console.settings.sections import Section
from api.console.shown import words
from api.problems import NotFound, RequestProblem, StaleVersion
from api.resources import Answered
from api.store import Store
from api.write import Writer
from domain.event import Refusal
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.log import CommandAlreadyCarriedOut, Recorded, VersionConflict, Wanted

router = APIRouter(prefix="/console/settings", route_class=PageRoute, include_in_schema=False)

Viewer = Annotated[Principal, Security(signed_in, scopes=["settings:read"])]

_HISTORY_SHOWN = 20
_END = 2**63 - 1
_CHANGED_SINCE = (
    "Somebody changed the settings after you opened the page. Nothing was done and nothing was overwritten: "
    "here is how they stand now. Send the form again if you still want to."
)
_BUSY = "Others are changing the settings at the same moment. Nothing was done; try again."


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed what, in words."""

    recorded: Recorded
    sentence: str
    whom: str | None
    who: str


@router.get("")
def show_all(request: Request, store: OpenStore, viewer: Viewer) -> Response:
    """The first of the sections."""
    return _shown(request, store, viewer, "pipelines")


@router.get("/{section}")
def show(request: Request, store: OpenStore, viewer: Viewer, section: str) -> Response:
    """A section as it stands, and who changed it when. Raises NotFound."""
    return _shown(request, store, viewer, section)


@router.get("/{section}/{act}")
def back(section: str, act: str, _: Viewer) -> Response:
    """Where a reload of a refused form leads."""
    return RedirectResponse(f"{router.prefix}/{section}", 303)


async def typed(request: Request) -> Typed:
    """What was typed; what was chosen several times under one name, one a line."""
    found = Typed()
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


@router.post("/{section}/{act}")
def change(
    request: Request,
    store: OpenStore,
    member: Viewer,
    section: str,
    act: str,
    form: Annotated[Typed, Depends(typed)],
    form_key: Annotated[str, Form(min_length=8, max_length=64)],
    version: Annotated[int, Form(ge=0)],
    form_name: Annotated[str, Form(max_length=200)] = "",
    record_id: Annotated[UUID, Form()] = WORKSPACE_ID,
) -> Response:
    """Carry out a form's command; a refusal is told on the page that it came from. Raises NotFound, NotAllowed."""
    if section not in SECTIONS or f"{section}/{act}" not in READS:
        raise NotFound("There is no such setting.")
    member.must(SECTIONS[section].scope)
    address = f"{router.prefix}/{section}/{act}"
    command_id = store.derived_id(member.id.hex, "POST", address, form_key)
    write = Writer(store, member, "console", command_id, version, Response())

    def told(status: int, text: str) -> Response:
        return _shown(request, store, member, section, Notice(status, text, form_name, form))

    try:
        answer = _carried_out(write, f"{section}/{act}", record_id, form)
    except NotRead as unread:
        return told(422, str(unread))
    except ValidationError as error:
        return told(422, _unfit(error))
    except (Refusal, log.SubjectForgotten) as refusal:
        return told(409, str(refusal))
    except StaleVersion as stale:
        return told(stale.status, _CHANGED_SINCE)
    except (VersionConflict, CommandAlreadyCarriedOut):
        return told(409, _BUSY)
    except RequestProblem as problem:
        return told(problem.status, str(problem))
    if isinstance(answer, IssuedKey):
        return _shown(request, store, member, section, issued=answer.key or "")
    return RedirectResponse(f"{router.prefix}/{section}", 303)


def _carried_out(write: Writer, name: str, record_id: UUID, form: Typed) -> Answered:
    commands = table()
    resource, found = commands[name]
    body = body_of(resource, found).model_validate(READS[name](form))
    return carry_out(write, resource, found, record_id, command_of(resource, found, body, record_id))


def _shown(
    request: Request,
    store: Store,
    viewer: Principal,
    slug: str,
    notice: Notice | None = None,
    issued: str | None = None,
) -> Response:
    """The section's page; `issued` is a key that was issued just now, empty where it was shown before."""
    section = SECTIONS.get(slug)
    if section is None:
        raise NotFound("There is no such part of the settings.")
    personal = viewer.sight.personal
    with store.pool.connection() as connection:
        workspace, version = store.settled.now(connection)
        history = _history(connection, section)
    names = actors(workspace, personal=personal)
    response = page(
        request,
        "settings.html",
        notice.status if notice else 200,
        notice=notice,
        sections=SECTIONS.values(),
        section=section,
        shown=section.show(workspace, personal),
        history=[_change(recorded, names, personal) for recorded in history],
        may=section.scope in viewer.scopes,
        version=version,
        issued=issued,
    )
    if issued:
        response.headers["Cache-Control"] = "no-store"
    return response


def _history(connection: Connection, section: Section) -> Sequence[Recorded]:
    """What changed the section last, the newest first."""
    head = horizon(connection)
    found = [
        recorded
        for type_ in section.types
        for recorded in log.explore(
            connection,
            Wanted(type=f"workspace.{type_}", customer_id=WORKSPACE_ID),
            before=head + 1,
            after=0,
            limit=_HISTORY_SHOWN,
        )
    ]
    return sorted(found, key=lambda recorded: recorded.position, reverse=True)[:_HISTORY_SHOWN]


def _change(recorded: Recorded, names: Mapping[UUID, str], personal: bool) -> Change:
    member_id = getattr(recorded.event, "member_id", None)
    return Change(
        recorded,
        recorded.event.in_words() if personal else words(recorded.type.partition(".")[2]).capitalize(),
        names.get(member_id) if member_id and not recorded.type.endswith("invited") else None,
        named(recorded.actor, names),
    )


def _unfit(error: ValidationError) -> str:
    """One sentence per field; the library's own words, without the value that was sent."""
    fields = ((words(str(found["loc"][0]) if found["loc"] else "it"), found["msg"].lower()) for found in error.errors())
    told = (f"{name.capitalize()}: {message}." for name, message in fields)
    return f"Nothing was done. {' '.join(dict.fromkeys(told))}"
