"""Defining the custom fields that records can have."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from domain.custom_field import CustomField, FieldId, FieldKind, RecordNoun, ReferenceNoun
from domain.event import Command, Event, Refusal, Word
from domain.phrases import after
from domain.workspace.state import Workspace


class WorkspaceCustomFieldDefined(Event):
    """From now on records can have this field; values recorded by an earlier version stay as they are."""

    custom_field: CustomField

    def in_words(self) -> str:
        return _defined(self.custom_field)


class WorkspaceCustomFieldRetired(Event):
    """The field takes no more values; those it has stay. Defined again, it is in use again."""

    noun: RecordNoun
    field_id: FieldId

    def in_words(self) -> str:
        return f"Field {self.field_id} of {self.noun}s retired"


FieldEvent: TypeAlias = WorkspaceCustomFieldDefined | WorkspaceCustomFieldRetired


def evolve_fields(workspace: Workspace, event: FieldEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceCustomFieldDefined():
            key = (event.custom_field.noun, event.custom_field.field_id)
            fields = {**workspace.custom_fields, key: event.custom_field}
            return replace(workspace, custom_fields=fields, retired_fields=workspace.retired_fields - {key})
        case WorkspaceCustomFieldRetired():
            return replace(workspace, retired_fields=workspace.retired_fields | {(event.noun, event.field_id)})
        case _:
            assert_never(event)


class DefineCustomField(Command):
    """Let records have a field of their own, or name it or its choices anew, or use it again."""

    noun: RecordNoun
    field_id: FieldId
    label: Word
    kind: FieldKind
    is_personal: bool = True
    choices: tuple[Word, ...] = ()
    refers_to: ReferenceNoun | None = None


class RetireCustomField(Command):
    """Let a field take no more values."""

    noun: RecordNoun
    field_id: FieldId


class FreeTextIsPersonal(Refusal):
    """What people write may tell of somebody, so a field of text is personal. Mark it so, or give it choices."""


class ChoicesMissing(Refusal):
    """The field {field} needs at least one choice."""


class ChoicesNotWanted(Refusal):
    """A field that holds {kind} has no choices. Leave them out, or make it a choice."""


class ChoiceNamedTwice(Refusal):
    """The choice {choice} is named more than once. Name every choice of a field once."""


class ReferenceIncomplete(Refusal):
    """Say what the field {field} refers to if it is a reference, and only then."""


class CustomFieldKeepsItsKind(Refusal):
    """The field {field} already holds {held} and cannot become another: its values would no longer fit.
    Retire it and define another field."""


def define_custom_field(workspace: Workspace, command: DefineCustomField) -> WorkspaceCustomFieldDefined:
    """Versions of a field count up from 1. Label and choices can become others; values that were recorded stay.

    Raises FreeTextIsPersonal, ChoicesMissing, ChoicesNotWanted, ChoiceNamedTwice, ReferenceIncomplete,
    CustomFieldKeepsItsKind.
    """
    if command.kind == "text" and not command.is_personal:
        raise FreeTextIsPersonal()
    if (command.kind == "reference") != (command.refers_to is not None):
        raise ReferenceIncomplete(field=command.label)
    _must_have_fitting_choices(command)
    earlier = workspace.custom_fields.get((command.noun, command.field_id))
    if earlier and _nature(earlier) != _nature(command):
        raise CustomFieldKeepsItsKind(field=earlier.label, held=_in_words(earlier))
    return WorkspaceCustomFieldDefined(
        custom_field=CustomField(
            noun=command.noun,
            field_id=command.field_id,
            version=earlier.version + 1 if earlier else 1,
            label=command.label,
            kind=command.kind,
            is_personal=command.is_personal,
            choices=command.choices,
            refers_to=command.refers_to,
        )
    )


def retire_custom_field(workspace: Workspace, command: RetireCustomField) -> WorkspaceCustomFieldRetired:
    """Raises UnknownCustomField, CustomFieldRetired."""
    workspace.custom_field(command.noun, command.field_id)
    return WorkspaceCustomFieldRetired(noun=command.noun, field_id=command.field_id)


def _must_have_fitting_choices(command: DefineCustomField) -> None:
    if command.kind not in ("choice", "choices"):
        if command.choices:
            raise ChoicesNotWanted(kind=command.kind)
        return
    if not command.choices:
        raise ChoicesMissing(field=command.label)
    for choice in command.choices:
        if command.choices.count(choice) > 1:
            raise ChoiceNamedTwice(choice=choice)


def _nature(field: CustomField | DefineCustomField) -> tuple[FieldKind, ReferenceNoun | None, bool]:
    return field.kind, field.refers_to, field.is_personal


def _in_words(field: CustomField) -> str:
    of = f" to a {field.refers_to}" if field.refers_to else ""
    return f"{'personal ' if field.is_personal else ''}values of kind {field.kind}{of}"


def _defined(field: CustomField) -> str:
    choices = f": {', '.join(field.choices)}" if field.choices else ""
    kind = f"{'personal ' if field.is_personal else ''}{field.kind}{after(' to a ', field.refers_to)}"
    return f"Field {field.label} of {field.noun}s, version {field.version}, {kind}{choices}"
