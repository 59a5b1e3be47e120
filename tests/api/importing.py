"""Takes rows in with a mapping, and tells what is known after that: what all tests of imports begin with."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from api.imports.run import ImportReport, import_file
from api.store import SYSTEM_ID, Store
from api.undo import undo
from domain.event import Event
from eventstore import log
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify

BY = log.Envelope("system", SYSTEM_ID, "test")
_OWN = ("position", "version", "last_event_at", "status_position", "position_of_first", "added_at", "answered_position")


@dataclass(frozen=True)
class House:
    """An installation, and a folder for the files that it is given."""

    store: Store
    folder: Path

    def take_in(self, kind: str, mapping: str, *lines: str, dry_run: bool = False) -> ImportReport:
        """Import these lines, the first of which is the header."""
        (self.folder / "map.toml").write_text(f'kind = "{kind}"\nsystem = "erp"\n{mapping}', encoding="utf-8")
        file = self.folder / "rows.csv"
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return self.take_in_file(kind, file, self.folder / "map.toml", dry_run=dry_run)

    def take_in_file(self, kind: str, file: Path, mapping: Path, *, dry_run: bool = False) -> ImportReport:
        """Import that file."""
        return import_file(self.store, kind, file, mapping, Console(quiet=True), dry_run=dry_run)

    def undo(self, report: ImportReport) -> bool:
        """Take an import back; whether all of it is gone."""
        return not undo(self.store, BY, report.import_id).conflicts

    def id_of(self, thing: str, key: str, system: str = "erp") -> UUID:
        """What an imported thing of that name is called here."""
        return self.store.derived_id(f"imported {thing}", system, key)

    def history(self, stream_id: UUID) -> Sequence[log.Recorded]:
        """What stands of a history."""
        with self.store.pool.connection() as connection:
            return log.load(connection, stream_id).standing

    def events(self, stream_id: UUID) -> list[Event]:
        """The same without envelopes."""
        return [recorded.event for recorded in self.history(stream_id)]

    def add(self, stream_type: str, stream_id: UUID, *events: Event) -> None:
        """What a person records in the meantime."""
        whose = self.history(stream_id)[0].customer_id
        new = [log.NewEvent(whose, stream_type, stream_id, None, event) for event in events]
        with self.store.pool.connection() as connection:
            log.append(connection, new, log.Envelope("user", UUID(int=7), "console"))

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """The rows of a SELECT over the read models, when they are up to date."""
        with self.store.following() as connection:
            catch_up(connection)
            connection.execute("SET search_path TO public")
            return connection.execute(statement.encode()).fetchall()

    def known(self) -> dict[str, list[dict[str, Any]]]:
        """What the read models say, but for where in the log it was said; they are what a replay makes of them."""
        tables = [table for model in read_models().values() for table in model.tables if table != "workspace_member"]
        found = {table: self.rows(f"SELECT * FROM {table}") for table in tables}
        with self.store.following() as connection:
            assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
        bare = {name: [{k: v for k, v in row.items() if k not in _OWN} for row in rows] for name, rows in found.items()}
        return {name: sorted(rows, key=repr) for name, rows in bare.items()}


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """An empty installation."""
    return House(store, tmp_path)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """New, changed, unchanged, refused."""
    return report.created, report.changed, report.unchanged, report.refused


def refused(report: ImportReport) -> list[tuple[int, str]]:
    """The refused rows by line, with the reason."""
    assert report.errors_file is not None
    with open(report.errors_file, encoding="utf-8-sig", newline="") as text:
        return [(int(row["refused_line"]), row["refused_because"]) for row in csv.DictReader(text)]
