"""An import: a file of another system taken into the log; all events of its rows share one correlation id."""

from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from domain.event import Event, PersonalText, Word

Rows = Annotated[int, Field(ge=0)]


class ImportStarted(Event):
    """A file began to be taken in, its columns mapped to our words."""

    kind: Word
    file_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    mapping: PersonalText


class ImportCompleted(Event):
    """The whole file was taken in: what became of its rows."""

    rows: Rows
    created: Rows
    changed: Rows
    unchanged: Rows
    refused: Rows


ImportEvent: TypeAlias = ImportStarted | ImportCompleted
