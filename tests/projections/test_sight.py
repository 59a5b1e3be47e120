"""Who sees which rows and columns: each table says by whom its rows are seen, and which columns are personal."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from domain.campaign import CampaignBudgetSpent, CampaignEnded, CampaignPlanned
from domain.contact_point import contact_point
from domain.custom_field import CustomField, TextValue
from domain.customer import (
    CustomerConsentGranted,
    CustomerContactPersonAdded,
    CustomerContactPointAdded,
    CustomerOwnerAssigned,
    CustomerPurchaseRecorded,
    CustomerRegistered,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionStarted,
    CustomerSurveyAnswered,
)
from domain.event import MemberId
from domain.field_value import CustomFieldRecorded
from domain.follow_up import FollowUpCompleted, FollowUpScheduled
from domain.interaction import InteractionLogged
from domain.lead import LeadAssigned, LeadLost
from domain.money import Money
from domain.ticket import TicketAssigned, TicketOpened, TicketPutPending, TicketRated, TicketSolved
from domain.workspace import WORKSPACE_ID, WorkspaceCustomFieldDefined
from eventstore.database import Connection
from projections import sight as seen
from projections.read_models import parse, read_models
from projections.reading import read
from projections.sight import EVERYTHING, PERSONAL, Sight, bound, columns_of, judged_by
from replay.follow import catch_up
from tests.facts import captured
from tests.projections.customer_facts import merge
from tests.projections.records import tell

ANN, BOB = MemberId(UUID(int=1)), MemberId(UUID(int=2))
SAID = "canary"
EUROS = Money(amount=Decimal(7), currency="EUR")
TABLES = tuple(table for model in read_models().values() for table in model.tables)


def test_every_table_says_by_whom_its_rows_are_seen() -> None:
    undeclared = [table for table in TABLES if judged_by(table) == "nobody"]
    assert not undeclared, f"say in projections/sight.py by which record these are judged: {undeclared}"


def test_what_is_declared_is_there() -> None:
    assert {*seen._BY} <= {*TABLES}
    for table, columns in PERSONAL.items():
        assert columns <= set(columns_of(table)), table


def test_the_columns_are_those_of_the_table(connection: Connection) -> None:
    for table in TABLES:
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
            " ORDER BY ordinal_position",
            [table],
        ).fetchall()
        assert [row["column_name"] for row in rows] == [*columns_of(table)], table


def spoken_of(connection: Connection) -> None:
    """Somebody of whom every read model has something personal, with the same word in all of it."""
    customer_id, person_id, task_id, subscription_id = (uuid4() for _ in range(4))
    tell(
        connection,
        customer_id,
        CustomerRegistered(kind="person", name=SAID, external_ids={"crm": SAID}),
        CustomerContactPersonAdded(person_id=person_id, name=SAID),
        CustomerContactPointAdded(
            point_id=uuid4(), kind="email", value=contact_point("email", f"{SAID}@example.org"), primary=True
        ),
        InteractionLogged(interaction_id=uuid4(), kind="call", summary=SAID, outcome=SAID, external_id=SAID),
        FollowUpScheduled(task_id=task_id, what=SAID, due_at=datetime(2027, 3, 2, tzinfo=UTC)),
        FollowUpCompleted(task_id=task_id, outcome=SAID),
        CustomerPurchaseRecorded(purchase_id=uuid4(), total=EUROS, external_id=SAID),
        CustomerSubscriptionStarted(
            subscription_id=subscription_id, plan="basic", mrr=EUROS, effective_on=date(2026, 1, 1)
        ),
        CustomerSubscriptionCancelled(subscription_id=subscription_id, effective_on=date(2026, 2, 1), reason=SAID),
        CustomerConsentGranted(channel="email", purpose="news", proof=SAID),
        CustomerSurveyAnswered(survey="nps", score=9, comment=SAID),
    )
    lead = captured(SAID, form={"note": SAID}, external_ids={"crm": f"lead {SAID}"})
    tell(connection, customer_id, lead, LeadLost(reason=SAID, competitor=SAID), noun="lead", stream_id=uuid4())
    opened = TicketOpened(subject=SAID, external_ids={"crm": f"ticket {SAID}"})
    tell(connection, customer_id, opened, TicketPutPending(waiting_for=SAID), noun="ticket", stream_id=uuid4())
    solved = (TicketSolved(resolution=SAID), TicketRated(csat=5, comment=SAID))
    tell(connection, customer_id, TicketOpened(subject=SAID), *solved, noun="ticket", stream_id=uuid4())
    spent = CampaignBudgetSpent(spending_id=uuid4(), spent=EUROS, what=SAID)
    campaign = (CampaignPlanned(name="Spring"), spent, CampaignEnded(reason=SAID))
    tell(connection, WORKSPACE_ID, *campaign, noun="campaign", stream_id=uuid4())
    catch_up(connection)


def test_exactly_the_columns_that_hold_what_is_personal_are_declared(connection: Connection) -> None:
    spoken_of(connection)
    found: dict[str, set[str]] = {}
    for table in TABLES:
        for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall():
            said = {name for name, value in row.items() if SAID in str(value)}
            found[table] = found.get(table, set()) | said
    # how a number is extended is told of telephones alone
    declared = {table: columns - {"extension", "phone"} for table, columns in PERSONAL.items()}
    assert {table: columns for table, columns in found.items() if columns} == declared


def test_without_personal_nothing_of_it_is_read(connection: Connection) -> None:
    spoken_of(connection)
    for table in TABLES:
        rows = read(connection, f"SELECT * FROM {table}", (table,), {}, sight=Sight("all", personal=False))
        assert SAID not in str(rows), table
        assert [*columns_of(table)] == [*rows[0]] if rows else True


def test_who_sees_everything_reads_the_table_itself(connection: Connection) -> None:
    for table in TABLES:
        assert bound(table, "public", EVERYTHING).as_string(connection) == f'SELECT * FROM "public"."{table}"'


def test_custom_fields_are_hidden_where_they_are_personal(connection: Connection) -> None:
    customer_id = uuid4()
    for field_id, is_personal in (("roof", False), ("hobby", True)):
        field = CustomField(
            noun="customer", field_id=field_id, version=1, label=field_id, kind="text", is_personal=is_personal
        )
        tell(connection, WORKSPACE_ID, WorkspaceCustomFieldDefined(custom_field=field), noun="workspace")
        said, kept = (TextValue(value="flat"), None)[:: -1 if is_personal else 1]
        recorded = CustomFieldRecorded(field_id=field_id, field_version=1, value=said, personal_value=kept)
        tell(connection, customer_id, recorded)
    catch_up(connection)
    asked = ("SELECT custom_fields FROM customer_360", ("customer_360",), {"customer_id": customer_id})
    for sight, expected in ((EVERYTHING, {"roof", "hobby"}), (Sight("all", personal=False), {"roof"})):
        (row,) = read(connection, *asked, sight=sight)
        assert {*row["custom_fields"]} == expected


WHOSE: Mapping[str, tuple[Sight, set[str]]] = {
    "all": (EVERYTHING, {"ann", "bob", "north", "nobody"}),
    "own": (Sight("own", ANN, ("north",), (BOB,)), {"ann"}),
    "team": (Sight("team", ANN, ("north",)), {"ann", "north"}),
    "team with colleagues": (Sight("team", ANN, ("north",), (BOB,)), {"ann", "bob", "north"}),
    "none": (Sight("none", ANN, ("north",), (BOB,)), set()),
    "own, of nobody": (Sight("own"), set()),
}


@pytest.mark.parametrize(("sight", "expected"), WHOSE.values(), ids=WHOSE)
def test_rows_are_seen_by_their_record(connection: Connection, sight: Sight, expected: set[str]) -> None:
    owners = {"ann": (ANN, None), "bob": (BOB, None), "north": (None, "north"), "nobody": (None, None)}
    whose: dict[UUID, str] = {}
    for name, (owner_id, team) in owners.items():
        customer_id, absorbed, lead_id, ticket_id = (uuid4() for _ in range(4))
        whose |= dict.fromkeys((customer_id, absorbed, lead_id, ticket_id), name)
        bought = CustomerPurchaseRecorded(purchase_id=uuid4(), total=EUROS)
        given = CustomerOwnerAssigned(owner_id=owner_id, team=team)
        tell(connection, customer_id, CustomerRegistered(kind="person", name=name), given)
        tell(connection, absorbed, CustomerRegistered(kind="person", name=name), bought)
        merge(connection, absorbed, customer_id)
        at_lead = InteractionLogged(interaction_id=uuid4(), kind="call")
        tell(
            connection,
            customer_id,
            captured(name),
            LeadAssigned(owner_id=owner_id, team=team),
            at_lead,
            noun="lead",
            stream_id=lead_id,
        )
        at_ticket = (TicketOpened(subject=name), TicketAssigned(assignee_id=owner_id, team=team), TicketRated(csat=5))
        tell(connection, customer_id, *at_ticket, noun="ticket", stream_id=ticket_id)
    catch_up(connection)
    for table, key in (
        ("customer_360", "customer_id"),
        ("customer_alias", "customer_id"),
        ("purchase", "customer_id"),
        ("lead", "lead_id"),
        ("lead_stage_interval", "lead_id"),
        ("interaction", "stream_id"),
        ("ticket", "ticket_id"),
        ("survey_answer", "ticket_id"),
        ("search", "stream_id"),
    ):
        rows = read(connection, f"SELECT {key} FROM {table}", (table,), {}, sight=sight)
        assert {whose[row[key]] for row in rows if row[key] in whose} == expected, table


OWN = "CREATE TABLE {name} (\n    {column} uuid NOT NULL\n);\n"
FOLD = "-- question: Whose?\n-- key: {key} AS {column}\n-- types: lead.*\nSELECT {key} AS {column} FROM history"


@pytest.mark.parametrize(("column", "by"), [("customer_id", "customer"), ("lead_id", "nobody")])
def test_a_read_model_of_ones_own_is_judged_by_its_customer_or_seen_by_nobody(
    monkeypatch: pytest.MonkeyPatch, column: str, by: str
) -> None:
    key = "customer_id" if column == "customer_id" else "stream_id"
    own = parse("of_ours", OWN.format(name="of_ours", column=column), FOLD.format(key=key, column=column))
    monkeypatch.setattr(seen, "outside", lambda: {"of_ours": own})
    monkeypatch.setattr(seen, "read_models", lambda: {"of_ours": own})
    columns_of.cache_clear()
    try:
        assert judged_by("of_ours") == by
    finally:
        columns_of.cache_clear()
