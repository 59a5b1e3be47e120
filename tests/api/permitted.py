"""What docs/permissions.md promises, and a small company to ask: members in two teams, records of each and nobody."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.console.cookies import SESSION
from api.sessions import begin_session
from api.store import Store, append_to_workspace
from domain.contact_point import contact_point
from domain.customer import (
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerOwnerAssigned,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerSubscriptionStarted,
    CustomerSurveyAnswered,
)
from domain.event import Event, MemberId
from domain.follow_up import FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.lead import LeadAssigned, LeadLost
from domain.money import Money
from domain.ticket import TicketAssigned, TicketOpened
from domain.workspace import (
    ROLES,
    Records,
    Role,
    WorkspaceMemberInvited,
    WorkspaceMemberJoinedTeam,
    WorkspaceMemberRoleGranted,
)
from eventstore.database import Connection
from replay.follow import catch_up
from tests.facts import captured
from tests.projections.records import tell

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"

ANN, BOB, CID = (MemberId(UUID(int=number)) for number in (0xA1, 0xB1, 0xC1))
OWNERS: Mapping[str, tuple[MemberId | None, str | None]] = {
    "own": (ANN, None),
    "team": (None, "north"),
    "colleague's": (BOB, None),
    "other team's": (CID, "south"),
    "nobody's": (None, None),
}
"""Whose a record is: its owner or assignee, and its team. Ann and Bob are in the team north, Cid is in south."""

OF_RECORDS = (
    "customer", "lead", "ticket", "interaction", "follow-up", "purchase", "subscription", "person", "contact point",
)  # fmt: skip
"""What stands in the last column of the page's routes where an id is in the path."""

SEEN: Mapping[Records, frozenset[str]] = {
    "all": frozenset(OWNERS),
    "team": frozenset({"own", "team", "colleague's"}),
    "own": frozenset({"own"}),
    "none": frozenset(),
}
"""What Ann sees, who is admin and manager, through a key for these records."""


@dataclass(frozen=True)
class Route:
    """A line of the page's table of routes."""

    method: str
    path: str
    scopes: frozenset[str]
    record: str


@dataclass(frozen=True)
class Whose:
    """Ids of a customer with her lead and ticket and what else there is, and the word that is in everything personal of
    them."""

    customer: UUID = field(default_factory=uuid4)
    lead: UUID = field(default_factory=uuid4)
    ticket: UUID = field(default_factory=uuid4)
    interaction: UUID = field(default_factory=uuid4)
    follow_up: UUID = field(default_factory=uuid4)
    purchase: UUID = field(default_factory=uuid4)
    subscription: UUID = field(default_factory=uuid4)
    person: UUID = field(default_factory=uuid4)
    contact_point: UUID = field(default_factory=uuid4)
    canary: str = field(default_factory=lambda: f"canary{uuid4().hex[:10]}")

    def marks(self) -> list[str]:
        """By which it is noticed anywhere."""
        return [self.canary, *(str(self.id_of(record)) for record in OF_RECORDS)]

    def id_of(self, record: str) -> UUID:
        """Of the record that the page calls so."""
        found: UUID = getattr(self, record.replace("-", "_").replace(" ", "_"))
        return found


@dataclass(frozen=True)
class House:
    """A server with that company, and keys of whoever asks."""

    store: Store
    app: FastAPI
    client: TestClient
    members: Mapping[Role, MemberId]
    records: Mapping[str, Whose]

    def key(self, scopes: Sequence[str] = tuple(SCOPES), **bounds: Any) -> dict[str, str]:  # Any: of create_api_key
        """The header of a new key."""
        return {"Authorization": f"Bearer {create_api_key(self.store, 'tests', tuple(scopes), **bounds)}"}

    def key_of(self, role: Role) -> dict[str, str]:
        """Of a key that may do whatever a member with this role may."""
        return self.key(member_id=self.members[role])

    def session_of(self, member_id: UUID) -> dict[str, str]:
        """The headers of a browser in which the member is signed in."""
        return {"Cookie": f"{SESSION}={begin_session(self.store, MemberId(member_id), 'link')}", **FROM_HERE}

    def follow(self) -> None:
        """Bring the read models up to date."""
        with self.store.following() as connection:
            catch_up(connection)


FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def problem(answer: Any) -> dict[str, Any]:  # Any: a test client's
    """What an answer refuses with, without the id by which it is found in the server's log."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def tables() -> dict[str, list[list[str]]]:
    """The tables of the page by their first heading, each a list of lines."""
    found: dict[str, list[list[str]]] = {}
    for table in re.findall(r"(?:^\|.*\n)+", PAGE.read_text(), re.MULTILINE):
        heading, _, *lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()]
        found[f"{heading[0]} {heading[1]}".strip()] = [heading, *lines]
    return found


def promised_scopes() -> dict[str, frozenset[str]]:
    """By role."""
    heading, *lines = tables()["Scope admin"]
    return {
        role: frozenset(line[0].strip("`") for line in lines if line[number] == "yes")
        for number, role in enumerate(heading)
        if number
    }


def promised_routes() -> list[Route]:
    """Those that ask for something."""
    found = []
    for told, scopes, record in tables()["Route Scopes"][1:]:
        method, path = told.strip("`").split(" ")
        found.append(Route(method, path, frozenset(re.findall(r"`([^`]+)`", scopes)), record))
    return found


def promise_for(method: str, path: str) -> Route | None:
    """The line that is about this route: its own, else that of all commands there."""
    lines = {(route.method, route.path): route for route in promised_routes()}
    return lines.get((method, path)) or lines.get((method, re.sub(r"/[^/{}]+$", "/*", path)))


@contextmanager
def opened(store: Store) -> Iterator[House]:
    """The company in this store."""
    members = {role: MemberId(UUID(int=0xD0 + number)) for number, role in enumerate(ROLES)}
    records = {whose: Whose() for whose in OWNERS}
    with store.pool.connection() as connection:
        for event in _people(members):
            append_to_workspace(connection, None, event)
        for whose, one in records.items():
            _record(connection, one, *OWNERS[whose])
    app = create_app(store)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        house = House(store, app, client, members, records)
        house.follow()
        yield house


def _people(members: Mapping[Role, MemberId]) -> Iterator[Any]:  # Any: events of the workspace
    people: list[tuple[MemberId, str, str, Sequence[Role]]] = [
        (ANN, "Ann", "north", ("admin", "manager")),
        (BOB, "Bob", "north", ("agent",)),
        (CID, "Cid", "south", ("agent",)),
        *((member_id, f"The {role}", "north", (role,)) for role, member_id in members.items()),
    ]
    for member_id, name, team, roles in people:
        yield WorkspaceMemberInvited(member_id=member_id, name=name)
        for role in roles:
            yield WorkspaceMemberRoleGranted(member_id=member_id, role=role)
        yield WorkspaceMemberJoinedTeam(member_id=member_id, team=team)


def _record(connection: Connection, one: Whose, owner_id: MemberId | None, team: str | None) -> None:
    said, due_at = one.canary, datetime(2027, 3, 2, tzinfo=UTC)
    address = contact_point("email", f"{said}@example.org")
    seven = Money(amount=Decimal(7), currency="EUR")
    of_customer: list[Event] = [
        CustomerRegistered(kind="organisation", name=said, source="web", external_ids={"crm": said}),
        CustomerContactPersonAdded(person_id=one.person, name=said),
        CustomerContactPointAdded(point_id=one.contact_point, kind="email", value=address),
        InteractionLogged(interaction_id=one.interaction, kind="call", direction="inbound", summary=said),
        FollowUpScheduled(task_id=one.follow_up, what=said, due_at=due_at),
        CustomerPurchaseRecorded(purchase_id=one.purchase, total=seven, external_id=said),
        CustomerSubscriptionStarted(
            subscription_id=one.subscription, plan="basic", mrr=seven, effective_on=date(2026, 3, 2)
        ),
        CustomerSurveyAnswered(survey="nps", score=9, comment=said),
    ]
    of_lead: list[Event] = [captured(said, source="web", form={"note": said}, external_ids={"crm": f"lead {said}"})]
    of_ticket: list[Event] = [TicketOpened(subject=said, external_ids={"crm": f"ticket {said}"})]
    if owner_id or team:
        of_customer.insert(1, CustomerOwnerAssigned(owner_id=owner_id, team=team))
        of_lead.append(LeadAssigned(owner_id=owner_id, team=team))
        of_ticket.append(TicketAssigned(assignee_id=owner_id, team=team))
    of_lead.append(LeadLost(reason=said, competitor=said))
    tell(connection, one.customer, *of_customer)
    tell(connection, one.customer, *of_lead, noun="lead", stream_id=one.lead)
    tell(connection, one.customer, *of_ticket, noun="ticket", stream_id=one.ticket)
    for key, stream_id in ((said, one.customer), (f"lead {said}", one.lead), (f"ticket {said}", one.ticket)):
        connection.execute(
            "INSERT INTO log.external_id (system, key, customer_id, stream_id) VALUES ('crm', %s, %s, %s)",
            [key, one.customer, stream_id],
        )
