"""What the rows of a file say, chunk by chunk, before the log is asked: each external id once, and what is no row."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from api.imports.lines import Line, Source
from api.imports.mapping import RowRefused
from api.imports.mapping_file import ImportMapping, Said
from api.imports.seen import Seen, Texts, digest

_CLOCK_TOLERANCE = timedelta(minutes=1)

BROKEN = "A row further up with the same external id is refused, and what came after it is not taken without it."

Row: TypeAlias = tuple[Line, Said, int]
"""A line, what it says, and how many rows have said the same by now."""


@dataclass(slots=True)
class Chunk:
    """Some lines of a file that follow each other, up to the line `last`."""

    last: int
    rows: list[Row] = field(default_factory=list)
    refused: list[tuple[Line, str]] = field(default_factory=list)
    repeated: list[tuple[Line, Said]] = field(default_factory=list)
    """Rows that say what one further up has said."""


class Reading:
    """One file as it is read. Of each row it keeps a digest, to find external ids that come twice."""

    def __init__(self, mapping: ImportMapping, file: Source) -> None:
        self._mapping, self._header = mapping, file.header
        self._said_by_key, self._counts, self._refused_keys = Seen(), Seen(), Texts()

    def close(self) -> None:
        """Forget the rows."""
        for kept in (self._said_by_key, self._counts, self._refused_keys):
            kept.close()

    def chunk(self, lines: Sequence[Line], now: datetime) -> Chunk:
        """What these lines say, which come next."""
        chunk = Chunk(lines[-1].last)
        for line in lines:
            try:
                chunk.rows.extend(self._row(line, now, chunk))
            except RowRefused as refusal:
                chunk.refused.append((line, str(refusal)))
                self._remember(line, str(refusal))
        return chunk

    def refuse(self, key: str, reason: str) -> None:
        """The row with this external id was refused after all; so are those below that say the same."""
        self._refused_keys.put(key, reason)

    def refused_because(self, key: str) -> str | None:
        """Why a row with this external id was refused, if one was."""
        return self._refused_keys.get(key)

    def _row(self, line: Line, now: datetime, chunk: Chunk) -> Iterator[Row]:
        said = self._said(line, now)
        if self._mapping.rows_repeat:
            if self.refused_because(said.key):
                raise RowRefused(BROKEN)
            yield line, said, self._counts.count(f"{said.key} {_content(said)}")
        elif self._is_repeated(said):
            chunk.repeated.append((line, said))
        else:
            yield line, said, 1 if self._mapping.has_ids else self._counts.count(_content(said))

    def _remember(self, line: Line, refusal: str) -> None:
        """A refused row keeps its number among those alike, and what comes behind it in a log waits for it."""
        if line.trouble:
            return
        with suppress(RowRefused):
            key = self._mapping.key.read(dict(zip(self._header, line.cells, strict=True)), self._mapping.empty)
            if key and self._mapping.key.numbered:
                self._counts.count(key)
            if key and self._mapping.rows_repeat:
                self.refuse(key, refusal)

    def _said(self, line: Line, now: datetime) -> Said:
        if line.trouble:
            raise RowRefused(line.trouble)
        said = self._mapping.read(dict(zip(self._header, line.cells, strict=True)))
        for what, moment in self._mapping.moments(said.record):
            if moment and moment > now + _CLOCK_TOLERANCE:
                raise RowRefused(f"It is said to have been {what} at {moment.isoformat()}, which lies in the future.")
        if self._mapping.key.numbered and (nth := self._counts.count(said.key)) > 1:
            return said.model_copy(update={"key": f"{said.key} #{nth}"})
        return said

    def _is_repeated(self, said: Said) -> bool:
        """Whether the same row came before. Raises RowRefused when another one with its external id did."""
        content = digest(_content(said))
        before = self._said_by_key.get(said.key)
        if before is None:
            self._said_by_key.put(said.key, content)
        elif before != content:
            raise RowRefused("A row further up in this file has the same external id and says something else.")
        return before is not None


def _content(said: Said) -> str:
    """What a row says, but for its external id."""
    customer = said.customer and (said.customer.by, said.customer.system, said.customer.key, said.customer.name)
    return f"{customer} {said.owner} {said.record.model_dump_json()}"
