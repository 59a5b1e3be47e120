"""One customer: the row that sums her up, and her parts that a card shows beside it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from eventstore.database import Connection, query
from projections.reading import LIVE, Row, read
from projections.sight import Sight

PARTS: Mapping[str, str] = {
    "contact_points": "contact_point",
    "people": "contact_person",
    "relations": "relation",
    "subscriptions": "subscription",
}
"""What is listed of her, by the table that has it."""

TABLES = ("customer_360", *PARTS.values())


def get_customer(connection: Connection, customer_id: UUID, *, sight: Sight) -> Row | None:
    """The row of the customer with her parts; of one who was merged, that of whom she lives on in."""
    text, key = query("projections.customer_360", "card"), {"customer_id": customer_id}
    found = read(connection, text, (*TABLES, "customer_alias"), key, sight=sight)
    return found[0] | found[0].pop("parts") if found else None


def customers_reached_at(
    connection: Connection, kind: str, addresses: Collection[str], *, sight: Sight
) -> dict[str, set[UUID]]:
    """Who is reached at each of these e-mail addresses or phone numbers, as they are compared; also by her people."""
    rows = read(
        connection,
        "SELECT comparable, customer_id FROM contact_point WHERE kind = %(kind)s AND comparable = ANY(%(addresses)s)",
        ("contact_point",),
        {"kind": kind, "addresses": list(addresses)},
        sight=sight,
    )
    found: dict[str, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["comparable"], set()).add(row["customer_id"])
    return found


def root_of(connection: Connection, customer_id: UUID, schema: str = LIVE, *, sight: Sight) -> UUID:
    """In whose history a customer lives on: her own, unless she was merged."""
    alias = read(
        connection,
        "SELECT root_customer_id FROM customer_alias WHERE customer_id = %(customer_id)s",
        ("customer_alias",),
        {"customer_id": customer_id},
        schema,
        sight=sight,
    )
    return alias[0]["root_customer_id"] if alias else customer_id
