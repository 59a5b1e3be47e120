"""Files and mappings of leads: what can be read is, and what cannot is refused before anything is written."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from api.imports import run as run_of_import
from api.imports.run import ImportRefused, import_file
from api.store import Store
from domain.lead import (
    LeadAssigned,
    LeadCaptured,
    LeadProductAdded,
)
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection
from tests.api.leads_file import (
    BARE,
    COLUMNS,
    MAPPING,
    OPEN,
    WON,
    Import,
    counts,
    facts,
    kinds,
    recorded,
    refused,
    rows_of,
    written,
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no header"),
        (b"\xef\xbb\xbf", "has no header"),
        (b"PK\x03\x04\x00\x00", "not a CSV file but a packed or binary one"),
        (b"a\0b,c\n", "holds zero bytes"),
        (b"\xef\xbb\xbf" + f"{COLUMNS}\n7,M".encode() + b"\xfcller\n", "byte 83 (line 2)"),
        (f"{COLUMNS}\n7,M".encode() + b"\x81", "neither in UTF-8 nor in cp1252: byte 80 (line 2)"),
        (b'id,"unclosed\n', "not a CSV file: its first line cannot be read"),
        (b"id,company,owner\n7,a,b\n", "which the mapping names for title. Its columns are: id, company, owner."),
        (b'{"leads": []}', "The file has no column 'id'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_anything_is_written(
    store: Store, take_in: Import, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content)
    with pytest.raises(ImportRefused) as raised:
        take_in(file=file)
    assert sentence in str(raised.value)
    with store.pool.connection() as connection:
        assert [event.type for event in log.read(connection, after=0, horizon=9, limit=9)] == [
            "workspace.pipeline_published"
        ]


def test_the_wrong_byte_is_found_far_behind_the_beginning(take_in: Import, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    before = f"{COLUMNS}\n".encode() + b"7,\xc3\xbc\n" * 40_000
    file.write_bytes(before + b"\xff\n")
    with pytest.raises(ImportRefused, match=rf"byte {len(before):,} \(line 40,002\)"):
        take_in(file=file)


def test_a_file_or_mapping_that_is_not_there_is_refused(store: Store, take_in: Import, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read: No such file"):
        take_in(file=tmp_path / "nowhere.csv")
    with pytest.raises(ImportRefused, match="The mapping .* cannot be read: No such file"):
        import_file(store, "leads", written(tmp_path, WON), tmp_path / "nowhere.toml", Console(quiet=True))


def test_a_file_with_only_a_header_has_no_leads(take_in: Import) -> None:
    assert counts(take_in()) == (0, 0, 0, 0)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_other_encodings_and_delimiters_are_read(
    store: Store, take_in: Import, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    file = tmp_path / "other.csv"
    text = "\r\n".join([COLUMNS, WON.replace("Cancity", "Köln"), "6,"]).replace(",", delimiter)
    file.write_text(text, encoding=encoding, newline="")
    report = take_in(file=file, mapping=f'{MAPPING}\n[file]\nencoding = "{encoding}"')
    assert counts(report) == (1, 0, 0, 1)
    assert isinstance(event := facts(store, "7")[0][0], LeadCaptured)
    assert event.title == "Roof for Köln"
    assert report.errors_file is not None
    assert delimiter.join(["refused_line", "refused_because"]) in report.errors_file.read_text(encoding=encoding)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "leads"', 'kind = "tickets"', "kind: Input should be 'leads'."),
        ('kind = "leads"', "", "kind is missing."),
        ('kind = "leads"', "kind = leads", "is not TOML"),
        ('external_id = "id"', "", "fields.external_id is missing."),
        (
            "zone =",
            "time_zone =",
            "time_zone is not known; there are: kind, system, zone, date_formats, empty, file,",
        ),
        ("written =", "format =", "there are: column, constant, values, only_for, written."),
        ("owner =", "seller =", "fields.seller is not known; there are: external_id, title, customer, owner,"),
        ("Europe/Berlin", "Berlin/Europe", "zone: there is no such time zone"),
        ('"%Y-%m-%d"', '"%Y-%d"', "date_formats: '%Y-%d' does not tell day, month and year"),
        ('"%Y-%m-%d"', '"%Q"', "does not tell day, month and year"),
        ('"iso", "%d.%m.%Y"', '"iso", "%m.%Y"', "fields.closed_at.formats: '%m.%Y' does not tell"),
        (
            '{ column = "company" }',
            '{ column = "company", kind = "dog" }',
            "fields.customer.kind: Input should be 'person' or",
        ),
        ('W = "won"', 'W = "winner"', "fields.status.values.W: Input should be 'open', 'won',"),
        ('2 = "proposal"', '2 = "offer"', "There is no such stage in the pipeline default. Its stages are: new,"),
        (
            'source = "source"',
            'source = { column = "source", constant = "web" }',
            "fields.source: give either a column or a constant.",
        ),
        ('source = "source"', "source = {}", "fields.source: give either a column or a constant."),
        (
            '["{product} for {company}", "{product}"]',
            '["{product:>9}"]',
            "fields.title: a template holds columns in braces and nothing else",
        ),
        (
            '["{product} for {company}", "{product}"]',
            '["{product"]',
            "fields.title: expected '}' before end of string.",
        ),
        (
            '["{product} for {company}", "{product}"]',
            '["{produce}"]',
            "The file has no column 'produce', which the mapping names for title.",
        ),
        ('currency = "currency"', "", "fields: value needs a currency"),
        ('external_id = "id"', 'external_id = { constant = "7" }', "fields.external_id: external_id must be a column"),
        (
            'column = "state"',
            'column = "state"\nonly_for = ["won"]',
            "fields: status cannot be read only for some outcomes",
        ),
        (
            'system = "erp"',
            'system = "erp"\npipeline = "other"',
            "There is no such pipeline. The pipelines are: default.",
        ),
        ('system = "erp"', 'system = "erp"\nfile = { encoding = "utf-9" }', "file.encoding: there is no such encoding"),
        ('system = "erp"', 'system = "erp"\nfile = { encoding = "hex" }', "file.encoding: there is no such encoding"),
        ('system = "erp"', 'system = "erp"\n#' + "x" * 20_000, "is longer than 20,000 characters"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(
    store: Store, take_in: Import, old: str, new: str, sentence: str
) -> None:
    mapping = MAPPING.replace('customer = "company"', 'customer = { column = "company" }')
    assert old in mapping
    with pytest.raises(ImportRefused) as raised:
        take_in(WON, mapping=mapping.replace(old, new))
    assert sentence in str(raised.value)
    with store.pool.connection() as connection:
        assert log.load(connection, WORKSPACE_ID).version == 1


def test_a_stage_that_no_one_mapped_is_refused_by_the_pipeline(take_in: Import) -> None:
    mapping = MAPPING.replace(', values = { 1 = "new", 2 = "proposal" }', "")
    report = take_in(OPEN, OPEN.replace("8,", "9,", 1).replace(",2,,,O", ",qualified,,,O"), mapping=mapping)
    assert counts(report) == (1, 0, 0, 1)
    assert "There is no such stage in the pipeline default" in refused(report)[0][1]


def test_a_status_in_our_own_words_needs_no_values(store: Store, take_in: Import) -> None:
    mapping = MAPPING[: MAPPING.index("values = { W")]
    report = take_in(WON.replace(",W", ",won"), BARE, OPEN.replace(",O", ",ongoing"), mapping=mapping)
    assert counts(report) == (1, 0, 0, 2)
    assert [reason for _, reason in refused(report)] == [
        'There is no status in column state; the mapping can say what that means: "" = "open".',
        "'ongoing' in column state is not one of: open, won, lost, disqualified.",
    ]


def test_without_a_status_every_lead_is_open(store: Store, take_in: Import) -> None:
    take_in(WON, mapping=MAPPING[: MAPPING.index("[fields.status]")])
    assert kinds(store, "7") == [LeadCaptured, LeadAssigned, LeadProductAdded]


def test_histories_are_loaded_some_rows_at_a_time(
    store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    load_many = log.load_many
    monkeypatch.setattr(run_of_import, "_CHUNK", 10)

    def counted(connection: Connection, ids: Collection[UUID]) -> dict[UUID, list[log.Recorded]]:
        asked.append(len(ids))
        return load_many(connection, ids)

    monkeypatch.setattr(log, "load_many", counted)
    take_in(*rows_of(35))
    assert len(asked) == 4
    assert max(asked) <= 17


def test_an_unclosed_quote_costs_its_own_line_only(take_in: Import) -> None:
    rows = [f"{number},Cancity,,Roof,,2026-01-05,,,1,,,O" for number in range(400)]
    rows[3] = '3,"Cancity,,Roof,,2026-01-05,,,1,,,O'
    report = take_in(*rows)
    assert counts(report) == (399, 0, 0, 1)
    ((line, reason),) = refused(report)
    assert line == 5
    assert "This is not CSV" in reason
    assert report.errors_file is not None
    assert '""Cancity,,Roof' in report.errors_file.read_text()


def test_a_cell_as_long_as_a_mail_hides_no_rows_in_it(store: Store, take_in: Import) -> None:
    mail = "dear all\n" * 40_000 + "66,Ghost Ltd,,Roof,,2026-01-05,,,1,,,O\n"
    report = take_in(f'5,Cancity,,"{mail}",,2026-01-05,,,1,,,O', OPEN)
    assert counts(report) == (1, 0, 0, 1)
    assert recorded(store, "66") == []


def test_a_refused_row_that_comes_twice_is_refused_twice(take_in: Import) -> None:
    bad = "7,Cancity,,Roof,,2026-01-05,,,9,,,O"
    assert counts(take_in(bad, bad, OPEN)) == (1, 0, 0, 2)
