"""How a mapping file names the columns of a foreign file, and how their cells read: dates, amounts, other words."""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from domain.customer import CustomerKind
from domain.event import Frozen, Word

_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_PROBE = datetime(2017, 11, 28, tzinfo=UTC)

Row: TypeAlias = Mapping[str, str]
"""A line of the file: its cells, without the blanks around them, by column."""

Written: TypeAlias = Literal["1234.56", "1,234.56", "1.234,56", "1 234,56", "1'234.56"]
"""How amounts are written."""


class ImportRefused(Exception):
    """The file or its mapping cannot be used as it is; the text says what to do. Nothing was written."""


class RowRefused(Exception):
    """The row cannot be taken in; the text says why. It may hold values of the row, so it belongs in the error file."""


def _short(value: Any) -> Any:  # Any: what stands in the file
    """A field given as a text is a column of that name."""
    return {"column": value} if isinstance(value, str) else value


SHORT = BeforeValidator(_short)


class Cell(Frozen):
    """Where a field's value stands: in a column, or the same constant in every row."""

    column: str | None = None
    constant: str | None = None
    values: Mapping[str, str] = Field(default_factory=dict)
    only_for: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if len([place for place in (self.column, self.constant) if place]) != 1:
            raise ValueError("give either a column or a constant")
        return self

    @property
    def columns(self) -> Collection[str]:
        """The columns it is read from."""
        return [self.column] if self.column else []

    def read(self, row: Row, empty: Collection[str], status: str | None = None) -> str | None:
        """The value in our words; None when the row does not say. Raises RowRefused for a value that is not listed."""
        if self.only_for and status not in self.only_for:
            return None
        text = row[self.column] if self.column else self.constant or ""
        if text in self.values:
            return self.values[text] or None
        if text in empty:
            return None
        if self.values:
            known = ", ".join(value or "(empty)" for value in self.values)
            raise RowRefused(f"{text!r} in column {self.column} is not one of: {known}.")
        return text


class TextCell(Cell):
    """A text may also be put together: the first template whose columns all have a value in the row is used."""

    templates: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if len([place for place in (self.column, self.constant, self.templates) if place]) != 1:
            raise ValueError("give one of column, constant and templates")
        for _, _, form, conversion in chain.from_iterable(map(Formatter().parse, self.templates)):
            if form or conversion:
                raise ValueError("a template holds columns in braces and nothing else in them, such as {product}")
        return self

    @property
    def columns(self) -> Collection[str]:
        return [*super().columns, *(name for template in self.templates for _, name in _parts(template) if name)]

    def read(self, row: Row, empty: Collection[str], status: str | None = None) -> str | None:
        for template in self.templates:
            if not any(name and row[name] in empty for _, name in _parts(template)):
                return "".join(said + (row[name] if name else "") for said, name in _parts(template))
        return None if self.templates else super().read(row, empty, status)


class KeyCell(TextCell):
    """What the other system calls the thing. Where a file has no such name, one is put together from what tells the
    rows apart; `numbered` counts those that still are alike, so that rows may come behind them and none between."""

    numbered: bool = False

    @model_validator(mode="after")
    def _tells_rows_apart(self) -> Self:
        if self.constant:
            raise ValueError("external_id must be a column: it tells the rows apart")
        return self


class CustomerCell(TextCell):
    """Whose the row is. Found by name, rows with the same name share a customer of this system; by an external id, it
    may be one of another system; by e-mail address or phone number, among all that are on record.

    Where she is not on record yet, the row registers her, unless `register` is false; by e-mail and phone unless true.
    """

    kind: CustomerKind = "organisation"
    by: Literal["name", "external_id", "email", "phone"] = "name"
    system: Word | None = None
    name: Annotated["TextCell", BeforeValidator(_short)] | None = None
    region: str | None = None
    register_new: Annotated[bool | None, Field(alias="register")] = None

    @property
    def columns(self) -> Collection[str]:
        return [*super().columns, *(self.name.columns if self.name else ())]

    @property
    def registers(self) -> bool:
        """Whether a row takes up a customer who is not on record."""
        return self.by in ("name", "external_id") if self.register_new is None else self.register_new


class LeadCell(TextCell):
    """The lead that the row is about, by the external id that another system, or this one, has for it."""

    system: Word | None = None


class DateCell(Cell):
    """A day or a moment; or, with `months_before`, so many months before that day."""

    formats: tuple[str, ...] | None = None
    months_before: date | None = None

    @field_validator("formats")
    @classmethod
    def _tell_the_day(cls, formats: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return day_formats(formats) if formats is not None else None

    def moment(self, text: str, usual_formats: tuple[str, ...], zone: ZoneInfo) -> datetime:
        """In the zone when the text names none; a day begins at midnight. Raises RowRefused."""
        if self.months_before:
            return self._months_ago(text, self.months_before, zone)
        formats = self.formats or usual_formats
        found = _moment(text, formats, zone)
        if found is None:
            raise RowRefused(f"{text!r} in column {self.column} is no date written as {' or '.join(formats)}.")
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise RowRefused(f"{text!r} in column {self.column} is not between {_FIRST_YEAR} and {_LAST_YEAR}.")
        return found.astimezone(UTC)

    def _months_ago(self, text: str, day: date, zone: ZoneInfo) -> datetime:
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
            raise RowRefused(f"{text!r} in column {self.column} is no number of months.")
        year, month = divmod(day.year * 12 + day.month - 1 - int(text), 12)
        if year < _FIRST_YEAR:
            raise RowRefused(f"{text!r} months in column {self.column} reach back before {_FIRST_YEAR}.")
        last = monthrange(year, month + 1)[1]
        return datetime(year, month + 1, min(day.day, last), tzinfo=zone).astimezone(UTC)


class AmountCell(Cell):
    """An amount of money."""

    written: Written = "1234.56"

    def amount(self, text: str) -> Decimal:
        """Raises RowRefused rather than guess: 1,234 may be a thousand or one and a bit."""
        thousands, point = ("", ".") if self.written == "1234.56" else (self.written[1], self.written[5])
        plain = re.sub(r"[\s\u2019]", lambda found: "'" if found[0] == "\u2019" else " ", text)
        grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
        if not re.fullmatch(rf"[+-]?(?:{grouped}\d+)(?:{re.escape(point)}\d+)?", plain, re.ASCII):
            raise RowRefused(f"{text!r} in column {self.column} is no amount written like {self.written}.")
        return Decimal((plain.replace(thousands, "") if thousands else plain).replace(point, "."))


@lru_cache(4096)
def _moment(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> datetime | None:
    """By the first format that fits. Files say the same days again and again, and to read one takes long."""
    for form in formats:
        with suppress(ValueError):
            found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)
            return found.replace(tzinfo=found.tzinfo or zone)
    return None


def _parts(template: str) -> list[tuple[str, str | None]]:
    """What it says, and the column that comes after that."""
    return [(said, name) for said, name, _, _ in Formatter().parse(template)]


def day_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Date formats that tell day, month and year. Raises ValueError."""
    for form in formats:
        try:
            told = form == "iso" or datetime.strptime(_PROBE.strftime(form), form).date() == _PROBE.date()
        except (ValueError, re.error):
            told = False
        if not told:
            raise ValueError(f'{form!r} does not tell day, month and year; write for example "%Y-%m-%d", or "iso"')
    return formats
