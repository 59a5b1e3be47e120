"""A row becomes what must be recorded for a customer, or one of her people, to be what it says, and not twice."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from domain.contact_point import ContactPointEmpty
from domain.custom_field import ChoiceValue
from domain.customer import (
    CustomerClassified,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerOwnerAssigned,
    CustomerRegistered,
    CustomerRenamed,
    CustomerTagged,
    CustomerUntagged,
)
from domain.customer.imported import ImportedCustomer, ImportedPoint, Row, reconcile
from domain.customer.imported_person import ImportedPerson
from domain.customer.imported_person import reconcile as reconcile_person
from domain.customer.ties import CustomerMergedInto
from domain.event import FORGOTTEN, Event, MemberId
from domain.field_value import CustomFieldRecorded
from domain.imported import ImportedFact, Past
from tests.domain.histories import CUSTOM_FIELD, WORKSPACE
from tests.domain.imported import IMPORT_DAY, after, by_hand, day, taken

IDS = [UUID(int=number) for number in range(1, 8)]
ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
POINTS = {"mail": IDS[2], "phone": IDS[3]}
PERSON = IDS[4]


def mail(written: str) -> ImportedPoint:
    return ImportedPoint(slot="mail", kind="email", written=written)


def row(owner: MemberId | None = None, **said: object) -> Row:
    wanted = ImportedCustomer.model_validate({"name": "Hill", "external_ids": {"erp": "7"}} | said)
    return Row(wanted, owner, POINTS)


def read(history: Sequence[Past], wanted: Row) -> list[ImportedFact]:
    return reconcile(history, wanted, WORKSPACE, day(IMPORT_DAY))


def added(*rows: Row, then: Sequence[Past] = (), last: Row) -> list[Event]:
    """What the last row adds to what the others made, and people after them."""
    return [fact.event for fact in read([*taken(*rows, read=read), *then], last)]


REGISTERED = CustomerRegistered(kind="organisation", name="Hill", external_ids={"erp": "7"})


def test_a_new_customer_is_registered_when_the_row_says_with_all_it_says() -> None:
    facts = read([], row(ALICE, registered_at=day(1), tier="gold", tags=("key", "key"), points=(mail("e@h.example"),)))
    assert {fact.occurred_at for fact in facts} == {day(1)}
    assert [type(fact.event) for fact in facts] == [
        CustomerRegistered,
        CustomerClassified,
        CustomerTagged,
        CustomerContactPointAdded,
    ]
    assert isinstance(facts[0].event, CustomerRegistered)
    assert facts[0].event.owner_id == ALICE


def test_without_a_day_she_is_registered_at_the_import_and_flagged() -> None:
    assert read([], row()) == [ImportedFact(REGISTERED, day(IMPORT_DAY), ("no_registration_date",))]


def test_without_a_name_she_is_called_after_her_id() -> None:
    (fact,) = read([], row(name=None))
    assert isinstance(fact.event, CustomerRegistered)
    assert fact.event.name == "Customer 7"


@pytest.mark.parametrize(
    "said", [{}, {"tier": "gold"}, {"tags": ("key",)}, {"points": (mail("e@h.example"),)}, {"registered_at": day(2)}]
)
def test_the_same_row_again_adds_nothing(said: dict[str, object]) -> None:
    assert added(row(ALICE, **said), last=row(ALICE, **said)) == []


def test_only_what_differs_is_recorded() -> None:
    first = row(ALICE, tier="gold", size="small", tags=("key", "old"))
    assert added(first, last=row(BOB, name="Hill & Co", tier="silver", tags=("key", "new"))) == [
        CustomerRenamed(name="Hill & Co"),
        CustomerClassified(tier="silver", size="small"),
        CustomerOwnerAssigned(owner_id=BOB),
        CustomerUntagged(tag="old"),
        CustomerTagged(tag="new"),
    ]


def test_what_people_changed_since_is_left_alone() -> None:
    first = row(ALICE, tier="gold", tags=("key",), points=(mail("e@h.example"),))
    then = by_hand(
        (CustomerRenamed(name="Hillary"), 60),
        (CustomerClassified(tier="lead"), 60),
        (CustomerOwnerAssigned(owner_id=BOB), 60),
        (CustomerUntagged(tag="key"), 60),
        (CustomerContactPointRemoved(point_id=POINTS["mail"]), 60),
    )
    assert added(first, then=then, last=first) == []


def test_what_was_forgotten_is_not_brought_back() -> None:
    gone = by_hand((CustomerRegistered(kind="person", name=FORGOTTEN, external_ids=FORGOTTEN), 1))
    assert read(gone, row()) == []
    point = CustomerContactPointAdded(point_id=POINTS["mail"], kind="email", value=FORGOTTEN)
    assert read([*gone, Past(point, day(1), by_import=True)], row(points=(mail("e@h.example"),))) == []


def test_nothing_is_taken_of_who_was_merged() -> None:
    merged = by_hand((CustomerMergedInto(survivor_id=IDS[5], merge_id=IDS[6]), 60))
    assert added(row(), then=merged, last=row(name="Other")) == []


def test_another_text_in_the_same_column_corrects_the_contact_point() -> None:
    (event,) = added(row(points=(mail("e@h.example"),)), last=row(points=(mail("odd"),)))
    assert isinstance(event, CustomerContactPointCorrected)
    assert event.point_id == POINTS["mail"]
    facts = read(taken(row(), read=read), row(points=(mail("odd"),)))
    assert [fact.flags for fact in facts] == [("unreadable_contact_point",)]


def test_who_is_reached_there_already_is_not_reached_there_twice() -> None:
    known = row(points=(mail("E@h.example"),))
    other = row(points=(ImportedPoint(slot="phone", kind="email", written="e@H.example"),))
    assert added(known, last=other) == []
    anew = by_hand((CustomerContactPointRemoved(point_id=POINTS["mail"]), 60))
    (event,) = added(known, then=anew, last=row(points=(mail("f@h.example"),)))
    assert isinstance(event, CustomerContactPointAdded)


def test_an_empty_contact_point_is_refused() -> None:
    with pytest.raises(ContactPointEmpty):
        read([], row(points=(mail(" "),)))


def test_a_custom_field_is_recorded_once_and_not_over_what_people_said() -> None:
    one, other = CUSTOM_FIELD.choices[:2]
    first = row(custom_fields={CUSTOM_FIELD.field_id: one})
    said = [event for event in added(last=first) if isinstance(event, CustomFieldRecorded)]
    assert [event.held for event in said] == [ChoiceValue(value=one)]
    by_people = CustomFieldRecorded(
        field_id=CUSTOM_FIELD.field_id, field_version=CUSTOM_FIELD.version, value=ChoiceValue(value=other)
    )
    assert added(first, then=by_hand((by_people, 60)), last=first) == []


# Contact persons


def read_person(history: Sequence[Past], wanted: ImportedPerson) -> list[ImportedFact]:
    return reconcile_person(history, PERSON, wanted, POINTS, day(IMPORT_DAY))


EVA = ImportedPerson(name="Eva", role="user")


def test_a_contact_person_is_added_with_where_she_is_reached() -> None:
    facts = read_person([], EVA.model_copy(update={"points": (mail("e@h.example"),)}))
    assert facts[0].event == CustomerContactPersonAdded(person_id=PERSON, name="Eva", role="user")
    assert isinstance(facts[1].event, CustomerContactPointAdded)
    assert facts[1].event.person_id == PERSON
    assert read_person(after([], facts), EVA) == []


def test_another_name_or_part_is_recorded_and_what_people_said_stays() -> None:
    history = taken(EVA, read=read_person)
    (renamed,) = read_person(history, EVA.model_copy(update={"name": "Ida"}))
    assert renamed.event == CustomerContactPersonAdded(person_id=PERSON, name="Ida", role="user")
    (moved,) = read_person(history, EVA.model_copy(update={"role": "blocker"}))
    assert moved.event == CustomerContactPersonRoleAssigned(person_id=PERSON, role="blocker")
    by_people = by_hand((CustomerContactPersonRoleAssigned(person_id=PERSON, role="champion"), 60))
    assert read_person([*history, *by_people], EVA) == []
    assert read_person(history, ImportedPerson(name="Eva")) == []


def test_who_was_removed_or_forgotten_does_not_come_back() -> None:
    history = taken(EVA, read=read_person)
    assert read_person([*history, *by_hand((CustomerContactPersonRemoved(person_id=PERSON), 60))], EVA) == []
    forgotten = CustomerContactPersonAdded(person_id=PERSON, name=FORGOTTEN, role="user")
    assert read_person(by_hand((forgotten, 1)), EVA) == []
