"""Who was merged into whom, who speaks for a customer, and what other customers are to her."""

from datetime import date
from uuid import UUID, uuid4

from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerPersonForgotten,
    CustomerRelatedTo,
    CustomerRelationEnded,
)
from domain.event import FORGOTTEN, CustomerId
from domain.lead import LeadLost
from eventstore.database import Connection
from projections.leads import OnBoard, board, list_leads, recently_closed
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.facts import captured
from tests.projections.customer_facts import day, happened, merge, registered, revert, row, rows
from tests.projections.records import is_its_replay

PERSON, OTHER = uuid4(), CustomerId(uuid4())


def survivor_of(shared: Connection, customer_id: UUID) -> tuple[UUID, UUID] | None:
    """Into whom the customer was merged, and in whose history she lives on."""
    found = rows(shared, "customer_alias", customer_id)
    return (found[0]["survivor_id"], found[0]["root_customer_id"]) if found else None


def test_a_chain_of_merges_ends_at_the_last_survivor_until_a_link_of_it_is_reverted(shared: Connection) -> None:
    one, two, three = (registered(shared) for _ in range(3))
    assert survivor_of(shared, one) is None
    merge(shared, one, two)
    assert survivor_of(shared, one) == (two, two)
    second = merge(shared, two, three)
    assert (survivor_of(shared, one), survivor_of(shared, two)) == ((two, three), (three, three))
    revert(shared, second, two, three)
    assert (survivor_of(shared, one), survivor_of(shared, two)) == ((two, two), None)
    assert is_its_replay(shared, "customer_alias")


def test_who_is_merged_again_lives_on_where_the_last_merge_says(shared: Connection) -> None:
    one, two, three = (registered(shared) for _ in range(3))
    revert(shared, merge(shared, one, two), one, two)
    merge_id = merge(shared, one, three)
    assert survivor_of(shared, one) == (three, three)
    assert row(shared, "customer_alias", one)["merge_id"] == merge_id
    assert is_its_replay(shared, "customer_alias")


def added(name: str = "Bo", role: str | None = None) -> CustomerContactPersonAdded:
    return CustomerContactPersonAdded.model_validate({"person_id": PERSON, "name": name, "role": role})


def test_a_contact_person_has_the_role_assigned_last_and_stays_by_name_when_she_left(shared: Connection) -> None:
    role = CustomerContactPersonRoleAssigned(person_id=PERSON, role="champion", valid_from=date(2026, 4, 1))
    customer_id = registered(shared, added(role="user"), role)
    found = row(shared, "contact_person", customer_id)
    assert (found["name"], found["role"], found["valid_from"]) == ("Bo", "champion", date(2026, 4, 1))
    assert (found["added_at"], found["removed_at"]) == (day(1), None)
    gone = registered(shared, added(), CustomerContactPersonRemoved(person_id=PERSON))
    assert row(shared, "contact_person", gone)["name"] == "Bo"
    assert row(shared, "contact_person", gone)["removed_at"] == day(2)
    back = registered(shared, added(), CustomerContactPersonRemoved(person_id=PERSON), added("Bo Two"))
    assert row(shared, "contact_person", back)["name"] == "Bo Two"
    assert row(shared, "contact_person", back)["removed_at"] is None
    assert is_its_replay(shared, "contact_person")


def test_of_a_forgotten_contact_person_nothing_but_an_id_is_left(shared: Connection) -> None:
    forgotten = CustomerContactPersonAdded(person_id=PERSON, name=FORGOTTEN)
    customer_id = registered(shared, forgotten, CustomerPersonForgotten(person_id=PERSON, legal_basis="request"))
    found = row(shared, "contact_person", customer_id)
    assert (found["name"], found["role"], found["removed_at"]) == (None, None, day(2))
    unnamed = registered(shared, CustomerContactPersonRoleAssigned(person_id=PERSON, role="user"))
    assert row(shared, "contact_person", unnamed)["added_at"] == day(1)


