"""What the cells of a column look like: moments and how they are written, amounts, addresses, one of a few words."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from api.imports.lines import Line
from api.imports.mapping import AmountCell, RowRefused, Written

_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_FORMATS = ("iso", *(day + time for day in _DAYS for time in _TIMES))
_WRITTEN: tuple[Written, ...] = ("1234.56", "1,234.56", "1.234,56", "1 234,56", "1'234.56")
_EMPTY = frozenset({"-", "--", "n/a", "na", "#n/a", "null", "none", "nil", "(empty)", "(leer)"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s()/.-]{6,25}(x\d+|ext\.?\s*\d+)?")
_CURRENCY = re.compile("[A-Z]{3}")
_ID = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{12,}")
_MOST = 0.9
_FEW = 30
ROWS = 20_000
"""So many rows are looked at."""


@dataclass(frozen=True)
class Column:
    """A column of the file with the cells that say something."""

    name: str
    cells: Sequence[str]
    rows: int

    @property
    def cell(self) -> str:
        """What stands for its cell in a template."""
        return f"{{{self.name}}}"

    @cached_property
    def words(self) -> Counter[str]:
        """The cells that differ, and how often each comes."""
        return Counter(self.cells)

    @cached_property
    def few_words(self) -> Sequence[str]:
        """What stands in the column, the most frequent first, where it is one of a few words; else nothing."""
        if len(self.words) > _FEW or (len(self.words) > 1 and len(self.words) * 2 > len(self.cells)):
            return ()
        return [word for word, _ in self.words.most_common()]

    @cached_property
    def date_formats(self) -> Sequence[str]:
        """The formats of its moments, that of most cells first; none where some cell is no moment."""
        left, chosen = list(self.words), list[str]()
        if not left or all(re.fullmatch(r"\d{1,7}|\d{9,}", word) for word in left):
            return ()
        while left and len(chosen) < len(_DAYS):
            best, fitting = max(
                ((form, [word for word in left if is_moment(word, form)]) for form in _near(left[0])),
                key=lambda found: len(found[1]),
                default=("", []),
            )
            if not fitting:
                return ()
            chosen.append(best)
            gone = set(fitting)
            left = [word for word in left if word not in gone]
        return chosen

    @property
    def other_order(self) -> str | None:
        """The format with day and month the other way round, where no day above 12 proves which it is."""
        first = self.date_formats[0] if self.date_formats else ""
        other = re.sub("%[dm]", lambda found: "%m" if found[0] == "%d" else "%d", first)
        if other == first or "%b" in first or "%B" in first or first.startswith("%d.") or other not in _FORMATS:
            return None
        return other if all(is_moment(word, other) for word in self.words) else None

    @cached_property
    def written(self) -> Written | None:
        """How its amounts are written; None where some cell is none."""
        return next((style for style in _WRITTEN if self.cells and self._fits(style)), None)

    @property
    def may_be_thousands(self) -> bool:
        """Whether a point in all amounts may part thousands as well."""
        return bool(self.cells) and all(re.fullmatch(r"\d{1,3}\.\d{3}", word) for word in self.words)

    @property
    def is_email(self) -> bool:
        """Whether most cells are e-mail addresses."""
        return self._most(lambda word: _EMAIL.fullmatch(word) is not None)

    @property
    def is_phone(self) -> bool:
        """Whether most cells may be numbers to call: some with a sign that a plain number has not."""
        signs = any(re.search(r"[+()\s/-]", word) for word in self.words)
        return signs and not self.date_formats and self._most(lambda word: _PHONE.fullmatch(word) is not None)

    @property
    def is_currency(self) -> bool:
        """Whether its cells are codes of currencies."""
        return len(self.words) < _FEW and self._most(lambda word: _CURRENCY.fullmatch(word) is not None)

    @property
    def is_id(self) -> bool:
        """Whether its cells are what a machine calls things, and no names."""
        return self._most(lambda word: _ID.fullmatch(word) is not None)

    @property
    def is_key(self) -> bool:
        """Whether every row has another."""
        return bool(self.cells) and len(self.words) == len(self.cells) == self.rows

    def _fits(self, style: Written) -> bool:
        cell = AmountCell(column=self.name or "value", written=style)
        try:
            return all(cell.amount(word) is not None for word in self.words)
        except RowRefused:
            return False

    def _most(self, is_so: Callable[[str], bool]) -> bool:
        return bool(self.words) and sum(map(is_so, self.words)) >= _MOST * len(self.words)


@dataclass(frozen=True)
class Table:
    """The rows that were looked at, by column, and what is odd in them."""

    columns: Sequence[Column]
    empty: Sequence[str]
    """What stands for nothing."""
    rows: int
    short_rows: int


def table_of(header: Sequence[str], lines: Iterable[Line]) -> Table:
    """Look at the columns. A column without a name cannot be mapped, and is left out."""
    cells: list[list[str]] = [[] for _ in header]
    rows, short, empty = 0, 0, Counter[str]()
    for line in lines:
        is_short = line.trouble is not None and 0 < len(line.cells) < len(header)
        short += is_short
        if line.trouble and not is_short:
            continue
        rows += 1
        for said, cell in zip(cells, line.cells, strict=not is_short):
            if cell.lower() in _EMPTY:
                empty[cell] += 1
            elif cell:
                said.append(cell)
    columns = [Column(name, said, rows) for name, said in zip(header, cells, strict=True) if name]
    return Table(columns, sorted(empty), rows, short)


def is_moment(word: str, form: str) -> bool:
    """Whether an import would read it as a moment of that format."""
    try:
        if form == "iso":
            return 1900 <= datetime.fromisoformat(word).year <= 2999
        return 1900 <= datetime.strptime(word, form).year <= 2999
    except ValueError:
        return False


def _near(word: str) -> Sequence[str]:
    return [form for form in _FORMATS if is_moment(word, form)]
