"""A file of leads goes in row by row: what fits is recorded, what does not is set aside with the reason."""

import csv
import io
import re
import threading
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from api.imports import appending, recorder
from api.imports import run as run_of_import
from api.imports.error_files import ImportRunning, no_import
from api.imports.run import ImportRefused, ImportReport, import_file
from api.store import Store, load_workspace
from domain import lead
from domain.customer import CustomerRegistered
from domain.event import CustomerId, Event, MemberId
from domain.imports import ImportCompleted, ImportStarted
from domain.lead import (
    CaptureLead,
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadLost,
    LeadMovedToStage,
    LeadProductAdded,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
)
from domain.money import Money
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import UNAVAILABLE, Connection, connect
from projections.leads import get_lead, list_members
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import catch_up
from replay.verification import verify

MAPPING = """
kind = "leads"
system = "erp"
zone = "Europe/Berlin"
date_formats = ["%Y-%m-%d", "%d.%m.%Y"]
empty = ["", "n/a"]

[fields]
external_id = "id"
title = { templates = ["{product} for {company}", "{product}"] }
customer = "company"
owner = "owner"
product = "product"
source = "source"
captured_at = "opened"
closed_at = { column = "closed", formats = ["iso", "%d.%m.%Y"] }
lost_reason = { column = "why", only_for = ["lost"] }
stage = { column = "step", only_for = ["open"], values = { 1 = "new", 2 = "proposal" } }
value = { column = "amount", written = "1.234,56" }
currency = "currency"

[fields.status]
column = "state"
values = { W = "won", L = "lost", D = "disqualified", O = "open", "" = "open" }
"""
COLUMNS = "id,company,owner,product,source,opened,closed,why,step,amount,currency,state"
WON = "7,Cancity,Ann,Roof,web,2026-01-05,03.02.2026,,,,,W"
OPEN = "8,Cancity,Bob,Wall,,2026-01-06,,,2,,,O"
BARE = "9,,,,,,,,,,,"


def berlin(year: int, month: int, day: int) -> datetime:
    """Midnight there in winter."""
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=1)


def written(folder: Path, *rows: str, header: str = COLUMNS) -> Path:
    file = folder / "leads.csv"
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return file


Import = Callable[..., ImportReport]


