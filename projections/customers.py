"""One customer: the row that sums her up, and her parts that a card shows beside it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from eventstore.database import Connection
from projections.reading import LIVE, Row, read

PARTS: Mapping[str, str] = {
    "contact_points": "contact_point",
    "people": "contact_person",
    "relations": "relation",
    "subscriptions": "subscription",
}
"""What is listed of her, by the table that has it."""

TABLES = ("customer_360", *PARTS.values())


def get_customer(connection: Connection, customer_id: UUID) -> dict[str, list[Row]]:
    """The rows of the customer, by table; of one who was merged, those of whom she lives on in."""
    key = {"customer_id": root_of(connection, customer_id)}
    # the names are this module's own
    return {
        table: read(connection, f"SELECT * FROM {table} WHERE customer_id = %(customer_id)s", (table,), key)
        for table in TABLES
    }


def customers_reached_at(connection: Connection, kind: str, addresses: Collection[str]) -> dict[str, set[UUID]]:
    """Who is reached at each of these e-mail addresses or phone numbers, as they are compared; also by her people."""
    rows = read(
        connection,
        "SELECT comparable, customer_id FROM contact_point WHERE kind = %(kind)s AND comparable = ANY(%(addresses)s)",
        ("contact_point",),
        {"kind": kind, "addresses": list(addresses)},
    )
    found: dict[str, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["comparable"], set()).add(row["customer_id"])
    return found


def root_of(connection: Connection, customer_id: UUID, schema: str = LIVE) -> UUID:
    """In whose history a customer lives on: her own, unless she was merged."""
    alias = read(
        connection,
        "SELECT root_customer_id FROM customer_alias WHERE customer_id = %(customer_id)s",
        ("customer_alias",),
        {"customer_id": customer_id},
        schema,
    )
    return alias[0]["root_customer_id"] if alias else customer_id
