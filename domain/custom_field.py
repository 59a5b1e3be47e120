"""Custom fields: what a company wants to know beyond the fields that everybody has, and values checked against that."""

import re
from datetime import date
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from domain.event import Frozen, Refusal, Text, Word
from domain.money import Amount, Money, digits

FieldId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
"""What programs call a field, such as contract_end: small letters, digits and underscores."""

RecordNoun: TypeAlias = Literal["customer", "lead", "ticket"]
"""What can have custom fields, lie in segments and be assigned."""

FieldKind: TypeAlias = Literal["text", "number", "money", "date", "choice", "choices", "reference"]
FIELD_KINDS: tuple[FieldKind, ...] = get_args(FieldKind)

ReferenceNoun: TypeAlias = Literal["customer", "lead", "ticket", "campaign", "member"]
"""What a custom field can point at."""


class CustomField(Frozen):
    """A field of one noun. `choices` are those of a choice, `refers_to` is what a reference points at.

    Values of a personal field are kept beside the log, where they can be forgotten. Every change is a new version.
    """

    noun: RecordNoun
    field_id: FieldId
    version: int
    label: Word
    kind: FieldKind
    is_personal: bool
    choices: tuple[Word, ...] = ()
    refers_to: ReferenceNoun | None = None


def _plain_number(written: object) -> object:
    if isinstance(written, str) and not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", written):
        raise ValueError("not a number in plain digits")
    return written


def _calendar_day(written: object) -> object:
    # a number or a moment would pass for some day, though not for the one that was meant
    if not isinstance(written, date) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(written)):
        raise ValueError("not a day as year, month and day")
    return written


class TextValue(Frozen):
    """What somebody wrote."""

    kind: Literal["text"] = "text"
    value: Text


class NumberValue(Frozen):
    """An exact number."""

    kind: Literal["number"] = "number"
    value: Annotated[Amount, BeforeValidator(_plain_number)]


class MoneyValue(Frozen):
    """An amount in a currency."""

    kind: Literal["money"] = "money"
    value: Money


class DateValue(Frozen):
    """A day."""

    kind: Literal["date"] = "date"
    value: Annotated[date, BeforeValidator(_calendar_day)]


class ChoiceValue(Frozen):
    """One of the field's choices."""

    kind: Literal["choice"] = "choice"
    value: Word


class ChoicesValue(Frozen):
    """Some of the field's choices, each once."""

    kind: Literal["choices"] = "choices"
    value: Annotated[tuple[Word, ...], Field(min_length=1)]


class ReferenceValue(Frozen):
    """Another record; whether there is one of this id, the field does not know."""

    kind: Literal["reference"] = "reference"
    noun: ReferenceNoun
    value: UUID


FieldValue: TypeAlias = Annotated[
    TextValue | NumberValue | MoneyValue | DateValue | ChoiceValue | ChoicesValue | ReferenceValue,
    Field(discriminator="kind"),
]
"""A value that says of which kind it is, so that it reads back as what it was."""

_FIELD_VALUE: TypeAdapter[FieldValue] = TypeAdapter(FieldValue)

_EXPECTED: dict[FieldKind, str] = {
    "text": "text of at most 20,000 characters",
    "number": "a number such as -12.5, with at most six digits after the point",
    "money": "an amount with its currency, such as 12.50 and EUR",
    "date": "a day such as 2026-11-30",
    "choice": "one of its choices",
    "choices": "a list of one or more of its choices",
    "reference": "the id of another record",
}


class ValueDoesNotFit(Refusal):
    """The field {field} cannot hold this. It takes {expected}."""


class UnknownChoice(Refusal):
    """The field {field} has no such choice. Its choices are: {choices}."""


def typed_value(field: CustomField, written: object) -> FieldValue:
    """What came in, as the value of that field: a str, number, Money, date, UUID, list, or what JSON has for these.

    Choices come back in the field's order, each once. Raises ValueDoesNotFit, UnknownChoice, UnknownCurrency; the
    value may be personal, so none of them repeats it, but for the code of a currency that nobody knows.
    """
    noun = {"noun": field.refers_to} if field.kind == "reference" else {}
    try:
        value = _FIELD_VALUE.validate_python({"kind": field.kind, "value": written, **noun})
    except ValidationError:
        # without its cause, which quotes the value
        raise ValueDoesNotFit(field=field.label, expected=_EXPECTED[field.kind]) from None
    match value:
        case MoneyValue():
            digits(value.value.currency)  # refuses a currency that nobody knows
        case ChoiceValue():
            _must_be_choices(field, {value.value})
        case ChoicesValue():
            _must_be_choices(field, set(value.value))
            return ChoicesValue(value=tuple(choice for choice in field.choices if choice in value.value))
        case _:
            pass
    return value


def _must_be_choices(field: CustomField, chosen: set[Word]) -> None:
    if not chosen <= set(field.choices):
        raise UnknownChoice(field=field.label, choices=", ".join(field.choices))
