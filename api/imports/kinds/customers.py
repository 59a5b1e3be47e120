"""Customers: one row an organisation or a person, as she is known in the other system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from api.imports.mapping import SHORT, AmountCell, Cell, DateCell, ImportRefused, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts, name_of
from domain.contact_point import ContactPointKind
from domain.custom_field import FieldId
from domain.customer import CustomerKind, CustomerRegistered
from domain.customer.contact_points import Region
from domain.customer.imported import ImportedCustomer, ImportedPoint, Row, reconcile
from domain.event import Refusal, Word
from domain.imported import ImportedFact, Past
from domain.workspace import Workspace

_KINDS: tuple[CustomerKind, ...] = get_args(CustomerKind)


class PointCell(TextCell):
    """Where somebody is reached. `region` is the country from which numbers without a country code are dialled."""

    kind: ContactPointKind
    label: Word | None = None
    region: Region | None = None


class CustomCell(AmountCell, DateCell):
    """The value of a custom field, read as its kind: a day, an amount with its currency, choices with ; between."""

    currency: Word | None = None


def _many(value: Any) -> Any:  # Any: what stands in the file
    """One cell for all, as a list of one."""
    return value if isinstance(value, list) else [value]


TagCells: TypeAlias = Annotated[tuple[Annotated[Cell, SHORT], ...], BeforeValidator(_many)]


class CustomerFields(Fields):
    """The fields of a customer that a file can feed."""

    name: Annotated[TextCell, SHORT] | None = None
    kind: Annotated[Cell, SHORT] = Cell(constant="organisation")
    segment: Annotated[Cell, SHORT] | None = None
    industry: Annotated[Cell, SHORT] | None = None
    size: Annotated[Cell, SHORT] | None = None
    tier: Annotated[Cell, SHORT] | None = None
    source: Annotated[Cell, SHORT] | None = None
    owner: Annotated[Cell, SHORT] | None = None
    registered_at: Annotated[DateCell, SHORT] | None = None
    tags: TagCells | None = None
    contact_points: tuple[PointCell, ...] = ()
    custom: Mapping[FieldId, Annotated[CustomCell, SHORT]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_kinds(self) -> Self:
        for kind in filter(None, (self.kind.constant, *self.kind.values.values())):
            if kind not in _KINDS:
                raise ValueError(f"kind cannot be {kind!r}; there are: {', '.join(_KINDS)}")
        return self


class Customers(ImportMapping):
    """A mapping file of customers."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "customer"
    begins: ClassVar[tuple[type, ...]] = (CustomerRegistered,)

    kind: Literal["customers"]
    fields: CustomerFields

    def must_suit(self, workspace: Workspace) -> None:
        for field_id in self.fields.custom:
            try:
                workspace.custom_field("customer", field_id)
            except Refusal as refusal:
                raise ImportRefused(f"The mapping's fields.custom.{field_id} does not fit: {refusal}") from None

    def said(self, texts: Texts, key: str) -> Said:
        record = ImportedCustomer(
            kind=_kind_of(texts.get("kind")),
            name=name_of(texts.get("name")),
            source=texts.get("source"),
            registered_at=self.moment(self.fields.registered_at, texts.get("registered_at")),
            segment=texts.get("segment"),
            industry=texts.get("industry"),
            size=texts.get("size"),
            tier=texts.get("tier"),
            tags=tags_of(self.fields.tags, texts),
            points=points_of(self.fields.contact_points, texts),
            custom_fields={name: text for name in self.fields.custom if (text := texts.get(f"custom.{name}"))},
            external_ids={self.system: key},
        )
        return Said(key=key, record=record, owner=name_of(texts.get("owner")), source=record.source)

    def decide(self, record: ImportedCustomer, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        custom = {
            name: self._custom_value(name, text, deciding.workspace) for name, text in record.custom_fields.items()
        }
        row = Row(
            wanted=record.model_copy(update={"custom_fields": custom}),
            owner_id=deciding.owner_id,
            point_ids={point.slot: deciding.new_id(point.slot) for point in record.points},
        )
        return reconcile(history, row, deciding.workspace, deciding.now)

    def moments(self, record: ImportedCustomer) -> Sequence[tuple[str, datetime | None]]:
        return (("registered", record.registered_at),)

    def _custom_value(self, field_id: FieldId, text: JsonValue, workspace: Workspace) -> JsonValue:
        cell, field = self.fields.custom[field_id], workspace.custom_field("customer", field_id)
        assert isinstance(text, str)
        match field.kind:
            case "date":
                day = self.moment(cell, text)
                return day.astimezone(self.place).date().isoformat() if day else None
            case "number":
                return str(cell.amount(text))
            case "money":
                return {"amount": str(cell.amount(text)), "currency": cell.currency}
            case "choices":
                return [choice for part in text.split(";") if (choice := part.strip())]
            case _:
                return text


def points_of(cells: Sequence[PointCell], texts: Texts) -> tuple[ImportedPoint, ...]:
    """Where somebody is reached, as the row has it."""
    return tuple(
        ImportedPoint(
            slot=f"{cell.kind} {cell.column or cell.templates}"[:100],
            kind=cell.kind,
            written=text,
            region=cell.region,
            label=cell.label,
        )
        for number, cell in enumerate(cells)
        if (text := texts.get(f"contact_points.{number}"))
    )


def tags_of(cells: TagCells | None, texts: Texts) -> tuple[Word, ...] | None:
    """The tags of a row, with ; between those that stand in one cell; None where the file has none."""
    if cells is None:
        return None
    said = [texts.get(f"tags.{number}") or "" for number in range(len(cells))]
    return tuple(tag for text in said for part in text.split(";") if (tag := part.strip()))


def _kind_of(text: str | None) -> CustomerKind:
    for kind in _KINDS:
        if kind == text:
            return kind
    raise RowRefused(f"{text!r} is no kind of customer. There are: {', '.join(_KINDS)}.")
