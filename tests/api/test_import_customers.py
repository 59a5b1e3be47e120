"""Customers from a file: taken up once, corrected where the file is, left alone where people were."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from api.imports.run import ImportRefused
from api.store import append_to_workspace
from domain import workspace
from domain.contact_point import ContactPoint
from domain.custom_field import ChoicesValue, DateValue, MoneyValue, NumberValue
from domain.customer import (
    CustomerClassified,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerOwnerAssigned,
    CustomerRegistered,
    CustomerRenamed,
    CustomerTagged,
    CustomerUntagged,
)
from domain.event import MemberId
from domain.field_value import CustomFieldRecorded
from domain.money import Money
from domain.workspace import DefineCustomField, Workspace
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
zone = "Europe/Berlin"
[fields]
external_id = "id"
name = "name"
kind = { column = "kind", values = { Co = "organisation", Mrs = "person" } }
industry = "branch"
size = "size"
owner = "owner"
registered_at = "since"
tags = ["tags"]
contact_points = [
  { kind = "email", column = "mail", label = "work" },
  { kind = "phone", column = "phone", region = "DE" },
  { kind = "social", column = "web", label = "website" },
]
"""
HEADER = "id,name,kind,branch,size,owner,since,tags,mail,phone,web"
FIRM = "7,Hill  Bakery,Co,food,small,Ann,2026-01-05,key; gold,Info@Hill.example,030 901820,hill.example"
LADY = "8,Eva Brook,Mrs,,,,,,,,"


def test_a_row_becomes_a_customer_as_she_was_registered(house: House) -> None:
    report = house.take_in("customers", MAPPING, HEADER, FIRM, LADY)
    assert counts(report) == (2, 0, 0, 0)
    assert report.flagged == {"no_registration_date": 1}
    history = house.history(house.id_of("customer", "7"))
    assert {recorded.occurred_at for recorded in history} == {datetime(2026, 1, 4, 23, tzinfo=UTC)}
    registered, classified, *tags, mail, phone, web = [recorded.event for recorded in history]
    ann = MemberId(house.store.derived_id("member", "Ann"))
    assert registered == CustomerRegistered(
        kind="organisation", name="Hill Bakery", owner_id=ann, external_ids={"erp": "7"}
    )
    assert classified == CustomerClassified(industry="food", size="small")
    assert tags == [CustomerTagged(tag="key"), CustomerTagged(tag="gold")]
    assert isinstance(mail, CustomerContactPointAdded)
    assert isinstance(mail.value, ContactPoint)
    assert (mail.value.normalised, mail.label) == ("info@hill.example", "work")
    assert isinstance(phone, CustomerContactPointAdded)
    assert isinstance(phone.value, ContactPoint)
    assert phone.value.normalised == "+4930901820"
    assert isinstance(web, CustomerContactPointAdded)
    (person,) = house.events(house.id_of("customer", "8"))
    assert isinstance(person, CustomerRegistered)
    assert person.kind == "person"


def test_only_what_the_file_says_differently_is_recorded(house: House) -> None:
    house.take_in("customers", MAPPING, HEADER, FIRM, LADY)
    before = house.known()
    assert counts(house.take_in("customers", MAPPING, HEADER, FIRM, LADY)) == (0, 0, 2, 0)
    assert house.known() == before
    newer = FIRM.replace("Hill  Bakery", "Hill Bread").replace("small", "large").replace("Ann", "Bob")
    newer = newer.replace("key; gold", "gold;vip").replace("901820", "901821")
    assert counts(house.take_in("customers", MAPPING, HEADER, newer, LADY)) == (0, 1, 1, 0)
    renamed, classified, owner, untagged, tagged, corrected = house.events(house.id_of("customer", "7"))[7:]
    assert renamed == CustomerRenamed(name="Hill Bread")
    assert classified == CustomerClassified(industry="food", size="large")
    assert owner == CustomerOwnerAssigned(owner_id=MemberId(house.store.derived_id("member", "Bob")))
    assert (untagged, tagged) == (CustomerUntagged(tag="key"), CustomerTagged(tag="vip"))
    assert isinstance(corrected, CustomerContactPointCorrected)
    assert isinstance(corrected.value, ContactPoint)
    assert corrected.value.as_written == "030 901821"