@pytest.fixture
def take_in(store: Store, tmp_path: Path) -> Import:
    """Import rows of the usual columns with the usual mapping."""

    def imported(*rows: str, mapping: str = MAPPING, file: Path | None = None) -> ImportReport:
        (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
        return import_file(store, "leads", file or written(tmp_path, *rows), tmp_path / "map.toml", Console(quiet=True))

    return imported


def recorded(store: Store, key: str) -> list[log.Recorded]:
    with store.pool.connection() as connection:
        return list(log.load(connection, store.derived_id("imported lead", "erp", key)).history)


def facts(store: Store, key: str) -> list[tuple[Event, datetime]]:
    return [(fact.event, fact.occurred_at) for fact in recorded(store, key)]


def kinds(store: Store, key: str) -> list[type[Event]]:
    return [type(fact.event) for fact in recorded(store, key)]


def members(store: Store) -> set[object]:
    with store.pool.connection() as connection:
        return set(load_workspace(connection)[0].members.values())


def refused(report: ImportReport) -> list[tuple[int, str]]:
    assert report.errors_file is not None
    with open(report.errors_file, encoding="utf-8-sig", newline="") as text:
        return [(int(row["refused_line"]), row["refused_because"]) for row in csv.DictReader(text)]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.changed, report.unchanged, report.refused


# What a row says


def test_a_won_lead_is_recorded_as_it_was_in_its_own_time(store: Store, take_in: Import) -> None:
    report = take_in('7,Cancity,Ann,Roof,web,2026-01-05,03.02.2026,,,"1.054,50",EUR,W')
    assert counts(report) == (1, 0, 0, 0)
    opened, closed = berlin(2026, 1, 5), berlin(2026, 2, 3)
    captured, assigned, product, *rest = facts(store, "7")
    assert captured == (
        LeadCaptured(
            title="Roof for Cancity",
            source="web",
            pipeline="default",
            pipeline_version=1,
            stage="new",
            probability=Decimal("0.1"),
            inbound=False,
            external_ids={"erp": "7"},
        ),
        opened,
    )
    assert assigned == (LeadAssigned(owner_id=MemberId(store.derived_id("member", "Ann"))), opened)
    assert product == (LeadProductAdded(product_id="Roof", quantity=Decimal(1)), opened)
    worth = Money(amount=Decimal("1054.5"), currency="EUR")
    assert rest == [(LeadWon(value=worth), closed)]


def test_an_open_lead_is_in_its_stage_and_a_lost_one_has_its_reason(store: Store, take_in: Import) -> None:
    take_in(OPEN, "5,Cancity,,Roof,,2026-01-05,2026-02-03T10:30:00+02:00,price,,,,L")
    assert [event.stage for event, _ in facts(store, "8") if isinstance(event, LeadCaptured)] == ["proposal"]
    assert facts(store, "5")[-1] == (LeadLost(reason="price"), datetime(2026, 2, 3, 8, 30, tzinfo=UTC))


def test_what_is_read_only_for_some_outcomes_is_not_read_for_others(store: Store, take_in: Import) -> None:
    take_in("5,,,Roof,,2026-01-05,03.02.2026,by mistake,2,,,D")
    assert [type(event).__name__ for event, _ in facts(store, "5")][-1] == "LeadDisqualified"
    assert all(getattr(event, "reason", None) is None for event, _ in facts(store, "5"))
    assert [event.stage for event, _ in facts(store, "5") if isinstance(event, LeadCaptured)] == ["new"]


def test_rows_of_the_same_customer_share_a_history(store: Store, take_in: Import) -> None:
    take_in(WON.replace("Cancity", "New Cancity"), OPEN.replace("Cancity", " New  Cancity "), BARE)
    customer_id = CustomerId(store.derived_id("imported customer", "erp", "New Cancity"))
    with store.pool.connection() as connection:
        history = log.load_customer(connection, customer_id, 10**9)
    registered, *rest = history
    assert registered.event == CustomerRegistered(kind="organisation", name="New Cancity", source="web")
    assert registered.occurred_at == berlin(2026, 1, 5)
    assert {fact.stream_id for fact in rest} == {store.derived_id("imported lead", "erp", key) for key in ("7", "8")}


def test_blanks_around_a_cell_are_not_part_of_it(store: Store, take_in: Import) -> None:
    take_in(WON.replace(",", " , "))
    assert kinds(store, "7") == [LeadCaptured, LeadAssigned, LeadProductAdded, LeadWon]
    assert counts(take_in(WON)) == (0, 0, 1, 0)


def test_a_customer_may_be_a_person(store: Store, take_in: Import) -> None:
    take_in(WON, mapping=MAPPING.replace('customer = "company"', 'customer = { column = "company", kind = "person" }'))
    with store.pool.connection() as connection:
        loaded = log.load(connection, store.derived_id("imported customer", "erp", "Cancity"))
    assert loaded.history[0].event == CustomerRegistered(kind="person", name="Cancity", source="web")


def test_a_row_without_customer_date_and_product_is_a_prospects_lead_captured_now(
    store: Store, take_in: Import
) -> None:
    before = datetime.now(UTC)
    report = take_in(BARE)
    [captured] = recorded(store, "9")
    assert captured.customer_id == store.derived_id("prospect of", "erp", "9")
    assert isinstance(captured.event, LeadCaptured)
    assert captured.event.title == "Lead 9"
    assert before <= captured.occurred_at <= datetime.now(UTC)
    assert captured.metadata["flags"] == ["no_capture_date"]
    assert report.flagged == {"no_capture_date": 1}
    assert "1 no capture date" in str(report)


@pytest.mark.parametrize(
    ("company", "product", "title"),
    [("Cancity", "Roof", "Roof for Cancity"), ("n/a", "Roof", "Roof"), ("Cancity", "", "Lead 7")],
)
def test_a_title_reads_well_also_when_something_is_missing(
    store: Store, take_in: Import, company: str, product: str, title: str
) -> None:
    take_in(f"7,{company},,{product},,2026-01-05,,,,,,O")
    [captured, *_] = facts(store, "7")
    assert isinstance(captured[0], LeadCaptured)
    assert captured[0].title == title


def test_owners_become_members_once(store: Store, take_in: Import) -> None:
    take_in(WON, OPEN, "10,,Ann,,,2026-01-05,,,,,,O")
    take_in("11,,Ann,,,2026-01-05,,,,,,O", "12,,Cid,,,2026-01-05,,,,,,O")
    assert members(store) == {"Ann", "Bob", "Cid"}
    with store.pool.connection() as connection:
        invited = [r for r in log.load(connection, WORKSPACE_ID).history if r.type == "workspace.member_invited"]
    assert len(invited) == 3


def test_the_owner_of_a_refused_row_is_not_invited(store: Store, take_in: Import) -> None:
    take_in("7,,Ann,,,2026-13-05,,,,,,O")
    assert members(store) == set()


def test_the_owner_of_a_row_that_is_out_of_date_is_not_invited(store: Store, take_in: Import) -> None:
    take_in(WON)
    assert counts(take_in(WON.replace("Ann", "Zoe").replace(",W", ",O"))) == (0, 0, 1, 0)
    assert members(store) == {"Ann"}


@pytest.mark.parametrize(
    ("style", "text", "amount"),
    [
        ("1234.56", "1054", "1054"),
        ("1234.56", "-1054.5", "-1054.5"),
        ("1,234.56", "1,054,000.25", "1054000.25"),
        ("1,234.56", "1054.25", "1054.25"),
        ("1.234,56", "1.054,25", "1054.25"),
        ("1 234,56", "1\u202f054,25", "1054.25"),
        ("1'234.56", "1\u2019054.25", "1054.25"),
    ],
)
def test_amounts_are_read_as_they_are_written(
    store: Store, take_in: Import, style: str, text: str, amount: str
) -> None:
    take_in(f'7,,,,,2026-01-05,,,,"{text}",EUR,O', mapping=MAPPING.replace("1.234,56", style))
    assert (LeadValued(value=Money(amount=Decimal(amount), currency="EUR")), berlin(2026, 1, 5)) in facts(store, "7")


@pytest.mark.parametrize(
    ("style", "text"),
    [("1234.56", "1,054"), ("1,234.56", "1,05"), ("1.234,56", "1054.25"), ("1234.56", "1e3"), ("1234.56", "٣")],
)
def test_an_amount_written_otherwise_is_refused_not_guessed(take_in: Import, style: str, text: str) -> None:
    report = take_in(f'7,,,,,2026-01-05,,,,"{text}",EUR,O', mapping=MAPPING.replace("1.234,56", style))
    assert refused(report) == [(2, f"{text!r} in column amount is no amount written like {style}.")]


def test_a_constant_feeds_a_field_of_every_row(store: Store, take_in: Import) -> None:
    mapping = MAPPING.replace('source = "source"', 'source = { constant = "fair" }')
    take_in(WON, mapping=mapping)
    assert isinstance(event := facts(store, "7")[0][0], LeadCaptured)
    assert event.source == "fair"


# The same file again, and a newer one


def test_the_same_file_again_changes_nothing(store: Store, take_in: Import) -> None:
    assert counts(take_in(WON, OPEN, BARE)) == (3, 0, 0, 0)
    before = [recorded(store, key) for key in "789"]
    again = take_in(WON, OPEN, BARE)
    assert counts(again) == (0, 0, 3, 0)
    assert "0 new, 0 changed" in str(again)
    assert [recorded(store, key) for key in "789"] == before


def test_only_what_differs_becomes_events(store: Store, take_in: Import) -> None:
    take_in(WON, OPEN)
    report = take_in(WON.replace("2026-01-05", "2026-01-04"), OPEN.replace(",2,,,O", ",1,,,O").replace("Bob", "Ann"))
    assert counts(report) == (0, 2, 0, 0)
    assert facts(store, "7")[-1][0] == LeadCaptureCorrected(source="web", external_ids={"erp": "7"})
    assert kinds(store, "8")[3:] == [LeadAssigned, LeadMovedToStage]


def test_another_outcome_reopens_and_closes_again(store: Store, take_in: Import) -> None:
    take_in(WON)
    take_in(WON.replace(",W", ",L").replace("03.02.2026,,", "03.02.2026,price,"))
    assert kinds(store, "7")[-3:] == [LeadWon, LeadReopened, LeadLost]


def test_another_product_gives_another_title(store: Store, take_in: Import) -> None:
    take_in(OPEN)
    take_in(OPEN.replace("Wall", "Roof"))
    assert facts(store, "8")[3][0] == LeadRetitled(title="Roof for Cancity")


def test_a_customer_that_the_row_no_longer_names_stays(take_in: Import) -> None:
    take_in(OPEN)
    report = take_in(OPEN.replace("Cancity", ""), mapping=MAPPING.replace("{product} for {company}", "{product} for C"))
    assert counts(report) == (0, 1, 0, 0)


@pytest.mark.parametrize("before", ["", "Elsewhere"])
def test_an_import_moves_no_lead_to_another_customer(store: Store, take_in: Import, before: str) -> None:
    take_in(OPEN.replace("Cancity", before))
    known = recorded(store, "8")
    report = take_in(OPEN, WON)
    assert counts(report) == (1, 0, 0, 1)
    [(line, reason)] = refused(report)
    assert line == 2
    assert "reattribute" in reason
    assert recorded(store, "8") == known


def test_an_import_is_recorded_itself_and_its_events_name_it(store: Store, take_in: Import) -> None:
    report = take_in(WON, OPEN, "x", BARE)
    with store.pool.connection() as connection:
        started, completed = log.load(connection, report.import_id).history
    assert isinstance(started.event, ImportStarted)
    assert (started.event.kind, started.event.mapping) == ("leads", MAPPING)
    assert completed.event == ImportCompleted(rows=4, created=3, changed=0, unchanged=0, refused=1)
    for fact in [started, completed, *recorded(store, "7")]:
        assert fact.correlation_id == report.import_id
        assert fact.actor == {"kind": "import", "id": str(report.import_id)}
        assert fact.metadata["channel"] == "import"


def test_a_lead_that_was_captured_under_this_external_id_is_that_lead(store: Store, take_in: Import) -> None:
    lead_id, customer_id = store.derived_id("other"), CustomerId(store.derived_id("somebody"))
    with store.pool.connection() as connection:
        pipeline = load_workspace(connection)[0].pipeline("default")
        [captured] = lead.capture(CaptureLead(title="Wall", external_ids={"erp": "8"}), pipeline, Workspace())
        log.append(
            connection,
            [log.NewEvent(customer_id, "lead", lead_id, 1, captured, berlin(2026, 1, 6))],
            log.Envelope("user", lead_id, "api"),
            external_ids=[log.ExternalId("erp", "8", customer_id, lead_id)],
        )
    assert counts(take_in(WON, OPEN)) == (1, 1, 0, 0)
    assert counts(take_in(WON, OPEN)) == (0, 0, 2, 0)
    assert recorded(store, "8") == []
    with store.pool.connection() as connection:
        history = log.load(connection, lead_id).history
    assert {fact.customer_id for fact in history} == {customer_id}
    assert LeadMovedToStage in {type(fact.event) for fact in history}


def test_the_read_models_show_what_the_rows_say(store: Store, take_in: Import) -> None:
    take_in('7,Cancity,Ann,Roof,web,2026-01-05,03.02.2026,,,"1.054,50",EUR,W', OPEN)
    with connect(store.conninfo) as connection:
        catch_up(connection)
        row = get_lead(connection, store.derived_id("imported lead", "erp", "7"), sight=EVERYTHING)
        assert row is not None
        assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
        names = [member["name"] for member in list_members(connection, sight=EVERYTHING)]
    assert (row["customer_name"], row["owner_name"], row["status"]) == ("Cancity", "Ann", "won")
    assert (row["amount"], row["currency"], row["product_ids"]) == (Decimal("1054.5"), "EUR", ["Roof"])
    assert (row["captured_at"], row["closed_at"]) == (berlin(2026, 1, 5), berlin(2026, 2, 3))
    assert names == ["Ann", "Bob"]


# Interrupted, and two at once


def rows_of(count: int) -> list[str]:
    return [
        f"{n},Firm {n % 7},Owner {n % 5},Roof,web,2026-01-05,03.02.2026,,,{n},EUR,W" for n in range(100, 100 + count)
    ]


def test_an_import_that_was_interrupted_goes_on(store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, appended = rows_of(30), 0

    def interrupted(*arguments: Any) -> int:
        nonlocal appended
        appended += 1
        if appended > 5:
            raise KeyboardInterrupt
        return append_bulk(*arguments)

    monkeypatch.setattr(run_of_import, "_CHUNK", 3)
    monkeypatch.setattr(appending, "append_bulk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take_in(*rows)
    monkeypatch.undo()
    there = [key for key in range(100, 130) if recorded(store, str(key))]
    assert 0 < len(there) < 30
    report = take_in(*rows)
    assert counts(report) == (30 - len(there), 0, len(there), 0)
    assert all(kinds(store, str(key))[-1] is LeadWon for key in range(100, 130))
    assert counts(take_in(*rows)) == (0, 0, 30, 0)


@pytest.mark.parametrize("conflict", [log.VersionConflict, log.ExternalIdTaken, UNAVAILABLE[0]])
def test_rows_that_cannot_be_recorded_together_are_recorded_one_by_one(
    store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch, conflict: type[Exception]
) -> None:
    def conflicting(connection: Connection, events: Sequence[log.NewEvent], *arguments: Any) -> int:
        if len({event.stream_id for event in events if event.stream_type == "lead"}) > 1:
            raise conflict
        return append_bulk(connection, events, *arguments)

    monkeypatch.setattr(appending, "append_bulk", conflicting)
    assert counts(take_in(*rows_of(9))) == (9, 0, 0, 0)
    with store.pool.connection() as connection:
        firms = [store.derived_id("imported customer", "erp", f"Firm {n}") for n in range(7)]
        assert [len(history) for history in log.load_many(connection, firms).values()] == [1] * 7


def test_two_imports_at_once_take_each_lead_in_once(store: Store, tmp_path: Path) -> None:
    rows = rows_of(60)
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    reports: list[ImportReport] = []
    together = threading.Barrier(3)

    def run(name: str, rows: Sequence[str]) -> None:
        (tmp_path / name).mkdir()
        file = written(tmp_path / name, *rows)
        together.wait()
        reports.append(import_file(store, "leads", file, tmp_path / "map.toml", Console(quiet=True)))

    # the opposite order makes them wait for each other
    orders = (rows, rows[::-1], rows)
    threads = [threading.Thread(target=run, args=(str(n), order)) for n, order in enumerate(orders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 3
    assert sum(report.created for report in reports) == 60
    assert sum(report.unchanged for report in reports) == 120
    assert members(store) == {f"Owner {n}" for n in range(5)}
    with connect(store.conninfo) as connection:
        streams = log.load_many(
            connection, [store.derived_id("imported customer", "erp", f"Firm {n}") for n in range(7)]
        )
        invited = [r for r in log.load(connection, WORKSPACE_ID).history if r.type == "workspace.member_invited"]
        catch_up(connection)
        assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
    assert [len(history) for history in streams.values()] == [1] * 7
    assert len(invited) == 5
    assert kinds(store, "100") == [LeadCaptured, LeadAssigned, LeadProductAdded, LeadWon]


def test_a_database_that_goes_away_is_reported_in_a_sentence(
    store: Store, take_in: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> list[int]:
        raise UNAVAILABLE[0]

    monkeypatch.setattr(log, "load_many", gone)
    with pytest.raises(ImportRefused, match="stopped answering in the middle"):
        take_in(WON)


# What is refused


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
