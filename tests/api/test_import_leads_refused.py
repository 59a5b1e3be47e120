"""Rows of leads that do not fit are set aside with the reason, and the others go in."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from api.imports.run import import_file
from api.store import Store
from tests.api.leads_file import BARE, COLUMNS, MAPPING, OPEN, WON, Import, counts, recorded, refused, written


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (WON.replace(",W", ",X"), "'X' in column state is not one of: W, L, D, O, (empty)."),
        (OPEN.replace(",2,,,O", ",3,,,O"), "'3' in column step is not one of: 1, 2."),
        (WON.replace("2026-01-05", "01/05/2026"), "'01/05/2026' in column opened is no date written as %Y-%m-%d or"),
        (WON.replace("2026-01-05", "2026-02-30"), "'2026-02-30' in column opened is no date written as %Y-%m-%d or"),
        (WON.replace("2026-01-05", "0001-01-01"), "'0001-01-01' in column opened is not between 1900 and 2999."),
        (WON.replace("2026-01-05", "2999-01-01"), "captured at 2998-12-31T23:00:00+00:00, which lies in the future"),
        (WON.replace("03.02.2026", "03.02.2999"), "closed at 2999-02-02T23:00:00+00:00, which lies in the future"),
        (WON.replace("7,", ",", 1), "There is no external id in column id."),
        (WON.replace(",,,,W", ",,10,,W"), "There is an amount without a currency."),
        (WON.replace(",,,,W", ",,10,EURO,W"), "currency cannot be recorded: String should match pattern '^[A-Z]{3}$'."),
        (WON.replace("Roof", "R" * 101), "product_ids.0 cannot be recorded: String should have at most 100"),
        (WON.replace("Ann", "A\0nn"), "owner cannot be recorded: the NUL character cannot be stored; remove it."),
        ("k" * 501 + WON[1:], "The external id is longer than 500 characters."),
        (WON + ",", "It has 13 cells where the header has 12 columns."),
        ("7,Cancity", "It has 2 cells where the header has 12 columns."),
        ('7,"Can"city,', "This is not CSV: ',' expected after '\"'."),
    ],
)
def test_a_bad_row_is_refused_with_the_reason_and_the_others_go_in(
    store: Store, take_in: Import, row: str, reason: str
) -> None:
    report = take_in(OPEN, row, BARE)
    assert counts(report) == (2, 0, 0, 1)
    [(line, said)] = refused(report)
    assert line == 3
    assert reason in said
    assert recorded(store, "7") == []
    assert counts(take_in(OPEN, row, BARE)) == (0, 0, 2, 1)


def test_a_closing_date_of_an_open_lead_is_not_read_as_a_moment(take_in: Import) -> None:
    assert counts(take_in("8,,,Wall,,2026-01-06,03.02.2999,,,,,O")) == (1, 0, 0, 0)


def test_a_date_of_today_is_not_in_the_future(take_in: Import) -> None:
    report = take_in(f"8,,,Wall,,{datetime.now(UTC) - timedelta(hours=3):%Y-%m-%d},,,,,,O")
    assert counts(report) == (1, 0, 0, 0)


def test_a_line_number_is_where_the_row_begins_also_below_line_ends_in_cells(take_in: Import) -> None:
    report = take_in('8,"Can\ncity",,Wall,,2026-01-06,,,2,,,O', "", "7,", "", BARE)
    assert counts(report) == (2, 0, 0, 1)
    assert [line for line, _ in refused(report)] == [5]


def test_an_external_id_that_comes_twice_counts_once_and_is_refused_when_it_differs(
    store: Store, take_in: Import
) -> None:
    rows = (WON, WON, WON.replace("Ann", "Bob"), OPEN)
    report = take_in(*rows)
    assert counts(report) == (2, 0, 1, 1)
    assert refused(report) == [(4, "A row further up in this file has the same external id and says something else.")]
    assert counts(take_in(*rows)) == (0, 0, 3, 1)
    assert len(recorded(store, "7")) == 4


def test_a_row_below_a_refused_one_of_the_same_id_goes_in(take_in: Import) -> None:
    assert counts(take_in(WON.replace("2026-01-05", "soon"), WON)) == (1, 0, 0, 1)


def test_odd_history_is_recorded_and_flagged(store: Store, take_in: Import) -> None:
    report = take_in(WON.replace("03.02.2026", "03.02.2025"), "5,,,Roof,,2026-01-05,,,,,,W")
    assert counts(report) == (2, 0, 0, 0)
    assert recorded(store, "7")[-1].metadata["flags"] == ["closed_before_captured"]
    assert recorded(store, "5")[-1].metadata["flags"] == ["no_close_date"]
    assert report.flagged == {"closed_before_captured": 1, "no_close_date": 1}
    assert counts(take_in(WON.replace("03.02.2026", "03.02.2025"))) == (0, 0, 1, 0)


def test_the_error_file_can_be_mended_and_imported(store: Store, take_in: Import, tmp_path: Path) -> None:
    report = take_in(OPEN, WON.replace("2026-01-05", "5. Januar"), WON.replace("7,", "6,", 1) + ",surplus")
    assert report.errors_file == store.settings.data / "imports" / f"{report.import_id}-errors.csv"
    assert report.errors_file.stat().st_mode & 0o777 == 0o600
    text = report.errors_file.read_text(encoding="utf-8-sig")
    header, first, second = csv.reader(io.StringIO(text))
    assert header == [*COLUMNS.split(","), "refused_line", "refused_because"]
    assert first[:2] == ["7", "Cancity"]
    assert second[-1] == "surplus"
    mended = tmp_path / "mended.csv"
    mended.write_text("\n".join(text.splitlines()[:2]).replace("5. Januar", "2026-01-05", 1), encoding="utf-8")
    assert counts(take_in(file=mended)) == (1, 0, 0, 0)
    still_bad = tmp_path / "still_bad.csv"
    still_bad.write_text("\n".join(text.splitlines()[:2]), encoding="utf-8")
    [header, row] = csv.reader(io.StringIO(take_in(file=still_bad).errors_file.read_text(encoding="utf-8-sig")))  # type: ignore[union-attr]  # it is refused again
    assert len(header) == len(row) == 14


def test_values_of_refused_rows_are_only_in_the_error_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    screen = io.StringIO()
    file = written(tmp_path, WON.replace("2026-01-05", "born 1970"), OPEN)
    report = import_file(store, "leads", file, tmp_path / "map.toml", Console(file=screen, force_terminal=True))
    shown = screen.getvalue() + str(report) + str(report.as_json())
    assert "3 of 4 lines" in shown or "lines" in shown
    assert str(report.errors_file) in str(report)
    for value in ("born", "Cancity", "Ann"):
        assert value not in shown


def test_nothing_is_shown_where_no_terminal_is(store: Store, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    screen = io.StringIO()
    import_file(store, "leads", written(tmp_path, WON), tmp_path / "map.toml", Console(file=screen))
    assert screen.getvalue().strip() == ""
