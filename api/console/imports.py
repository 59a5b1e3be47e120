"""Imports: a file is uploaded, its mapping looked over beside its first rows, tried, taken in, and taken back."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, Security, UploadFile
from fastapi.responses import RedirectResponse

from api.access import OpenStore, Principal
from api.console.frame import PageRoute, page, signed_in
from api.imports import drafts
from api.imports.error_files import first_refused
from api.imports.guess import KINDS
from api.imports.mapping import ImportRefused
from api.imports.routes import get_import, get_refused_rows, list_imports
from api.store import Store
from api.undo import NothingToUndo, undo
from api.undo_report import UndoReport
from eventstore import log

router = APIRouter(prefix="/console/imports", route_class=PageRoute, include_in_schema=False)

_REFUSED_SHOWN = 10


def _reader(member: Annotated[Principal, Security(signed_in, scopes=["imports:read"])]) -> Principal:
    """Who may see imports: they concern everybody's records. Raises NotAllowed."""
    member.must_see_all_records()
    return member


def _importer(member: Annotated[Principal, Security(signed_in, scopes=["imports:read", "imports:write"])]) -> Principal:
    """Who may import. Raises NotAllowed."""
    member.must_see_all_records()
    return member


Reader = Annotated[Principal, Depends(_reader)]
Importer = Annotated[Principal, Depends(_importer)]
Key = Annotated[str, Form(min_length=8, max_length=64)]


@router.get("")
def show(request: Request, store: OpenStore, viewer: Reader, cursor: Annotated[str | None, Query()] = None) -> Response:
    """The imports so far, the newest first, and a form for a new one."""
    return _list(request, store, viewer, cursor)


def _list(
    request: Request, store: Store, viewer: Principal, cursor: str | None = None, problem: str | None = None
) -> Response:
    return page(
        request,
        "imports.html",
        422 if problem else 200,
        problem=problem,
        found=list_imports(viewer, store, 25, cursor),
        kinds=KINDS,
        may="imports:write" in viewer.scopes,
    )


@router.post("")
def upload(
    request: Request,
    store: OpenStore,
    importer: Importer,
    form_key: Key,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()] = "",
) -> Response:
    """Keep a file and guess its mapping; it is looked over next."""
    if not file.filename:
        return _list(request, store, importer, problem="Choose a file first: CSV, NDJSON, vCard, iCalendar or e-mails.")
    try:
        draft = drafts.keep(store, file.file, file.filename, next((one for one in KINDS if one == kind), None))
    except ImportRefused as refusal:
        return _list(request, store, importer, problem=str(refusal))
    return RedirectResponse(f"{router.prefix}/drafts/{draft.draft_id}", 303)


@router.get("/{import_id}")
def follow(
    request: Request,
    store: OpenStore,
    viewer: Reader,
    import_id: UUID,
    draft: Annotated[UUID | None, Query()] = None,
) -> Response:
    """How far it is, and what became of its rows. Raises NotFound."""
    return _followed(request, store, viewer, import_id, draft)


def _followed(
    request: Request,
    store: Store,
    viewer: Principal,
    import_id: UUID,
    draft: UUID | None = None,
    report: UndoReport | None = None,
    problem: str | None = None,
) -> Response:
    found = get_import(viewer, store, import_id)
    return page(
        request,
        "import.html",
        409 if problem else 200,
        problem=problem,
        found=found,
        draft=drafts.find(store, draft) if draft else None,
        refused=_refused(store, import_id) if found.links.errors and "personal:read" in viewer.scopes else [],
        may_read="personal:read" in viewer.scopes,
        may_undo={"undo", "imports:write"} <= viewer.scopes and found.links.undo is not None and not found.reverted,
        report=report,
    )


@router.get("/{import_id}/errors")
def errors(
    store: OpenStore,
    _: Reader,
    viewer: Annotated[Principal, Security(signed_in, scopes=["imports:read", "personal:read"])],
    import_id: UUID,
) -> Response:
    """The refused rows as a file. Raises NotFound."""
    return get_refused_rows(viewer, store, import_id)


@router.get("/{import_id}/undo")
def back(import_id: UUID, _: Reader) -> Response:
    """Where a reload of a report leads."""
    return RedirectResponse(f"{router.prefix}/{import_id}", 303)


@router.post("/{import_id}/undo")
def take_back(
    request: Request,
    store: OpenStore,
    importer: Importer,
    _: Annotated[Principal, Security(signed_in, scopes=["imports:read", "imports:write", "undo"])],
    import_id: UUID,
    form_key: Key,
    wish: Annotated[Literal["see", "undo"], Form()],
) -> Response:
    """Say what taking it back would come to, or do it. Raises NotFound."""
    get_import(importer, store, import_id)
    by = log.Envelope(importer.kind, importer.id, "console")
    try:
        report = undo(store, by, import_id, dry_run=wish == "see")
    except NothingToUndo as nothing:
        return _followed(request, store, importer, import_id, problem=str(nothing))
    except log.VersionConflict:
        busy = "Others write to the same records all the time. What could be undone was; send it again."
        return _followed(request, store, importer, import_id, problem=busy)
    return _followed(request, store, importer, import_id, report=report)


def _refused(store: Store, import_id: UUID) -> list[list[str]]:
    """The first refused rows, the header before them."""
    with store.pool.connection() as connection:
        return first_refused(connection, store.settings.data / "imports" / f"{import_id}-errors.csv", _REFUSED_SHOWN)
