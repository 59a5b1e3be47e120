"""Files that were uploaded for somebody to look at before they are imported, each with the mapping as it stands.

Below `imports/drafts` in the data folder, readable by this account alone. They may hold rows of people, so they go when
anybody is forgotten, and after a day; whoever still wants one uploads it again.
"""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from pydantic import BaseModel
from uuid_utils.compat import uuid7

from api.imports import jobs
from api.imports.error_files import drafts, importing
from api.imports.guess import GuessedKind, guess
from api.imports.jobs import Job
from api.imports.kinds import KINDS
from api.imports.mapping import ImportRefused
from api.imports.mapping_file import load_mapping
from api.imports.reading import Reading
from api.imports.source import lines_of, look_over
from api.store import Store, load_workspace
from domain.event import Forgotten

_MAPPING = "mapping.toml"
_BLOCK = 1 << 20
_KEPT = 24 * 3600.0
"""In seconds."""
_ROWS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload that waits to be looked at."""

    draft_id: UUID
    file: Path
    mapping: Path

    @property
    def text(self) -> str:
        """The mapping as it stands."""
        return self.mapping.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row of the file, and what it would be read as; or why it would be refused."""

    line: int
    said: Sequence[tuple[str, str]]
    refused: str | None = None


def keep(store: Store, file: BinaryIO, name: str, kind: GuessedKind | None) -> Draft:
    """Keep an upload, with the mapping that it probably needs. Raises ImportRefused, and then nothing is kept."""
    _drop_old(store)
    folder = drafts(store.settings.data) / str(uuid7())
    with importing(store.settings.data):
        folder.mkdir(mode=0o700, parents=True)
        try:
            path = folder / f"file{jobs.ending(name)}"
            with open(path, "xb", opener=jobs.private) as copy:
                while block := file.read(_BLOCK):
                    copy.write(block)
            draft = Draft(UUID(folder.name), path, folder / _MAPPING)
            write(draft, guess(path, kind))
        except BaseException as error:
            shutil.rmtree(folder)
            if isinstance(error, ImportRefused):
                raise ImportRefused(str(error).replace(f"{folder}/", "")) from None
            raise
    return draft


def find(store: Store, draft_id: UUID) -> Draft | None:
    """The draft of that id, while it is there."""
    folder = drafts(store.settings.data) / str(draft_id)
    files = list(folder.glob("file*"))
    return Draft(draft_id, files[0], folder / _MAPPING) if files else None


def write(draft: Draft, text: str) -> None:
    """Keep another mapping."""
    with open(draft.mapping, "w", encoding="utf-8", opener=jobs.private) as file:
        file.write(text)


def drop(store: Store, draft: Draft) -> None:
    """Delete it."""
    shutil.rmtree(drafts(store.settings.data) / str(draft.draft_id), ignore_errors=True)


def preview(store: Store, draft: Draft, kind: str) -> list[RowRead]:
    """The first rows as they would be read. Raises ImportRefused where file and mapping do not fit."""
    try:
        mapping, _ = load_mapping(draft.mapping, kind, KINDS)
        source = look_over(draft.file, mapping.file)
        with store.pool.connection() as connection:
            mapping.must_fit(source.header, load_workspace(connection)[0])
        lines = list(islice(lines_of(source), _ROWS))
        reading = Reading(mapping, source)
        try:
            chunk = reading.chunk(lines, datetime.now(UTC)) if lines else None
        finally:
            reading.close()
    except ImportRefused as refusal:
        raise ImportRefused(str(refusal).replace(f"{draft.file.parent}/", "")) from None
    if chunk is None:
        return []
    rows = [RowRead(line.number, _said(said)) for line, said, _ in chunk.rows]
    rows += [RowRead(line.number, (), reason) for line, reason in chunk.refused]
    return sorted(rows, key=lambda row: row.line)


def hand_in(store: Store, draft: Draft, kind: str, requested_by: UUID, command_id: UUID, *, dry_run: bool) -> Job:
    """Put a copy of it into the queue of imports. Raises ImportRefused."""
    with open(draft.file, "rb") as file, open(draft.mapping, "rb") as mapping:
        job = jobs.receive(store, requested_by, kind, file, draft.file.name, mapping, dry_run=dry_run)
    return jobs.enqueue(store, job, command_id)


def _said(said: Any) -> list[tuple[str, str]]:  # Any: what a row says depends on its kind
    """What is known from a row, without what it leaves open."""
    customer = said.customer and (said.customer.name or said.customer.key)
    found = [("external id", said.key), ("customer", customer), ("owner", said.owner)]
    told = [name for name in type(said.record).model_fields if name != "external_ids"]
    found += [(name, getattr(said.record, name)) for name in told]
    return [(name.replace("_", " "), shown) for name, value in found if (shown := _shown(value))]


def _shown(value: Any) -> str:  # Any: of a record
    if value is None or isinstance(value, Forgotten):
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(filter(None, map(_shown, value)))
    if isinstance(value, BaseModel):
        return " ".join(filter(None, (_shown(getattr(value, name)) for name in type(value).model_fields)))
    return str(value)


def _drop_old(store: Store) -> None:
    for folder in drafts(store.settings.data).glob("*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - _KEPT:
                shutil.rmtree(folder, ignore_errors=True)
