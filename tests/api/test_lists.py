"""Lists over the API: filters, orders, pages, fields and references, the same for every noun."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest

from api.access import SCOPES
from api.lists import shapes
from projections.lists.nouns import NOUNS
from tests.api.listing import CAMPAIGN, LEAD, NAUGHTY, OWNER, TICKET, Desk, desk

__all__ = ["desk"]

EMPTY = {"campaign-members"}
WITHOUT_PERSONAL = tuple(scope for scope in SCOPES if scope != "personal:read")


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_is_listed_searched_and_read_alike(desk: Desk, noun: str) -> None:
    told, shape = NOUNS[noun], shapes.row_of(NOUNS[noun])
    page = desk.get(f"/v1/{noun}")
    assert page.keys() == {"data", "has_more", "next_cursor"}
    assert bool(page["data"]) == (noun not in EMPTY)
    assert desk.search(noun) == page
    for row in page["data"]:
        assert json.loads(shape.model_validate(row).model_dump_json(include=set(told.fields))) == {
            name: row[name] for name in told.fields
        }
        key = {name: row[name] for name in told.key}
        assert desk.get(f"/v1/{noun}", fields=told.id, **key)["data"] == [key]
        if told.has_page:
            assert desk.get(f"/v1/{noun}/{row[told.id]}") == row
    if told.has_page:
        assert desk.refused(f"/v1/{noun}/{UUID(int=1)}")["code"] == "not_found"


def test_the_document_says_what_a_query_may_ask(desk: Desk) -> None:
    document = desk.get("/openapi.json")
    told = {one["name"] for one in document["paths"]["/v1/leads"]["get"]["parameters"]}
    assert told >= {"status", "owner_id", "q", "sort", "cursor", "limit", "expand", "as_of", "axis", "Min-Position"}
    assert "tag" in {one["name"] for one in document["paths"]["/v1/customers"]["get"]["parameters"]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "ann bob"),
        ({"tag": "key"}, "ann bob"),
        ({"tag": ["key", "gold"]}, "ann"),
        ({"tags": ["gold", "none"]}, "ann"),
        ({"tags[ne]": "gold"}, "bob"),
        ({"kind": ["person", "organisation"]}, "ann bob"),
        ({"kind[ne]": "person"}, "ann"),
        ({"name[contains]": "BAKE"}, "ann"),
        ({"name[starts_with]": "bob", "tag": "key"}, "bob"),
        ({"owner_id[is_null]": "true"}, "ann bob"),
        ({"custom.seats": "12.5"}, "bob"),
        ({"custom.seats[gt]": "12.5"}, ""),
        ({"custom.likes": "cake"}, "ann"),
        ({"custom.nickname[starts_with]": "bo"}, "bob"),
        ({"q": "hill bak"}, "ann"),
        ({"q": "bokb rook"}, ""),
        ({"q": "Bob Brok"}, "bob"),
        ({"q": "  "}, ""),
        ({"segment": "big fairs"}, "ann bob"),
        ({"since[gte]": "2026-01-01T00:00:00+00:00", "open_leads[gte]": "1"}, "ann bob"),
    ],
)
def test_customers_are_found(desk: Desk, query: dict[str, Any], found: str) -> None:
    names = {desk.ann: "ann", desk.bob: "bob"}
    rows = desk.get("/v1/customers", sort="name", fields="name", **query)["data"]
    assert sorted(names[UUID(row["customer_id"])] for row in rows) == found.split()


def test_a_filter_is_a_tree(desk: Desk) -> None:
    person = {"field": "kind", "op": "eq", "value": "person"}
    many = {"field": "custom.seats", "op": "between", "value": [10, "12.50"]}
    for asked, count in (
        ({"and": [person, many]}, 1),
        ({"or": [person, {"not": person}]}, 2),
        ({"not": {"or": [person, {"field": "tags", "op": "in", "value": ["gold"]}]}}, 0),
        ({"field": "email", "op": "is_null", "value": False}, 1),
    ):
        found = desk.search("customers", filter=asked, fields=["kind"])
        assert len(found["data"]) == count
        assert all(row.keys() == {"customer_id", "kind"} for row in found["data"])


@pytest.mark.parametrize(
    ("noun", "query", "pointer", "said"),
    [
        ("leads", {"colour": "red"}, "/query/colour", "customer_id, version"),
        ("leads", {"ann@hill.example": "x"}, "/query/?", "There is no such parameter"),
        ("leads", {"status[almost]": "open"}, "/query/?", "There is no such parameter"),
        ("leads", {"status": "bogus"}, "/query/status", "open, won"),
        ("leads", {"status[gt]": "open"}, "/query/status", "eq, ne"),
        ("leads", {"amount[gt]": "1e5"}, "/query/amount", "12.50"),
        ("leads", {"amount[gt]": ["1", "2"]}, "/query/amount", "several times"),
        ("leads", {"version": "9" * 20}, "/query/version", "whole number"),
        ("leads", {"inbound": "maybe"}, "/query/inbound", "true or false"),
        ("leads", {"expected_close": "2026-02-30"}, "/query/expected_close", "2026-11-30"),
        ("leads", {"captured_at[gte]": "2026-01-01"}, "/query/captured_at", "offset"),
        ("leads", {"owner_id": "me"}, "/query/owner_id", "UUID"),
        ("leads", {"form": "x"}, "/query/form", "nothing"),
        ("leads", {"title": "a\x00b"}, "/query/title", "NUL"),
        ("leads", {"custom.colour": "red"}, "/query/custom.colour", "custom.region"),
        ("leads", {"custom.region": "west"}, "/query/custom.region", "north, south"),
        ("leads", {"sort": "form"}, "/query/sort", "Sort by: lead_id"),
        ("leads", {"sort": "title,-title"}, "/query/sort", "each once"),
        ("leads", {"fields": "nose"}, "/query/fields", "lead_id, customer_id"),
        ("leads", {"expand": "dog"}, "/query/expand", "customer, owner, campaign"),
        ("leads", {"limit": "201"}, "/query/limit", "200"),
        ("leads", {"limit": ["1", "2"]}, "/query/limit", "once"),
        ("leads", {"q": "a\x00"}, "/query/q", "NUL"),
        ("leads", {"tag": "x"}, "/query/tag", "There is no such parameter"),
        ("leads", {"segment": "big fairs"}, "/query/segment", "There are: hot"),
        ("customers", {"segment": "odd"}, "/query/segment", "no such field"),
        ("members", {"q": "Olga"}, "/query/q", "not found by words"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_place(
    desk: Desk, noun: str, query: dict[str, Any], pointer: str, said: str
) -> None:
    problem = desk.refused(f"/v1/{noun}", **query)
    assert (problem["status"], problem["code"]) == (422, "malformed")
    (error,) = problem["errors"]
    assert f"/{error['in']}/{error['parameter']}" == pointer
    assert said in error["detail"]


DEEP: dict[str, Any] = {"field": "status", "op": "eq", "value": "open"}
for _ in range(5):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ([], "#/filter"),
        ({"and": []}, "#/filter"),
        ({"and": [DEEP["not"], "x"]}, "#/filter/and/0/not/not/not/not"),
        ({"or": [{"field": "status", "op": "eq", "value": "open"}, {"nor": []}]}, "#/filter/or/1"),
        ({"field": "status", "op": "like", "value": "%"}, "#/filter/op"),
        ({"field": "status", "op": "eq", "value": 3}, "#/filter/value"),
        ({"field": "status", "op": "eq", "value": None}, "#/filter/value"),
        ({"field": "status", "op": "in", "value": "open"}, "#/filter/value"),
        ({"field": "version", "op": "eq", "value": "3"}, "#/filter/value"),
        ({"field": "version", "op": "eq", "value": True}, "#/filter/value"),
        ({"field": "amount", "op": "between", "value": [1]}, "#/filter/value"),
        ({"field": "inbound", "op": "is_null", "value": "true"}, "#/filter/value"),
        ({"field": "nose", "op": "eq", "value": 1}, "#/filter/value"),
        ({"field": "title", "op": "eq", "value": "\ud800"}, "#/filter/value"),
        ({"field": "title", "op": "eq", "value": "a\x00"}, "#/filter/value"),
        (DEEP, "#/filter/not/not/not/not/not"),
        ({"and": [{"field": "version", "op": "eq", "value": 1}] * 101}, "#/filter/and/100/value"),
    ],
)
def test_what_a_filter_cannot_say_is_said_with_its_place(desk: Desk, asked: Any, pointer: str) -> None:
    answer = desk.post("/v1/leads/search", json.dumps({"filter": asked}))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_odd_texts_come_back_as_they_are_and_are_found(desk: Desk) -> None:
    rows = desk.get("/v1/leads", sort="captured_at,lead_id", fields="title,source", **{"lead_id[ne]": str(LEAD)})
    assert sorted(row["title"] for row in rows["data"]) == sorted(NAUGHTY)
    for text in NAUGHTY:
        for query in ({"title": text}, {"source": text}, {"title[contains]": text}, {"title[starts_with]": text}):
            assert [row["title"] for row in desk.get("/v1/leads", **query)["data"]] == [text]


def test_a_cursor_goes_on_with_its_own_question_alone(desk: Desk) -> None:
    first = desk.get("/v1/leads", sort="-title", limit=2)
    rest = desk.get("/v1/leads", sort="-title", cursor=first["next_cursor"])
    titles = [row["title"] for row in first["data"] + rest["data"]]
    assert sorted(titles) == sorted([*NAUGHTY, "Ten seats"])
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)
    more = desk.get("/v1/leads", sort="-title", limit=3, fields="title", expand="owner", cursor=first["next_cursor"])
    assert [row["title"] for row in more["data"]] == titles[2:5]
    for other in ({}, {"sort": "title"}, {"sort": "-title", "status": "open"}, {"sort": "-title", "q": "ten"}):
        problem = desk.refused("/v1/leads", cursor=first["next_cursor"], **other)
        assert (problem["status"], problem["code"]) == (400, "bad_cursor")
    assert desk.refused("/v1/tickets", sort="-subject", cursor=first["next_cursor"])["code"] == "bad_cursor"
    body = desk.search("leads", sort=["-title"], cursor=first["next_cursor"])
    assert body["data"] == rest["data"]


def test_a_cursor_tells_nothing_of_what_it_holds(desk: Desk) -> None:
    cursor = desk.get("/v1/customers", sort="name", limit=1)["next_cursor"]
    told = base64.urlsafe_b64decode(cursor + "==")
    assert b"Bob" not in told and b"name" not in told
    changed = base64.urlsafe_b64encode(told[:-1] + bytes([told[-1] ^ 1])).decode()
    assert desk.refused("/v1/customers", sort="name", cursor=changed)["code"] == "bad_cursor"


def test_what_a_row_names_is_shown_with_it(desk: Desk) -> None:
    (lead,) = desk.get("/v1/leads", lead_id=str(LEAD), expand="customer,owner,campaign", fields="title")["data"]
    assert lead.keys() == {"lead_id", "title", "customer", "owner", "campaign"}
    assert (lead["customer"]["name"], lead["owner"]["name"]) == ("Hill Bakery", "Olga Owner")
    assert lead["customer"]["mrr"] == {"EUR": "49.00"}
    assert lead["campaign"] is None
    (call,) = desk.get("/v1/interactions", expand="lead,customer")["data"]
    assert (call["lead"], call["customer"]["customer_id"]) == (None, str(desk.ann))
    alone = desk.get(f"/v1/tickets/{TICKET}", expand="customer", fields="subject")
    assert alone.keys() == {"ticket_id", "subject", "customer"}
    refused = desk.refused("/v1/leads", desk.key("leads:read", "personal:read"), expand="customer")
    assert (refused["status"], refused["code"]) == (403, "not_allowed")


def test_without_the_scope_what_is_personal_is_neither_shown_nor_sought(desk: Desk) -> None:
    key = desk.key(*WITHOUT_PERSONAL)
    rows = desk.get("/v1/customers", key)["data"]
    assert {(row["name"], row["email"]) for row in rows} == {(None, None)}
    assert [row["custom_fields"].get("nickname") for row in rows] == [None, None]
    assert {"12.50"} <= {row["custom_fields"].get("seats") for row in rows}
    expanded = desk.get("/v1/leads", key, expand="customer")["data"]
    assert {row["customer"]["name"] for row in expanded} == {None}
    asked: tuple[dict[str, str], ...] = (
        {"name": "Bob Brook"},
        {"name[is_null]": "false"},
        {"sort": "name"},
        {"q": "bob"},
        {"custom.nickname": "Bobby"},
    )
    for query in asked:
        assert (desk.refused("/v1/customers", key, **query)["code"]) == "hidden_field"
    assert desk.refused("/v1/search", key, q="bob")["code"] == "hidden_field"
    history = desk.get(f"/v1/tickets/{TICKET}/history", key)["data"]
    assert [set(map(str, event["personal"].values())) for event in history] == [{"{'withheld': True}"}]
    assert desk.get(f"/v1/leads/{LEAD}", key)["title"] is None


def test_an_unchanged_record_is_not_sent_again(desk: Desk) -> None:
    for path in (f"/v1/leads/{LEAD}", f"/v1/tickets/{TICKET}", f"/v1/campaigns/{CAMPAIGN}"):
        first = desk.client.get(path)
        etag = first.headers["ETag"]
        assert etag == f'"{first.json()["version"]}"'
        same = desk.client.get(path, headers={"If-None-Match": f'W/"7", {etag}'})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
        assert desk.client.get(path, headers={"If-None-Match": '"99"'}).status_code == 200
    assert "ETag" not in desk.client.get(f"/v1/members/{OWNER}").headers


def test_tickets_and_campaigns_have_a_history(desk: Desk) -> None:
    opened = desk.get(f"/v1/tickets/{TICKET}/history")["data"]
    assert [(event["type"], event["undone"]) for event in opened] == [("ticket.opened", False)]
    planned = desk.get(f"/v1/campaigns/{CAMPAIGN}/history")["data"]
    assert [event["type"] for event in planned] == ["campaign.planned"]
    for path in (f"/v1/tickets/{LEAD}/history", f"/v1/campaigns/{UUID(int=1)}/history"):
        assert desk.refused(path)["code"] == "not_found"


def test_everything_is_found_at_once(desk: Desk) -> None:
    found = desk.get("/v1/search", q="hill")["data"]
    assert [(one["kind"], one["id"], one["label"], one["found_in"], one["score"]) for one in found] == [
        ("customer", str(desk.ann), "Hill Bakery", "name", 0.9)
    ]
    mail = desk.get("/v1/search", q="info@hill.example")["data"][0]
    assert (mail["label"], mail["found_in"], mail["text"], mail["score"]) == (
        "Hill Bakery",
        "email",
        "info@hill.example",
        1.0,
    )
    assert [one["kind"] for one in desk.get("/v1/search", q="heat")["data"]] == ["ticket"]
    assert 0 < desk.get("/v1/search", q="Hill Bekery")["data"][0]["score"] < 0.6
    assert desk.get("/v1/search", q="hill", kind="lead")["data"] == []
    assert desk.refused("/v1/search", q="a\x00")["errors"][0]["parameter"] == "q"
    assert desk.refused("/v1/search", desk.key("customers:read"), q="hill")["code"] == "not_allowed"


def test_settings_are_listed_with_what_holds_now(desk: Desk) -> None:
    rows = desk.get("/v1/settings", is_current="true")["data"]
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("pipeline", "default"),
        ("segment", "big fairs"),
        ("segment", "hot"),
        ("segment", "odd"),
    ]
    fields = desk.get("/v1/custom-fields", noun="lead")["data"]
    assert [(row["field_id"], row["choices"]) for row in fields] == [("region", ["north", "south"])]
