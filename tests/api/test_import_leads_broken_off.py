"""An import of leads that is interrupted, overtaken by another, or left by its database."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.imports import appending
from api.imports import run as run_of_import
from api.imports.run import ImportRefused, ImportReport, import_file
from api.store import Store
from domain.lead import (
    LeadAssigned,
    LeadCaptured,
    LeadProductAdded,
    LeadWon,
)
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.bulk import append_bulk
from eventstore.database import UNAVAILABLE, Connection, connect
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify
from tests.api.leads_file import MAPPING, WON, Import, counts, kinds, members, recorded, rows_of, written


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
