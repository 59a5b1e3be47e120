"""The lists and boards of leads."""

from datetime import datetime
from uuid import UUID

from eventstore.database import Connection, query
from projections.reading import LIVE, Row, read
from projections.sight import Sight

LEAD_LIST = ("lead", "customer_360", "customer_alias", "workspace_member")
"""The tables that a list of leads reads."""


def list_leads(
    connection: Connection,
    *,
    limit: int,
    sight: Sight,
    before: tuple[datetime, UUID] | None = None,
    status: str | None = None,
    stage: str | None = None,
    owner_id: UUID | None = None,
    source: str | None = None,
    customer_id: UUID | None = None,
    lead_id: UUID | None = None,
    schema: str = LIVE,
) -> list[Row]:
    """Leads with customer and owner by name, newest first; `before` is captured_at and lead_id of the last seen."""
    return read(
        connection,
        query("projections.lead", "list"),
        LEAD_LIST,
        {
            "limit": limit,
            "before_captured_at": before and before[0],
            "before_lead_id": before and before[1],
            "status": status,
            "stage": stage,
            "owner_id": owner_id,
            "source": source,
            "customer_id": customer_id,
            "lead_id": lead_id,
        },
        schema,
        sight=sight,
    )


def get_lead(connection: Connection, lead_id: UUID, *, sight: Sight) -> Row | None:
    """One lead with the names of customer and owner; None when the read model has none of this id."""
    rows = list_leads(connection, limit=1, lead_id=lead_id, sight=sight)
    return rows[0] if rows else None


def stages(connection: Connection, pipeline: str, owner_id: UUID | None = None, *, sight: Sight) -> list[Row]:
    """Per stage and currency: number, value and weighted value of the open leads."""
    parameters = {"pipeline": pipeline, "owner_id": owner_id}
    return read(connection, query("projections.lead", "stages"), ("lead",), parameters, sight=sight)


def board(
    connection: Connection, pipeline: str, *, limit: int, sight: Sight, owner_id: UUID | None = None
) -> list[Row]:
    """Per stage, the `limit` open leads that something happened to last, the latest first."""
    parameters = {"pipeline": pipeline, "limit": limit, "owner_id": owner_id}
    reads = (*LEAD_LIST, "lead_stage_interval")
    return read(connection, query("projections.lead", "board"), reads, parameters, sight=sight)


def recently_closed(connection: Connection, *, limit: int, sight: Sight, owner_id: UUID | None = None) -> list[Row]:
    """The leads that were won, lost or disqualified last, the latest first."""
    parameters = {"limit": limit, "owner_id": owner_id}
    return read(connection, query("projections.lead", "closed"), LEAD_LIST, parameters, sight=sight)


def span(connection: Connection, as_of: datetime, *, sight: Sight) -> tuple[datetime, datetime] | None:
    """From when to when there is a history of leads, up to `as_of`; None while there is none."""
    text, reads = query("projections.lead", "span"), ("lead_stage_interval",)
    (row,) = read(connection, text, reads, {"as_of": as_of}, sight=sight)
    return (row["first_at"], row["last_at"]) if row["first_at"] else None


def list_members(connection: Connection, schema: str = LIVE, *, sight: Sight) -> list[Row]:
    """Who works here, by name."""
    text = query("projections.workspace_member", "list")
    return read(connection, text, ("workspace_member",), {}, schema, sight=sight)
