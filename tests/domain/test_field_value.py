"""What a customer, lead or ticket has in a custom field: typed, personal or not, recorded once, cleared."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import TypeAlias

import pytest
from pydantic import JsonValue, ValidationError

from domain import customer as customers
from domain import lead as leads
from domain import ticket as tickets
from domain import workspace as workspaces
from domain.custom_field import (
    ChoicesValue,
    ChoiceValue,
    CustomField,
    DateValue,
    FieldValue,
    MoneyValue,
    NumberValue,
    RecordNoun,
    ReferenceValue,
    TextValue,
    UnknownChoice,
    ValueDoesNotFit,
)
from domain.customer import Customer, CustomerAlreadyForgotten, CustomerMerged
from domain.event import FORGOTTEN, Forgotten, Refusal
from domain.field_value import CustomFieldRecorded, RecordCustomField, record_custom_field
from domain.lead import Lead, LeadMerged
from domain.merge import MergedInto
from domain.money import UnknownCurrency
from domain.ticket import Ticket, TicketMerged
from domain.workspace import (
    CustomFieldRetired,
    UnknownCustomField,
    Workspace,
    WorkspaceCustomFieldDefined,
    WorkspaceCustomFieldRetired,
    WorkspaceEvent,
)
from tests.domain.customers import FORGOTTEN_CUSTOMER, eur
from tests.domain.customers import MERGED as MERGED_CUSTOMER
from tests.domain.histories import IDS, NOUNS, forgotten

Described: TypeAlias = Customer | Lead | Ticket
MERGED = MergedInto(survivor_id=IDS[1], merge_id=IDS[2])

FITTING: list[tuple[str, JsonValue, FieldValue]] = [
    ("text", "Slate, 1920", TextValue(value="Slate, 1920")),
    ("number", "-12.5", NumberValue(value=Decimal("-12.5"))),
    ("number", 12, NumberValue(value=Decimal(12))),
    ("number", 0.1, NumberValue(value=Decimal("0.1"))),
    ("money", {"amount": "1.50", "currency": "EUR"}, MoneyValue(value=eur("1.50"))),
    ("date", "2026-11-30", DateValue(value=date(2026, 11, 30))),
    ("choice", "steep", ChoiceValue(value="steep")),
    ("choices", ["steep", "flat"], ChoicesValue(value=("flat", "steep"))),
    ("reference", str(IDS[0]), ReferenceValue(noun="customer", value=IDS[0])),
]


def workspace(
    noun: RecordNoun, kind: str, *since: WorkspaceEvent, version: int = 1, personal: bool = True
) -> Workspace:
    field = CustomField.model_validate(
        {
            "noun": noun,
            "field_id": "it",
            "version": version,
            "label": "It",
            "kind": kind,
            "is_personal": personal,
            "choices": ("flat", "steep") if kind in ("choice", "choices") else (),
            "refers_to": "customer" if kind == "reference" else None,
        }
    )
    return reduce(workspaces.evolve, [WorkspaceCustomFieldDefined(custom_field=field), *since], Workspace())


def recorded(version: int = 1, **held: FieldValue | Forgotten) -> CustomFieldRecorded:
    return CustomFieldRecorded.model_validate({"field_id": "it", "field_version": version, **held})


def said(value: JsonValue) -> RecordCustomField:
    return RecordCustomField(field_id="it", value=value)


def refused(refusal: type[Refusal], record: Described, value: JsonValue, known: Workspace) -> str:
    with pytest.raises(refusal) as raised:
        record_custom_field(record, said(value), known)
    return str(raised.value)


EMPTY: dict[RecordNoun, Described] = {"customer": Customer(), "lead": Lead(), "ticket": Ticket()}
EVOLVE: dict[RecordNoun, Callable[..., Described]] = {
    "customer": customers.evolve,
    "lead": leads.evolve,
    "ticket": tickets.evolve,
}


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(("kind", "written", "value"), FITTING)
def test_a_personal_value_is_kept_beside_the_log_and_another_one_in_it(
    noun: RecordNoun, kind: str, written: JsonValue, value: FieldValue
) -> None:
    for personal, event in ((True, recorded(personal_value=value)), (False, recorded(value=value))):
        known = workspace(noun, kind, personal=personal)
        assert record_custom_field(EMPTY[noun], said(written), known) == (event,)
        assert EVOLVE[noun](EMPTY[noun], event).custom_fields == {"it": value}
        assert CustomFieldRecorded.model_validate_json(event.model_dump_json(exclude_none=True)) == event


def test_the_event_says_under_which_version_of_the_field() -> None:
    known = workspace("lead", "number", version=3)
    assert record_custom_field(Lead(), said(1), known) == (
        recorded(version=3, personal_value=NumberValue(value=Decimal(1))),
    )


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("personal", [True, False])
def test_a_value_is_cleared_and_the_others_stay(noun: RecordNoun, personal: bool) -> None:
    known, evolve = workspace(noun, "number", personal=personal), EVOLVE[noun]
    other = CustomFieldRecorded(field_id="other", field_version=1, value=NumberValue(value=Decimal(7)))
    (event,) = record_custom_field(EMPTY[noun], said(1), known)
    record = evolve(evolve(EMPTY[noun], other), event)
    (cleared,) = record_custom_field(record, said(None), known)
    assert cleared == recorded()
    assert evolve(record, cleared).custom_fields == {"other": NumberValue(value=Decimal(7))}


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_so_already_is_no_event(noun: RecordNoun) -> None:
    known = workspace(noun, "number")
    assert record_custom_field(EMPTY[noun], said(None), known) == ()
    (event,) = record_custom_field(EMPTY[noun], said("1.50"), known)
    record = EVOLVE[noun](EMPTY[noun], event)
    assert record_custom_field(record, said(1.5), known) == ()
    assert record_custom_field(record, said("1.50"), workspace(noun, "number", version=2)) == ()
    assert record_custom_field(record, said("1.51"), known) != ()


@pytest.mark.parametrize("noun", NOUNS)
def test_a_value_that_was_forgotten_is_known_to_have_been_there_and_can_be_recorded_anew(noun: RecordNoun) -> None:
    known = workspace(noun, "text")
    (event,) = record_custom_field(EMPTY[noun], said("Slate"), known)
    record = EVOLVE[noun](EMPTY[noun], forgotten(event))
    assert record.custom_fields == {"it": FORGOTTEN}
    assert record_custom_field(record, said("Slate"), known) == (event,)
    assert record_custom_field(record, said(None), known) == (recorded(),)


def test_nothing_is_forgotten_of_a_value_that_is_not_personal() -> None:
    event = recorded(value=NumberValue(value=Decimal(1)))
    assert forgotten(event) == event


@pytest.mark.parametrize("noun", NOUNS)
def test_a_field_must_be_defined_for_the_noun_and_in_use(noun: RecordNoun) -> None:
    others = workspace("lead" if noun == "ticket" else "ticket", "text")
    assert refused(UnknownCustomField, EMPTY[noun], "Slate", others).endswith("Its custom fields are: none yet.")
    retired = workspace(noun, "text", WorkspaceCustomFieldRetired(noun=noun, field_id="it"))
    refused(CustomFieldRetired, EMPTY[noun], "Slate", retired)
    refused(CustomFieldRetired, EMPTY[noun], None, retired)


@pytest.mark.parametrize(
    ("refusal", "kind", "written"),
    [
        (ValueDoesNotFit, "number", "SECRET"),
        (ValueDoesNotFit, "text", ""),
        (UnknownChoice, "choice", "SECRET"),
        (UnknownCurrency, "money", {"amount": 1, "currency": "XXQ"}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_not_repeated(
    refusal: type[Refusal], kind: str, written: JsonValue
) -> None:
    assert "SECRET" not in refused(refusal, Lead(), written, workspace("lead", kind))


@pytest.mark.parametrize(
    ("refusal", "record"),
    [
        (CustomerMerged, customers.evolve(None, MERGED_CUSTOMER)),
        (CustomerAlreadyForgotten, customers.evolve(None, FORGOTTEN_CUSTOMER)),
        (LeadMerged, leads.evolve(None, MERGED)),
        (TicketMerged, tickets.evolve(None, MERGED)),
    ],
)
def test_nothing_more_is_recorded_where_the_record_is_over(refusal: type[Refusal], record: Described) -> None:
    refused(refusal, record, "Slate", workspace(record.noun, "text"))


def test_leaving_out_the_value_is_not_the_same_as_none() -> None:
    with pytest.raises(ValidationError):
        RecordCustomField.model_validate({"field_id": "it"})
