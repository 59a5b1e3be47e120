"""What is exported reads back as what was stored, for any text, any amount and any day; and nothing is a formula."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from api.imports.csv_file import FileFormat, lines_of, look_over
from api.spreadsheets import as_csv, cell, defused, restored

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40) | st.from_regex(
    r"'{0,2}[-=+@\t\r\n＝]?[0-9a-z.'\n]{0,5}", fullmatch=True
)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**13), max_value=10**13)
MOMENTS = st.datetimes(timezones=st.just(UTC))
VALUES = st.none() | TEXTS | AMOUNTS | MOMENTS | st.dates() | st.booleans() | st.dictionaries(TEXTS, TEXTS, max_size=2)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=5))
def test_csv_reads_back_as_it_was(rows: list[dict[str, object]]) -> None:
    text = b"".join(as_csv(["a", "b"], rows)).decode()
    header, *lines = csv.reader(io.StringIO(text, newline=""))
    assert header == ["a", "b"]
    assert [[restored(shown) for shown in line] for line in lines] == [[cell(row["a"]), cell(row["b"])] for row in rows]


@given(TEXTS)
def test_no_cell_is_a_formula_and_each_is_told_from_what_it_was(text: str) -> None:
    shown = defused(text)
    assert restored(shown) == text
    if shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")):
        assert shown == text
        assert Decimal(text) < 0 or Decimal(text) == 0


@given(AMOUNTS, MOMENTS, st.dates())
def test_numbers_and_moments_stay_exact(amount: Decimal, moment: datetime, day: date) -> None:
    assert Decimal(cell(amount)) == amount
    assert defused(cell(amount)) == cell(amount)
    assert datetime.fromisoformat(cell(moment)) == moment
    assert date.fromisoformat(cell(day)) == day
    said = json.loads(to_json({"amount": amount, "moment": moment, "day": day}))
    assert Decimal(said["amount"]) == amount
    assert datetime.fromisoformat(said["moment"]) == moment


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1", "'+49 30 1"),
        ("-12.50", "-12.50"),
        ("-1+1", "'-1+1"),
        ("-٣", "'-٣"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("it's", "it's"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert (defused(text), restored(shown)) == (shown, text)


def test_our_own_import_takes_the_apostrophes_off_again(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    texts = ["=1+1", "-5", "'=x", "plain", "+49 30 1"]
    path.write_bytes(b"".join(as_csv(["text", "more"], [{"text": text, "more": "x"} for text in texts])))
    file = look_over(path, FileFormat(defused=True))
    assert [line.cells[0] for line in lines_of(file)] == texts
    as_it_is = look_over(path, FileFormat())
    assert [line.cells[0] for line in lines_of(as_it_is)] == [defused(text) for text in texts]
