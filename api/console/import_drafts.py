"""An upload before it is imported: its mapping as a table and as a text, and its first rows as they would be read."""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore
from api.console.frame import PageRoute, page
from api.console.imports import Importer, Key
from api.imports import drafts
from api.imports.choices import choices, with_column
from api.imports.drafts import Draft
from api.imports.guess import KINDS
from api.imports.lines import FileFormat
from api.imports.mapping import ImportRefused
from api.imports.source import look_over
from api.problems import NotFound
from api.store import Store

router = APIRouter(prefix="/console/imports", route_class=PageRoute, include_in_schema=False)

_LONGEST_MAPPING = 20_000


@router.get("/drafts/{draft_id}")
def look(request: Request, store: OpenStore, importer: Importer, draft_id: UUID) -> Response:
    """The mapping and the first rows as they would be read. Raises NotFound."""
    return _looked(request, store, _draft(store, draft_id))


def _looked(request: Request, store: Store, draft: Draft, problem: str | None = None, text: str = "") -> Response:
    text = text or draft.text
    kind = _kind(text)
    header, rows = _header(draft, text), []
    if problem is None:
        try:
            rows = drafts.preview(store, draft, kind)
        except ImportRefused as refusal:
            problem = str(refusal)
    return page(
        request,
        "import_draft.html",
        422 if problem else 200,
        problem=problem,
        draft=draft,
        kind=kind,
        text=text,
        header=header,
        choices=choices(text, kind) if kind in KINDS else [],
        rows=rows,
        columns=list(dict.fromkeys(name for row in rows for name, _ in row.said)),
        tried=request.query_params.get("tried"),
    )


async def typed(request: Request) -> dict[str, str]:
    """What was typed into the form, by field."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@router.post("/drafts/{draft_id}")
def decide(
    request: Request,
    store: OpenStore,
    importer: Importer,
    draft_id: UUID,
    form_key: Key,
    wish: Annotated[Literal["look", "try", "take", "drop"], Form()],
    form: Annotated[dict[str, str], Depends(typed)],
) -> Response:
    """Take over what was changed in the mapping; then look again, try it, or take it in. Raises NotFound."""
    draft = _draft(store, draft_id)
    address = f"{router.prefix}/drafts/{draft.draft_id}"
    if wish == "drop":
        drafts.drop(store, draft)
        return RedirectResponse(router.prefix, 303)
    text = _edited(draft.text, form)
    if problem := _fault(text):
        return _looked(request, store, draft, problem, text)
    drafts.write(draft, text)
    if wish == "look":
        return RedirectResponse(address, 303)
    command_id = store.derived_id(importer.id.hex, "POST", address, wish, form_key)
    try:
        job = drafts.hand_in(store, draft, _kind(text), importer.id, command_id, dry_run=wish == "try")
    except ImportRefused as refusal:
        return _looked(request, store, draft, str(refusal))
    if wish == "take":
        drafts.drop(store, draft)
        return RedirectResponse(f"{router.prefix}/{job.import_id}", 303)
    return RedirectResponse(f"{router.prefix}/{job.import_id}?draft={draft.draft_id}", 303)


def _draft(store: Store, draft_id: UUID) -> Draft:
    draft = drafts.find(store, draft_id)
    if draft is None:
        raise NotFound("This upload is not here any more: it was taken in, or is older than a day. Upload it again.")
    return draft


def _edited(text: str, form: dict[str, str]) -> str:
    """The mapping with what was changed: as a text, or in the table."""
    if "text" in form:
        return form["text"].replace("\r\n", "\n")
    before = {choice.field: choice.column for choice in choices(text, _kind(text))} if _kind(text) in KINDS else {}
    for name, column in form.items():
        field = name.removeprefix("column:")
        if field != name and field in before and column != before[field] and not (column == "" and not before[field]):
            text = with_column(text, field, column)
    return text


def _fault(text: str) -> str | None:
    if len(text) > _LONGEST_MAPPING:
        return "The mapping is longer than any mapping is."
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return f"The mapping cannot be read: {error}."
    return None if _kind(text) in KINDS else f"The mapping says no kind that there is. There are: {', '.join(KINDS)}."


def _kind(text: str) -> str:
    with suppress(tomllib.TOMLDecodeError):
        return str(tomllib.loads(text).get("kind", ""))
    return ""


def _header(draft: Draft, text: str) -> Sequence[str]:
    try:
        told = tomllib.loads(text).get("file", {})
        return look_over(draft.file, FileFormat.model_validate(told)).header
    except (ImportRefused, ValueError):
        return ()
