"""A file of leads for tests: its columns, a mapping, and what an import of it recorded."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from api.imports.run import ImportReport
from api.store import Store, load_workspace
from domain.event import Event
from eventstore import log

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


def written(folder: Path, *rows: str, header: str = COLUMNS) -> Path:
    file = folder / "leads.csv"
    file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return file


Import = Callable[..., ImportReport]


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


def rows_of(count: int) -> list[str]:
    return [
        f"{n},Firm {n % 7},Owner {n % 5},Roof,web,2026-01-05,03.02.2026,,,{n},EUR,W" for n in range(100, 100 + count)
    ]
