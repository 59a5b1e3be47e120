"""People from a file: those who speak for a customer, and those who are customers themselves."""

import pytest

from domain.contact_point import ContactPoint
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerRegistered,
)
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "id"
name = { templates = ["{first} {last}", "{last}"] }
customer = { column = "company", by = "external_id" }
role = { column = "part", values = { Boss = "decision_maker", User = "user", "" = "" } }
contact_points = [{ kind = "email", column = "mail" }, { kind = "phone", column = "phone", region = "DE" }]
"""
HEADER = "id,first,last,company,part,mail,phone"
EVA = "P1,Eva,Brook,C7,Boss,eva@hill.example,030 901820"
IDA = "P2,,Lind,C7,,,"


def test_people_speak_for_the_customer_whom_their_row_names(house: House) -> None:
    report = house.take_in("people", MAPPING, HEADER, EVA, IDA)
    assert counts(report) == (2, 0, 0, 0)
    registered, eva, mail, phone, ida = house.events(house.id_of("customer", "C7"))
    assert registered == CustomerRegistered(kind="organisation", name="C7", external_ids={"erp": "C7"})
    assert eva == CustomerContactPersonAdded(
        person_id=house.id_of("person", "P1"), name="Eva Brook", role="decision_maker"
    )
    assert isinstance(mail, CustomerContactPointAdded)
    assert isinstance(phone, CustomerContactPointAdded)
    assert mail.person_id == phone.person_id == house.id_of("person", "P1")
    assert isinstance(phone.value, ContactPoint)
    assert phone.value.normalised == "+4930901820"
    assert ida == CustomerContactPersonAdded(person_id=house.id_of("person", "P2"), name="Lind")
    with house.store.pool.connection() as connection:
        subjects = "SELECT DISTINCT subject_id FROM log.personal_data WHERE subject_id <> customer_id ORDER BY 1"
        found = {row["subject_id"] for row in connection.execute(subjects)}
    assert {house.id_of("person", "P1"), house.id_of("person", "P2")} <= found


def test_only_what_the_file_says_differently_is_recorded(house: House) -> None:
    house.take_in("people", MAPPING, HEADER, EVA, IDA)
    assert counts(house.take_in("people", MAPPING, HEADER, EVA, IDA)) == (0, 0, 2, 0)
    newer = EVA.replace("Boss", "User").replace("eva@", "brook@")
    assert counts(house.take_in("people", MAPPING, HEADER, newer, IDA.replace("Lind", "Linde"))) == (0, 2, 0, 0)
    role, mail, name = house.events(house.id_of("customer", "C7"))[5:]
    assert role == CustomerContactPersonRoleAssigned(person_id=house.id_of("person", "P1"), role="user")
    assert isinstance(mail, CustomerContactPointCorrected)
    assert name == CustomerContactPersonAdded(person_id=house.id_of("person", "P2"), name="Linde")
    names = {row["name"]: row["role"] for row in house.rows("SELECT name, role FROM contact_person")}
    assert names == {"Eva Brook": "user", "Linde": None}


def test_who_was_removed_here_does_not_come_back_with_the_file(house: House) -> None:
    house.take_in("people", MAPPING, HEADER, EVA)
    firm = house.id_of("customer", "C7")
    house.add("customer", firm, CustomerContactPersonRemoved(person_id=house.id_of("person", "P1")))
    assert counts(house.take_in("people", MAPPING, HEADER, EVA.replace("Boss", "User"))) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P3,,,C7,,,", "does not say what the person is called"),
        ("P3,Eva,Brook,,,,", "does not say whose it is"),
        ("P3,Eva,Brook,C7,Friend,,", "'Friend' in column part is not one of"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused(house: House, row: str, reason: str) -> None:
    report = house.take_in("people", MAPPING, HEADER, row, IDA)
    assert counts(report) == (1, 0, 0, 1)
    assert reason in refused(report)[0][1]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("people", MAPPING, HEADER, IDA)
    before = house.known()
    report = house.take_in("people", MAPPING, HEADER, EVA, IDA.replace("Lind", "Linde"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("people", MAPPING, HEADER, EVA)) == (1, 0, 0, 0)


def test_without_a_customer_a_person_is_one_herself(house: House) -> None:
    mapping = MAPPING.replace('customer = { column = "company", by = "external_id" }', "")
    mapping = mapping.replace(
        'role = { column = "part", values = { Boss = "decision_maker", User = "user", "" = "" } }', ""
    )
    assert counts(house.take_in("people", mapping, HEADER, EVA, IDA)) == (2, 0, 0, 0)
    kinds = {row["name"]: row["kind"] for row in house.rows("SELECT name, kind FROM customer_360")}
    assert kinds == {"Eva Brook": "person", "Lind": "person"}
    assert counts(house.take_in("people", mapping, HEADER, EVA, IDA)) == (0, 0, 2, 0)
