"""Files of other systems, uploaded: each becomes an import that waits its turn, and says how far it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile

from api import cursors
from api.access import OpenStore, Principal, principal, principal_of_all
from api.imports import jobs
from api.imports.error_files import refused_encoding_of
from api.imports.jobs import Counts, Job, JobState
from api.imports.kinds import KINDS
from api.imports.run import ImportRefused
from api.problems import BadCursor, BadIfMatch, IdempotencyKeyReused, NotFound, RequestProblem, documented
from api.resources import Page
from api.store import Store
from api.write import Writer, writer
from domain.imports import ImportCompleted, ImportReverted, ImportStarted
from eventstore import log
from eventstore.imports import histories_before

router = APIRouter(prefix="/v1/imports", tags=["imports"], dependencies=[Depends(principal_of_all)])

Readers = Annotated[Principal, Security(principal, scopes=["imports:read"])]

_AFTER_ALL = UUID(int=(1 << 128) - 1)
_BLOCK = 1 << 16
_FORM = {
    "type": "object",
    "example": {"kind": "leads", "file": "@leads.csv", "mapping": "@leads.toml"},
    "required": ["kind", "file", "mapping"],
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS), "description": "What the rows of the file are."},
        "file": {
            "type": "string",
            "format": "binary",
            "description": "The file: CSV, NDJSON, vCard, iCalendar or e-mails. The ending of its name says which.",
        },
        "mapping": {
            "type": "string",
            "description": "Which column feeds which field (TOML): a text, or a file.",
        },
        "dry_run": {"type": "boolean", "default": False, "description": "Only say what would be recorded."},
    },
}


class FileRefused(RequestProblem):
    """The file or its mapping cannot be used as they are. Nothing was kept."""

    status, title = 422, "File refused"


class UploadNotKept(RequestProblem):
    """The upload cannot be kept on the server's disk. Ask whoever runs it to make room; then upload it again."""

    status, title = 503, "Try again later"


class Links(BaseModel):
    """Where to go from here."""

    self: str
    errors: str | None
    """The refused rows as CSV, once it is done and where there are any."""
    undo: str | None
    """Where to send the import's id to take it back."""


class ImportResource(BaseModel):
    """An import. A file that was uploaded has its lines; of one that the command line took in the log knows its end."""

    import_id: UUID
    kind: str
    dry_run: bool
    state: JobState | Literal["started"]
    """started: not at its end, as far as the log knows, which is all there is to ask: no job tells more."""
    requested_at: datetime
    lines: int | None
    lines_done: int | None
    counts: Counts
    flagged: dict[str, int]
    problem: str | None
    reverted: bool
    links: Links


