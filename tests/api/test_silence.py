"""Customers who stay away are found by rule, once; what was found is taken back when they come again, or undone."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from api.silence import Findings, find_silent
from api.store import SYSTEM_ID, Store
from api.undo import undo
from domain.customer import CustomerActivated, CustomerArchived, CustomerEvent, CustomerRegistered
from domain.event import CustomerId
from eventstore import log
from eventstore.database import Connection
from replay.follow import catch_up
from tests.api.customer_base import bought, subscribed
from tests.api.test_cli import Crm
from tests.facts import NOBODY
from tests.projections.customer_facts import merge
from tests.projections.records import forget


def lived(connection: Connection, *life: tuple[float, CustomerEvent], customer_id: UUID | None = None) -> UUID:
    """Somebody to whom this happened so many days ago."""
    who, now = CustomerId(customer_id or uuid4()), log.now(connection)
    new = [
        log.NewEvent(who, "customer", who, None, event, now - timedelta(days=ago)) for ago, event in life
    ]  # fmt: skip
    log.append(connection, new, NOBODY)
    catch_up(connection)
    return who


def buying(connection: Connection, *ago: float) -> UUID:
    return lived(connection, *((days, bought()) for days in ago))


def find(store: Store, connection: Connection, dry_run: bool = False) -> dict[UUID, tuple[str, ...]]:
    return told(found(store, connection, dry_run))


def found(store: Store, connection: Connection, dry_run: bool = False) -> Findings:
    catch_up(connection)
    findings = find_silent(store, dry_run=dry_run)
    catch_up(connection)
    return findings


def told(findings: Findings) -> dict[UUID, tuple[str, ...]]:
    return {one.customer_id: one.types for one in findings.found}


def status(connection: Connection, customer_id: UUID) -> object:
    (row,) = connection.execute("SELECT status FROM customer_360 WHERE customer_id = %s", [customer_id]).fetchall()
    return row["status"]


def test_who_stays_away_is_found_once_and_taken_back_when_she_comes(store: Store, connection: Connection) -> None:
    ann = buying(connection, 139, 118, 97)
    bob = buying(connection, 242, 221, 200)
    buying(connection, 52, 31, 10)
    buying(connection, 300)
    assert find(store, connection, dry_run=True) == {ann: ("customer.marked_at_risk",), bob: ("customer.churned",)}
    assert [status(connection, who) for who in (ann, bob)] == ["active", "active"], "only asked"
    findings = found(store, connection)
    assert {one.customer_id: one.words for one in findings.found} == {
        ann: "At risk by rule silence, version 1, no purchase for 97 days, her median gap is 21 days",
        bob: f"Left on {log.now(connection):%Y-%m-%d}, nothing was heard by rule silence, version 1, "
        "no purchase for 200 days, her median gap is 21 days",
    }
    assert [status(connection, who) for who in (ann, bob)] == ["at_risk", "churned"]
    assert find(store, connection) == {}, "on the same day there is nothing to add"
    for who in (ann, bob):
        lived(connection, (0, bought()), customer_id=who)
    assert find(store, connection) == {ann: ("customer.activated",), bob: ("customer.won_back",)}
    assert [status(connection, who) for who in (ann, bob)] == ["active", "won_back"]
    assert find(store, connection) == {}


def test_several_purchases_of_a_day_are_one_and_a_contract_is_no_silence(store: Store, connection: Connection) -> None:
    buying(connection, 400, 400, 400, 399)
    bound = lived(connection, *((ago, bought()) for ago in (142, 121, 100)), (100, subscribed(uuid4(), 0)))
    assert find(store, connection) == {}
    free = buying(connection, 142, 121, 100)
    assert find(store, connection) == {free: ("customer.marked_at_risk",)}
    lived(connection, (0, subscribed(uuid4(), 0)), customer_id=free)
    assert find(store, connection) == {free: ("customer.activated",)}
    assert status(connection, bound) == "active"


def test_a_persons_word_stands(store: Store, connection: Connection) -> None:
    ann = buying(connection, 142, 121, 100)
    assert len(find(store, connection)) == 1
    lived(connection, (0, CustomerActivated(reason="On holiday")), customer_id=ann)
    assert find(store, connection) == {}


def test_archived_customers_are_left_alone(store: Store, connection: Connection) -> None:
    ann = buying(connection, 142, 121, 100)
    lived(connection, (0, CustomerArchived()), customer_id=ann)
    assert find(store, connection) == {}


def test_of_somebody_who_was_forgotten_meanwhile_it_is_said(store: Store, connection: Connection) -> None:
    ann = buying(connection, 142, 121, 100)
    forget(connection, ann)
    (one,) = find_silent(store).found
    assert (one.customer_id, one.types) == (ann, ())
    assert one.refused is not None
    assert "was forgotten" in one.refused


def test_merged_customers_have_one_habit(store: Store, connection: Connection) -> None:
    ann, bob = buying(connection, 142, 100), buying(connection, 121)
    merge(connection, ann, bob)
    assert find(store, connection) == {bob: ("customer.marked_at_risk",)}
    gone, here = buying(connection, 142, 121, 100), lived(connection, (9, CustomerRegistered(kind="person", name="Cy")))
    merge(connection, gone, here)
    assert find(store, connection) == {}, "where only others tell of her, that is for people to say"


def test_all_findings_of_a_day_are_undone_together(store: Store, connection: Connection) -> None:
    ann, bob = buying(connection, 142, 121, 100), buying(connection, 242, 221, 200)
    findings = found(store, connection)
    assert findings.correlation_id is not None
    report = undo(store, log.Envelope("system", SYSTEM_ID, "cli"), findings.correlation_id)
    assert (report.events, report.left) == (2, False)
    catch_up(connection)
    assert [status(connection, who) for who in (ann, bob)] == ["active", "active"]


@pytest.fixture
def crm(conninfo: str, tmp_path: Path) -> Crm:
    return Crm(conninfo, tmp_path / "data")


@pytest.mark.full
def test_the_command_line_says_who_and_why(crm: Crm, store: Store, connection: Connection) -> None:
    ann = buying(connection, 139, 118, 97)
    told = crm("churn", "find", "--dry-run")
    assert f"{ann}: At risk by rule silence, version 1, no purchase for 97 days, her median gap is 21 days" in told
    assert "1 customer.marked_at_risk, but nothing was recorded." in told
    assert json.loads(crm("churn", "find", "--json"))["found"][0]["types"] == ["customer.marked_at_risk"]
    assert "1 customers: nothing to record." in crm("churn", "find")
