"""CSV is read however it is written: its encoding, what parts its columns, and what is odd in it."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.imports.csv_file import RefusedRows
from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.source import format_of, lines_of, look_over

PLAIN = FileFormat()


def read(path: Path, form: FileFormat = PLAIN) -> tuple[Source, list[Line]]:
    source = look_over(path, form)
    return source, list(lines_of(source))


def written(folder: Path, content: bytes | str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path, form: FileFormat = PLAIN) -> list[Sequence[str]]:
    source, lines = read(path, form)
    assert [line.trouble for line in lines] == [None] * len(lines)
    return [source.header, *(line.cells for line in lines)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_how_it_is_written_need_not_be_told(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    table = [["name", "city"], ["Zoë, Ltd; A|B", "Köln\ton the Rhine"], ["Čapek", "Brno"], ["", "x"]]
    if encoding == "cp1252":
        table[2][0] = "Müller"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(table)
    path = written(tmp_path, text.getvalue().encode(encoding))
    assert [list(row) for row in rows(path)] == table


def test_a_comma_in_amounts_parts_no_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "name;worth;note, if any\nA;1,5;\nB;2,5;a, b, c\n")
    assert read(path)[0].header == ("name", "worth", "note, if any")


def test_one_broken_byte_does_not_make_the_rest_another_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "name\nKöln\n".encode() + b"M\xfcnchen\n")
    with pytest.raises(ImportRefused, match=r"is written in utf-8, but byte 12 \(line 3\) does not fit"):
        look_over(path, PLAIN)
    with pytest.raises(ImportRefused, match='is not written in utf-8: .* probably encoding = "cp1252"'):
        look_over(path, FileFormat(encoding="utf-8"))
    with pytest.raises(ImportRefused, match='probably encoding = "utf-16"'):
        look_over(written(tmp_path, "a,b\n".encode("utf-16")), FileFormat(encoding="utf-8"))


def test_columns_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    source, lines = read(written(tmp_path, "Variant,id,Variant,Variant (2),Variant,,\na,1,b,c,d,,\n"))
    assert source.header == ("Variant", "id", "Variant (2)", "Variant (2) (2)", "Variant (3)", "", "")
    assert lines[0].cells == ["a", "1", "b", "c", "d", "", ""]


def test_short_rows_are_padded_only_where_the_mapping_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,c\n1,2\n1,2,3,4\n1,2,3\n")
    short, long, whole = read(path)[1]
    assert short.trouble == (
        "It has 2 cells where the header has 3 columns."
        ' If the last ones are missing, set short_rows = "padded" in the [file] part of the mapping.'
    )
    assert long.trouble == "It has 4 cells where the header has 3 columns."
    padded, long_too, same = read(path, FileFormat(short_rows="padded"))[1]
    assert padded == Line(2, 2, ["1", "2", ""])
    assert (long_too, same) == (long, whole)


def test_a_file_without_a_header_is_told_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Ann\n2,Bo\n")
    named = FileFormat(columns=("id", "name"))
    assert rows(path, named) == [("id", "name"), ["1", "Ann"], ["2", "Bo"]]
    assert [line.number for line in read(path, named)[1]] == [1, 2]
    with pytest.raises(ImportRefused, match="names 3 columns, and the first line of .* has 2"):
        look_over(path, FileFormat(columns=("id", "name", "city")))
    with pytest.raises(ValidationError, match="a name of its own"):
        FileFormat(columns=("id", "id"))
    with pytest.raises(ImportRefused, match=r"name the columns in the \[file\] part"):
        look_over(written(tmp_path, ",\n1,2\n"), PLAIN)


def test_blanks_may_part_columns(tmp_path: Path) -> None:
    path = written(tmp_path, ' 00004 0001 19970101  2   29.33 \r\n  5  "a  b"    1 2 3\r\n')
    form = FileFormat(delimiter=" ", columns=("id", "sample", "day", "count", "worth"))
    assert rows(path, form)[1:] == [["00004", "0001", "19970101", "2", "29.33"], ["5", "a  b", "1", "2", "3"]]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("1,Ann\n2\n3,Bo,x\n", FileFormat(columns=("id", "name"))),
        ("1 Ann\n2\n3 Bo x\n", FileFormat(columns=("id", "name"), delimiter=" ")),
        ("id;name\n1;Ann\n2\n3;Bö;x\n", FileFormat(encoding="cp1252")),
        ("id;name\n1;Ann\n2\n3;Bö;x\n".encode("cp1252"), PLAIN),
    ],
)
def test_refused_rows_are_read_again_by_the_same_mapping(
    tmp_path: Path, content: bytes | str, form: FileFormat
) -> None:
    if form.encoding and isinstance(content, str):
        content = content.encode(form.encoding)
    source, lines = read(written(tmp_path, content)) if form is PLAIN else read(written(tmp_path, content), form)
    with RefusedRows(tmp_path / "errors.csv", source) as refused:
        for line in lines:
            if line.trouble:
                refused.add(line, "Ελληνικά" if form is PLAIN else "why")
    again, mended = read(refused.path, form)
    assert again.header == ("id", "name", "refused_line", "refused_because")
    assert mended[0].cells[:3] == ["2", "", str(lines[1].number)]
    assert mended[0].cells[3] == ("Ελληνικά" if form is PLAIN else "why")


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="has no end that one can see"):
        look_over(written(tmp_path, b"a,b\n" + b"x" * ((1 << 24) + 1)), PLAIN)


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.csv", "{}", "csv"),
        ("a.JSONL", "a,b", "ndjson"),
        ("contacts.vcf", "", "vcard"),
        ("c.ics", "", "icalendar"),
        ("m.eml", "", "mail"),
        ("x", "\ufeff begin:vcard\n", "vcard"),
        ("x", "BEGIN:VCALENDAR\n", "icalendar"),
        ("x.txt", '{"a": 1}', "ndjson"),
        ("x.txt", "From ann@a.example Mon\n", "mail"),
        ("x.txt", "Name,Age\n", "csv"),
    ],
)
def test_what_a_file_is_says_its_name_or_how_it_begins(tmp_path: Path, name: str, content: str, form: str) -> None:
    assert format_of(written(tmp_path, content, name)) == form


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2)))
@settings(max_examples=150)
def test_any_text_that_a_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    with open(path, "w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([["one", "two"], *table])
    expected = [[cell.strip() for cell in row] for row in table]
    assert [line.cells for line in read(path, FileFormat(delimiter=","))[1]] == expected


def test_awkward_files_are_read_as_published(oracle_data: Path) -> None:
    folder = oracle_data / "csv_spectrum"
    files = sorted((folder / "csvs").glob("*.csv"))
    assert len(files) == 12
    for path in files:
        header, *cells = rows(path)
        found = [dict(zip(header, row, strict=True)) for row in cells]
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        if path.stem == "location_coordinates":  # the file has another number than its expected answer
            expected = [expected | {"Contact Phone Number": "2095257564", "Counties": "Stanislaus"}]
        assert found == expected, path.name


def test_the_odd_files_among_the_data_sets_are_read(oracle_data: Path) -> None:
    header = look_over(oracle_data / "helpdesk" / "helpdesk.csv", PLAIN).header
    assert header[4:7] == ("Variant", "Variant index", "Variant (2)")
    form = FileFormat(delimiter=" ", columns=("customer", "sample", "day", "items", "worth"))
    purchases = read(oracle_data / "cdnow_sample" / "CDNOW_sample.txt", form)[1]
    assert len(purchases) == 6_919
    assert purchases[0] == Line(1, 1, ["00004", "0001", "19970101", "2", "29.33"])
    assert not any(line.trouble for line in purchases)
    _, *outlook = rows(oracle_data / "crm_exports" / "outlook_export_sample.csv", FileFormat(short_rows="padded"))
    assert [row[2] for row in outlook] == ["Adam Glacius", "Daniel Ireland", "Duncan Amey"]
