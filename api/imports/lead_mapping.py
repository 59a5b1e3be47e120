"""A mapping file of leads: which column feeds which field, and what a line of the foreign file then says."""

import tomllib
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator

from api.imports.csv_file import FileFormat
from api.imports.mapping import (
    SHORT,
    STATUSES,
    AmountCell,
    Cell,
    CustomerCell,
    DateCell,
    ImportRefused,
    Row,
    RowRefused,
    StatusCell,
    TitleCell,
    day_formats,
)
from domain.business_time import UnknownZone, time_zone
from domain.event import Frozen, Refusal, Text, Word
from domain.lead import LeadStatus
from domain.lead.imported import ImportedLead
from domain.money import Money
from domain.workspace import Pipeline

_LONGEST_KEY = 500  # Postgres indexes no longer ones
_LONGEST_TEXT = 20_000  # the log keeps the mapping with the import, as a text


class LeadFields(Frozen):
    """The fields of a lead that a file can feed."""

    external_id: Annotated[Cell, SHORT]
    title: Annotated[TitleCell, SHORT]
    customer: Annotated[CustomerCell, SHORT] | None = None
    owner: Annotated[Cell, SHORT] | None = None
    status: Annotated[StatusCell, SHORT] | None = None
    stage: Annotated[Cell, SHORT] | None = None
    source: Annotated[Cell, SHORT] | None = None
    product: Annotated[Cell, SHORT] | None = None
    captured_at: Annotated[DateCell, SHORT] | None = None
    closed_at: Annotated[DateCell, SHORT] | None = None
    value: Annotated[AmountCell, SHORT] | None = None
    currency: Annotated[Cell, SHORT] | None = None
    lost_reason: Annotated[Cell, SHORT] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.value and not self.currency:
            raise ValueError('value needs a currency, such as currency = { constant = "EUR" }')
        if not self.external_id.column:
            raise ValueError("external_id must be a column: it tells the rows apart")
        if self.status and self.status.only_for != STATUSES:
            raise ValueError("status cannot be read only for some outcomes: it tells the outcome")
        return self

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """The fields that are fed, by name."""
        for name in type(self).model_fields:
            if cell := getattr(self, name):
                yield name, cell


class LeadRow(Frozen):
    """A row as it is to be recorded: the lead, without its owner's id, and the names in it."""

    key: Text
    lead: ImportedLead
    customer: Text | None
    owner: Text | None


