"""Lists as files: all rows of one moment, in every format, for whoever may see them; and who has seen them is noted."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, settings
from hypothesis import strategies as st
from psycopg import sql
from pydantic_core import to_jsonable_python

from api.access import create_api_key
from api.audit.answer import Reader
from api.exports import answer, routes
from api.exports.formats import written
from api.exports.kinds import KINDS
from api.spreadsheets import restored
from api.store import Store
from domain.customer import CustomerPurchaseRecorded
from domain.lead import LeadExpectedCloseMoved, LeadWon
from domain.money import Money
from eventstore.audit.accesses import accesses, note_accesses
from eventstore.database import Connection
from projections.exporting import EXPORTS
from projections.sight import EVERYTHING
from replay.follow import catch_up
from tests.api.exported import PRICE, exported, lived_in
from tests.api.test_cli import Crm
from tests.api.test_cli import crm as crm
from tests.api.test_past import now
from tests.facts import captured, given
from tests.projections.records import registered, tell

LISTS = [kind.name for kind in KINDS.values() if kind.relation]


@pytest.fixture(autouse=True)
def _utc(connection: Connection) -> None:
    connection.execute("SET TimeZone TO 'UTC'")


def test_a_list_has_every_row_of_its_read_model_as_it_is(client: TestClient, connection: Connection) -> None:
    lived_in(connection)
    lived_in(connection, "Bea")
    for kind in LISTS:
        table = EXPORTS[KINDS[kind].relation or ""].tables[0]
        whole = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("public", table))).fetchall()
        rows = exported(client, kind)
        both = sorted(set(whole[0]) & set(rows[0]) | {"customer_id"})
        assert len(both) >= 7, kind
        assert alike(rows, both) == alike(whole, both), kind
        assert len(rows) == 2
    (ann, _) = sorted(exported(client, "customers"), key=lambda row: str(row["name"]))
    assert (ann["purchased"], ann["mrr"]) == ({"EUR": "1200.50"}, {"EUR": "1200.50"})
    assert [point["normalised"] for point in ann["contact_points"]] == ["+4930901820"]
    (person, _) = exported(client, "people")
    assert [point["written"] for point in person["contact_points"]] == ["bo@example.org"]
    assert {row["customer_name"] for row in exported(client, "leads")} == {"Ann Example", "Bea"}


def alike(rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    return sorted(json.dumps({name: to_jsonable_python(row[name]) for name in columns}, sort_keys=True) for row in rows)


def test_csv_says_the_same_and_no_cell_is_a_formula(client: TestClient, connection: Connection) -> None:
    lived_in(connection)
    answer = client.get("/v1/exports/leads")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="leads.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    (lead,) = exported(client, "leads")
    assert row["title"] == "'=1+1"
    assert (row["lead_id"], row["captured_at"]) == (lead["lead_id"], lead["captured_at"])
    assert (row["amount"], row["product_ids"], row["inbound"]) == ("", "[]", {None: "", True: "true"}[lead["inbound"]])
    assert client.get("/v1/exports/leads", params={"bom": "true"}).content.startswith(b"\xef\xbb\xbflead_id,")
    assert "'+4930901820" in client.get("/v1/exports/customers").text


def test_a_list_without_rows_has_its_header(client: TestClient) -> None:
    assert client.get("/v1/exports/purchases").text.startswith("purchase_id,")
    assert exported(client, "purchases") == []


def test_a_list_is_as_it_was_known(client: TestClient, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    then = now(connection)
    given(connection, LeadWon(value=PRICE), lead_id=lead_id, customer_id=customer_id, version=1)
    assert [row["status"] for row in exported(client, "leads", as_of=then)] == ["open"]
    position = connection.execute("SELECT max(position) AS position FROM log.event").fetchone()
    assert position is not None
    fresh = client.get("/v1/exports/leads", headers={"Min-Position": str(position["position"])})
    assert ",won," in fresh.text


def test_of_interactions_only_those_that_had_happened(client: TestClient, connection: Connection) -> None:
    lived_in(connection)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert exported(client, "interactions", as_of=yesterday, axis="occurred") == []
    assert len(exported(client, "interactions", as_of=now(connection), axis="occurred")) == 1


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("customers?axis=occurred&as_of=2026-03-03T09:00:00Z", "recorded axis alone"),
        ("interactions?axis=occurred&as_of=2999-03-03T09:00:00Z", "future"),
        ("leads?as_of=2999-03-03T09:00:00Z", "future"),
        ("leads?format=vcard", "leads can be exported as: csv, ndjson, parquet."),
        ("kpis?format=parquet", "Parquet is not streamed"),
        ("leads?from=2026-03-03", "Only kpis have a period"),
        ("kpis?zone=Nowhere", "no such time zone"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(client: TestClient, path: str, sentence: str) -> None:
    refused = client.get(f"/v1/exports/{path}")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_parameter")
    assert sentence in refused.json()["detail"]


def test_all_figures_are_one_file(client: TestClient, connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    given(connection, LeadWon(value=PRICE), lead_id=lead_id, customer_id=customer_id, version=1)
    then = now(connection)
    for asked in ({"as_of": then}, {"as_of": then, "axis": "occurred"}):
        rows = {row["slug"]: row for row in exported(client, "kpis", **asked)}
        won = rows["win_rate"]
        assert [Decimal(won[name]) for name in ("value", "numerator", "denominator")] == [1, 1, 1]
        assert won["definition"] == "win_rate@1"
    of_a_year = exported(client, "kpis", **{"from": "2020-01-01", "to": "2021-01-01", "zone": "Europe/Berlin"})
    assert len({row["as_of"] for row in of_a_year}) == 1
    assert {(row["from"], row["to"], row["zone"]) for row in of_a_year} == {
        ("2020-01-01", "2021-01-01", "Europe/Berlin")
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_needs_the_scopes_of_the_list_and_of_what_is_personal(
    store: Store, anonymous: TestClient, kind: str
) -> None:
    scopes = KINDS[kind].scopes
    for missing in scopes:
        key = create_api_key(store, "less", tuple(scope for scope in scopes if scope != missing))
        refused = anonymous.get(f"/v1/exports/{kind}", headers={"Authorization": f"Bearer {key}"})
        assert (refused.status_code, missing in refused.json()["detail"]) == (403, True)
    key = create_api_key(store, "just right", scopes)
    assert anonymous.get(f"/v1/exports/{kind}", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_whoever_sees_what_is_personal_is_noted_once_for_each_customer_before_it_is_shown(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "_BATCH", 2)
    ann = UUID(int=1)
    for number in range(5):
        given(connection, captured(str(number)), customer_id=ann)
    assert accesses(connection, [ann], 9) == []
    catch_up(connection)
    assert len(exported(client, "leads")) == 5
    (seen,) = accesses(connection, [ann], 9)
    assert (seen.way, seen.actor["kind"]) == ("GET /v1/exports/leads", "api_key")
    exported(client, "kpis")
    assert len(accesses(connection, [ann], 9)) == 1


def test_nothing_is_shown_that_could_not_be_noted(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived_in(connection)

    def fail(*_: object) -> None:
        raise OSError("the note cannot be written")

    monkeypatch.setattr(answer, "note_accesses", fail)
    refused = client.get("/v1/exports/customers")
    assert refused.status_code == 500
    assert "Ann" not in refused.text


def test_only_some_are_served_at_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        assert routes._TURNS.acquire(blocking=False)
    try:
        assert client.get("/v1/exports/leads").json()["code"] == "too_many_exports"
    finally:
        routes._TURNS.release(4)
    for _ in range(9):  # each gives its turn back, also one that is refused
        client.get("/v1/exports/leads", params={"format": "vcard"})
        assert client.get("/v1/exports/leads").status_code == 200


def test_an_export_is_of_one_moment(
    client: TestClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "_BATCH", 1)
    given(connection, captured("A"), lead_id=UUID(int=1))
    given(connection, captured("B"), lead_id=UUID(int=2))
    catch_up(connection)

    def and_somebody_writes(*arguments: Any) -> None:
        note_accesses(*arguments)
        connection.execute("UPDATE public.lead SET title = 'Changed'")

    monkeypatch.setattr(answer, "note_accesses", and_somebody_writes)
    assert [row["title"] for row in exported(client, "leads")] == ["A", "B"]


@pytest.mark.full
def test_the_command_writes_a_file_or_prints(crm: Crm, connection: Connection, tmp_path: Path) -> None:
    customer_id, _ = lived_in(connection)
    path = tmp_path / "customers.csv"
    assert crm("export", "customers", "--output", str(path)) == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert crm("export", "customers", "--output", "-") == path.read_text()
    assert "is there already" in crm("export", "customers", "--output", str(path), code=2)
    crm("export", "customers", "--output", str(path), "--force", "--format", "ndjson")
    assert json.loads(path.read_text())["customer_id"] == str(customer_id)
    assert [seen.way for seen in accesses(connection, [customer_id], 9)] == ["crm export"] * 3
    assert "Say what to export" in crm("export", code=2)
    assert "can be exported as" in crm("export", "leads", "--format", "icalendar", code=2)
    assert "Only kpis" in crm("export", "leads", "--from", "2026-03-01", code=2)
    assert not json.loads(crm("export", "kpis", "--format", "ndjson").splitlines()[0])["from"]
    before = "2020-01-01"
    assert crm("export", "customers", "--as-of", before).count("\n") == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("=1+1", "'=x\n", Decimal("-0.000001"), date(1, 1, 1))
@hypothesis.given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=99),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=99),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**13), max_value=10**13),
    st.dates(),
)
def test_any_text_amount_and_day_come_out_as_they_went_in(
    client: TestClient, connection: Connection, name: str, title: str, amount: Decimal, day: date
) -> None:
    customer_id = registered(connection, name)
    money = Money(amount=amount, currency="EUR")
    tell(connection, customer_id, CustomerPurchaseRecorded(purchase_id=uuid4(), total=money, external_id=title))
    given(connection, captured(title), LeadExpectedCloseMoved(expected_close=day), customer_id=customer_id)
    catch_up(connection)
    for form in ("csv", "ndjson"):
        ((customer, purchase, lead),) = zip(
            *(_of(client, form, kind, customer_id) for kind in ("customers", "purchases", "leads")), strict=True
        )
        assert (customer["name"], lead["title"], purchase["external_id"]) == (name, title, title)
        assert (Decimal(purchase["total"]), date.fromisoformat(lead["expected_close"])) == (amount, day)


def _of(client: TestClient, form: str, kind: str, customer_id: UUID) -> list[dict[str, Any]]:
    """Her rows, as the standard library reads them."""
    text = client.get(f"/v1/exports/{kind}", params={"format": form}).content.decode()
    rows: list[dict[str, Any]]
    if form == "csv":
        lines = csv.DictReader(io.StringIO(text, newline=""))
        rows = [{column: restored(shown) for column, shown in line.items()} for line in lines]
    else:
        rows = [json.loads(line) for line in text.split("\n")[:-1]]
    return [row for row in rows if row["customer_id"] == str(customer_id)]


@pytest.mark.full
def test_ten_times_the_rows_take_no_more_memory(store: Store, connection: Connection) -> None:
    customer_id, _ = lived_in(connection)
    columns = "stream_type, customer_id, position, happened_at, kind, actor, is_corrected"
    more = (
        f"INSERT INTO public.interaction (stream_id, interaction_id, {columns})"
        f" SELECT stream_id, gen_random_uuid(), {columns} FROM public.interaction, generate_series(1, %s)"
        " WHERE summary IS NOT NULL"
    )
    taken = []
    for rows, copies in ((2_001, 2_000), (20_001, 18_000)):
        connection.execute(more.encode(), [copies])
        asked = answer.Asked(KINDS["interactions"], "csv")
        reader = Reader("system", customer_id, "test", personal=True, names=True, sight=EVERYTHING)
        tracemalloc.start()
        with answer.rows_of(store, reader, asked) as found:
            lines = sum(part.count(b"\n") for part in written(found, "csv"))
        taken.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == rows + 1
    assert taken[1] < taken[0] * 1.2
