"""Parquet: the same rows and the same events as in the other formats, exact, of one moment."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi.testclient import TestClient

from api.audit.answer import Reader
from api.exports import answer, parquet_list
from api.exports.answer import Asked
from api.exports.files import new_file
from api.exports.kinds import KINDS
from api.exports.parquet_list import write_parquet
from api.exports.whole_log import export_log
from api.store import SYSTEM_ID, Store
from domain.lead import LeadWon
from eventstore import analytics
from eventstore.analytics import AnalyticsMissing
from eventstore.audit.accesses import accesses
from eventstore.database import Connection
from eventstore.log_files import parquet_files, writing
from eventstore.log_files.manifest import NAME
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.api.exported import PRICE, exported, lived_in
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.api.test_past import now
from tests.facts import captured, given

WAY = Reader("system", SYSTEM_ID, "test", personal=True, names=True, sight=EVERYTHING)


def rows(path: Path | str) -> list[dict[str, Any]]:  # Any: of any list
    with duckdb.connect() as database:
        database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        columns = [column[0] for column in database.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in database.fetchall()]


def in_parquet(store: Store, kind: str, folder: Path, **asked: Any) -> list[dict[str, Any]]:
    path = folder / f"{kind}.parquet"
    with new_file(path, force=True) as file:
        write_parquet(store, WAY, Asked(KINDS[kind], "parquet", **asked), file, folder)
    assert list(folder.glob(".everfold*")) == []
    return rows(path)


def test_each_list_has_the_rows_that_it_has_elsewhere(
    client: TestClient, store: Store, connection: Connection, tmp_path: Path
) -> None:
    customer_id, _ = lived_in(connection)
    for kind in [kind for kind in KINDS if "parquet" in KINDS[kind].formats]:
        found, elsewhere = in_parquet(store, kind, tmp_path), exported(client, kind)
        assert len(found) == len(elsewhere) == 1
        assert list(found[0]) == list(elsewhere[0])
        assert str(found[0]["customer_id"]) == elsewhere[0]["customer_id"] == str(customer_id)
    (purchase,) = in_parquet(store, "purchases", tmp_path)
    assert Decimal(purchase["total"]) == PRICE.amount
    assert {seen.way for seen in accesses(connection, [customer_id], 99)} >= {"test"}


def test_a_list_is_as_it_was_known(store: Store, connection: Connection, tmp_path: Path) -> None:
    lead_id, customer_id = given(connection, captured())
    then = now(connection)
    given(connection, LeadWon(value=PRICE), lead_id=lead_id, customer_id=customer_id, version=1)
    catch_up(connection)
    (known,) = in_parquet(store, "leads", tmp_path, as_of=datetime.fromisoformat(then))
    (today,) = in_parquet(store, "leads", tmp_path)
    assert (known["status"], today["status"]) == ("open", "won")


def test_whoever_is_noted_is_whoever_is_shown(
    store: Store, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are of one moment, also when somebody writes between them."""
    lived_in(connection)

    def and_then_somebody_writes(*arguments: Any) -> Iterator[Any]:
        yield from answer.noted(*arguments)
        lived_in(connection, "Meanwhile")

    monkeypatch.setattr(parquet_list, "noted", and_then_somebody_writes)
    assert [row["name"] for row in in_parquet(store, "customers", tmp_path)] == ["Ann Example"]


def test_the_log_has_the_events_that_it_has_elsewhere(store: Store, connection: Connection, tmp_path: Path) -> None:
    lived_in(connection)
    plain = export_log(store, tmp_path / "plain", "ndjson")
    packed = export_log(store, tmp_path / "packed", "parquet")
    assert [(one.table, one.rows) for one in packed.members] == [(one.table, one.rows) for one in plain.members]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "packed").iterdir()} == {0o600}
    assert {path.name for path in (tmp_path / "packed").iterdir()} == {NAME, *(one.name for one in packed.members)}
    events = rows(tmp_path / "packed" / "2*.parquet")
    lines = [json.loads(line) for path in tmp_path.glob("plain/2*") for line in path.read_text().splitlines()]
    assert len(events) == len(lines) >= 10
    for event, line in zip(events, lines, strict=True):
        assert list(event) == list(line)
        told = [event["position"], str(event["event_id"]), event["type"], event["recorded_at"]]
        assert told == [*(line[name] for name in ("position", "event_id", "type")), moment(line["recorded_at"])]
        assert json.loads(event["data"]) == line["data"]
        assert json.loads(event["personal"] or "null") == line["personal"]
        assert f"\\x{event['digest'].hex()}" == line["digest"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_log_is_of_one_moment(
    store: Store, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(connection, captured())

    def columns_of_and_somebody_writes(*arguments: Any) -> Any:
        given(connection, captured("Meanwhile"))
        return parquet_files.parquet_files(*arguments)

    monkeypatch.setattr(writing, "parquet_files", columns_of_and_somebody_writes)
    manifest = export_log(store, tmp_path / "log", "parquet")
    known = connection.execute("SELECT count(*) AS events FROM log.event").fetchone()
    assert known == {"events": manifest.events + 1}


def test_where_the_packages_are_missing_that_is_said_before_anybody_is_noted(
    store: Store, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id, _ = lived_in(connection)
    monkeypatch.setattr(analytics, "has_analytics", lambda: False)
    with pytest.raises(AnalyticsMissing):
        in_parquet(store, "customers", tmp_path)
    with pytest.raises(AnalyticsMissing):
        export_log(store, tmp_path / "log", "parquet")
    assert [path.name for path in tmp_path.iterdir() if path != store.settings.data] == []
    assert accesses(connection, [customer_id], 9) == []


@pytest.mark.full
def test_the_command_writes_a_file(crm: Crm, connection: Connection, tmp_path: Path) -> None:
    customer_id, _ = lived_in(connection)
    assert "goes into a file" in crm("export", "leads", "--format", "parquet", code=2)
    path = tmp_path / "leads.parquet"
    crm("export", "leads", "--format", "parquet", "--output", str(path))
    assert [row["customer_id"] for row in rows(path)] == [customer_id]
    assert path.stat().st_mode & 0o777 == 0o600
    crm("export", "--log", "--format", "parquet", "--output", str(tmp_path / "log"))
    assert "exported as Parquet" in crm("import", "log", str(tmp_path / "log"), code=2)