@router.post(
    "",
    status_code=202,
    responses=documented(FileRefused, IdempotencyKeyReused, BadIfMatch, UploadNotKept, writes=True),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def start_import(
    request: Request,
    write: Annotated[Writer, Security(writer, scopes=["imports:write"])],
) -> ImportResource:
    """Upload a file to be imported. It is looked over at once, and taken in when those before it are done."""
    if write.if_match is not None:
        raise BadIfMatch("An import concerns many records, each as it stands. Leave out If-Match.")
    async with request.form(max_files=2, max_fields=3, max_part_size=_BLOCK) as form:
        return await run_in_threadpool(_received, write, form)


@router.get("", responses=documented(BadCursor))
def list_imports(
    _: Readers, store: OpenStore, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
) -> Page[ImportResource]:
    """Imports of all ways, the newest first."""
    before = UUID(str(cursors.decode(store, "imports", cursor)[0])) if cursor is not None else _AFTER_ALL
    with store.pool.connection() as connection:
        recorded = histories_before(connection, before, limit + 1)
    waiting = {job.import_id: job for job in jobs.newest(store, before, limit + 1)}
    ids = sorted(recorded.keys() | waiting.keys(), reverse=True)
    page = [_shown(store, waiting.get(one), recorded.get(one, ())) for one in ids[:limit]]
    following = cursors.encode(store, "imports", ids[limit - 1].hex) if len(ids) > limit else None
    return Page(data=page, has_more=following is not None, next_cursor=following)


@router.get("/{import_id}", responses=documented(NotFound))
def get_import(_: Readers, store: OpenStore, import_id: UUID) -> ImportResource:
    """How far an import is, and what became of its rows."""
    return _found(store, import_id)


@router.get(
    "/{import_id}/errors",
    response_class=StreamingResponse,
    responses=documented(NotFound) | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def get_refused_rows(
    _: Annotated[Principal, Security(principal, scopes=["imports:read", "personal:read"])],
    store: OpenStore,
    import_id: UUID,
) -> StreamingResponse:
    """The refused rows as they were, each with its line and the reason: mend them and import them again."""
    if _found(store, import_id).links.errors is None:
        raise NotFound()
    path = _errors_file(store, import_id)
    with store.pool.connection() as connection:
        encoding = refused_encoding_of(connection, path)
    try:
        file = open(path, "rb")  # closed when it was read
    except FileNotFoundError:
        raise NotFound() from None
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_blocks(file), media_type=f"text/csv; charset={encoding}", headers=headers)


def _received(write: Writer, form: FormData) -> ImportResource:
    """Raises FileRefused, IdempotencyKeyReused or UploadNotKept."""
    store = write.store
    kind, file, mapping, dry_run = (form.get(name) for name in ("kind", "file", "mapping", "dry_run"))
    if not isinstance(file, UploadFile) or not isinstance(kind, str) or mapping is None:
        raise FileRefused("Send a form (multipart/form-data) with kind, file and mapping, of which file is a file.")
    if dry_run not in (None, "true", "false"):
        raise FileRefused("dry_run is true or false.")
    told = mapping.file if isinstance(mapping, UploadFile) else BytesIO(mapping.encode())
    try:
        job = jobs.receive(
            store, write.principal.id, kind, file.file, file.filename or "", told, dry_run=dry_run == "true"
        )
    except ImportRefused as refusal:
        raise FileRefused(str(refusal)) from None
    except OSError:
        raise UploadNotKept() from None
    first = jobs.enqueue(store, job, write.command_id)
    if first.asks_for != job.asks_for:
        raise IdempotencyKeyReused()
    return _found(store, first.import_id)


def _found(store: Store, import_id: UUID) -> ImportResource:
    """Raises NotFound."""
    with store.pool.connection() as connection:
        history = log.load(connection, import_id).history
    job = jobs.find(store, import_id)
    if job is None and not (history and isinstance(history[0].event, ImportStarted)):
        raise NotFound()
    return _shown(store, job, history)


def _shown(store: Store, job: Job | None, history: Sequence[log.Recorded]) -> ImportResource:
    """What the log says of it; beside that, how far the job is."""
    completed = next((one.event for one in history if isinstance(one.event, ImportCompleted)), None)
    counts = Counts.model_validate(completed.model_dump(include=set(Counts.model_fields))) if completed else None
    import_id = job.import_id if job else history[0].stream_id
    kind = job.kind if job else _kind(history)
    state: JobState | Literal["started"] = "done" if completed else (job.state if job else "started")
    has_errors = state == "done" and _errors_file(store, import_id).exists()
    address = f"{router.prefix}/{import_id}"
    return ImportResource(
        import_id=import_id,
        kind=kind,
        dry_run=bool(job and job.dry_run),
        state=state,
        requested_at=job.received_at if job else history[0].recorded_at,
        lines=job.lines if job else None,
        lines_done=job.lines_done if job else None,
        counts=counts or (job.counts if job else Counts()),
        flagged=job.flagged if job else {},
        problem=job.problem if job else None,
        reverted=any(isinstance(one.event, ImportReverted) for one in history),
        links=Links(
            self=address, errors=f"{address}/errors" if has_errors else None, undo="/v1/undo" if history else None
        ),
    )


def _kind(history: Sequence[log.Recorded]) -> str:
    started = history[0].event
    assert isinstance(started, ImportStarted)
    return started.kind


def _errors_file(store: Store, import_id: UUID) -> Path:
    return store.settings.data / "imports" / f"{import_id}-errors.csv"


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
