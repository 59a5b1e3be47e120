"""The cards of every address book give its names, addresses and numbers, as a reader of the files finds them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from api.imports.lines import FileFormat
from api.imports.source import lines_of, look_over

DOE = {"given_name": "John", "family_name": "Doe", "prefix": "Mr.", "suffix": "Sr.", "nickname": "Johny"}
NEW_YORK = {"city": "New York", "region": "New York", "postal_code": "12345", "country": "United States of America"}
APPLE = {
    **DOE,
    **NEW_YORK,
    "organisation": "IBM",
    "department": "Accounting",
    "title": "Money Counter",
    "email": "john.doe@ibm.com",
    "address": "Silicon Alley 5, New York, New York, 12345, United States of America",
    "address_2": "Street4, Building 6, Floor 8, New York, 12345, USA",
    "website": "http://www.ibm.com",
    "birthday": "2012-06-06",
}
FAXES_OF_APPLE = "905-888-1234 home fax, 905-999-1234 work fax"

CARDS: Mapping[str, list[Mapping[str, str]]] = {
    "John_Doe_ANDROID": [
        {"name": "", "email": "john.doe@company.com", "categories": "My Contacts"},
        {"name": "", "email": "jane.doe@company.com", "categories": "My Contacts"},
        {"name": "Ñ Ñ Ñ Ñ Ñ", "family_name": "Ñ Ñ Ñ Ñ", "phones": "123456789 mobile"},
        {
            "name": " ".join("Ñ" * 11),
            "family_name": " ".join("Ñ" * 11),
            "phones": "123456 mobile, 234567 home, 3456789 mobile, 45678901 home",
        },
        {
            "name": "Ñ Ñ Ñ Ñ",
            "family_name": "Ñ Ñ",
            "given_name": "Ñ Ñ Ñ",
            "email": "bob@company.com",
            "email_2": "Ñ" * 14,
            "organisation": "Ñ" * 12,
            "phones": "123456 mobile, 123456 work, 123456 work fax",
            "website": "www.company.com",
        },
        {"name": "ÑÑÑÑ", "email": "henry@company.com", "organisation": "Ñ" * 44, "phones": "55556666 mobile"},
    ],
    "John_Doe_BLACK_BERRY": [
        {
            "name": "John Doe",
            "given_name": "john",
            "family_name": "Doe",
            "organisation": "Acme Solutions",
            "phones": "+96123456789 mobile",
            "note": "",
        }
    ],
    "John_Doe_EVOLUTION": [
        {
            **DOE,
            **NEW_YORK,
            "uid": "477343c8e6bf375a9bac1f96a5000837",
            "name": "Mr. John Richter, James Doe Sr.",
            "additional_name": "Richter, James",
            "organisation": "IBM",
            "department": "Accounting, Dungeon",
            "email": "john.doe@ibm.com",
            "phones": "905-666-1234 mobile, 905-555-1234 work",
            "po_box": "ASB-123",
            "street": "15 Crescent moon drive",
            "city": "Albaney",
            "website": "http://www.ibm.com",
            "birthday": "1980-03-22",
            "categories": "VIP",
            "revised_at": "2012-03-05T13:32:54Z",
        }
    ],
    "John_Doe_GMAIL": [
        {
            "name": "Mr. John Richter, James Doe Sr.",
            "given_name": "John",
            "additional_name": "Richter, James",
            "email": "john.doe@ibm.com",
            "phones": "905-555-1234 mobile, 905-666-1234 home",
            "address": "Crescent moon drive, 555-asd, Nice Area, Albaney, New York 12345, United States of America",
            "website": "http://www.ibm.com",
            "birthday": "1980-03-22",
        }
    ],
    "John_Doe_IPHONE": [
        {
            **APPLE,
            "name": "Mr. John Richter James Doe Sr.",
            "additional_name": "Richter, James",
            "phones": "905-555-1234 mobile, 905-666-1234 home, 905-777-1234 work, 905-111-1234 pager,"
            f" 905-222-1234 AssistantPhone, {FAXES_OF_APPLE}",
        }
    ],
    "John_Doe_LOTUS_NOTES": [
        {
            "uid": "0e7602cc-443e-4b82-b4b1-90f62f99a199",
            "name": "Mr. Doe John I Johny",
            "nickname": "Johny,JayJay",
            "organisation": "IBM",
            "department": "SUN",
            "role": "Counting Money",
            "email": "john.doe@ibm.com",
            "email_2": "billy_bob@gmail.com",
            "phones": "+1 (212) 204-34456 mobile, 00-1-212-555-7777 work fax",
            "street": "25334\nSouth cresent drive, Building 5, 3rd floo r",
            "city": "New York",
            "postal_code": "NYC887",
            "country": "U.S.A.",
            "birthday": "1980-05-21",
        }
    ],
    "John_Doe_MAC_ADDRESS_BOOK": [
        {
            **APPLE,
            "name": "Mr. John Richter,James Doe Sr.",
            "additional_name": "Richter,James",
            "phones": "905-777-1234 work, 905-666-1234 home, 905-555-1234 mobile, 905-111-1234 pager,"
            f" 905-222-1234 AssistantPhone, {FAXES_OF_APPLE}",
        }
    ],
    "John_Doe_MS_OUTLOOK": [
        {
            **DOE,
            "name": "Mr. John Richter James Doe Sr.",
            "email": "john.doe@ibm.cm",
            "phones": "(905) 555-1234 work, (905) 666-1234 home",
            "address": "Cresent moon drive, Albaney, New York, 12345, United States of America",
            "address_2": "Silicon Alley 5, New York, New York, 12345, United States of America",
            "birthday": "1980-03-22",
            "revised_at": "2012-03-05T13:19:33Z",
        }
    ],
    "fullcontact": [
        {
            "name": "Prefix FirstName MiddleName LastName Suffix",
            "organisation": "Organization1",
            "department": "Department1",
            "title": "Title1",
            "email": "home@example.com",
            "email_5": "custom@example.com",
            "phones": "555-555-1111 home, 555-555-1112 work, 555-555-1113 mobile, 555-555-1114 mobile, 555-555-1115,"
            " 555-555-1118, 555-555-1119, 555-555-1116 home fax, 555-555-1117 work fax",
            "street": "HomeStreet",
            "country": "HomeCountry",
            "birthday": "2016-08-01",
            "note": "Notes line 1\nNotes line 2",
        }
    ],
    "gmail-list": [
        {"name": "Arnold Smith", "email": "asmithk@gmail.com"},
        {"name": "Chris Beatle", "email": "chrisy55d@yahoo.com"},
        {"name": "Doug White", "email": "dwhite@gmail.com"},
    ],
    "gmail-single": [
        {
            "name": "Greg Dartmouth",
            "phones": "555 555 1111 mobile, 555 555 2222 GRAND_CENTRAL",
            "address": "123 Home St, Home City, HM 12345",
            "address_2": "321 Custom St, Custom City, TX, 98765, USA",
            "note": "This is GMail's note field.\nIt should be added as a NOTE type.\nACustomField: CustomField",
        }
    ],
    "gmail-single2": [
        {
            "name": "VCard Test",
            "email": "email@example.com",
            "email_5": "customcategory@example.com",
            "phones": "5555551111, 5555551112 home, 5555551113 work, 5555551114, 5555551115 mobile, 5555551116 main,"
            " 5555551119 GRAND_CENTRAL, 5555551120 pager, 5555551121 CustomePhoneCategory, 5555551117 home fax,"
            " 5555551118 work fax",
            "address": "111 Main St, NY, New York, 10011",
            "website": "http://www.example1.com",
        }
    ],
    "issue114": [
        {
            "name": "Dummy, Dummy",
            "email": "dummy.dummy@dummy.com",
            "phones": "+49 1234 56789 mobile, +49 9876 54321 work",
            "street": "Dummy-Dummy-Strasse 1",
            "city": "Bad Homburg",
            "postal_code": "61352",
            "country": "Germany",
        }
    ],
    "outlook-2003": [
        {
            "name": "John Doe III",
            "organisation": "Company, The",
            "email": "jdoe@hotmail.com",
            "phones": "BusinessPhone work, HomePhone home, MobilePhone mobile, BusinessFaxPhone work fax",
            "address": "TheOffice, 123 Main St, Austin, TX, 12345, United States of America",
            "note": "This is the note field!!\nSecond line\n\nThird line is empty",
        }
    ],
    "outlook-2007": [
        {
            "name": "Mr. Michael Angstadt Jr.",
            "email": "mike.angstadt@gmail.com",
            "phones": "(111) 555-1111 work, (111) 555-2222 home, (111) 555-4444 mobile, (111) 555-3333 work fax",
            "address": "TheOffice, 222 Broadway, New York, NY, 99999, USA",
            "note": "This is the NOTE field\t\nI assume it encodes this text inside a NOTE vCard type.\n"
            "But I'm not sure because there's text formatting going on here.\nIt does not preserve the formatting",
        }
    ],
    "rfc2426-example": [
        {
            "name": "Frank Dawson",
            "organisation": "Lotus Development Corporation",
            "email": "Frank_Dawson@Lotus.com",
            "email_2": "fdawson@earthlink.net",
            "phones": "+1-919-676-9515 work, +1-919-676-9564 work fax",
            "address": "6544 Battleford Drive, Raleigh, NC, 27613-3502, U.S.A.",
        },
        {
            "name": "Tim Howes",
            "phones": "+1-415-937-3419 work, +1-415-528-4164 work fax",
            "address": "501 E. Middlefield Rd., Mountain View, CA, 94043, U.S.A.",
        },
    ],
    "rfc6350-example": [
        {
            "name": "Simon Perreault",
            "suffix": "ing. jr, M.Sc.",
            "email": "simon.perreault@viagenie.ca",
            "phones": "+1-418-656-9254;ext=102 work, +1-418-262-6501 mobile work",
            "address": "Suite D2-630, 2875 Laurier, Quebec, QC, G1V 2M2, Canada",
        }
    ],
    "thunderbird-MoreFunctionsForAddressBook-extension": [
        {
            "name": "John Doe",
            "email": "doe.john@hotmail.com",
            "email_5": "additional-email3@company.com",
            "phones": "555-555-1111 work, 555-555-2222 home, 555-555-5555 mobile, 555-555-4444 pager, 555-555-3333 fax",
            "address": "222 Broadway, Suite 100, New York, NY, 98765, USA",
            "categories": "category1, category2, category3",
            "note": "This is the notes field.\nSecond Line\n\nFourth Line\n"
            'You can put anything in the "note" field; even curse words.',
        }
    ],
    "vobject_radicale-1587": [{"name": "Given Family", "additional_name": "Additional", "phones": ""}],
}


def read(path: Path) -> list[dict[str, str]]:
    """The cards, each with its phones in one text."""
    source = look_over(path, FileFormat())
    found = []
    for line in lines_of(source):
        assert line.trouble is None
        cells = dict(zip(source.header, line.cells, strict=True))
        kinds = [name for name in source.header if name.startswith("phone_kind")]
        phones = [(cells[kind.replace("_kind", "")], cells[kind]) for kind in kinds]
        found.append(cells | {"phones": ", ".join(f"{number} {kind}".strip() for number, kind in phones if number)})
    return found


@pytest.mark.parametrize("name", CARDS)
def test_the_cards_of_every_program_are_read(oracle_data: Path, name: str) -> None:
    found = read(oracle_data / "vcard" / f"{name}.vcf")
    assert [{key: card[key] for key in wanted} for card, wanted in zip(found, CARDS[name], strict=True)] == CARDS[name]


def test_no_program_is_left_out(oracle_data: Path) -> None:
    assert {path.stem for path in (oracle_data / "vcard").glob("*.vcf")} == CARDS.keys()
