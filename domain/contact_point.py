"""Where a customer can be reached: kept as people write it, with one form beside it to reach and to compare by.

Nothing is refused for being odd. What cannot be read as a phone number or an e-mail address stays as it was written,
and is flagged; whether it would ring or arrive, nobody asks.
"""

import unicodedata
from typing import Annotated, Literal, TypeAlias

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from domain.event import Forgotten, Frozen, Personal, Refusal, Text

ContactPointKind: TypeAlias = Literal["email", "phone", "postal", "social"]

LONGEST = 1000
"""Characters in a contact point; a postal address has several lines."""


class ContactPoint(Frozen):
    """A contact point as written, and as it was read at that time.

    `normalised` is the number in E.164 (without its extension) or the address with its domain in small letters and the
    part before the @ in the writer's case; None where it could not be read, and for postal addresses and social
    accounts, which are not read. Two contact points of a kind with the same `comparable` are probably the same.
    """

    kind: ContactPointKind
    as_written: Text
    normalised: Text | None = None
    comparable: Text | None = None
    extension: Text | None = None

    @property
    def unreadable(self) -> bool:
        """The flag of a phone number or an e-mail address that could not be normalised."""
        return self.kind in ("phone", "email") and self.normalised is None


PersonalContactPoint: TypeAlias = Annotated[ContactPoint | Forgotten, Personal()]
"""A contact point in an event."""


class ContactPointEmpty(Refusal):
    """There is nothing in this contact point. Write down a number, an address or an account, or leave it out."""


class ContactPointTooLong(Refusal):
    """This contact point has {length} characters; it may have {longest}. Put what else there is to say into a note."""


def contact_point(kind: ContactPointKind, written: Text, region: str | None = None) -> ContactPoint:
    """The contact point behind what somebody wrote.

    `region` is the country (ISO 3166, such as DE) from which numbers without a country code are dialled; without it
    these cannot be normalised. Raises ContactPointEmpty, ContactPointTooLong.
    """
    text = _trimmed(written)
    if not text:
        raise ContactPointEmpty()
    if len(written) > LONGEST:
        raise ContactPointTooLong(length=len(written), longest=LONGEST)
    match kind:
        case "phone":
            return _phone(written, text, region)
        case "email":
            return _email(written, text)
        case _:
            return ContactPoint(kind=kind, as_written=written)


def _phone(written: str, text: str, region: str | None) -> ContactPoint:
    try:
        number = phonenumbers.parse(text, region.upper() if region else None)
    except NumberParseException:
        return ContactPoint(kind="phone", as_written=written)
    # a number of the right length alone is not enough: an order number or a date would often pass for one
    if not phonenumbers.is_valid_number(number):
        return ContactPoint(kind="phone", as_written=written)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return ContactPoint(
        kind="phone", as_written=written, normalised=e164, comparable=e164, extension=number.extension or None
    )


def _email(written: str, text: str) -> ContactPoint:
    address = text[len("mailto:") :] if text[: len("mailto:")].casefold() == "mailto:" else text
    try:
        read = validate_email(
            address, check_deliverability=False, allow_display_name=True, allow_quoted_local=True, strict=False
        )
    except EmailNotValidError:
        return ContactPoint(kind="email", as_written=written)
    # the domain as the network writes it, because folding its case would make another domain of straße.de
    comparable = f"{unicodedata.normalize('NFC', read.local_part.casefold())}@{read.ascii_domain}"
    return ContactPoint(kind="email", as_written=written, normalised=read.normalized, comparable=comparable)


def _trimmed(text: str) -> str:
    """Without blanks around it, also without those nobody sees: address books put direction marks around numbers."""
    begin, end = 0, len(text)
    while begin < end and _blank(text[begin]):
        begin += 1
    while begin < end and _blank(text[end - 1]):
        end -= 1
    return text[begin:end]


def _blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"