class LeadMapping(Frozen):
    """A mapping file of leads."""

    kind: Literal["leads"]
    system: Word
    pipeline: Word = "default"
    zone: str = "UTC"
    date_formats: Annotated[tuple[str, ...], Field(min_length=1)] = ("iso",)
    empty: frozenset[str] = frozenset({""})
    file: FileFormat = FileFormat()
    fields: LeadFields

    @field_validator("zone")
    @classmethod
    def _is_a_place(cls, zone: str) -> str:
        try:
            time_zone(zone)
        except UnknownZone:
            raise ValueError("there is no such time zone; give an IANA name, such as Europe/Berlin") from None
        return zone

    @field_validator("date_formats")
    @classmethod
    def _tell_the_day(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return day_formats(formats)

    @cached_property
    def place(self) -> ZoneInfo:
        """The zone at whose midnight a day begins."""
        return ZoneInfo(self.zone)

    def must_fit(self, header: Collection[str], pipeline: Pipeline) -> None:
        """Raises ImportRefused when it names columns that the file, or stages that the pipeline, does not have."""
        for name, cell in self.fields.cells():
            for column in cell.columns:
                if column not in header:
                    raise ImportRefused(
                        f"The file has no column {column!r}, which the mapping names for {name}."
                        f" Its columns are: {', '.join(header)}."
                    )
        if stage := self.fields.stage:
            try:
                for wanted in filter(None, (stage.constant, *stage.values.values())):
                    pipeline.stage(wanted)
            except Refusal as refusal:
                raise ImportRefused(f"The mapping's fields.stage does not fit: {refusal}") from None

    def read(self, row: Row) -> LeadRow:
        """What a line of the file says. Raises RowRefused."""
        status = self._status(row)
        texts = {name: cell.read(row, self.empty, status) for name, cell in self.fields.cells() if name != "status"}
        key = texts.get("external_id")
        if key is None:
            raise RowRefused(f"There is no external id in column {self.fields.external_id.column}.")
        if len(key) > _LONGEST_KEY:
            raise RowRefused(f"The external id is longer than {_LONGEST_KEY} characters.")
        try:
            lead = ImportedLead(
                title=texts.get("title") or f"Lead {key}",
                source=texts.get("source"),
                stage=texts.get("stage"),
                status=status,
                captured_at=self._moment(self.fields.captured_at, texts.get("captured_at")),
                closed_at=self._moment(self.fields.closed_at, texts.get("closed_at")),
                value=self._money(texts.get("value"), texts.get("currency")),
                product_ids=(product,) if (product := texts.get("product")) else None,
                lost_reason=texts.get("lost_reason"),
                external_ids={self.system: key},
            )
            return LeadRow(key=key, lead=lead, customer=_name(texts.get("customer")), owner=_name(texts.get("owner")))
        except ValidationError as error:  # its own text repeats the value
            found = error.errors()[0]
            raise RowRefused(
                f"{'.'.join(map(str, found['loc']))} cannot be recorded: {_plain(found['msg'])}."
            ) from None

    def _status(self, row: Row) -> LeadStatus:
        if not self.fields.status:
            return "open"
        text = self.fields.status.read(row, self.empty, "open")
        for status in STATUSES:
            if status == text:
                return status
        column = self.fields.status.column
        if text is None:
            raise RowRefused(
                f'There is no status in column {column}; the mapping can say what that means: "" = "open".'
            )
        raise RowRefused(f"{text!r} in column {column} is not one of: {', '.join(STATUSES)}.")

    def _moment(self, cell: DateCell | None, text: str | None) -> datetime | None:
        return cell.moment(text, self.date_formats, self.place) if cell and text else None

    def _money(self, amount: str | None, currency: str | None) -> Money | None:
        if amount is None or self.fields.value is None:
            return None
        if currency is None:
            raise RowRefused("There is an amount without a currency.")
        return Money(amount=self.fields.value.amount(amount), currency=currency)


def load_mapping(path: Path) -> tuple[LeadMapping, str]:
    """The mapping, and its text. Raises ImportRefused with what is wrong and what could stand there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > _LONGEST_TEXT:
            raise ImportRefused(
                f"The mapping {path} is longer than {_LONGEST_TEXT:,} characters. Shorten its comments."
            )
        content = tomllib.loads(text)
    except OSError as error:
        raise ImportRefused(f"The mapping {path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"The mapping {path} is not TOML: {error}.") from None
    try:
        return LeadMapping.model_validate(content), text
    except ValidationError as error:
        wrong = " ".join(_explained(found["type"], found["loc"], found["msg"]) for found in error.errors())
        raise ImportRefused(f"The mapping {path} cannot be used. {wrong}") from None


def _explained(type_: str, location: tuple[int | str, ...], message: str) -> str:
    place = ".".join(map(str, location))
    if type_ == "extra_forbidden":
        return f"{place} is not known; there are: {', '.join(_keys(location[:-1]))}."
    if type_ == "missing":
        return f"{place} is missing."
    return f"{place}: {_plain(message)}."


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _keys(location: tuple[int | str, ...]) -> Collection[str]:
    """The keys that a table of the mapping may have."""
    model: type[Frozen] = LeadMapping
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        inner = [annotation, *get_args(annotation), *chain.from_iterable(map(get_args, get_args(annotation)))]
        model = next(kind for kind in inner if isinstance(kind, type) and issubclass(kind, Frozen))
    return model.model_fields.keys()


def _name(text: str | None) -> str | None:
    """A name, whichever way it was typed: blanks and line ends in it are one blank."""
    return " ".join(text.split()) if text else None
