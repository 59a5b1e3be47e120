"""Who may be on record twice is found by what two customers have in common, and by names that are alike."""

from uuid import UUID, uuid4

import pytest

from domain.contact_point import ContactPointKind, contact_point
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerContactPointRemoved,
    CustomerRegistered,
    CustomerRelatedTo,
    CustomerRelationEnded,
)
from domain.event import CustomerId
from eventstore.database import Connection
from eventstore.fence import horizon
from projections import duplicates as module
from projections.duplicates import Candidate, all_duplicates, duplicates, names_alike
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import advance, catch_up
from tests.projections.records import forget, merged, tell, told, unmerged

POINT, PERSON = uuid4(), uuid4()


def point(written: str, kind: ContactPointKind = "email", person_id: UUID | None = None) -> CustomerContactPointAdded:
    value = contact_point(kind, written, "DE")
    return CustomerContactPointAdded(point_id=POINT, kind=value.kind, value=value, person_id=person_id)


def customer(
    connection: Connection, name: str, *events: CustomerContactPointAdded | CustomerContactPersonAdded, **ids: str
) -> UUID:
    registered = CustomerRegistered(kind="organisation", name=name, external_ids=ids)
    return told(connection, "customer", registered, *events)[0]


def found(connection: Connection) -> dict[frozenset[UUID], Candidate]:
    catch_up(connection)
    candidates = all_duplicates(connection, 100, sight=EVERYTHING)
    assert len({(one.customer_id, one.other_id) for one in candidates}) == len(candidates)
    assert all(one.customer_id < one.other_id for one in candidates)
    return {frozenset((one.customer_id, one.other_id)): one for one in candidates}


def the_only(connection: Connection, *ids: UUID) -> Candidate:
    pairs = found(connection)
    assert pairs.keys() == {frozenset(ids)}
    return pairs[frozenset(ids)]


def test_an_address_in_common_is_a_sign_however_it_is_written(connection: Connection) -> None:
    one = customer(connection, "Brook", point("Info@Brook.example"))
    other = customer(connection, "Xyz", point("info@brook.EXAMPLE"))
    pair = the_only(connection, one, other)
    assert (pair.reasons, pair.score) == (("same e-mail",), 0.9)
    assert {pair.name, pair.other_name} == {"Brook", "Xyz"}
    assert (pair.status, pair.other_status) == ("prospect", "prospect")


def test_a_number_in_common_is_a_sign_however_it_is_written(connection: Connection) -> None:
    numbers = ("0221 123456", "+49 (221) 12 34 56")
    pairs = zip(("Ab", "Xy"), numbers, strict=True)
    ids = [customer(connection, name, point(number, "phone")) for name, number in pairs]
    assert the_only(connection, *ids).reasons == ("same phone",)


def test_an_external_id_in_another_system_is_a_sign_unless_it_is_short(connection: Connection) -> None:
    ids = [customer(connection, "Brook", erp="K-100"), customer(connection, "Xyz", shop="k-100")]
    customer(connection, "Quince", shop="123")
    customer(connection, "Fennel", erp="123")
    assert the_only(connection, *ids).reasons == ("same external id in another system",)


def test_names_that_are_alike_are_a_sign(connection: Connection) -> None:
    ids = [customer(connection, "Müller & Söhne GmbH"), customer(connection, "Muller und Sohne AG")]
    customer(connection, "Meier AG")
    pair = the_only(connection, *ids)
    percent = int(names_alike("muller & sohne gmbh", "muller und sohne ag"))
    assert pair.reasons == (f"names alike {percent} %",)
    assert 0.8 * percent / 100 <= pair.score < 0.8


def test_the_same_name_is_a_sign_and_signs_add_up(connection: Connection) -> None:
    ids = [customer(connection, "Brook Ltd", point("a@b.example")), customer(connection, "BROOK", point("a@b.example"))]
    pair = the_only(connection, *ids)
    assert pair.reasons == ("same e-mail", "same name")
    assert pair.score == pytest.approx(1 - 0.1 * 0.2)


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("ann lee", "lee, ann", 100, 100),
        ("acme inc", "acme gmbh", 100, 100),
        ("jonathan smith", "jonathon smith", 90, 99),
        ("meier gmbh", "maler gmbh", 0, 84),
        ("gmbh", "ag", 0, 84),
        ("!!", "??", 0, 0),
    ],
)
def test_names_are_alike_whatever_their_order_and_legal_form(one: str, other: str, least: int, most: int) -> None:
    assert least <= names_alike(one, other) <= most


