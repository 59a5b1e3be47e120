"""The read models there are: every folder here with a `table.sql` and one fold, or several that build on each other."""

import fnmatch
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from domain.catalogue import EVENT_TYPES
from domain.undo import EventsUndone
from eventstore.trouble import Trouble

ROOT = "root_customer_id"
"""The column of `history` that says whose history an event is read as, once merges and wrong filings are minded."""

_KEYS = {"customer_id", ROOT, "stream_id", "part_id"}


class FoldHeaderError(Trouble):
    """A fold's header does not say what the runtime must know, or a folder's files do not fit together."""


@dataclass(frozen=True, slots=True)
class Fold:
    """The SELECT over `history`, and over the tables of the folds before it, that fills one table.

    `key_column` is the event's column that says which rows an event touches (the refold key); `table_key` is the same
    in the table, and in the tables before it. `types` are the event types the fold reads; one that builds on earlier
    tables alone has none.
    """

    table: str
    key_column: str
    table_key: str
    types: tuple[str, ...]
    text: str

    @property
    def is_rooted(self) -> bool:
        """Whether a merge of customers can change its rows."""
        return ROOT in self.text

    def reads(self, table: str) -> bool:
        """Whether it builds on that table of an earlier fold."""
        return _mentions(self.text, table)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A folder's answer to one question: its tables, and the folds that fill them, each building on those before it."""

    name: str
    question: str
    table: str
    folds: tuple[Fold, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables by name, in the order in which they are filled."""
        return tuple(fold.table for fold in self.folds)

    @property
    def types(self) -> tuple[str, ...]:
        """The event types that any of the folds reads."""
        return tuple(dict.fromkeys(type_ for fold in self.folds for type_ in fold.types))

    @property
    def key_column(self) -> str:
        """The refold key of the last fold, whose table is the answer."""
        return self.folds[-1].key_column

    @property
    def table_key(self) -> str:
        """The same in its table."""
        return self.folds[-1].table_key

    @property
    def definition(self) -> str:
        """A digest of tables and folds: rows folded by another definition are rebuilt."""
        return _digest((self.table, *(fold.text for fold in self.folds)))


@lru_cache(maxsize=1024)
def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


@lru_cache(maxsize=256)
def _digest(texts: tuple[str, ...]) -> str:
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()


def parse(name: str, table: str, folds: str | Mapping[str, str]) -> ReadModel:
    """A read model from the texts of its files: of one fold, or of each by the table it fills, in order.

    Raises FoldHeaderError with what is missing.
    """
    texts = {name: folds} if isinstance(folds, str) else folds
    parsed = tuple(_fold(f"{name}: the fold of {fills}", fills, text) for fills, text in texts.items())
    if not parsed[0].types:
        raise FoldHeaderError(f"{name}: the fold of {parsed[0].table} lacks the header line '-- types: ...'.")
    for text in texts.values():
        if question := re.search(r"^-- question: (.+)$", text, re.MULTILINE):
            return ReadModel(name, question[1], table, parsed)
    raise FoldHeaderError(f"{name}: the fold of {parsed[0].table} lacks the header line '-- question: ...'.")


@cache
def read_models() -> Mapping[str, ReadModel]:
    """All read models by name, in alphabetical order."""
    return dict(sorted((_own() | _outside).items()))


def outside() -> Mapping[str, ReadModel]:
    """Those that are not the program's own."""
    return _outside


def read_also(folder: Path | None) -> None:
    """Take the read models in that folder too, and in no other. Raises FoldHeaderError when it cannot be done."""
    if folder and not folder.is_dir():
        raise FoldHeaderError(f"There is no folder {folder}, in which EVERFOLD_PROJECTIONS says your read models are.")
    found = _in(folder) if folder else {}
    taken = {table for model in _own().values() for table in (model.name, *model.tables)}
    for model in found.values():
        if clash := taken.intersection((model.name, *model.tables)):
            raise FoldHeaderError(f"There is a read model {min(clash)} already. Call yours in {folder} otherwise.")
        taken |= {model.name, *model.tables}
    if found != _outside:
        _outside.clear()
        _outside.update(found)
        read_models.cache_clear()


_outside: dict[str, ReadModel] = {}


@cache
def _own() -> dict[str, ReadModel]:
    """The program's."""
    return _in(files("projections"))


def _in(place: Traversable) -> dict[str, ReadModel]:
    folders = sorted(place.iterdir(), key=lambda entry: entry.name)
    return {folder.name: load(folder) for folder in folders if folder.joinpath("table.sql").is_file()}


def begin(folder: Path, name: str) -> Path:
    """Make the folder of a new read model, which answers a question to begin with; returns it.

    Raises FoldHeaderError when the name cannot be a table's, and FileExistsError.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
        raise FoldHeaderError(f"{name!r} cannot be a table's name: begin with a letter, use a-z, 0-9 and _.")
    if name in _own():
        raise FoldHeaderError(f"There is a read model {name} already. Call yours otherwise.")
    made = folder / name
    made.mkdir(parents=True)
    for file in ("table.sql", "fold.sql"):
        text = _text(files("projections").joinpath("new_read_model"), f"new_{file}")
        (made / file).write_text(text.replace("{name}", name), encoding="utf-8")
    return made


def load(folder: Traversable) -> ReadModel:
    """The read model in a folder: `fold.sql`, or `fold_1_<table>.sql`, `fold_2_<table>.sql` and so on.

    Raises FoldHeaderError.
    """
    numbered = sorted(
        (int(found[1]), found[2], file)
        for file in folder.iterdir()
        if (found := re.fullmatch(r"fold_(\d+)_(\w+)\.sql", file.name))
    )
    if [number for number, _, _ in numbered] != list(range(1, len(numbered) + 1)):
        raise FoldHeaderError(f"{folder.name}: number its folds fold_1_<table>.sql, fold_2_<table>.sql and so on.")
    if bool(numbered) == folder.joinpath("fold.sql").is_file():
        raise FoldHeaderError(f"{folder.name}: give it either one fold.sql or folds with numbers.")
    folds = {table: file.read_text(encoding="utf-8") for _, table, file in numbered} or _text(folder, "fold.sql")
    return parse(folder.name, _text(folder, "table.sql"), folds)


def _fold(called: str, table: str, text: str) -> Fold:
    header = dict(re.findall(r"^-- (key|types): (.+)$", text, re.MULTILINE))
    key = re.fullmatch(r"(\w+) AS (\w+)", header.get("key", ""))
    if not key or key[1] not in _KEYS:
        raise FoldHeaderError(
            f"{called} lacks the header line '-- key: {'|'.join(sorted(_KEYS))} AS <column of the table>'."
        )
    patterns = header.get("types", "").split()
    if unknown := [pattern for pattern in patterns if not _matching(pattern)]:
        raise FoldHeaderError(f"{called}: no event type is called {unknown[0]!r}.")
    types = tuple(dict.fromkeys(type_ for pattern in patterns for type_ in _matching(pattern)))
    return Fold(table, key[1], key[2], types, text.replace("%", "%%"))


def _matching(pattern: str) -> list[str]:
    """The event types it names. That events were undone is seen by what is missing: a fold gets it only by its name."""
    found = sorted(fnmatch.filter(EVENT_TYPES, pattern))
    return [type_ for type_ in found if EVENT_TYPES[type_] is not EventsUndone or type_ == pattern]


def _text(folder: Traversable, name: str) -> str:
    return folder.joinpath(name).read_text(encoding="utf-8")
