"""A mapping is guessed for any file, is accepted as it is, and says where it is not sure."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from api.imports.guess import GuessedKind, guess
from api.imports.guess.outcomes import stage_of, status_of
from api.imports.guess.roles import columns_by_role, system_of
from api.imports.kinds import KINDS
from api.imports.mapping import ImportRefused
from api.imports.mapping_file import load_mapping
from api.imports.run import ImportReport, import_file
from api.store import Store
from eventstore.database import connect
from replay.follow import catch_up


def guessed(folder: Path, content: str | bytes, name: str = "rows.csv", kind: GuessedKind | None = None) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return guess(path, kind)


def parsed(folder: Path, content: str | bytes, name: str = "rows.csv", kind: GuessedKind | None = None) -> Any:
    """The guess as data. Any: it is TOML."""
    return tomllib.loads(guessed(folder, content, name, kind))


LEADS = """Vorgangsnummer;Betreff;Firma;Verantwortlich;Phase;Eingang;Abschlussdatum;Betrag;Währung;Quelle
1;Dach;Müller GmbH;Ann;Angebot;03.02.2026;;1.200,50;EUR;Messe
2;Wand;Meier AG;Bo;Gewonnen;04.02.2026;17.03.2026;12.000,00;EUR;Web
3;Tür;Meier AG;Bo;Verloren;05.02.2026;18.03.2026;;EUR;Web
4;Tor;Schulz KG;Ann;Ganz was anderes;05.02.2026;;7,00;EUR;n/a
5;Tor;Schulz KG;Ann;Angebot;06.02.2026;;7,00;EUR;n/a
6;Tor;Schulz KG;Ann;Gewonnen;06.02.2026;07.03.2026;7,00;EUR;n/a
7;Tor;Schulz KG;Ann;Verloren;06.02.2026;07.03.2026;7,00;EUR;n/a
8;Tor;Schulz KG;Ann;Ganz was anderes;06.02.2026;;7,00;EUR;n/a
"""


def test_leads_in_german_are_understood(tmp_path: Path) -> None:
    assert parsed(tmp_path, LEADS.encode("cp1252"), "Offene Vorgänge.csv") == {
        "kind": "leads",
        "system": "offene-vorg-nge",
        "zone": "UTC",
        "empty": ["", "n/a"],
        "file": {"encoding": "cp1252", "delimiter": ";"},
        "fields": {
            "external_id": "Vorgangsnummer",
            "title": "Betreff",
            "customer": {"column": "Firma", "kind": "organisation"},
            "owner": "Verantwortlich",
            "source": "Quelle",
            "captured_at": {"column": "Eingang", "formats": ["%d.%m.%Y"]},
            "closed_at": {"column": "Abschlussdatum", "formats": ["%d.%m.%Y"]},
            "status": {
                "column": "Phase",
                "values": {
                    "Angebot": "open",
                    "Gewonnen": "won",
                    "Verloren": "lost",
                    "Ganz was anderes": "open",
                },
            },
            "stage": {
                "column": "Phase",
                "only_for": ["open"],
                "values": {"Angebot": "proposal", "Ganz was anderes": "new"},
            },
            "value": {"column": "Betrag", "written": "1.234,56"},
            "currency": {"column": "Währung"},
        },
    }
    text = guessed(tmp_path, LEADS)
    assert text.count('# Not sure.\n"Ganz was anderes" = ') == 2
    assert text.count("# Not sure.") == 2


def take_in(store: Store, folder: Path, file: Path) -> ImportReport:
    mapping = folder / "guessed.toml"
    mapping.write_text(guess(file), encoding="utf-8")
    return import_file(store, "leads", file, mapping, Console(quiet=True))


def test_what_is_guessed_is_accepted_as_it_is(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "vorgänge.csv"
    file.write_text(LEADS, encoding="utf-8")
    report = take_in(store, tmp_path, file)
    assert (report.created, report.refused, report.flagged) == (8, 0, {})


@pytest.mark.parametrize(
    ("cells", "formats", "remark"),
    [
        (["3/4/2026", "17/4/2026"], ["%d/%m/%Y"], None),
        (["3/4/2026", "4/17/2026"], ["%m/%d/%Y"], None),
        (["3/4/2026", "4/5/2026"], ["%d/%m/%Y"], "proves that it is %d/%m/%Y, and not %m/%d/%Y"),
        (["3/15/2024 2:30 PM", "2024-01-01 00:00"], ["%m/%d/%Y %I:%M %p", "iso"], None),
        (["2026-03-04T10:00:00.000Z", ""], ["iso"], None),
        (["1 Mar 2026", "12 Dec 2026"], ["%d %b %Y"], None),
        (["soon", "2026-01-01"], None, None),
    ],
)
def test_the_order_of_day_and_month_is_proven_or_not_sure(
    tmp_path: Path, cells: list[str], formats: list[str] | None, remark: str | None
) -> None:
    content = "deal id,created\n" + "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    field = parsed(tmp_path, content)["fields"].get("captured_at")
    assert (field and field["formats"]) == formats
    assert (remark or "proves") in guessed(tmp_path, content) if remark else "proves" not in guessed(tmp_path, content)


def test_another_column_proves_the_order_too(tmp_path: Path) -> None:
    content = "deal id,created,closed\n1,3/4/2026,5/17/2026\n2,1/2/2026,\n"
    fields = parsed(tmp_path, content)["fields"]
    assert fields["captured_at"]["formats"] == fields["closed_at"]["formats"] == ["%m/%d/%Y"]
    assert "proves" not in guessed(tmp_path, content)


@pytest.mark.parametrize(
    ("cells", "written", "unsure"),
    [
        (["1200.5", "7"], "1234.56", False),
        (["1,200.50", "7.00"], "1,234.56", False),
        (["1.200,50", "7,00"], "1.234,56", False),
        (["1 200,50", "7,00"], "1 234,56", False),
        (["1'200.50", "7.00"], "1'234.56", False),
        (["1.200", "7.000"], "1234.56", True),
        (["12 apples", "7"], None, False),
    ],
)
def test_how_amounts_are_written_is_seen(tmp_path: Path, cells: list[str], written: str | None, unsure: bool) -> None:
    content = "deal id,amount\n" + "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    assert parsed(tmp_path, content)["fields"].get("value", {}).get("written") == written
    assert ("may part thousands" in guessed(tmp_path, content)) is unsure


def test_people_are_customers_with_ways_to_reach_them(tmp_path: Path) -> None:
    content = "Vorname,Nachname,E-Mail,Telefon,Straße,PLZ,Ort\nAnn,Lee,ann@a.example,+49 221 1,Weg 1,50667,Köln\n"
    fields = parsed(tmp_path, content + "Bo,,bo@b.example,,,,\n")["fields"]
    assert fields == {
        "external_id": "E-Mail",
        "name": {"templates": ["{Vorname} {Nachname}", "{Nachname}", "{Vorname}"]},
        "kind": {"constant": "person"},
        "contact_points": [
            {"column": "E-Mail", "kind": "email"},
            {"column": "Telefon", "kind": "phone"},
            {"templates": ["{Straße}, {PLZ}, {Ort}", "{Straße}"], "kind": "postal"},
        ],
    }


def test_a_file_without_a_header_and_columns_between_blanks_are_seen(tmp_path: Path) -> None:
    found = parsed(tmp_path, " 00004 0001 19970101  2   29.33\n 00005 0001 19970118  2   9.73\n", "sample.txt")
    assert found["file"] == {
        "encoding": "utf-8-sig",
        "delimiter": " ",
        "columns": [f"column_{number}" for number in range(1, 6)],
    }
    assert parsed(tmp_path, "7,Ann,2026-01-01\n8,Bo,2026-01-02\n")["file"]["columns"] == [
        "column_1",
        "column_2",
        "column_3",
    ]
    assert parsed(tmp_path, "id,name,city\n1,Ann\n2,Bo,Rome\n")["file"]["short_rows"] == "padded"
    assert parsed(tmp_path, '{"id": 1, "name": "Ann"}\n', "a.jsonl")["file"] == {"format": "ndjson"}


@pytest.mark.parametrize(
    ("word", "status", "stage"),
    [
        ("Closed Won", "won", None),
        ("closedlost", "lost", None),
        ("Fechado e perdido", "lost", None),
        ("Unqualified", "disqualified", None),
        ("OPEN_DEAL", "open", "new"),
        ("Prospecting", "open", "new"),
        ("appointmentscheduled", "open", "contacted"),
        ("Id. Decision Makers", "open", "qualified"),
        ("Proposal/Price Quote", "open", "proposal"),
        ("Verhandlung", "open", "negotiation"),
    ],
)
def test_words_of_other_systems_have_a_meaning_here(word: str, status: str, stage: str | None) -> None:
    assert (status_of(word).meaning, status_of(word).is_sure) == (status, True)
    if stage:
        assert (stage_of(word).meaning, stage_of(word).is_sure) == (stage, True)


def test_the_columns_of_usual_exports_are_known() -> None:
    google = ["First Name", "Last Name", "E-mail 1 - Value", "Phone 1 - Value", "Organization Name"]
    assert {role: names[0] for role, names in columns_by_role(google).items()} == {
        "given_name": "First Name",
        "family_name": "Last Name",
        "email": "E-mail 1 - Value",
        "phone": "Phone 1 - Value",
        "organisation": "Organization Name",
    }
    assert system_of(google, "x") == "google"
    assert system_of(["Record ID", "Create Date"], "x") == "hubspot"
    assert system_of(["ID", "ISDELETED", "SYSTEMMODSTAMP"], "x") == "salesforce"
    assert system_of(["First Name", "E-mail Address", "Business Phone"], "x") == "outlook"
    assert system_of(["a"], "!!") == "import"


def test_without_rows_nothing_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="has no rows"):
        guessed(tmp_path, "id,name\n")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.dictionaries(NAMES, NAMES, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_file_the_guess_is_a_mapping(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    rows[0] |= {"id": "1", "stage": "\x7f new\n", "created": "", "worth": "7"}
    content = "\n".join(map(json.dumps, rows))
    folder = tmp_path_factory.getbasetemp()
    for kind in ("leads", "customers"):
        text = guessed(folder, content, "any.jsonl", kind)
        assert tomllib.loads(text)["kind"] == kind
        if kind == "leads":
            (folder / "any.toml").write_text(text, encoding="utf-8")
            assert load_mapping(folder / "any.toml", "leads", KINDS)[0].kind == "leads"


def test_salesforce_opportunities_go_in_as_guessed(store: Store, oracle_data: Path, tmp_path: Path) -> None:
    report = take_in(store, tmp_path, oracle_data / "crm_exports" / "salesforce" / "opportunityData.csv")
    assert (report.created, report.refused) == (38, 0)
    with connect(store.conninfo) as connection:
        catch_up(connection)
        found = connection.execute(
            "SELECT status, sum(amount) AS amount FROM public.lead GROUP BY status ORDER BY status"
        ).fetchall()
    assert [(row["status"], row["amount"]) for row in found] == [
        ("open", Decimal(4_070_000)),
        ("won", Decimal(2_200_000)),
    ]


@pytest.mark.full
@pytest.mark.parametrize("name", ["sales_pipeline", "sales_pipeline_us_dates_variant"])
def test_a_published_pipeline_goes_in_as_guessed(store: Store, oracle_data: Path, tmp_path: Path, name: str) -> None:
    report = take_in(store, tmp_path, oracle_data / "maven_crm" / f"{name}.csv")
    assert (report.created, report.refused) == (8_800, 0)


def test_every_published_table_has_a_guess(oracle_data: Path) -> None:
    files = [*oracle_data.glob("*/*.csv"), *oracle_data.glob("*/*.vcf"), *oracle_data.glob("crm_exports/*/*.csv")]
    found = {file.name: tomllib.loads(guess(file))["kind"] for file in files if "header" not in file.name}
    assert len(found) > 30
    assert {name for name, kind in found.items() if kind == "leads"} == {
        "opportunityData.csv",
        "sales_pipeline.csv",
        "sales_pipeline_us_dates_variant.csv",
        "olist_closed_deals_dataset.csv",
        "olist_marketing_qualified_leads_dataset.csv",
    }
