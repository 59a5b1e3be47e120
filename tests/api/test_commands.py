"""Every command has a route, all routes keep the same promises, and what a command names must be there."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.access import create_api_key
from api.commands.routes import table
from api.references import REFERENCES
from api.store import Store, append_to_workspace
from domain import campaign as campaigns
from domain import catalogue, imports  # noqa: F401  # all nouns are there, with all their commands
from domain.customer import ForgetCustomer, ForgetPerson, InteractionAccount, SubscriptionCommand
from domain.customer.contact_points import ContactPointAccount
from domain.event import Command, MemberId
from domain.imports import RevertImport
from domain.merge import MergeCommand
from domain.workspace import (
    FitModel,
    IdentifyMember,
    RevokeIdentity,
    RotateApiKey,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
)
from eventstore.database import Connection
from replay.follow import catch_up

WITHOUT_ROUTE = {
    ForgetCustomer: "is for ever, so two people have to say so: on the command line",
    ForgetPerson: "the same",
    FitModel: "a fit is made where the program computes, by ./crm fit",
    RevertImport: "is what POST /v1/undo comes to, of an import",
    IdentifyMember: "takes a digest that only the installation can make: on the command line",
    RevokeIdentity: "the same",
    RotateApiKey: "the same",
    MergeCommand: "what the merges have in common",
    InteractionAccount: "what two commands have in common",
    ContactPointAccount: "the same",
    SubscriptionCommand: "the same",
}
TWICE = {campaigns.PlanCampaign}
"""At the beginning, and again."""
PARTS = {
    "interaction_id", "task_id", "purchase_id", "subscription_id", "point_id", "person_id", "message_id", "part_id",
    "merge_id", "survivor_id", "to_customer_id", "customer_id", "member_id", "webhook_id", "key_id", "successor_id",
}  # fmt: skip
"""What the rules themselves look for on the record, on the one it is merged into, or in the workspace."""


def commands(of: type[Command] = Command) -> Iterator[type[Command]]:
    for one in of.__subclasses__():
        if one.__module__.startswith("domain."):
            yield one
        yield from commands(one)


def test_every_command_of_the_domain_has_one_route_or_a_reason() -> None:
    assert set(commands()) - {row.command for _, row in table().values()} == set(WITHOUT_ROUTE)
    for resource in {resource.path: resource for resource, _ in table().values()}.values():
        own, slugs = [row.command for row in resource.rows], [row.slug for row in resource.rows]
        assert {command for command in own if own.count(command) > 1} <= TWICE
        assert len(slugs) == len(set(slugs))
    for command in {row.command for _, row in table().values()}:
        nouns = [resource.noun for resource, row in table().values() if row.command is command]
        assert len(nouns) == len(set(nouns)) or command in TWICE


def test_what_any_command_refers_to_is_looked_for() -> None:
    for command in commands():
        for name, field in command.model_fields.items():
            if name.endswith("_id") and "UUID" in str(field.annotation):
                assert name in REFERENCES or name in PARTS, (command, name)


def post(client: TestClient, path: str, body: object = None, **headers: str) -> Any:
    return client.post(f"/v1/{path}", json=body or {}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def registered(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = post(client, "customers", {"kind": "person", "name": "Ann Example"} | more)
    assert answer.status_code == 201, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


def mia(store: Store, connection: Connection) -> str:
    member_id = MemberId(uuid4())
    append_to_workspace(connection, None, WorkspaceMemberInvited(member_id=member_id, name="Mia"))
    return str(member_id)


def test_a_customer_is_registered_once_and_found_at_her_address(client: TestClient, connection: Connection) -> None:
    body = {"kind": "person", "name": "Ann Example", "external_ids": {"shop": "A-1"}}
    first = post(client, "customers", body, Idempotency_Key="k")
    assert (first.status_code, first.headers["ETag"]) == (201, '"1"')
    assert first.headers["Location"] == f"/v1/customers/{first.json()['customer_id']}"
    again = post(client, "customers", body, Idempotency_Key="k")
    assert (again.status_code, again.json(), again.headers["Location"]) == (
        201, first.json(), first.headers["Location"]
    )  # fmt: skip
    assert post(client, "customers", body | {"name": "Bob"}, Idempotency_Key="k").status_code == 422
    taken = post(client, "customers", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "external_id_taken")
    assert post(client, "customers", {"kind": "person", "name": "Bob"}, If_Match='"1"').status_code == 400
    catch_up(connection)
    read = client.get(first.headers["Location"]).json()
    assert read == {name: first.json()[name] for name in read}


def test_a_customer_is_acted_on_and_answered_as_the_command_left_her(client: TestClient) -> None:
    address = f"customers/{registered(client)['customer_id']}"
    tagged = post(client, f"{address}/tag", {"tag": "vip"}, If_Match='"1"')
    assert (tagged.status_code, tagged.json()["tags"], tagged.headers["ETag"]) == (200, ["vip"], '"2"')
    assert post(client, f"{address}/tag", {"tag": "new"}, If_Match='"1"').status_code == 412
    assert post(client, f"{address}/tag", {"tag": "vip"}).json()["code"] == "customer_already_tagged"
    added = post(client, f"{address}/add-contact-point", {"kind": "email", "written": "ann@example.org"}).json()
    assert [point["point_id"] for point in added["contact_points"]] == [added["created_id"]]
    own = str(uuid4())
    bought = {"purchase_id": own, "total": {"amount": "10.00", "currency": "EUR"}}
    recorded = post(client, f"{address}/record-purchase", bought).json()
    assert (recorded["status"], recorded["created_id"], recorded["purchases"]) == ("active", own, 1)
    back = {"purchase_id": own, "amount": {"amount": "11.00", "currency": "EUR"}}
    assert post(client, f"{address}/refund-purchase", back).json()["code"] == "refund_exceeds_purchase"
    assert post(client, f"{address}/archive").status_code == 200
    assert post(client, f"customers/{uuid4()}/archive").status_code == 404


def test_a_ticket_is_opened_with_its_clocks_and_worked_on(
    client: TestClient, store: Store, connection: Connection
) -> None:
    hours = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in ("monday", "tuesday", "wednesday",
             "thursday", "friday", "saturday", "sunday")]  # fmt: skip
    calendar = {"name": "always", "zone": "UTC", "weekly_hours": hours}
    assert post(client, "business-calendars/publish", calendar).status_code == 200
    goals = [{"target": "first_response", "priority": "normal", "within_seconds": 3600}]
    assert post(client, "sla-policies/publish", {"name": "gold", "calendar": "always", "goals": goals}).json()[
        "version"
    ]
    opened = post(client, "tickets", {"subject": "Printer", "body": "It is on fire", "customer_name": "Ann"})
    assert opened.status_code == 201, opened.text
    ticket = opened.json()
    assert (ticket["status"], ticket["sla_policy"], ticket["sla_target"]) == ("new", "gold", "first_response")
    address = f"tickets/{ticket['ticket_id']}"
    assert opened.headers["Location"] == f"/v1/{address}"
    assert post(client, f"{address}/solve").json()["code"] == "ticket_still_new"
    replied = post(client, f"{address}/reply", {"body": "Take cover"}).json()
    assert (replied["status"], replied["sla_due_at"]) == ("open", None)
    assert post(client, f"{address}/assign", {"assignee_id": mia(store, connection)}).status_code == 200
    for act in ("solve", "close"):
        assert post(client, f"{address}/{act}").status_code == 200
    follow_up = post(client, f"{address}/open-follow-up", {"body": "Again"}, Idempotency_Key="f")
    assert follow_up.status_code == 201, follow_up.text
    assert (follow_up.json()["follows"], follow_up.json()["customer_id"]) == (
        ticket["ticket_id"], ticket["customer_id"]
    )  # fmt: skip
    assert post(client, f"{address}/open-follow-up", {"body": "Again"}, Idempotency_Key="f").json() == follow_up.json()


def test_a_ticket_is_of_a_person_who_speaks_for_its_customer(client: TestClient) -> None:
    customer_id = registered(client)["customer_id"]
    ann = post(client, f"customers/{customer_id}/add-contact-person", {"name": "Ann"}).json()["created_id"]
    ticket = {"subject": "Printer", "customer_id": customer_id}
    assert post(client, "tickets", ticket | {"person_id": str(uuid4())}).json()["code"] == "unknown_contact_person"
    assert post(client, "tickets", ticket | {"person_id": ann}).json()["person_id"] == ann
    of_nobody = post(client, "tickets", ticket | {"customer_id": str(uuid4())})
    assert (of_nobody.status_code, "customer_id" in of_nobody.json()["detail"]) == (404, True)


@pytest.mark.parametrize("field", ["owner_id", "campaign_id"])
def test_a_lead_is_not_captured_for_whom_or_what_there_is_not(client: TestClient, field: str) -> None:
    refused = post(client, "leads", {"title": "Roof", field: str(uuid4())})
    assert refused.status_code == (409 if field == "owner_id" else 404)
    assert refused.json()["code"] == ("unknown_member" if field == "owner_id" else "not_found")


def test_a_command_names_only_members_who_work_here_campaigns_and_customers_that_are_there(
    client: TestClient, store: Store, connection: Connection
) -> None:
    customer, gone, nobody = f"customers/{registered(client)['customer_id']}", mia(store, connection), str(uuid4())
    append_to_workspace(connection, None, WorkspaceMemberDeactivated(member_id=MemberId(UUID(gone))))
    due = {"what": "Call", "due_at": "2027-01-01T09:00:00Z"}
    for member_id in (gone, nobody):
        refused = [
            post(client, f"{customer}/assign-owner", {"owner_id": member_id}),
            post(client, f"{customer}/schedule-follow-up", due | {"assignee_id": member_id}),
            post(client, "campaigns", {"name": "Spring", "owner_id": member_id}),
            post(client, "customers", {"kind": "person", "name": "Bob", "owner_id": member_id}),
            post(client, "tickets", {"subject": "Printer", "assignee_id": member_id}),
        ]
        assert [answer.json().get("code") for answer in refused] == ["unknown_member"] * 5
    campaign = post(client, "campaigns", {"name": "Spring"}).json()["stream_id"]
    sent = {"channel": "email", "campaign_id": nobody}
    unknown = post(client, f"{customer}/send-campaign-message", sent)
    assert (unknown.status_code, "campaign_id" in unknown.json()["detail"]) == (404, True)
    known = post(client, f"{customer}/send-campaign-message", sent | {"campaign_id": campaign})
    assert known.status_code == 200, known.text
    assert post(client, f"{customer}/deliver-campaign-message", {"message_id": known.json()["created_id"]}).is_success
    related = post(client, f"{customer}/relate", {"other_id": nobody, "kind": "partner"})
    assert (related.status_code, "other_id" in related.json()["detail"]) == (404, True)


def test_a_campaign_is_planned_launched_paid_for_and_ended(client: TestClient) -> None:
    planned = post(client, "campaigns", {"name": "Spring"}, Idempotency_Key="k")
    address = f"campaigns/{planned.json()['stream_id']}"
    assert (planned.status_code, planned.headers["Location"]) == (201, f"/v1/{address}")
    assert post(client, "campaigns", {"name": "Spring"}, Idempotency_Key="k").json() == planned.json()
    assert post(client, f"{address}/plan", {"name": "Spring sale"}).headers["ETag"] == '"2"'
    assert post(client, f"{address}/launch", If_Match='"1"').status_code == 412
    assert post(client, f"{address}/launch").status_code == 200
    spent = {"spent": {"amount": "10.00", "currency": "EUR"}}
    assert post(client, f"{address}/spend-budget", spent).json()["created_id"]
    assert post(client, f"{address}/end").status_code == 200
    assert post(client, f"{address}/end").json()["code"] == "campaign_already_ended"
    assert post(client, f"campaigns/{registered(client)['customer_id']}/end").status_code == 404


def test_who_prefers_little_is_told_only_what_was_done(client: TestClient) -> None:
    customer, little = registered(client), {"Prefer": "return=minimal"}
    for path, body in (
        ("leads", {"title": "Roof"}),
        ("tickets", {"subject": "Printer"}),
        (f"customers/{customer['customer_id']}/tag", {"tag": "vip"}),
    ):
        told = post(client, path, body, **little)
        assert told.json().keys() == {"stream_type", "stream_id", "version", "position", "merge_id", "created_id"}
        assert (told.headers["Preference-Applied"], told.headers["ETag"]) == (
            "return=minimal", f'"{told.json()["version"]}"'
        )  # fmt: skip


def test_a_customers_answer_is_for_who_may_read_her(client: TestClient, store: Store) -> None:
    address = f"customers/{registered(client)['customer_id']}"
    client.headers["Authorization"] = f"Bearer {create_api_key(store, 'blind', ('customers:write', 'tickets:write'))}"
    told = post(client, f"{address}/rename", {"name": "Anna"}).json()
    assert (told["stream_type"], "name" in told) == ("customer", False)
    assert "subject" not in post(client, "tickets", {"subject": "Printer"}).json()
    for path in ("campaigns", "members", "api-keys", "webhooks", "pipelines/publish", "leads"):
        assert post(client, path).status_code == 403, path
