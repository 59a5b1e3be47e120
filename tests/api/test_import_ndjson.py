"""NDJSON is a table too: each object a row, each name a column."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.lines import FileFormat, Line, Source
from api.imports.mapping import ImportRefused
from api.imports.source import lines_of, look_over


def read(folder: Path, *lines: str) -> tuple[Source, list[Line]]:
    path = folder / "rows.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    source = look_over(path, FileFormat())
    return source, list(lines_of(source))


def test_objects_in_objects_and_lists_become_columns(tmp_path: Path) -> None:
    source, (first, second) = read(
        tmp_path,
        '{"id": 1.10, "name": " Ann ", "at": {"city": "Köln", "zip": 50667}, "tags": ["a", "b", 3, true, null]}',
        "",
        '{"id": -2e5, "lines": [{"sku": "x"}, {"sku": "y", "n": 2}], "vip": false, "none": null, "at": {}}',
    )
    assert source.header == (
        *("id", "name", "at.city", "at.zip", "tags", "lines.0.sku", "lines.1.sku", "lines.1.n", "vip", "none"),
    )
    assert first == Line(1, 1, ["1.10", "Ann", "Köln", "50667", "a; b; 3; true; ", "", "", "", "", ""])
    assert second == Line(3, 3, ["-2e5", "", "", "", "", "x", "y", "2", "false", ""])


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ('{"a": 1', "This is not JSON (character 9)."),
        ("[1]", "This is not a JSON object."),
        ('{"a": NaN}', "This is not JSON."),
        ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "Its objects lie too deep in each other."),
        (
            '{"a.b": 1, "a": {"b": 2}}',
            "Two of its values have the same name once those inside others are joined by dots.",
        ),
    ],
)
def test_a_broken_line_is_refused_alone(tmp_path: Path, line: str, trouble: str) -> None:
    _, (broken, whole) = read(tmp_path, line, '{"a": "x"}')
    assert broken == Line(1, 1, [line], trouble)
    assert whole == Line(2, 2, ["x"])


def test_without_any_object_nothing_is_done(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="has no JSON object on any line"):
        read(tmp_path, "[", '1, {"a": 1}', "]")
    with pytest.raises(ImportRefused, match="more than 2,000 names"):
        read(tmp_path, json.dumps({f"n{number}": 1 for number in range(2_001)}))


TEXTS = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS}), min_size=1))
@settings(max_examples=100)
def test_any_text_that_a_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[dict[str, str]]
) -> None:
    for ascii_only in (True, False):
        source, lines = read(
            tmp_path_factory.getbasetemp(), *(json.dumps(row, ensure_ascii=ascii_only) for row in table)
        )
        assert [line.cells for line in lines] == [[row[name].strip() for name in source.header] for row in table]
