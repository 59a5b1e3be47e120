"""A mapping file: which column feeds which field. What files of all kinds have in common; each kind says its own."""

import tomllib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator

from api.imports.explained import explained, first_trouble
from api.imports.lines import FileFormat
from api.imports.mapping import (
    SHORT,
    AmountCell,
    Cell,
    CustomerCell,
    DateCell,
    ImportRefused,
    KeyCell,
    LeadCell,
    Row,
    RowRefused,
    day_formats,
)
from api.imports.said import Deciding as Deciding
from api.imports.said import Said as Said
from api.imports.said import Texts as Texts
from api.imports.said import WhichLead as WhichLead
from api.imports.said import Whose as Whose
from domain.business_time import UnknownZone, time_zone
from domain.contact_point import contact_point
from domain.event import Frozen, Refusal, Word
from domain.imported import ImportedFact, Past
from domain.money import Money
from domain.workspace import Workspace

_LONGEST_KEY = 500  # Postgres indexes no longer ones
_LONGEST_TEXT = 20_000  # the log keeps the mapping with the import, as a text


class Fields(Frozen):
    """The fields that a file can feed."""

    external_id: Annotated[KeyCell, SHORT]

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """The fields that are fed, by name."""
        for name in type(self).model_fields:
            yield from _cells(name, getattr(self, name))