def test_contact_persons_in_common_are_a_weaker_sign(connection: Connection) -> None:
    person = CustomerContactPersonAdded(person_id=PERSON, name="Ann")
    shared = point("ann@adviser.example", person_id=PERSON)
    ids = [customer(connection, "Brook", person, shared), customer(connection, "Xyz", point("ann@adviser.example"))]
    pair = the_only(connection, *ids)
    assert (pair.reasons, pair.score) == (("same e-mail of a contact person",), 0.5)


def test_what_many_have_in_common_is_no_sign(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ALIKE", 2)
    for name in ("Brook", "Quince", "Fennel"):
        customer(connection, name, point("0221 123456", "phone"))
    assert found(connection) == {}


def test_what_is_no_longer_so_is_no_sign(connection: Connection) -> None:
    one = customer(connection, "Brook", point("a@b.example"))
    other = customer(connection, "Xyz", point("a@b.example"))
    the_only(connection, one, other)
    tell(connection, other, CustomerContactPointRemoved(point_id=POINT))
    assert found(connection) == {}


def test_who_was_merged_is_one_with_her_survivor_until_that_is_reverted(connection: Connection) -> None:
    one, other, third = (customer(connection, name, point("a@b.example")) for name in ("Brook", "Xyz", "Quince"))
    merge_id = merged(connection, "customer", other, one)
    the_only(connection, one, third)
    unmerged(connection, "customer", merge_id, other, one)
    assert len(found(connection)) == 3


def test_who_was_forgotten_is_nobodys_duplicate(connection: Connection) -> None:
    one = customer(connection, "Brook", point("a@b.example"), erp="K-100")
    customer(connection, "Brook", point("a@b.example"), shop="K-100")
    forget(connection, one)
    assert found(connection) == {}


def test_who_was_forgotten_is_nobodys_duplicate_where_search_still_lags_behind(connection: Connection) -> None:
    one, other = customer(connection, "Brook"), customer(connection, "Brook")
    the_only(connection, one, other)
    forget(connection, other)
    advance(connection, read_models()["customer_360"], horizon(connection))
    assert all_duplicates(connection, 100, sight=EVERYTHING) == []


def test_who_is_known_to_be_somebody_else_is_no_duplicate(connection: Connection) -> None:
    one, other = customer(connection, "Brook North"), customer(connection, "Brook North")
    branch = CustomerRelatedTo(other_id=CustomerId(other), kind="branch")
    tell(connection, one, branch)
    assert found(connection) == {}
    tell(connection, one, CustomerRelationEnded(other_id=CustomerId(other), kind="branch"))
    the_only(connection, one, other)


def test_pages_give_each_pair_once(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    monkeypatch.setattr(module, "_MOST_LOOKED_AT", 4)
    for number in range(9):
        customer(connection, "Brook", point(f"{number % 3}@b.example"))
    catch_up(connection)
    whole = [(one.customer_id, one.other_id) for one in all_duplicates(connection, 100, sight=EVERYTHING)]
    assert whole == sorted(whole)
    assert len(whole) == 36
    pages, after = list[tuple[UUID, UUID]](), module.FIRST
    while True:
        page = duplicates(connection, limit=5, after=after, sight=EVERYTHING)
        assert len(page.candidates) <= 5
        pages += [(one.customer_id, one.other_id) for one in page.candidates]
        if page.go_on is None:
            break
        after = page.go_on
    assert pages == whole


def test_a_call_looks_at_some_customers_only_and_says_where_to_go_on(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    monkeypatch.setattr(module, "_MOST_LOOKED_AT", 4)
    ids = sorted(customer(connection, f"{letter * 9}") for letter in "abcdefg")
    catch_up(connection)
    page = duplicates(connection, limit=5, sight=EVERYTHING)
    assert (page.candidates, page.go_on and page.go_on[0]) == ([], ids[3])


def test_without_trigrams_only_the_same_names_are_found(connection: Connection) -> None:
    ids = [customer(connection, name) for name in ("Müller", "Muller", "Mueller")]
    catch_up(connection)
    assert len(found(connection)) == 3
    connection.execute("DROP EXTENSION pg_trgm CASCADE")
    the_only(connection, *ids[:2])
