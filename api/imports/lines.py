"""What every format of file is for an import: a source with columns, and lines of cells below them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from domain.event import Frozen, Text

FormatName: TypeAlias = Literal["csv", "ndjson", "vcard", "icalendar", "mail"]

UTF_8 = "utf-8-sig"
"""With or without a byte order mark."""


class FileFormat(Frozen):
    """How the file is written, as far as a mapping says so; what it does not say is found by looking."""

    format: FormatName | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    columns: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """The names of the columns, in a file that has no header."""
    short_rows: Literal["refused", "padded"] = "refused"
    """Whether a row whose last cells are missing is taken as if they were empty."""
    defused: bool = False
    """Whether cells that look like formulas have an apostrophe before them that is not theirs."""

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            "a".encode(encoding or UTF_8)
        except LookupError:
            raise ValueError("there is no such encoding; common ones are utf-8, cp1252, latin-1 and utf-16") from None
        return encoding

    @field_validator("columns")
    @classmethod
    def _tell_apart(cls, columns: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if columns and len(set(columns)) < len(columns):
            raise ValueError("give each column a name of its own")
        return columns

    @property
    def refused_encoding(self) -> str:
        """What refused rows are written in, so that the same mapping reads them again."""
        return self.encoding or UTF_8


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or a folder of mails, that can be read to its end: how it is written, and what columns it has."""

    path: Path
    encoding: str
    delimiter: str
    """Of refused rows too, which are written as CSV whatever the format."""
    header: tuple[str, ...]
    sha256: str
    lines: int
    form: FileFormat
    format: FormatName = "csv"

    @property
    def refused_encoding(self) -> str:
        """What refused rows are written in: any text, unless the mapping names an encoding."""
        return self.form.encoding or UTF_8


@dataclass(frozen=True, slots=True)
class Line:
    """A record of the file: the lines it begins and ends on, its cells, and why it is no row, if it is none."""

    number: int
    last: int
    cells: Sequence[str]
    trouble: str | None = None
