"""Lists under attack: whatever stands in a filter, an order or a field, it is data or it is refused."""

import json
from typing import Any

import pytest

from projections.lists.fields import ALLOWED
from projections.lists.nouns import NOUNS
from tests.api.listing import Desk, desk

pytestmark = pytest.mark.full

__all__ = ["desk"]

INJECTIONS = [
    "'",
    "''; DROP TABLE public.lead; --",
    "1 OR 1=1",
    "x' UNION SELECT version() --",
    '"; SELECT pg_sleep(5); --',
    "%(value_0)s",
    "%s %d %%",
    "{0} {} {{",
    "$1 $$",
    "\\' OR ''='",
    "record.lead_id",
    "lead_id) OR (true",
    "E'\\\\x00'",
    "-captured_at; --",
    "\u0000",
    "\ufeff\u202e",
    "1e999",
    "NaN",
    "infinity",
    "9" * 400,
]


def count(desk: Desk) -> int:
    row = desk.connection.execute("SELECT count(*) AS n FROM public.lead").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("noun", ["leads", "customers", "settings"])
def test_no_query_breaks_out_of_its_place(desk: Desk, noun: str) -> None:
    before = count(desk)
    names = [field.name for field in NOUNS[noun].fields.values() if ALLOWED[field.kind]]
    asked = [f"{name}[{operator}]" for name in names for operator in ("eq", "gte", "contains", "is_null")]
    asked += ["sort", "fields", "expand", "tag", "q", "segment", "cursor", "limit", "as_of", "axis", "custom.region"]
    for number, name in enumerate(asked):
        for injection in INJECTIONS[number % 3 :: 3]:
            answer = desk.client.get(f"/v1/{noun}", params={name: injection})
            assert answer.status_code in (200, 400, 422), (name, injection, answer.text)
    for injection in INJECTIONS:
        for name in (injection, f"custom.{injection}", f"status[{injection}]", f"{names[0]}{injection}"):
            answer = desk.client.get(f"/v1/{noun}", params={name: "x"})
            assert answer.status_code == 422, (name, answer.text)
            assert "DROP" not in answer.text
    assert count(desk) == before


def test_no_filter_breaks_out_of_its_place(desk: Desk) -> None:
    before = count(desk)
    odd: list[Any] = [*INJECTIONS, "\ud800", 10**40, 1.5, float(2**70), True, None, {}, [], [[]], {"and": {}}]
    for injection in odd:
        bodies: list[Any] = [
            {"filter": {"field": field.name, "op": operator, "value": value}}
            for field in list(NOUNS["leads"].fields.values())[:34:3]
            for operator in ("eq", "in", "between", "lt", "starts_with")
            for value in ([injection] if operator == "eq" else [[injection], [injection, injection]])
        ]
        bodies += [{"filter": injection}, {"filter": {"field": injection, "op": "eq", "value": 1}}]
        bodies += [{"filter": {"field": "status", "op": injection, "value": 1}}]
        bodies += [{name: injection} for name in ("sort", "fields", "expand", "q", "segment", "cursor", "axis")]
        bodies += [{name: [injection]} for name in ("sort", "fields", "expand")]
        for body in bodies:
            answer = desk.post("/v1/leads/search", json.dumps(body))
            assert answer.status_code in (200, 400, 422), (body, answer.text)
    assert count(desk) == before


@pytest.mark.parametrize("depth", [200, 10_000])
def test_deep_filters_are_refused(desk: Desk, depth: int) -> None:
    deep = '{"filter": ' + '{"not": ' * depth + "{}" + "}" * depth + "}"
    assert desk.post("/v1/leads/search", deep).status_code in (400, 422)
