"""Customers, leads and tickets are found by what people type."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.contact_point import contact_point
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerPersonForgotten,
    CustomerRegistered,
    CustomerRenamed,
)
from domain.event import FORGOTTEN, CustomerId
from domain.lead import LeadCaptureCorrected, LeadRetitled
from domain.ticket import TicketOpened
from eventstore.database import Connection
from eventstore.erasure import forgetting
from projections.searching import search
from projections.sight import EVERYTHING
from tests.facts import NOBODY, captured
from tests.projections.records import forget, is_its_replay, merged, registered, rows, told, unmerged

POINT, PERSON = uuid4(), uuid4()


def point(written: str, kind: str = "email", person_id: UUID | None = None) -> CustomerContactPointAdded:
    value = contact_point(kind, written, "DE")  # type: ignore[arg-type]  # one of the kinds
    return CustomerContactPointAdded(point_id=POINT, kind=value.kind, value=value, person_id=person_id)


def texts(connection: Connection, record_id: UUID) -> set[tuple[str, str, str]]:
    found = rows(connection, "search", stream_id=record_id)
    return {(row["kind"], row["text"], row["sought"]) for row in found}


def found(connection: Connection, sought: str, **wanted: Any) -> list[UUID]:  # Any: the parameters of search
    rows(connection, "search", kind="name")
    return [row["stream_id"] for row in search(connection, sought, limit=5, sight=EVERYTHING, **wanted)]


def test_every_text_that_names_a_customer_is_there(shared: Connection) -> None:
    customer_id, _ = told(
        shared,
        "customer",
        CustomerRegistered(kind="organisation", name="Müller & Söhne", external_ids={"erp": "K-100"}),
        CustomerContactPersonAdded(person_id=PERSON, name="José Núñez"),
        point("Info@Mueller.example", person_id=PERSON),
    )
    assert texts(shared, customer_id) == {
        ("name", "Müller & Söhne", "muller & sohne"),
        ("external_id", "K-100", "k-100"),
        ("contact_person", "José Núñez", "jose nunez"),
        ("email", "Info@Mueller.example", "info@mueller.example"),
    }


def test_a_telephone_number_is_its_digits(shared: Connection) -> None:
    customer_id, _ = told(shared, "customer", point("089 / 1234567", "phone"))
    assert texts(shared, customer_id) == {("phone", "089 / 1234567", "49891234567")}
    unreadable, _ = told(shared, "customer", point("ext. 12-34", "phone"))
    assert texts(shared, unreadable) == {("phone", "ext. 12-34", "1234")}


@pytest.mark.parametrize("kind", ["postal", "social"])
def test_addresses_and_accounts_are_as_written(shared: Connection, kind: str) -> None:
    customer_id, _ = told(shared, "customer", point("1 Long Street", kind))
    assert texts(shared, customer_id) == {(kind, "1 Long Street", "1 long street")}


def test_leads_and_tickets_are_found_by_what_they_are_about(shared: Connection) -> None:
    lead_id, _ = told(shared, "lead", captured("Ten seats", external_ids={"form": "F-1"}))
    ticket_id, _ = told(shared, "ticket", TicketOpened(subject="No heat", external_ids={"desk": "T-1"}))
    assert texts(shared, lead_id) == {("title", "Ten seats", "ten seats"), ("external_id", "F-1", "f-1")}
    assert texts(shared, ticket_id) == {("subject", "No heat", "no heat"), ("external_id", "T-1", "t-1")}


def test_only_what_holds_now_is_there(shared: Connection) -> None:
    customer_id = registered(shared, "Ann Example")
    corrected = CustomerContactPointCorrected.model_validate(point("ann@new.example").model_dump())
    events = [CustomerRenamed(name="Ann Other"), point("ann@old.example"), corrected]
    told(shared, "customer", *events, record_id=customer_id)
    assert {text for _, text, _ in texts(shared, customer_id)} == {"Ann Other", "ann@new.example"}
    told(shared, "customer", CustomerContactPointRemoved(point_id=POINT), record_id=customer_id)
    assert {text for _, text, _ in texts(shared, customer_id)} == {"Ann Other"}
    lead_id, _ = told(shared, "lead", captured(external_ids={"form": "F-2"}), LeadRetitled(title="Twenty seats"))
    told(shared, "lead", LeadCaptureCorrected(external_ids={"form": "F-3"}), record_id=lead_id)
    assert {text for _, text, _ in texts(shared, lead_id)} == {"Twenty seats", "F-3"}


def test_who_left_takes_her_contact_points_along(shared: Connection) -> None:
    added = CustomerContactPersonAdded(person_id=PERSON, name="Jo")
    removed = CustomerContactPersonRemoved(person_id=PERSON)
    customer_id, _ = told(shared, "customer", added, point("jo@example.org", person_id=PERSON), removed)
    assert texts(shared, customer_id) == set()
    again = CustomerContactPointCorrected.model_validate(point("jo@example.org", person_id=PERSON).model_dump())
    told(shared, "customer", again, record_id=customer_id)
    assert {text for _, text, _ in texts(shared, customer_id)} == {"jo@example.org"}
    told(shared, "customer", added, record_id=customer_id)
    assert {text for _, text, _ in texts(shared, customer_id)} == {"Jo", "jo@example.org"}


def test_what_was_forgotten_is_found_no_more(shared: Connection) -> None:
    customer_id = registered(shared, "Quentin Quux")
    lead_id, _ = told(shared, "lead", captured("Seats for Quux"), customer_id=customer_id)
    person = CustomerContactPersonAdded(person_id=PERSON, name="Jo Quux")
    hers = point("jo@quux.example", person_id=PERSON)
    told(shared, "customer", person, hers, record_id=customer_id, about=PERSON)
    assert set(found(shared, "quux")) == {customer_id, lead_id}
    event = CustomerPersonForgotten(person_id=PERSON, legal_basis="request")
    forgetting.forget(shared, CustomerId(customer_id), event, NOBODY)
    assert texts(shared, customer_id) == {("name", "Quentin Quux", "quentin quux")}
    told(shared, "customer", CustomerRenamed(name=FORGOTTEN), record_id=customer_id)
    assert texts(shared, customer_id) == set()
    forget(shared, customer_id)
    assert found(shared, "quux") == []
    assert is_its_replay(shared, "search")


def test_what_is_found_is_the_surviving_customers_while_a_merge_stands(shared: Connection) -> None:
    ann, anna = registered(shared, "Zoe Zimmer"), registered(shared, "Zoë Zimmermann")
    merge_id = merged(shared, "customer", ann, anna)
    found(shared, "zoe")
    assert {row["customer_id"] for row in search(shared, "zimmer", limit=5, sight=EVERYTHING)} == {anna}
    unmerged(shared, "customer", merge_id, ann, anna)
    found(shared, "zoe")
    assert {row["customer_id"] for row in search(shared, "zimmer", limit=5, sight=EVERYTHING)} == {ann, anna}
    assert is_its_replay(shared, "search")


@pytest.fixture(scope="module")
def people(shared: Connection) -> dict[str, UUID]:
    """Customers by name, one of them with a telephone number and an e-mail address."""
    names = [
        "Bergmann",
        "Anton Bergmann",
        "Oberberg GmbH",
        "Meier & Co",
        "100% Solar_Dach",
        "Søren Kierkegård",
        "Example Ltd",
    ]
    known = {name: registered(shared, name) for name in names}
    second = point("bergfest@berlin.example").model_copy(update={"point_id": uuid4()})
    told(shared, "customer", point("+49 30 901820", "phone"), second, record_id=known["Meier & Co"])
    return known


@pytest.mark.parametrize(
    ("sought", "names"),
    [
        ("bergmann", ["Bergmann", "Anton Bergmann"]),
        ("BERGMANN", ["Bergmann", "Anton Bergmann"]),
        ("berg", ["Bergmann", "Meier & Co", "Anton Bergmann", "Oberberg GmbH"]),
        ("be", ["Bergmann", "Meier & Co"]),
        ("bergmann anton", ["Anton Bergmann"]),
        ("  meier ", ["Meier & Co"]),
        ("100%", ["100% Solar_Dach"]),
        ("%%%", []),
        ("r_d", ["100% Solar_Dach"]),
        ("kierkegard", ["Søren Kierkegård"]),
        ("berlin.example", ["Meier & Co"]),
        ("030 90 18-20", ["Meier & Co"]),
        ("0049 30 901820", ["Meier & Co"]),
        ("+49 (0)30 901820", ["Meier & Co"]),
        ("901820", ["Meier & Co"]),
        ("", []),
        ("   ", []),
    ],
)
def test_what_is_written_is_found_and_what_begins_so_comes_first(
    shared: Connection, people: dict[str, UUID], sought: str, names: list[str]
) -> None:
    by_id = {record_id: name for name, record_id in people.items()}
    shown = [by_id.get(record_id) for record_id in found(shared, sought)]
    assert shown[: len(names)] == names
    assert bool(shown) == bool(names)


@pytest.mark.parametrize(
    ("sought", "name"),
    [
        ("Maier", "Meier & Co"),
        ("bergman anton", "Anton Bergmann"),
        ("kirkegaard", "Søren Kierkegård"),
        ("exmaple", "Example Ltd"),
    ],
)
def test_a_slip_or_two_is_forgiven(shared: Connection, people: dict[str, UUID], sought: str, name: str) -> None:
    assert people[name] in found(shared, sought)


def test_what_is_written_comes_before_what_only_looks_like_it(shared: Connection, people: dict[str, UUID]) -> None:
    assert found(shared, "bergmann")[:2] == [people["Bergmann"], people["Anton Bergmann"]]
    assert len(search(shared, "bergmann", limit=1, sight=EVERYTHING)) == 1


def test_only_records_of_a_kind_when_asked(shared: Connection) -> None:
    customer_id = registered(shared, "Wanda Wolke")
    lead_id, _ = told(shared, "lead", captured("Wolke 7"), customer_id=customer_id)
    assert found(shared, "wolke", stream_type="lead") == [lead_id]
    assert found(shared, "wolkke", stream_type="customer") == [customer_id]


def test_without_trigrams_what_is_written_is_found(connection: Connection) -> None:
    connection.execute("DROP EXTENSION pg_trgm CASCADE")
    ann = registered(connection, "Ann Example")
    assert found(connection, "exam") == [ann]
    assert found(connection, "exampel") == []
    assert is_its_replay(connection, "search")


def test_the_live_rows_are_those_of_a_replay(shared: Connection) -> None:
    assert is_its_replay(shared, "search")
