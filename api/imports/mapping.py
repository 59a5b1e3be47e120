"""How a mapping file names the columns of a foreign file, and how their cells read: dates, amounts, other words."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from string import Formatter
from typing import Any, Literal, Self, TypeAlias, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from domain.customer import CustomerKind
from domain.event import Frozen
from domain.lead import LeadStatus

STATUSES: tuple[LeadStatus, ...] = get_args(LeadStatus)

_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_PROBE = datetime(2017, 11, 28, tzinfo=UTC)

Row: TypeAlias = Mapping[str, str]
"""A line of the file: its cells, without the blanks around them, by column."""


class ImportRefused(Exception):
    """The file or its mapping cannot be used as it is; the text says what to do. Nothing was written."""


class RowRefused(Exception):
    """The row cannot be taken in; the text says why. It may hold values of the row, so it belongs in the error file."""


class Cell(Frozen):
    """Where a field's value stands: in a column, or the same constant in every row."""

    column: str | None = None
    constant: str | None = None
    values: Mapping[str, str] = Field(default_factory=dict)
    only_for: tuple[LeadStatus, ...] = STATUSES

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if len([place for place in (self.column, self.constant) if place]) != 1:
            raise ValueError("give either a column or a constant")
        return self

    @property
    def columns(self) -> Collection[str]:
        """The columns it is read from."""
        return [self.column] if self.column else []

    def read(self, row: Row, empty: Collection[str], status: LeadStatus) -> str | None:
        """The value in our words; None when the row does not say. Raises RowRefused for a value that is not listed."""
        if status not in self.only_for:
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


class TitleCell(Cell):
    """A title may also be put together: the first template whose columns all have a value in the row is used."""

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

    def read(self, row: Row, empty: Collection[str], status: LeadStatus) -> str | None:
        for template in self.templates:
            if not any(name and row[name] in empty for _, name in _parts(template)):
                return "".join(said + (row[name] if name else "") for said, name in _parts(template))
        return None if self.templates else super().read(row, empty, status)


class StatusCell(Cell):
    """Whether a lead is open, and how it was closed if not."""

    values: Mapping[str, LeadStatus] = Field(default_factory=dict)


class CustomerCell(Cell):
    """Whose lead it is: rows with the same name share a customer."""

    kind: CustomerKind = "organisation"


class DateCell(Cell):
    """A day or a moment."""

    formats: tuple[str, ...] | None = None

    @field_validator("formats")
    @classmethod
    def _tell_the_day(cls, formats: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return day_formats(formats) if formats is not None else None

    def moment(self, text: str, usual_formats: tuple[str, ...], zone: ZoneInfo) -> datetime:
        """In the zone when the text names none; a day begins at midnight. Raises RowRefused."""
        formats = self.formats or usual_formats
        for form in formats:
            try:
                found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)
            except ValueError:
                continue
            if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
                raise RowRefused(f"{text!r} in column {self.column} is not between {_FIRST_YEAR} and {_LAST_YEAR}.")
            return found.replace(tzinfo=found.tzinfo or zone).astimezone(UTC)
        raise RowRefused(f"{text!r} in column {self.column} is no date written as {' or '.join(formats)}.")


class AmountCell(Cell):
    """An amount of money."""

    written: Literal["1234.56", "1,234.56", "1.234,56", "1 234,56", "1'234.56"] = "1234.56"

    def amount(self, text: str) -> Decimal:
        """Raises RowRefused rather than guess: 1,234 may be a thousand or one and a bit."""
        thousands, point = ("", ".") if self.written == "1234.56" else (self.written[1], self.written[5])
        plain = re.sub(r"[\s\u2019]", lambda found: "'" if found[0] == "\u2019" else " ", text)
        grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
        if not re.fullmatch(rf"[+-]?(?:{grouped}\d+)(?:{re.escape(point)}\d+)?", plain, re.ASCII):
            raise RowRefused(f"{text!r} in column {self.column} is no amount written like {self.written}.")
        return Decimal((plain.replace(thousands, "") if thousands else plain).replace(point, "."))


def _short(value: Any) -> Any:  # Any: what stands in the file
    """A field given as a text is a column of that name."""
    return {"column": value} if isinstance(value, str) else value


SHORT = BeforeValidator(_short)


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
