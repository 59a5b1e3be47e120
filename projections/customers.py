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


def rows_of(
    connection: Connection, table: str, customer_ids: Collection[UUID], limit: int, *, sight: Sight
) -> list[Row]:
    """The rows that a table has of these customers, who are one: the newest, in the order in which they came."""
    order = "customer_id" if table == "customer_360" else "position"
    text = query("projections.customer_360", "rows_of").format(table=table, order=order)
    parameters = {"customer_ids": list(customer_ids), "limit": limit}
    return read(connection, text, (table,), parameters, sight=sight)[::-1]


def names_of(connection: Connection, customer_ids: Collection[UUID], *, sight: Sight) -> Mapping[UUID, str | None]:
    """How these customers are called now, as far as they may be seen."""
    text, parameters = query("projections.customer_360", "names"), {"customer_ids": list(customer_ids)}
    rows = read(connection, text, ("customer_360",), parameters, sight=sight) if customer_ids else ()
    return {row["customer_id"]: row["name"] for row in rows}


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


def used_words(connection: Connection, *, sight: Sight) -> dict[str, list[str]]:
    """The teams, groups, sources and tags of the newest customers, by kind, the most used first."""
    found: dict[str, list[str]] = {}
    for row in read(connection, query("projections.customer_360", "used_words"), ("customer_360",), {}, sight=sight):
        found.setdefault(row["kind"], []).append(row["word"])
    return found
