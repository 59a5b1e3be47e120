"""Somebody with a bit of everything, and what an export of it answers."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from domain.contact_point import contact_point
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerPurchaseRecorded,
    CustomerSubscriptionStarted,
)
from domain.follow_up import FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.money import Money
from domain.ticket import TicketOpened
from eventstore.database import Connection
from replay.follow import catch_up
from tests.facts import captured, given
from tests.projections.records import registered, tell

PRICE = Money(amount=Decimal("1200.50"), currency="EUR")
DUE = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def lived_in(connection: Connection, name: str = "Ann Example") -> tuple[UUID, UUID]:
    """A customer whom every kind of list tells something of, and her contact person."""
    customer_id, person_id = registered(connection, name), uuid4()
    phone, mail = contact_point("phone", "+49 30 901820"), contact_point("email", "bo@example.org")
    tell(
        connection,
        customer_id,
        CustomerContactPointAdded(point_id=uuid4(), kind="phone", value=phone, primary=True),
        CustomerPurchaseRecorded(purchase_id=uuid4(), total=PRICE),
        CustomerSubscriptionStarted(
            subscription_id=uuid4(), plan="=plan", mrr=PRICE, effective_on=date(2026, 3, 1), term_months=12
        ),
        InteractionLogged(interaction_id=uuid4(), kind="call", summary="Asked; for a bill, again", duration_seconds=90),
        FollowUpScheduled(task_id=uuid4(), what="Send\nthe bill", due_at=DUE),
    )
    tell(
        connection,
        customer_id,
        CustomerContactPersonAdded(person_id=person_id, name="Bo Buyer", role="champion"),
        CustomerContactPointAdded(point_id=uuid4(), kind="email", value=mail, primary=True, person_id=person_id),
        about=person_id,
    )
    tell(connection, customer_id, TicketOpened(subject="No heat"), noun="ticket", stream_id=uuid4())
    given(connection, captured("=1+1"), customer_id=customer_id)
    catch_up(connection)
    return customer_id, person_id


def exported(client: TestClient, kind: str, **asked: str) -> list[dict[str, Any]]:  # Any: JSON
    """The rows of a list."""
    answer = client.get(f"/v1/exports/{kind}", params={"format": "ndjson", **asked})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]
