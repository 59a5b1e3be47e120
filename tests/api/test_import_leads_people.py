"""An import of leads beside what people did since, and who was forgotten."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.imports import recorder
from api.imports.error_files import ImportRunning, no_import
from api.imports.run import ImportRefused
from api.store import Store, load_workspace
from domain import lead
from domain.customer import CustomerRegistered
from domain.event import CustomerId
from domain.lead import (
    CaptureLead,
    LeadMovedToStage,
)
from eventstore import log
from eventstore.database import connect
from tests.api.leads_file import COLUMNS, MAPPING, OPEN, WON, Import, counts, kinds, recorded, rows_of


def test_the_same_file_again_leaves_alone_what_people_did_since(store: Store, take_in: Import) -> None:
    take_in(OPEN)
    history = recorded(store, "8")
    moved = LeadMovedToStage(to_stage="negotiation", pipeline="default", pipeline_version=1, probability=Decimal("0.8"))
    by_hand = log.NewEvent(history[0].customer_id, "lead", history[0].stream_id, len(history) + 1, moved)
    with store.pool.connection() as connection:
        log.append(connection, [by_hand], log.Envelope("user", UUID(int=1), "console"))
    assert counts(take_in(OPEN)) == (0, 0, 1, 0)
    assert kinds(store, "8")[-1] is LeadMovedToStage


def test_a_customer_whose_first_row_was_somebody_elses_lead_is_registered_with_the_next(
    store: Store, take_in: Import
) -> None:
    elsewhere, captured = CustomerId(UUID(int=8)), UUID(int=9)
    with store.pool.connection() as connection:
        workspace, _ = load_workspace(connection)
        (first,) = lead.capture(CaptureLead(title="Roof"), workspace.pipeline("default"), workspace)
        log.append(
            connection,
            [log.NewEvent(elsewhere, "lead", captured, 1, first)],
            log.Envelope("api_key", UUID(int=1), "api"),
            external_ids=[log.ExternalId("erp", "7", elsewhere, captured)],
        )
    filler = [f"{number},,,,,2026-01-05,,,1,,,O" for number in range(100, 160)]
    take_in(WON, *filler, OPEN)
    customer_id = recorded(store, "8")[0].customer_id
    with store.pool.connection() as connection:
        history = log.load_customer(connection, customer_id, horizon=10**9)
    assert history[0].event == CustomerRegistered(kind="organisation", name="Cancity")


def test_text_that_does_not_begin_as_its_encoding_is_refused(take_in: Import, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_bytes(f"{COLUMNS}\n{WON}\n".encode("utf-16-le"))
    with pytest.raises(ImportRefused, match="does not begin as utf-16 does"):
        take_in(file=file, mapping=MAPPING + '\n[file]\nencoding = "utf-16"\n')


def test_a_row_about_a_forgotten_customer_is_refused_and_the_others_go_in(store: Store, take_in: Import) -> None:
    assert counts(take_in(*rows_of(1))) == (1, 0, 0, 0)
    forgotten = store.derived_id("imported customer", "erp", "Firm 2")
    with connect(store.conninfo) as connection:
        connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [forgotten, forgotten])
    report = take_in(*rows_of(9))  # her first lead is unchanged, her second one is refused
    assert counts(report) == (7, 0, 1, 1)
    assert report.errors_file is not None
    errors = report.errors_file.read_text()
    assert "forgotten" in errors
    assert "Firm 2" not in errors


@pytest.mark.parametrize(
    "row",
    [
        "7,Cancity,Ann,Roof,web,soon,,,,,,O",  # a date that cannot be read
        '7,"  Cancity",Ann,Roof,web,2026-01-05,,,9,,,O',  # a stage that is not listed
        "7,Cancity,Ann,Roof,web,2999-01-05,,,,,,O",  # the future
        "7,Cancity,Ann,Roof",  # too few cells
        '7,Cancity,"Ann,Roof,web,2026-01-05,,,,,,O',  # a quote that does not end
        "7,Elsewhere,Ann,Roof,web,2026-01-05,,,,,,O",  # her lead, with another customer
        "7,,Ann,Roof,web,soon,,,,,,O",  # her lead, without a customer
    ],
)
def test_for_whatever_reason_a_row_of_hers_is_refused_only_its_line_is_kept(
    store: Store, take_in: Import, row: str
) -> None:
    take_in(WON)
    customer_id = store.derived_id("imported customer", "erp", "Cancity")
    with connect(store.conninfo) as connection:
        connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [customer_id, customer_id])
    report = take_in(row, "11,Firm,,,,never,,,,,,O")
    assert report.errors_file is not None
    other, hers = sorted(report.errors_file.read_text().splitlines()[1:], key=lambda said: said.startswith(","))
    assert hers.startswith(",,,,,,,,,,,,2,")
    assert "was forgotten" in hers
    assert not {"Cancity", "Roof", "Ann", "Elsewhere", "soon"} & set(re.findall(r"\w+", hers))
    assert other.startswith("11,Firm,")


def test_the_row_of_a_forgotten_prospect_is_known_by_its_key(store: Store, take_in: Import) -> None:
    row = "12,,,Roof,,2026-01-05,,,,,,O"
    take_in(row)
    customer_id = store.derived_id("prospect of", "erp", "12")
    with connect(store.conninfo) as connection:
        connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [customer_id, customer_id])
    report = take_in(row.replace("2026-01-05", "soon"))
    assert report.errors_file is not None
    assert "Roof" not in report.errors_file.read_text()


def test_nobody_looks_through_the_error_files_while_an_import_runs(
    store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, kept_out = recorder.Recorder.record, list[bool]()

    def watched(*arguments: Any) -> Any:
        with pytest.raises(ImportRunning), no_import(store.settings.data, 0):
            pass
        kept_out.append(True)
        return real(*arguments)

    monkeypatch.setattr(recorder.Recorder, "record", watched)
    take_in(WON)
    assert kept_out == [True]
    with no_import(store.settings.data, 0):
        pass
