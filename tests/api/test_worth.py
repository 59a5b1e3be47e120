"""What is recorded of a fit, and what may then be expected of a customer."""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.fitting import Range, fit_clv, fit_retention, record
from api.store import Store
from eventstore import analytics, log
from eventstore.database import Connection
from projections.models import bg_nbd
from replay.follow import catch_up
from tests.api.customer_base import FIRST, YEAR, bought, buyers, contract, lived
from tests.api.test_cli import Crm
from tests.projections.customer_facts import merge


@pytest.fixture
def shop(store: Store, connection: Connection) -> Store:
    lived(connection, *buyers())
    return store


def test_a_fit_is_recorded_and_found_as_of_a_moment(client: TestClient, shop: Store, connection: Connection) -> None:
    assert client.get("/v1/models").json()["data"] == []
    assert "None was fitted yet" in client.get("/v1/models/bg_nbd_EUR").json()["detail"]
    fitted = fit_clv(shop, Range(until_day=date(2025, 10, 1)))
    record(shop, fitted)
    catch_up(connection)
    moment = log.now(connection)
    record(shop, fit_clv(shop, YEAR))
    catch_up(connection)
    found = {model["name"]: model for model in client.get("/v1/models").json()["data"]}
    assert {name: model["version"] for name, model in found.items()} == {"bg_nbd_EUR": 2, "gamma_gamma_EUR": 2}
    then = client.get("/v1/models/bg_nbd_EUR", params={"as_of": moment.isoformat()}).json()
    assert (then["version"], then["until_day"], then["observations"]) == (1, "2025-10-01", fitted[0].fit.observations)
    assert then["parameters"].keys() == {"r", "alpha", "a", "b", "log_likelihood"}
    assert then["parameters"]["r"] == pytest.approx(fitted[0].fit.parameters["r"], abs=1e-9)
    assert "There are: bg_nbd_EUR, gamma_gamma_EUR." in client.get("/v1/models/clv").json()["detail"]
    assert client.get("/v1/models/clv").status_code == 404


def test_what_is_expected_of_a_customer_follows_from_the_models(
    client: TestClient, shop: Store, connection: Connection
) -> None:
    (ann, bob) = lived(connection, [(0, bought("40")), (70, bought("30")), (140, bought("20"))], contract(None))
    path = f"/v1/customers/{ann}/worth"
    assert client.get(path).json()["buying"] == [], "nothing is fitted yet"
    fitted = fit_clv(shop, YEAR)
    record(shop, [*fitted, *fit_of_contracts(shop, connection)])
    catch_up(connection)
    told = client.get(path, params={"weeks": 26}).json()
    (buying,) = told["buying"]
    watched = (date.fromisoformat(told["on"]) - timedelta(days=1) - FIRST.date()).days / 7
    known = bg_nbd.Buyer(2, 20, watched)
    assert (buying["repeat_days"], buying["last_bought_on"], buying["currency"]) == (2, "2025-05-21", "EUR")
    assert buying["alive"] == pytest.approx(bg_nbd.alive(fitted[0].fit.parameters, known), rel=1e-6)
    assert buying["expected_days"] == pytest.approx(bg_nbd.expected(fitted[0].fit.parameters, known, 26), rel=1e-6)
    spent = Decimal(buying["expected_spending"])
    assert abs(spent - Decimal(buying["expected_spending_a_day"]) * Decimal(buying["expected_days"])) < Decimal("0.01")
    assert told["renewing"] is None
    renewing = client.get(f"/v1/customers/{bob}/worth").json()
    assert renewing["buying"] == []
    assert 0.5 < renewing["renewing"]["renews_next"] < 1
    assert renewing["renewing"]["expected_renewals"] > 1
    merge(connection, ann, bob)
    catch_up(connection)
    merged = client.get(path).json()
    assert (merged["customer_id"], merged["buying"]) == (str(bob), []), "she has a subscription now"
    assert client.get(f"/v1/customers/{uuid4()}/worth").status_code == 404
    then = client.get(path, params={"as_of": log.now(connection).isoformat()}).json()
    assert (then["customer_id"], then["buying"]) == (str(bob), []), "also where nothing else was asked of that moment"


def fit_of_contracts(store: Store, connection: Connection) -> Any:
    lived(connection, *[contract(1 + number % 3) for number in range(30)], *[contract(None) for _ in range(40)])
    return fit_retention(store, YEAR)


def test_models_and_worth_are_for_those_who_may_read_them(store: Store, anonymous: TestClient) -> None:
    anonymous.headers["Authorization"] = f"Bearer {create_api_key(store, 'few', ('customers:read',))}"
    assert anonymous.get("/v1/models").status_code == 403
    assert anonymous.get(f"/v1/customers/{uuid4()}/worth").status_code == 403


def test_the_server_says_which_packages_it_lacks(
    client: TestClient, shop: Store, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann,) = lived(connection, [(0, bought()), (9, bought())])
    record(shop, fit_clv(shop, YEAR))
    catch_up(connection)
    monkeypatch.setattr(analytics, "_PACKAGES", ("a_package_that_nobody_has",))
    answer = client.get(f"/v1/customers/{ann}/worth")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_installed")
    assert "--with analytics" in answer.json()["detail"]
    assert client.get("/v1/models").status_code == 200


# The command line


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.mark.full
def test_the_command_line_fits_and_records_unless_told_not_to(
    crm: Crm, shop: Store, client: TestClient, tmp_path: Path
) -> None:
    told = crm("fit", "clv", "--until", "2026-01-01", "--dry-run")
    assert "Nothing was recorded." in told
    assert client.get("/v1/models").json()["data"] == []
    file = tmp_path / "customers.csv"
    fitted = json.loads(crm("fit", "clv", "--until", "2026-01-01", "--customers", str(file), "--json"))
    assert [model["model"] for model in fitted] == ["bg_nbd_EUR", "gamma_gamma_EUR"]
    assert f"{fitted[0]['fit']['parameters']['alpha']:.4f}" in told
    with open(file, encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == fitted[0]["fit"]["observations"]
    assert all(0 <= float(row["alive"]) <= 1 and Decimal(row["expected_spending"]) >= 0 for row in rows)
    assert "is there already" in crm("fit", "clv", "--customers", str(file), code=2)
    assert "The sBG model needs at least 50 customers" in crm("fit", "retention", code=2)
    assert "has not come yet" in crm("fit", "clv", "--until", "2999-01-01", code=2)
