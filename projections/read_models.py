"""The read models there are: every folder here with a `table.sql` and a `fold.sql`."""

import fnmatch
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from domain.catalogue import EVENT_TYPES
from domain.undo import EventsUndone

_KEYS = {"customer_id", "stream_id", "part_id"}


class FoldHeaderError(Exception):
    """A fold's header does not say what the runtime must know."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A table and the SELECT over `history` that fills it.

    `key_column` is the event's column that says which rows an event touches (the refold key); `table_key` is the same
    in the table. `types` are the event types the fold reads.
    """

    name: str
    question: str
    key_column: str
    table_key: str
    types: tuple[str, ...]
    table: str
    fold: str

    @property
    def definition(self) -> str:
        """A digest of table and fold: rows folded by another definition are rebuilt."""
        return hashlib.sha256(f"{self.table}\x00{self.fold}".encode()).hexdigest()


def parse(name: str, table: str, fold: str) -> ReadModel:
    """A read model from the text of its two files. Raises FoldHeaderError with what is missing."""
    header = dict(re.findall(r"^-- (question|key|types): (.+)$", fold, re.MULTILINE))
    if missing := {"question", "key", "types"} - header.keys():
        raise FoldHeaderError(f"{name}/fold.sql lacks the header line '-- {sorted(missing)[0]}: ...'.")
    key = re.fullmatch(r"(\w+) AS (\w+)", header["key"])
    if not key or key[1] not in _KEYS:
        raise FoldHeaderError(
            f"{name}/fold.sql: the key must read '{'|'.join(sorted(_KEYS))} AS <column of the table>'."
        )
    types = tuple(t for pattern in header["types"].split() for t in _matching(pattern))
    for pattern in header["types"].split():
        if not _matching(pattern):
            raise FoldHeaderError(f"{name}/fold.sql: no event type is called {pattern!r}.")
    return ReadModel(name, header["question"], key[1], key[2], types, table, fold.replace("%", "%%"))


@cache
def read_models() -> Mapping[str, ReadModel]:
    """All read models by name, in alphabetical order."""
    return {
        folder.name: parse(folder.name, _text(folder, "table.sql"), _text(folder, "fold.sql"))
        for folder in sorted(files("projections").iterdir(), key=lambda entry: entry.name)
        if folder.joinpath("fold.sql").is_file()
    }


def _matching(pattern: str) -> list[str]:
    """The event types it names. That events were undone is seen by what is missing: a fold gets it only by its name."""
    found = sorted(fnmatch.filter(EVENT_TYPES, pattern))
    return [type_ for type_ in found if EVENT_TYPES[type_] is not EventsUndone or type_ == pattern]


def _text(folder: Traversable, name: str) -> str:
    return folder.joinpath(name).read_text(encoding="utf-8")
