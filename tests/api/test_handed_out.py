"""Nobody gives what she does not have: keys that are issued over the API, roles that are granted, webhooks."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.access import SCOPES, Principal
from api.permissions import RIGHTS
from api.problems import NotAllowed
from api.tokens import rotate_key
from domain.workspace import Records, Role
from eventstore.log import Envelope
from projections.sight import Sight
from tests.api.permitted import ANN, BOB, House

DAY = datetime(2999, 3, 2, 12, tzinfo=UTC)


def issue(company: House, by: Mapping[str, str], *scopes: str, **bounds: Any) -> Any:
    body = {"label": "tests", "scopes": scopes or ["leads:read"], **bounds}
    return company.client.post("/v1/api-keys", headers=by, json=body)


def seen_by(company: House, answer: Any) -> set[str]:
    """Whose leads the key of an answer shows."""
    assert answer.status_code == 201, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['key']}"}
    text = company.client.get("/v1/leads", headers=headers, params={"limit": 200}).text
    return {whose for whose, one in company.records.items() if str(one.lead) in text}


def test_a_key_gives_no_scope_that_it_lacks(company: House) -> None:
    narrow = company.key(["keys:write", "leads:read"])
    assert issue(company, narrow).status_code == 201
    for bounds in ({}, {"member_id": str(ANN)}):
        refused = issue(company, narrow, "leads:read", "leads:write", **bounds)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert "leads:write" in refused.json()["detail"]
    assert issue(company, narrow, "everything").status_code == 422


OWN: tuple[tuple[Records | None, UUID | None, int], ...] = (
    (None, None, 403),
    (None, ANN, 403),
    ("all", ANN, 403),
    ("team", ANN, 403),
    ("own", ANN, 201),
    ("own", BOB, 403),
    ("none", None, 201),
    ("none", BOB, 201),
)


@pytest.mark.parametrize(("records", "member_id", "status"), OWN)
def test_a_key_shows_no_record_that_its_issuer_does_not_see(
    company: House, records: Records | None, member_id: UUID | None, status: int
) -> None:
    own = company.key(member_id=ANN, records="own")
    bounds = {"records": records, "member_id": str(member_id)} if member_id else {"records": records}
    answer = issue(company, own, **bounds)
    assert answer.status_code == status, answer.text
    if status == 201:
        assert seen_by(company, answer) == ({"own"} if records == "own" else set())


def test_a_key_that_sees_nothing_gives_none_that_sees_something(company: House) -> None:
    blind = company.key(records="none")
    assert issue(company, blind).status_code == 403
    assert issue(company, blind, member_id=str(ANN)).status_code == 403
    assert issue(company, blind, records="none").status_code == 201


def test_who_sees_everything_gives_a_key_of_any_member(company: House) -> None:
    assert seen_by(company, issue(company, company.key(), member_id=str(ANN), records="own")) == {"own"}


def test_a_key_issues_none_that_lasts_longer(company: House) -> None:
    by = company.key(expires_at=DAY)
    refused = issue(company, by)
    assert (refused.status_code, "2999-03-02 12:00 UTC" in refused.json()["detail"]) == (403, True)
    assert issue(company, by, expires_at=(DAY + timedelta(seconds=1)).isoformat()).status_code == 403
    assert issue(company, by, expires_at=DAY.isoformat()).status_code == 201
    assert issue(company, company.key()).status_code == 201


def test_a_key_that_was_replaced_issues_none_that_outlasts_it(company: House) -> None:
    by = company.key()
    key_id = UUID(hex=by["Authorization"].split("_")[1])
    rotate_key(company.store, key_id, DAY, None, Envelope("system", UUID(int=3), "tests"))
    assert issue(company, by).status_code == 403


def test_a_key_that_replaces_another_does_no_more_than_that_one(company: House) -> None:
    old = company.key(["leads:read"], member_id=ANN, records="own")
    key_id = UUID(hex=old["Authorization"].split("_")[1])
    new = rotate_key(company.store, key_id, DAY, None, Envelope("system", UUID(int=3), "tests"))
    headers = {"Authorization": f"Bearer {new}"}
    shown = company.client.get("/v1/leads", headers=headers).json()["data"]
    assert [row["lead_id"] for row in shown] == [str(company.records["own"].lead)]
    assert company.client.get("/v1/customers", headers=headers).status_code == 403


@pytest.mark.parametrize("role", RIGHTS)
def test_only_an_admin_makes_an_admin_and_nobody_more_than_she_is(company: House, role: Role) -> None:
    member_id = company.client.post("/v1/members", headers=company.key(), json={"name": "New"}).json()["created_id"]
    grant = {"role": role}
    address = f"/v1/members/{member_id}/grant-role"
    for by in (
        company.key(["members:write"]),
        company.key([scope for scope in SCOPES if scope != "leads:read"]),
        company.key(member_id=ANN, records="team"),
    ):
        refused = company.client.post(address, headers=by, json=grant)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    everything = company.client.post(address, headers=company.key(), json=grant)
    assert everything.status_code == 200, everything.text


def test_a_batch_gives_no_more_than_its_items_alone(company: House) -> None:
    items = [
        {"command": "members/grant-role", "record_id": str(BOB), "body": {"role": "admin"}},
        {"command": "leads/capture", "body": {"title": "Ten seats"}},
        {"command": "leads/contact", "record_id": str(company.records["other team's"].lead), "body": {}},
        {"command": "leads/contact", "record_id": str(UUID(int=1)), "body": {}},
    ]
    by = company.key(["batch", "members:write", "leads:write"], member_id=ANN, records="own")
    data = company.client.post("/v1/batch", headers=by, json={"items": items}).json()["data"]
    assert [one["status"] for one in data] == [403, 201, 404, 404]
    assert data[2]["problem"] == data[3]["problem"]
    assert (
        company.client.post("/v1/batch", headers=company.key(["leads:write"]), json={"items": items}).status_code == 403
    )


def test_who_sees_only_some_registers_no_webhook(company: House) -> None:
    body = {"url": "https://hooks.example/crm", "event_types": ["lead.captured"]}
    own = company.key(member_id=ANN, records="own")
    assert company.client.post("/v1/webhooks", headers=own, json=body).status_code == 403


def test_as_much_is_not_more() -> None:
    caller = Principal("user", ANN, frozenset({"leads:read"}), Sight("team", ANN, ("north",)))
    caller.must_not_give_more(["leads:read"], "team", ANN)
    caller.must_not_give_more([], "none")
    for records, member_id in (("all", ANN), ("team", BOB), ("own", None)):
        with pytest.raises(NotAllowed, match="may not see yourself"):
            caller.must_not_give_more([], records, member_id)  # type: ignore[arg-type]  # a Records each
