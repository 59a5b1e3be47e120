"""Contact points: what people really write, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.contact_point import (
    LONGEST,
    ContactPoint,
    ContactPointEmpty,
    ContactPointKind,
    ContactPointTooLong,
    PersonalContactPoint,
    contact_point,
)
from domain.event import FORGOTTEN, Event, personal_fields
from tests.domain.histories import patient

KINDS: list[ContactPointKind] = ["email", "phone", "postal", "social"]
written_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
like_phones = st.text("+0123456789 ()-/.x", min_size=1, max_size=24)
like_addresses = st.from_regex(r"\A[A-Za-zäöüßΣ.'\"+ -]{1,12}@[A-Za-zäöüß-]{1,10}\.(de|COM|рф)\Z")

BERLIN = "+49301234567"


class Reached(Event):
    """An event with a contact point in it."""

    point: PersonalContactPoint

    def in_words(self) -> str:
        return "Reached"


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("030 1234567", "DE", BERLIN),
        ("030 1234567", "de", BERLIN),
        ("030/123 45 67", "DE", BERLIN),
        ("+49 (0)30 1234567", None, BERLIN),
        ("0049 30 1234567", "DE", BERLIN),
        ("011 49 30 1234567", "US", BERLIN),
        ("tel:+49-30-1234567", None, BERLIN),
        ("\u202a+49 30 1234567\u202c", None, BERLIN),  # copied from an address book
        ("\u200b\u00a0030 1234567\ufeff\n", "DE", BERLIN),
        ("＋４９　３０　１２３４５６７", None, BERLIN),
        ("٠٣٠١٢٣٤٥٦٧", "DE", BERLIN),
        ("+49 30 1234567", "US", BERLIN),
        ("(212) 555-0123", "US", "+12125550123"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+39 02 2345678", None, "+39022345678"),  # an Italian zero stays
        ("+800 1234 5678", None, "+80012345678"),
    ],
)
def test_a_phone_number_is_normalised_to_e164(written: str, region: str | None, expected: str) -> None:
    point = contact_point("phone", written, region)
    assert point == ContactPoint(kind="phone", as_written=written, normalised=expected, comparable=expected)
    assert not point.unreadable


@pytest.mark.parametrize("written", ["+49 30 1234567 ext. 12", "+49 30 1234567 x12", "tel:+49-30-1234567;ext=12"])
def test_the_extension_of_a_phone_number_is_kept_beside_it(written: str) -> None:
    point = contact_point("phone", written)
    assert (point.normalised, point.comparable, point.extension) == (BERLIN, BERLIN, "12")


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("030 1234567", None),  # from where?
        ("030 1234567", "ZZ"),
        ("n/a", "DE"),
        ("112", "DE"),
        ("12345", "DE"),
        ("030 1234567 / 0171 1234567", "DE"),
        ("ask Anna", "DE"),
        ("+1 555 0100", None),
        ("+49 171 1234567 (mobile)", None),
        ("1" * 300, "DE"),
    ],
)
def test_what_is_no_phone_number_is_kept_and_flagged(written: str, region: str | None) -> None:
    point = contact_point("phone", written, region)
    assert point == ContactPoint(kind="phone", as_written=written)
    assert point.unreadable


@pytest.mark.parametrize(
    ("written", "normalised", "comparable"),
    [
        ("Anna.Meier@Example.COM", "Anna.Meier@example.com", "anna.meier@example.com"),
        (" anna@x.de\t", "anna@x.de", "anna@x.de"),
        ("anna@x.de\u200b", "anna@x.de", "anna@x.de"),
        ("mailto:anna@x.de", "anna@x.de", "anna@x.de"),
        ("MAILTO:Anna@x.de", "Anna@x.de", "anna@x.de"),
        ("Anna Meier <anna@x.de>", "anna@x.de", "anna@x.de"),
        ('"Meier, Anna" <Anna@x.de>', "Anna@x.de", "anna@x.de"),
        ("<anna@x.de>", "anna@x.de", "anna@x.de"),
        ("Anna+crm@x.de", "Anna+crm@x.de", "anna+crm@x.de"),
        ("o'brien@x.ie", "o'brien@x.ie", "o'brien@x.ie"),
        (f"{'a' * 70}@x.de", f"{'a' * 70}@x.de", f"{'a' * 70}@x.de"),  # longer than the standard allows
        ('"John Doe"@example.com', '"John Doe"@example.com', '"john doe"@example.com'),
        ("anna@München.de", "anna@münchen.de", "anna@xn--mnchen-3ya.de"),
        ("anna@xn--mnchen-3ya.de", "anna@münchen.de", "anna@xn--mnchen-3ya.de"),
        ("Jo\u0308rg@x.de", "J\u00f6rg@x.de", "j\u00f6rg@x.de"),
        ("Анна@пример.рф", "Анна@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
        ("anna@straße.de", "anna@straße.de", "anna@xn--strae-oqa.de"),
    ],
)
def test_an_email_address_is_normalised_and_compared_without_case(
    written: str, normalised: str, comparable: str
) -> None:
    point = contact_point("email", written)
    assert point == ContactPoint(kind="email", as_written=written, normalised=normalised, comparable=comparable)
    assert not point.unreadable


@pytest.mark.parametrize(
    "written",
    [
        "anna",
        "anna@gmail",
        "anna@x,de",
        "anna at x.de",
        "anna @x.de",
        "anna@x.de; bob@x.de",
        "anna@x.de.",
        "a..b@x.de",
        "anna@[192.168.0.1]",
        "anna@printer.local",
        "@x.de",
        "none",
        "x" * 300 + "@x.de",
    ],
)
def test_what_is_no_email_address_is_kept_and_flagged(written: str) -> None:
    point = contact_point("email", written)
    assert point == ContactPoint(kind="email", as_written=written)
    assert point.unreadable


@pytest.mark.parametrize("kind", ["postal", "social"])
def test_postal_addresses_and_social_accounts_stay_as_written_without_a_flag(kind: ContactPointKind) -> None:
    point = contact_point(kind, " @anna\nMarktplatz 1 ", "DE")
    assert point == ContactPoint(kind=kind, as_written=" @anna\nMarktplatz 1 ")
    assert not point.unreadable


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", ["", " ", "\u00a0\n", "\u200e \u200f"])
def test_nothing_is_refused(kind: ContactPointKind, written: str) -> None:
    with pytest.raises(ContactPointEmpty):
        contact_point(kind, written)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_too_long_is_refused(kind: ContactPointKind) -> None:
    assert contact_point(kind, "x" * LONGEST).as_written == "x" * LONGEST
    with pytest.raises(ContactPointTooLong, match=r"has 1001 characters; it may have 1000\."):
        contact_point(kind, "x" * (LONGEST + 1))


@patient
@given(st.sampled_from(KINDS), written_texts | like_phones | like_addresses, st.sampled_from([None, "DE", "US", "??"]))
def test_whatever_is_written_is_kept(kind: ContactPointKind, written: str, region: str | None) -> None:
    try:
        point = contact_point(kind, written, region)
    except ContactPointEmpty:
        return
    assert point.as_written == written
    assert (point.normalised is None) == (point.comparable is None)
    assert ContactPoint.model_validate_json(point.model_dump_json()) == point
    if point.normalised:
        again = contact_point(kind, point.normalised)
        assert (again.normalised, again.comparable) == (point.normalised, point.comparable)


def test_a_contact_point_in_an_event_is_personal_and_can_be_forgotten() -> None:
    assert personal_fields(Reached) == {"point"}
    event = Reached(point=contact_point("email", "anna@x.de"))
    assert Reached.model_validate_json(event.model_dump_json()) == event
    assert Reached.model_validate({"point": {"forgotten": True}}).point == FORGOTTEN


def test_a_contact_point_is_never_changed() -> None:
    with pytest.raises(ValidationError):
        contact_point("email", "anna@x.de").__setattr__("normalised", "bob@x.de")
