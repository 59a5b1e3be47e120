"""What a figure reports beside its value is told in words and tables, of whatever shape it is."""

from typing import Any

import pytest

from api.console.details import Table, facts, tables
from projections.kpi import kpis

SHARE, MONEY = kpis()["win_rate"], kpis()["mrr"]


def plain(said: str) -> str:
    return said.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "said"),
    [(3, "3"), (0.25, "25.0 %"), (None, "–"), (True, "yes"), (False, "no"), ("open", "open"),
     ({"EUR": 5, "USD": 7.5}, "5 EUR · 7.50 USD")],
)  # fmt: skip
def test_one_value_is_a_fact(value: Any, said: str) -> None:
    assert [(name, plain(text)) for name, text in facts(SHARE, {"told": value})] == [("told", said)]
    assert tables(SHARE, {"told": value}) == []


def test_shares_stay_shares_and_money_stays_money() -> None:
    found = dict(facts(MONEY, {"win_rate": 0.25, "average": 12.5}))
    assert {name: plain(text) for name, text in found.items()} == {"win_rate": "25.0 %", "average": "12.50"}
    assert dict(facts(SHARE, {"lost": 12.5})) == {"lost": "12.50"}


def test_objects_are_rows_in_their_usual_order() -> None:
    details = {"lost": {"leads": 2, "value": {"EUR": 5}}, "open": {"leads": 7}, "note": 1}
    assert [one for one in tables(SHARE, details)] == [
        Table("", ["leads", "value"], [("open", ["7", "–"]), ("lost", ["2", "5\N{NO-BREAK SPACE}EUR"])])
    ]
    (apart,) = tables(SHARE, {"by_target": {"b": {"met": 1}, "a": {"met": 2}}})
    assert (apart.title, apart.columns, apart.rows) == ("by_target", ["met"], [("b", ["1"]), ("a", ["2"])])


def test_lists_are_tables_with_named_or_numbered_rows() -> None:
    rows = [{"size": 4, "month": 0, "cohort": "2026-01"}, {"size": 4, "month": 1, "cohort": "2026-01"}]
    (found,) = tables(SHARE, {"rows": rows})
    assert (found.columns, [name for name, _ in found.rows]) == (["size"], ["2026-01 · 0", "2026-01 · 1"])
    (found,) = tables(SHARE, {"by_source": [{"source": None, "won": 1}, {"source": "web", "won": 2}]})
    assert found.rows == [("none", ["1"]), ("web", ["2"])]
    (found,) = tables(SHARE, {"by_age": [{"leads": 3, "to_days": 7}]})
    assert found.rows == [("1", ["7", "3"])]
    assert facts(SHARE, {"rows": rows}) == []
    assert tables(SHARE, {"rows": [], "cells": [], "none": {}}) == []


def test_cohorts_are_a_triangle_with_the_newest_on_top() -> None:
    cells = [
        {"cohort": "2026-01", "month": 0, "active": 4, "size": 4, "immature": False},
        {"cohort": "2026-01", "month": 1, "active": 3, "size": 4, "immature": False},
        {"cohort": "2026-02", "month": 0, "active": 1200, "size": 1200, "immature": True},
    ]
    (found,) = tables(SHARE, {"cells": cells})
    assert found.columns == ["size", "0", "1"]
    assert found.rows == [("2026-02", ["1,200", "100%", ""]), ("2026-01", ["4", "100%", "75%"])]