def test_what_people_changed_since_is_left_alone(house: House) -> None:
    house.take_in("customers", MAPPING, HEADER, FIRM)
    firm = house.id_of("customer", "7")
    house.add(
        "customer", firm, CustomerRenamed(name="Hill"), CustomerClassified(size="huge"), CustomerUntagged(tag="key")
    )
    assert counts(house.take_in("customers", MAPPING, HEADER, FIRM)) == (0, 0, 1, 0)
    house.take_in("customers", MAPPING, HEADER, FIRM.replace("food", "catering"))
    assert house.events(firm)[-1] == CustomerClassified(size="huge", industry="catering")


def test_what_cannot_be_normalised_is_kept_as_written_and_flagged(house: House) -> None:
    odd = FIRM.replace("Info@Hill.example", "ask at the desk").replace("030 901820", "12")
    report = house.take_in("customers", MAPPING, HEADER, odd)
    assert counts(report) == (1, 0, 0, 0)
    assert report.flagged == {"unreadable_contact_point": 1}
    kept = house.rows("SELECT written, normalised FROM contact_point WHERE kind IN ('email', 'phone') ORDER BY kind")
    assert [(row["written"], row["normalised"]) for row in kept] == [("ask at the desk", None), ("12", None)]


def test_an_import_that_is_undone_leaves_all_as_it_was(house: House) -> None:
    house.take_in("customers", MAPPING, HEADER, LADY)
    before = house.known()
    report = house.take_in("customers", MAPPING, HEADER, FIRM, LADY.replace("Eva", "Ida"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("customers", MAPPING, HEADER, FIRM)) == (1, 0, 0, 0)


def test_what_people_built_upon_stays_and_the_rest_goes(house: House) -> None:
    report = house.take_in("customers", MAPPING, HEADER, FIRM)
    firm = house.id_of("customer", "7")
    house.add("customer", firm, CustomerRenamed(name="Hill"))
    assert not house.undo(report)
    left = [type(event) for event in house.events(firm)]
    assert CustomerContactPointAdded not in left
    assert CustomerRegistered in left


def test_a_dry_run_counts_and_records_nothing(house: House) -> None:
    house.take_in("customers", MAPPING, HEADER, FIRM)
    with house.store.pool.connection() as connection:
        before = connection.execute("SELECT max(position) AS last, count(*) FROM log.event").fetchone()
    rows = (
        FIRM.replace("food", "catering"),
        LADY.replace("8,", "9,").replace(",,,,", ",,,Zoe,", 1),
        "10,X,Dog,,,,,,,,",
    )
    report = house.take_in("customers", MAPPING, HEADER, *rows, dry_run=True)
    assert counts(report) == (1, 1, 0, 1)
    assert report.first_refused == [(4, "'Dog' in column kind is not one of: Co, Mrs.")]
    assert report.errors_file is None
    assert "Nothing was recorded" in str(report)
    assert "Line 4 is refused: 'Dog'" in str(report)
    assert report.as_json()["import_id"] is None
    with house.store.pool.connection() as connection:
        assert connection.execute("SELECT max(position) AS last, count(*) FROM log.event").fetchone() == before
    assert not list((house.store.settings.data / "imports").glob("*"))


def test_custom_fields_take_what_the_workspace_says(house: House) -> None:
    fields = [
        ("seats", "number", ()),
        ("ends", "date", ()),
        ("worth", "money", ()),
        ("likes", "choices", ("bread", "cake")),
    ]
    with house.store.pool.connection() as connection:
        for field_id, kind, choices in fields:
            defined = workspace.define_custom_field(
                Workspace(),
                DefineCustomField.model_validate(
                    {"noun": "customer", "field_id": field_id, "label": field_id, "kind": kind, "choices": choices}
                    | {"is_personal": False}
                ),
            )
            append_to_workspace(connection, None, defined)
    mapping = """date_formats = ["%d.%m.%Y"]
        [fields]
        external_id = "id"
        [fields.custom]
        seats = { column = "seats", written = "1.234,56" }
        ends = "ends"
        worth = { column = "worth", currency = "EUR" }
        likes = "likes"
    """
    header = "id,seats,ends,worth,likes"
    rows = ('7,"1.200,5",30.11.2026,12.50,cake; bread', "8,,,,wine", "9,,soon,,")
    report = house.take_in("customers", mapping, header, *rows)
    assert counts(report) == (1, 0, 0, 2)
    held = {
        event.field_id: event.value
        for event in house.events(house.id_of("customer", "7"))
        if isinstance(event, CustomFieldRecorded)
    }
    assert held == {
        "seats": NumberValue(value=Decimal("1200.5")),
        "ends": DateValue(value=date(2026, 11, 30)),
        "worth": MoneyValue(value=Money(amount=Decimal("12.5"), currency="EUR")),
        "likes": ChoicesValue(value=("bread", "cake")),
    }
    assert counts(house.take_in("customers", mapping, header, *rows)) == (0, 0, 1, 2)
    reasons = dict(refused(report))
    assert "Its choices are: bread, cake" in reasons[3]
    assert "is no date" in reasons[4]
    with pytest.raises(ImportRefused, match=r"fields\.custom\.seat does not fit: There is no such custom field"):
        house.take_in("customers", mapping.replace("seats =", "seat =", 1), header, *rows)


LEADS = """
[fields]
external_id = "deal"
title = "title"
customer = { column = "whose", by = "external_id", name = "whose_name" }
captured_at = "at"
"""


def test_a_lead_finds_its_customer_by_external_id_or_registers_her(house: House) -> None:
    house.take_in("customers", MAPPING, HEADER, FIRM)
    lead = "deal,title,whose,whose_name,at"
    report = house.take_in("leads", LEADS, lead, "D1,Roof,7,Other name,2026-02-01", "D2,Wall,77,New Firm,2026-02-02")
    assert counts(report) == (2, 0, 0, 0)
    names = "SELECT l.title, c.name FROM lead AS l JOIN customer_360 AS c USING (customer_id) ORDER BY 1"
    assert [tuple(row.values()) for row in house.rows(names)] == [("Roof", "Hill Bakery"), ("Wall", "New Firm")]
    # and the customers' file, when it comes, tells of the same one
    later = house.take_in("customers", MAPPING, HEADER, "77,Newest Firm,Co,,,,,,,,")
    assert counts(later) == (0, 1, 0, 0)
    assert house.events(UUID(str(house.id_of("customer", "77"))))[-1] == CustomerRenamed(name="Newest Firm")


@pytest.mark.parametrize(("by", "whose"), [("email", "info@HILL.example"), ("phone", "+49 30 901820")])
def test_a_lead_finds_its_customer_where_she_is_reached(house: House, by: str, whose: str) -> None:
    house.take_in("customers", MAPPING, HEADER, FIRM)
    mapping = LEADS.replace('by = "external_id", name = "whose_name"', f'by = "{by}"')
    rows = (
        "deal,title,whose,at",
        f"D1,Roof,{whose},2026-02-01",
        "D2,Wall,odd,2026-02-01",
        "D3,Tor,x@y.example,2026-02-02",
    )
    report = house.take_in("leads", mapping, *rows)
    assert counts(report) == (1, 0, 0, 2)
    assert house.history(house.id_of("lead", "D1"))[0].customer_id == house.id_of("customer", "7")
    assert "by which the customer can be found" in refused(report)[0][1]


def test_who_is_not_on_record_is_registered_only_where_the_mapping_says_so(house: House) -> None:
    mapping = LEADS.replace('by = "external_id", name = "whose_name"', 'by = "email"')
    rows = ("deal,title,whose,at", "D1,Roof,eva@brook.example,2026-02-01", "D2,Wall,Eva@Brook.example,2026-02-02")
    report = house.take_in("leads", mapping, *rows)
    assert counts(report) == (0, 0, 0, 2)
    assert "There is no customer with this email on record" in refused(report)[0][1]
    willing = mapping.replace('by = "email"', 'by = "email", register = true')
    assert counts(house.take_in("leads", willing, *rows)) == (2, 0, 0, 0)
    assert len(house.rows("SELECT FROM customer_360")) == 1
