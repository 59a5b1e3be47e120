"""Custom fields: what can be defined, and which values fit."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.custom_field import (
    FIELD_KINDS,
    ChoicesValue,
    ChoiceValue,
    CustomField,
    DateValue,
    FieldValue,
    MoneyValue,
    NumberValue,
    ReferenceValue,
    TextValue,
    UnknownChoice,
    ValueDoesNotFit,
    typed_value,
)
from domain.event import Refusal
from domain.money import Money, UnknownCurrency
from domain.workspace import (
    ChoiceNamedTwice,
    ChoicesMissing,
    ChoicesNotWanted,
    CustomFieldKeepsItsKind,
    CustomFieldRetired,
    DefineCustomField,
    FreeTextIsPersonal,
    ReferenceIncomplete,
    RetireCustomField,
    UnknownCustomField,
    Workspace,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    define_custom_field,
    retire_custom_field,
)
from tests.domain.histories import CUSTOM_FIELD, IDS, amounts, days, ids, money, patient, texts
from tests.domain.test_workspace import given

DEFINED = WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD)
RETIRED = WorkspaceCustomFieldRetired(noun="lead", field_id="roof_kind")
RETIRE = RetireCustomField(noun="lead", field_id="roof_kind")
AMOUNT = Money(amount=Decimal("1.50"), currency="EUR")
FIELD_VALUE: TypeAdapter[FieldValue] = TypeAdapter(FieldValue)


def field(kind: str, **fields: Any) -> CustomField:  # Any: fields of several types
    choices = ("flat", "steep", "none") if kind in ("choice", "choices") else ()
    refers_to = "customer" if kind == "reference" else None
    named = {"noun": "lead", "field_id": "it", "version": 1, "label": "It", "kind": kind, "is_personal": True}
    return CustomField.model_validate({**named, "choices": choices, "refers_to": refers_to, **fields})


def define(**fields: Any) -> DefineCustomField:  # Any: fields of several types
    """The command that defined CUSTOM_FIELD, but with these fields."""
    return DefineCustomField.model_validate({**CUSTOM_FIELD.model_dump(exclude={"version"}), **fields})


def refused(refusal: type[Refusal], workspace: Workspace | None = None, **fields: Any) -> str:  # Any: as above
    with pytest.raises(refusal) as raised:
        define_custom_field(workspace or Workspace(), define(**fields))
    sentence = str(raised.value)
    assert "None" not in sentence
    return sentence


FITTING: list[tuple[str, object, FieldValue]] = [
    ("text", "Slate, 1920", TextValue(value="Slate, 1920")),
    ("number", "-12.5", NumberValue(value=Decimal("-12.5"))),
    ("number", 12, NumberValue(value=Decimal(12))),
    ("number", Decimal("0.000001"), NumberValue(value=Decimal("0.000001"))),
    ("money", AMOUNT, MoneyValue(value=AMOUNT)),
    ("money", {"amount": "1.50", "currency": "EUR"}, MoneyValue(value=AMOUNT)),
    ("date", "2026-11-30", DateValue(value=date(2026, 11, 30))),
    ("date", date(2026, 11, 30), DateValue(value=date(2026, 11, 30))),
    ("choice", "steep", ChoiceValue(value="steep")),
    ("choices", ["steep", "flat", "steep"], ChoicesValue(value=("flat", "steep"))),
    ("choices", ("none",), ChoicesValue(value=("none",))),
    ("reference", str(IDS[0]), ReferenceValue(noun="customer", value=IDS[0])),
    ("reference", IDS[0], ReferenceValue(noun="customer", value=IDS[0])),
]

MISFITS: list[tuple[str, object]] = [
    *((kind, None) for kind in FIELD_KINDS),
    *((kind, "") for kind in FIELD_KINDS),
    *((kind, {"forgotten": True}) for kind in FIELD_KINDS),
    ("text", 12),
    ("text", "a\0b"),
    ("text", "x" * 20_001),
    ("number", "12,5"),
    ("number", "1_000"),
    ("number", "1e3"),
    ("number", "١٢"),
    ("number", " 12"),
    ("number", "12\n"),
    ("number", True),
    ("number", "NaN"),
    ("number", Decimal("Infinity")),
    ("number", "0.0000001"),
    ("money", "12.50 EUR"),
    ("money", {"amount": "1.50"}),
    ("money", {"amount": "1.50", "currency": "euro"}),
    ("date", "30.11.2026"),
    ("date", "2026-11-31"),
    ("date", "86400"),
    ("date", 86400),
    ("date", "2026-11-30T10:00:00Z"),
    ("date", datetime(2026, 11, 30, 10, tzinfo=UTC)),
    ("choice", ["flat"]),
    ("choices", "flat"),
    ("choices", []),
    ("reference", "Acme"),
]


@pytest.mark.parametrize(("kind", "written", "value"), FITTING)
def test_a_value_that_fits_is_typed(kind: str, written: object, value: FieldValue) -> None:
    assert typed_value(field(kind), written) == value
    assert FIELD_VALUE.validate_json(FIELD_VALUE.dump_json(value)) == value


@pytest.mark.parametrize(("kind", "written"), MISFITS)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(kind: str, written: object) -> None:
    with pytest.raises(ValueDoesNotFit, match=r"It cannot hold this. It takes (text|an?|one|the) \w.*\.$") as raised:
        typed_value(field(kind), written)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(("kind", "written"), [("choice", "thatched"), ("choices", ["flat", "thatched"])])
def test_a_choice_that_is_not_offered_is_refused_with_those_that_are(kind: str, written: object) -> None:
    with pytest.raises(UnknownChoice, match=r"It has no such choice. Its choices are: flat, steep, none\."):
        typed_value(field(kind), written)


def test_money_of_a_currency_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownCurrency, match="ZZZ"):
        typed_value(field("money"), {"amount": "1.50", "currency": "ZZZ"})


@patient
@drawn(st.data())
def test_what_was_typed_once_fits_again_and_survives_json(data: st.DataObject) -> None:
    written = {
        "text": texts, "number": amounts, "money": money, "date": days, "choice": st.just("flat"),
        "choices": st.sets(st.sampled_from(["flat", "steep", "none"]), min_size=1).map(list), "reference": ids,
    }  # fmt: skip
    kind = data.draw(st.sampled_from(FIELD_KINDS))
    value = typed_value(field(kind), data.draw(written[kind]))
    assert typed_value(field(kind), value.value) == value
    assert FIELD_VALUE.validate_json(FIELD_VALUE.dump_json(value)) == value


def test_a_field_is_defined_as_it_was_wanted() -> None:
    assert define_custom_field(Workspace(), define()) == DEFINED
    assert given(DEFINED).custom_field("lead", "roof_kind") == CUSTOM_FIELD


def test_a_field_defined_again_is_a_new_version_of_it() -> None:
    second = define_custom_field(given(DEFINED), define(label="Roof", choices=("steep", "round")))
    assert second.custom_field == CUSTOM_FIELD.model_copy(
        update={"version": 2, "label": "Roof", "choices": ("steep", "round")}
    )
    assert given(DEFINED, second).custom_field("lead", "roof_kind") == second.custom_field


def test_each_noun_has_fields_of_its_own() -> None:
    other = define_custom_field(given(DEFINED), define(noun="ticket", kind="date", choices=()))
    assert other.custom_field.version == 1
    workspace = given(DEFINED, other)
    assert workspace.custom_field("lead", "roof_kind").kind == "choice"
    assert workspace.custom_field("ticket", "roof_kind").kind == "date"


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"kind": "choices"}, "values of kind choice and cannot"),
        ({"is_personal": True}, "values of kind choice and cannot"),
        ({"kind": "number", "choices": ()}, "values of kind choice and cannot"),
    ],
)
def test_a_field_keeps_its_kind(fields: dict[str, object], held: str) -> None:
    for workspace in (given(DEFINED), given(DEFINED, RETIRED)):
        assert f"The field Kind of roof already holds {held}" in refused(CustomFieldKeepsItsKind, workspace, **fields)


def test_a_reference_keeps_what_it_refers_to() -> None:
    reference = define_custom_field(
        Workspace(), define(kind="reference", choices=(), refers_to="customer", is_personal=True)
    )
    said = refused(
        CustomFieldKeepsItsKind, given(reference), kind="reference", choices=(), refers_to="lead", is_personal=True
    )
    assert "already holds personal values of kind reference to a customer" in said


def test_a_field_is_personal_unless_it_is_said_not_to_be_and_text_always_is() -> None:
    assert DefineCustomField(noun="lead", field_id="note", label="Note", kind="text").is_personal
    assert "Mark it so" in refused(FreeTextIsPersonal, kind="text", choices=())
    assert define_custom_field(Workspace(), define(kind="text", choices=(), is_personal=True))


@pytest.mark.parametrize("kind", ["choice", "choices"])
def test_a_choice_needs_choices_each_once(kind: str) -> None:
    assert "The field Kind of roof needs" in refused(ChoicesMissing, kind=kind, choices=())
    assert "The choice flat is" in refused(ChoiceNamedTwice, kind=kind, choices=("steep", "flat", "flat"))
    assert define_custom_field(Workspace(), define(kind=kind, choices=("flat",)))


@pytest.mark.parametrize("kind", ["number", "money", "date"])
def test_what_is_no_choice_has_no_choices(kind: str) -> None:
    assert f"holds {kind} has no choices" in refused(ChoicesNotWanted, kind=kind)
    assert define_custom_field(Workspace(), define(kind=kind, choices=()))


def test_a_reference_says_to_what_and_nothing_else_does() -> None:
    assert refused(ReferenceIncomplete, kind="reference", choices=())
    assert refused(ReferenceIncomplete, refers_to="customer")


def test_a_retired_field_takes_no_values_until_it_is_defined_again() -> None:
    assert retire_custom_field(given(DEFINED), RETIRE) == RETIRED
    retired = given(DEFINED, RETIRED)
    with pytest.raises(CustomFieldRetired, match="The field Kind of roof is retired"):
        retired.custom_field("lead", "roof_kind")
    with pytest.raises(CustomFieldRetired):
        retire_custom_field(retired, RETIRE)
    again = define_custom_field(retired, define())
    assert given(DEFINED, RETIRED, again).custom_field("lead", "roof_kind").version == 2


def test_a_field_nobody_defined_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownCustomField, match=r"of a ticket. Its custom fields are: none yet\."):
        given(DEFINED).custom_field("ticket", "roof_kind")
    slope = WorkspaceCustomFieldDefined(custom_field=CUSTOM_FIELD.model_copy(update={"field_id": "slope"}))
    with pytest.raises(UnknownCustomField, match=r"of a lead. Its custom fields are: roof_kind, slope\."):
        retire_custom_field(given(DEFINED, slope), RetireCustomField(noun="lead", field_id="walls"))


@pytest.mark.parametrize("field_id", ["", "Roof", "1roof", "roof-kind", "dächer", "roof\n", "r" * 51])
def test_the_id_of_a_field_is_a_name_for_programs(field_id: str) -> None:
    with pytest.raises(ValidationError):
        define(field_id=field_id)


def test_a_reference_that_reads_back_is_an_id() -> None:
    value = FIELD_VALUE.validate_json(f'{{"kind": "reference", "noun": "customer", "value": "{IDS[1]}"}}')
    assert isinstance(value.value, UUID)