class ImportMapping(Frozen):
    """A mapping file."""

    kind: str
    noun: ClassVar[Literal["customer", "lead", "ticket"]]
    """In whose histories the rows are recorded."""
    about: ClassVar[str]
    begins: ClassVar[tuple[type, ...]]
    """The events with which something new is on record."""
    rows_repeat: ClassVar[bool] = False
    """Whether rows with the same external id are events of the same thing; otherwise they are one, told twice."""
    has_ids: ClassVar[bool] = True
    """Whether the log keeps the ids of its things; otherwise those that say the same are told apart by their number."""

    system: Word
    zone: str = "UTC"
    date_formats: Annotated[tuple[str, ...], Field(min_length=1)] = ("iso",)
    empty: frozenset[str] = frozenset({""})
    file: FileFormat = FileFormat()

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

    @cached_property
    def feeds(self) -> Sequence[tuple[str, Cell]]:
        """The fields that are fed, by name."""
        return list(cast(Fields, getattr(self, "fields")).cells())  # noqa: B009  # every kind has its own

    @cached_property
    def key(self) -> KeyCell:
        """Where the external id stands."""
        return next(cell for _, cell in self.feeds if isinstance(cell, KeyCell))

    @cached_property
    def whose(self) -> CustomerCell | None:
        """Where the customer stands, where the mapping says so."""
        return next((cell for _, cell in self.feeds if isinstance(cell, CustomerCell)), None)

    @cached_property
    def which_lead(self) -> LeadCell | None:
        """Where the lead stands that a row is about, where the mapping says so."""
        return next((cell for _, cell in self.feeds if isinstance(cell, LeadCell)), None)

    @property
    def thing(self) -> str:
        """What a row is about, such as a purchase; the same as the noun where that has a history of its own."""
        return self.about

    @property
    def has_history(self) -> bool:
        """Whether each of its things has a history of its own, and an external id by which it is found."""
        return self.thing == self.noun

    @abstractmethod
    def said(self, texts: Texts, key: str) -> Said:
        """What the row says. Raises RowRefused, or ValidationError when it cannot be recorded."""

    @abstractmethod
    def decide(
        self, record: Any, history: Sequence[Past], deciding: Deciding
    ) -> Sequence[ImportedFact]:  # Any: its own
        """What must be recorded for things to be as the row says. Raises RowRefused, Refusal."""

    def moments(self, record: Any) -> Sequence[tuple[str, datetime | None]]:  # Any: its own
        """What may not lie in the future."""
        return ()

    def must_suit(self, workspace: Workspace) -> None:
        """Raises ImportRefused when it names what the workspace does not have."""

    def must_fit(self, header: Sequence[str], workspace: Workspace) -> None:
        """Raises ImportRefused when it names columns that the file, or what the workspace, does not have."""
        for name, cell in self.feeds:
            for column in cell.columns:
                if column not in header:
                    raise ImportRefused(
                        f"The file has no column {column!r}, which the mapping names for {name}."
                        f" Its columns are: {', '.join(header)}."
                    )
                if header.count(column) > 1:
                    raise ImportRefused(f"The column {column!r} stands in the header more than once. Rename one.")
        self.must_suit(workspace)

    def read(self, row: Row) -> Said:
        """What a line of the file says. Raises RowRefused."""
        status = self.status(row)
        texts = {name: cell.read(row, self.empty, status) for name, cell in self.feeds if name != "status"}
        texts["status"] = status
        key = texts.get("external_id")
        if key is None:
            where = f" in column {self.key.column}" if self.key.column else ""
            raise RowRefused(f"There is no external id{where}.")
        if len(key) > _LONGEST_KEY:
            raise RowRefused(f"The external id is longer than {_LONGEST_KEY} characters.")
        with _explained_rows():
            return self.said(texts, key)

    def status(self, row: Row) -> str | None:
        """The outcome for which some fields are read only."""
        cell = next((cell for name, cell in self.feeds if name == "status"), None)
        return cell.read(row, self.empty) if cell else None

    def moment(self, cell: DateCell | None, text: str | None) -> datetime | None:
        """What a cell with a date says."""
        return cell.moment(text, self.date_formats, self.place) if cell and text else None

    def money(self, cell: AmountCell | None, amount: str | None, currency: str | None) -> Money | None:
        """What a cell with an amount says, in its currency."""
        if amount is None or cell is None:
            return None
        if currency is None:
            raise RowRefused("There is an amount without a currency.")
        return Money(amount=cell.amount(amount), currency=currency)

    def customer_of(self, texts: Texts) -> Whose | None:
        """How the row names its customer. Raises RowRefused where that is no address or number."""
        cell, text = self.whose, texts.get("customer")
        if cell is None or text is None:
            return None
        key = name_of(text)
        if cell.by in ("email", "phone"):
            kind: Literal["email", "phone"] = "email" if cell.by == "email" else "phone"
            if (read := contact_point(kind, text, cell.region).comparable) is None:
                raise RowRefused(f"{text!r} in column {cell.column} is no {kind} by which the customer can be found.")
            key = read
        assert key is not None
        name = name_of(texts.get("customer.name")) or name_of(text) or key
        system = cell.system or self.system
        return Whose(by=cell.by, system=system, key=key, kind=cell.kind, name=name, registers=cell.registers)


def load_mapping(path: Path, kind: str, kinds: Mapping[str, type[ImportMapping]]) -> tuple[ImportMapping, str]:
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
        return kinds[kind].model_validate(content), text
    except ValidationError as error:
        raise ImportRefused(f"The mapping {path} cannot be used. {explained(kinds[kind], error)}") from None


def name_of(text: str | None) -> str | None:
    """A name, whichever way it was typed: blanks and line ends in it are one blank."""
    return " ".join(text.split()) if text else None


def _cells(name: str, fed: object) -> Iterator[tuple[str, Cell]]:
    """A field's cells: one, or those of a list or table, named by their place in it."""
    if isinstance(fed, Cell):
        yield name, fed
        if isinstance(fed, CustomerCell) and fed.name:
            yield f"{name}.name", fed.name
    elif isinstance(fed, Mapping):
        for key, cell in fed.items():
            yield from _cells(f"{name}.{key}", cell)
    elif isinstance(fed, tuple):
        for number, cell in enumerate(fed):
            yield from _cells(f"{name}.{number}", cell)


@contextmanager
def _explained_rows() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise RowRefused(first_trouble(error)) from None
    except Refusal as refusal:
        raise RowRefused(str(refusal)) from None
