"""What a customer, lead or ticket has in the fields that the company defined for itself."""

from collections.abc import Mapping
from typing import Annotated, Protocol, TypeAlias, assert_never

from pydantic import JsonValue

from domain.custom_field import (
    ChoicesValue,
    ChoiceValue,
    CustomField,
    DateValue,
    FieldId,
    FieldValue,
    MoneyValue,
    NumberValue,
    RecordNoun,
    ReferenceValue,
    TextValue,
    typed_value,
)
from domain.event import Command, Event, Forgotten, Personal, Record
from domain.phrases import plain, said
from domain.workspace import Workspace

FieldValues: TypeAlias = Mapping[FieldId, FieldValue | Forgotten]
"""The values that hold now; a field that has none is not there."""


class CustomFieldRecorded(Event):
    """The custom field holds this value from now on, or none; the value of a personal field can be forgotten."""

    field_id: FieldId
    field_version: int
    value: FieldValue | None = None
    personal_value: Annotated[FieldValue | Forgotten | None, Personal()] = None

    @property
    def held(self) -> FieldValue | Forgotten | None:
        """What the field holds now."""
        return self.value if self.personal_value is None else self.personal_value

    def in_words(self) -> str:
        return f"{self.field_id}: {_held(self.held)}"


def with_value(values: FieldValues, event: CustomFieldRecorded) -> FieldValues:
    """The values after the event."""
    others = {field_id: value for field_id, value in values.items() if field_id != event.field_id}
    return others if event.held is None else {**others, event.field_id: event.held}


class RecordCustomField(Command):
    """Say what a custom field holds now, as its kind has it: text, a number, a day, a choice; nothing when null."""

    field_id: FieldId
    value: JsonValue


class Described(Record, Protocol):
    """What has custom fields."""

    @property
    def noun(self) -> RecordNoun: ...

    @property
    def custom_fields(self) -> FieldValues: ...


def record_custom_field(
    record: Described, command: RecordCustomField, workspace: Workspace
) -> tuple[CustomFieldRecorded, ...]:
    """With the version of the field that holds now; nothing when the field has that value already, or has none anyway.

    Who saves a form sends all of its fields, and most of them unchanged: that is no mistake, and no event either.
    Raises what the record does, UnknownCustomField, CustomFieldRetired, ValueDoesNotFit, UnknownChoice,
    UnknownCurrency.
    """
    record.must_be_in_use()
    field = workspace.custom_field(record.noun, command.field_id)
    value = None if command.value is None else typed_value(field, command.value)
    if value == record.custom_fields.get(command.field_id):
        return ()
    return (_recorded(field, value),)


def _recorded(field: CustomField, value: FieldValue | None) -> CustomFieldRecorded:
    if field.is_personal:
        return CustomFieldRecorded(field_id=field.field_id, field_version=field.version, personal_value=value)
    return CustomFieldRecorded(field_id=field.field_id, field_version=field.version, value=value)


def _held(held: FieldValue | Forgotten | None) -> str:
    match held:
        case None:
            return "no value"
        case NumberValue():
            return plain(held.value)
        case ChoicesValue():
            return ", ".join(held.value)
        case ReferenceValue():
            return f"{held.noun} {held.value}"
        case TextValue() | MoneyValue() | DateValue() | ChoiceValue():
            return said(held.value)
        case Forgotten():
            return said(held)
        case _:
            assert_never(held)
