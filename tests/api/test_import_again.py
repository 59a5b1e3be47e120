"""Imports of every kind that were killed, or that run at the same time, come to the same as one that was left alone."""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.imports import appending
from api.imports import run as run_of_import
from api.imports.kinds import KINDS
from api.imports.run import ImportReport, import_file
from api.settings import Settings
from api.store import Store, open_store
from domain.customer import CustomerMergedInto
from eventstore.bulk import append_bulk
from tests.api import leads_file as leads
from tests.api import test_import_campaign_members as campaigns
from tests.api import test_import_customers as customers
from tests.api import test_import_interactions as interactions
from tests.api import test_import_people as people
from tests.api import test_import_purchases as purchases
from tests.api import test_import_subscriptions as subscriptions
from tests.api import test_import_ticket_events as ticket_events
from tests.api import test_import_tickets as tickets
from tests.api.importing import House, counts, house

__all__ = ["house"]

pytestmark = pytest.mark.full

LEADS = leads.MAPPING.replace('kind = "leads"', "").replace('system = "erp"', "")
FILES: dict[str, tuple[str, Sequence[str]]] = {
    "customers": (customers.MAPPING, [customers.HEADER, customers.FIRM, customers.LADY]),
    "people": (people.MAPPING, [people.HEADER, people.EVA, people.IDA]),
    "leads": (LEADS, [leads.COLUMNS, leads.WON, leads.OPEN]),
    "tickets": (tickets.MAPPING, [tickets.HEADER, tickets.SHUT, tickets.TODO]),
    "ticket-events": (ticket_events.MAPPING, [ticket_events.HEADER, *ticket_events.STORY]),
    "interactions": (interactions.MAPPING, [interactions.HEADER, interactions.CALL, interactions.MAIL]),
    "purchases": (purchases.MAPPING, [purchases.HEADER, purchases.CHAIR, purchases.TABLE]),
    "subscriptions": (subscriptions.MAPPING, [subscriptions.HEADER, subscriptions.RUNNING, subscriptions.ENDED]),
    "campaign-members": (campaigns.MAPPING, [campaigns.HEADER, campaigns.EVA, campaigns.IDA]),
    "surveys": (
        interactions.ANSWERS,
        ["who,when,score,words", interactions.ANSWER, interactions.ANSWER, interactions.ANSWER.replace("9", "3")],
    ),
}


def test_every_kind_is_here() -> None:
    assert FILES.keys() == KINDS.keys()


@pytest.fixture
def other(emptied: Settings) -> Iterator[Store]:
    """Another empty installation."""
    with open_store(emptied) as opened:
        yield opened


_ACTORS = ("actor", "answered_by")


def timeless(house: House) -> dict[str, list[str]]:
    """What is known, but for which import said it, and when: what the file does not date happened at the import."""
    known = {
        table: rows for table, rows in house.known().items() if table not in ("pipeline_stage", "workspace_setting")
    }
    return {table: sorted(str(_timeless(row)) for row in rows) for table, rows in known.items()}


def _timeless(row: dict[str, Any]) -> dict[str, Any]:
    own = {name for name, value in row.items() if isinstance(value, datetime) or "position" in name or name in _ACTORS}
    return {name: value for name, value in row.items() if name not in own}


@pytest.mark.parametrize("kind", FILES)
def test_one_that_is_killed_again_and_again_comes_to_the_same(
    house: House, other: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mapping, lines = FILES[kind]
    monkeypatch.setattr(run_of_import, "_CHUNK", 1)

    kills: list[bool] = []

    def killed(*arguments: Any) -> int:
        """In turn before it recorded something, and after."""
        if not arguments[1]:
            return append_bulk(*arguments)
        kills.append(len(kills) % 2 == 1)
        if kills[-1]:
            append_bulk(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(appending, "append_bulk", killed)
        for _ in range(2 * (len(lines) - 1)):
            with pytest.raises(KeyboardInterrupt):
                house.take_in(kind, mapping, *lines)
    report = house.take_in(kind, mapping, *lines)
    assert counts(report) == (0, 0, len(lines) - 1, 0)
    alone = House(other, house.folder)
    assert counts(alone.take_in(kind, mapping, *lines)) == (len(lines) - 1, 0, 0, 0)
    assert timeless(alone) == timeless(house)


@pytest.mark.parametrize("kind", FILES)
def test_two_at_once_record_everything_once(house: House, tmp_path: Path, kind: str) -> None:
    mapping, lines = FILES[kind]
    (tmp_path / "both.toml").write_text(f'kind = "{kind}"\nsystem = "erp"\n{mapping}', encoding="utf-8")
    reports: list[ImportReport] = []
    together = threading.Barrier(2)

    def run(name: str) -> None:
        file = tmp_path / name
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        together.wait()
        reports.append(import_file(house.store, kind, file, tmp_path / "both.toml", Console(quiet=True)))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one.csv", "two.csv")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.created for report in reports) == len(lines) - 1
    assert sum(report.unchanged for report in reports) == len(lines) - 1
    house.known()


def test_what_lies_with_a_customer_who_was_merged_since_stays_there_and_is_found(house: House) -> None:
    registered = "7,Hill Bakery,Co,,,,,,eva@hill.example,,"
    house.take_in("customers", customers.MAPPING, customers.HEADER, registered, customers.LADY)
    mapping = purchases.MAPPING.replace('customer = "who"', 'customer = { column = "who", by = "email" }')
    chair = purchases.CHAIR.replace("Hill Bakery", "eva@hill.example")
    assert counts(house.take_in("purchases", mapping, purchases.HEADER, chair)) == (1, 0, 0, 0)
    survivor, merged = house.id_of("customer", "8"), house.id_of("customer", "7")
    house.add("customer", merged, CustomerMergedInto(survivor_id=survivor, merge_id=house.id_of("merge", "1")))
    assert counts(house.take_in("purchases", mapping, purchases.HEADER, chair)) == (0, 0, 1, 0)
    assert counts(house.take_in("purchases", mapping, purchases.HEADER, chair.replace("30.00", "31.00"))) == (
        0,
        1,
        0,
        0,
    )
    assert len(house.rows("SELECT FROM purchase")) == 1
