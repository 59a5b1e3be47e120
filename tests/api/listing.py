"""A small company whose records are listed: one of everything, under an installation that a module shares."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.store import Store, open_store
from domain.campaign import CampaignPlanned
from domain.contact_point import contact_point
from domain.custom_field import ChoicesValue, ChoiceValue, CustomField, NumberValue, TextValue
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerSubscriptionStarted,
    CustomerTagged,
)
from domain.event import Event, MemberId
from domain.field_value import CustomFieldRecorded
from domain.follow_up import FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.lead import LeadAssigned, LeadValued
from domain.money import Money
from domain.segment import Condition
from domain.ticket import TicketOpened
from domain.workspace import (
    WORKSPACE_ID,
    WorkspaceCustomFieldDefined,
    WorkspaceMemberInvited,
    WorkspaceSegmentDefined,
)
from eventstore.database import Connection, connect
from replay.follow import catch_up
from tests.conftest import settings_for
from tests.facts import captured
from tests.projections.records import hour, tell

OWNER, PERSON, LEAD, TICKET, CAMPAIGN = (UUID(int=number) for number in range(101, 106))
NAUGHTY = [
    "Ω≈ç√∫",
    "社會科學院",
    "<script>alert(1)</script>",
    "'; DROP TABLE lead; --",
    "%s %(x)s {0}",
    "🏳️\u200d🌈",
    "\u202etest",
    "a\tb\nc",
]
"""Odd, and to be kept as they are."""
EUR = "EUR"


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation with records, and who asks."""

    store: Store
    client: TestClient
    connection: Connection
    ann: UUID = field(default_factory=uuid4)
    bob: UUID = field(default_factory=uuid4)

    def get(self, path: str, key: str | None = None, **query: Any) -> Any:  # Any: JSON
        """The answer to a query that is answered."""
        answer = self.client.get(path, params=query, headers=_headers(key))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, key: str | None = None, **query: Any) -> Any:  # Any: JSON
        """The problem that a query is refused with."""
        answer = self.client.get(path, params=query, headers=_headers(key))
        assert answer.status_code >= 400, answer.text
        return answer.json()

    def search(self, noun: str, **body: Any) -> Any:  # Any: JSON
        """The answer to a search, whatever it is."""
        return self.client.post(f"/v1/{noun}/search", json=body).json()

    def post(self, path: str, content: str) -> Response:
        """The answer to JSON that no client of ours would write."""
        return self.client.post(path, content=content, headers={"Content-Type": "application/json"})

    def key(self, *scopes: str) -> str:
        """A key with these scopes."""
        return create_api_key(self.store, "little", scopes)

    def tell(self, customer_id: UUID, *events: Event, noun: str = "customer", stream_id: UUID | None = None) -> None:
        """Record events, and let the read models follow."""
        tell(self.connection, customer_id, *events, noun=noun, stream_id=stream_id)
        catch_up(self.connection)


def _headers(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


@pytest.fixture(scope="module")
def desk(cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """It with all its records."""
    name = f"desk_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    conninfo = make_conninfo(cluster, dbname=name)
    data: Path = tmp_path_factory.mktemp("desk")
    with (
        open_store(settings_for(conninfo, data)) as store,
        connect(conninfo) as connection,
        TestClient(create_app(store), raise_server_exceptions=False) as client,
    ):
        client.headers["Authorization"] = f"Bearer {create_api_key(store, 'tests', tuple(SCOPES))}"
        opened = Desk(store, client, connection)
        _move_in(opened)
        yield opened
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _field(noun: Any, field_id: str, kind: Any, *, personal: bool = False, choices: tuple[str, ...] = ()) -> Event:
    defined = CustomField(
        noun=noun, field_id=field_id, version=1, label=field_id, kind=kind, is_personal=personal, choices=choices
    )
    return WorkspaceCustomFieldDefined(custom_field=defined)


def _move_in(desk: Desk) -> None:
    connection, mail = desk.connection, contact_point("email", "info@hill.example", None)
    noses = (Condition(field="nose", operator="is_known"),)
    large = (Condition(field="source", operator="is_any_of", values=("fair",)),)
    known = (
        Condition(field="custom.seats", operator="is_at_least", values=("10",)),
        Condition(field="owner_id", operator="is_unknown"),
    )
    workspace: tuple[Event, ...] = (
        WorkspaceMemberInvited(member_id=MemberId(OWNER), name="Olga Owner"),
        _field("customer", "seats", "number"),
        _field("customer", "likes", "choices", choices=("tea", "cake")),
        _field("customer", "nickname", "text", personal=True),
        _field("lead", "region", "choice", choices=("north", "south")),
        WorkspaceSegmentDefined(name="big fairs", version=1, noun="customer", groups=(large, known)),
        WorkspaceSegmentDefined(name="odd", version=1, noun="customer", groups=(noses,)),
        WorkspaceSegmentDefined(name="hot", version=1, noun="lead", groups=(large,)),
    )
    tell(connection, WORKSPACE_ID, *workspace, noun="workspace")
    planned = CampaignPlanned(name="Spring", budget=Money(amount=Decimal("99.50"), currency=EUR))
    tell(connection, WORKSPACE_ID, planned, noun="campaign", stream_id=CAMPAIGN)
    tell(
        connection,
        desk.ann,
        CustomerRegistered(kind="organisation", name="Hill Bakery", source="fair"),
        CustomerTagged(tag="key"),
        CustomerTagged(tag="gold"),
        CustomFieldRecorded(field_id="likes", field_version=1, value=ChoicesValue(value=("tea", "cake"))),
        CustomerContactPersonAdded(person_id=PERSON, name="Paula Person"),
        CustomerContactPointAdded(point_id=uuid4(), kind=mail.kind, value=mail),
        InteractionLogged(interaction_id=uuid4(), kind="call", direction="outbound", summary="Asked for an offer"),
        FollowUpScheduled(task_id=uuid4(), what="Send it", due_at=hour(20), assignee_id=MemberId(OWNER)),
        CustomerPurchaseRecorded(purchase_id=uuid4(), total=Money(amount=Decimal("12.50"), currency=EUR)),
        CustomerSubscriptionStarted(
            subscription_id=uuid4(),
            plan="gold",
            mrr=Money(amount=Decimal("49.00"), currency=EUR),
            effective_on=date(2026, 1, 1),
        ),
    )
    tell(
        connection,
        desk.bob,
        CustomerRegistered(kind="person", name="Bob Brook"),
        CustomerTagged(tag="key"),
        CustomFieldRecorded(field_id="seats", field_version=1, value=NumberValue(value=Decimal("12.50"))),
        CustomFieldRecorded(field_id="nickname", field_version=1, personal_value=TextValue(value="Bobby")),
    )
    opened = (
        captured("Ten seats", source="fair"),
        LeadAssigned(owner_id=MemberId(OWNER), team="north"),
        LeadValued(value=Money(amount=Decimal("100.50"), currency=EUR)),
        CustomFieldRecorded(field_id="region", field_version=1, value=ChoiceValue(value="north")),
    )
    tell(connection, desk.ann, *opened, noun="lead", stream_id=LEAD)
    for number, title in enumerate(NAUGHTY):
        tell(connection, desk.bob, captured(title, source=title[:100]), noun="lead", stream_id=UUID(int=200 + number))
    tell(connection, desk.ann, TicketOpened(subject="No heat"), noun="ticket", stream_id=TICKET)
    catch_up(connection)