def test_the_people_of_both_speak_for_the_survivor_until_the_merge_is_reverted(shared: Connection) -> None:
    merged = registered(shared, added())
    survivor = registered(shared, CustomerContactPersonAdded(person_id=uuid4(), name="Cy"))
    before = rows(shared, "contact_person", merged), rows(shared, "contact_person", survivor)
    merge_id = merge(shared, merged, survivor)
    assert rows(shared, "contact_person", merged) == []
    assert {found["name"] for found in rows(shared, "contact_person", survivor)} == {"Bo", "Cy"}
    revert(shared, merge_id, merged, survivor)
    assert (rows(shared, "contact_person", merged), rows(shared, "contact_person", survivor)) == before
    assert is_its_replay(shared, "contact_person")


def related(other_id: UUID = OTHER) -> CustomerRelatedTo:
    return CustomerRelatedTo(other_id=CustomerId(other_id), kind="supplier", valid_from=date(2026, 1, 1))


def test_a_relation_ends_and_may_begin_again(shared: Connection) -> None:
    standing = row(shared, "relation", registered(shared, related()))
    assert (standing["other_id"], standing["kind"]) == (OTHER, "supplier")
    assert (standing["valid_from"], standing["valid_to"], standing["ended_at"]) == (date(2026, 1, 1), None, None)
    end = CustomerRelationEnded(other_id=OTHER, kind="supplier", valid_to=date(2026, 5, 1))
    over = row(shared, "relation", registered(shared, related(), end))
    assert (over["valid_to"], over["related_at"], over["ended_at"]) == (date(2026, 5, 1), day(1), day(2))
    again = row(shared, "relation", registered(shared, related(), end, related()))
    assert (again["valid_to"], again["ended_at"]) == (None, None)
    assert is_its_replay(shared, "relation")


def test_two_records_of_the_same_customer_are_nothing_to_each_other(shared: Connection) -> None:
    survivor, middle = registered(shared, related()), registered(shared)
    merged = registered(shared, related(survivor), related(middle))
    merges = merge(shared, merged, middle), merge(shared, middle, survivor)
    assert [found["other_id"] for found in rows(shared, "relation", survivor)] == [OTHER]
    assert rows(shared, "relation", merged) == []
    revert(shared, merges[1], middle, survivor)
    assert [found["other_id"] for found in rows(shared, "relation", middle)] == [survivor]
    assert is_its_replay(shared, "relation")


def test_the_leads_of_a_merged_customer_are_listed_with_the_survivors(shared: Connection) -> None:
    survivor, merged = registered(shared, name="Acme"), registered(shared, name="Acme Ltd")
    own, other = (
        happened(shared, customer_id, captured(), noun="lead", at=[day(number)])
        for number, customer_id in enumerate((survivor, merged))
    )

    def listed(customer_id: UUID) -> list[tuple[UUID, str]]:
        catch_up(shared)
        found = list_leads(shared, limit=9, customer_id=customer_id, sight=EVERYTHING)
        return [(lead["lead_id"], lead["customer_name"]) for lead in found]

    assert (listed(survivor), listed(merged)) == ([(own, "Acme")], [(other, "Acme Ltd")])
    merge_id = merge(shared, merged, survivor)
    assert listed(survivor) == [(other, "Acme"), (own, "Acme")]
    assert {lead["customer_name"] for lead in board(shared, OnBoard("default"), limit=9, sight=EVERYTHING)} == {"Acme"}
    happened(shared, merged, LeadLost(), noun="lead", stream_id=other)
    assert listed(survivor) == [(other, "Acme"), (own, "Acme")]
    assert [
        lead["customer_name"] for lead in recently_closed(shared, OnBoard("default"), limit=9, sight=EVERYTHING)
    ] == ["Acme"]
    revert(shared, merge_id, merged, survivor)
    assert listed(survivor) == [(own, "Acme")]
