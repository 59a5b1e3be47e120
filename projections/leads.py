"""The lists and boards of leads."""

from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class OnBoard:
    """Which leads a board shows: those of one pipeline, and of them all or one owner's, one team's, from one source."""

    pipeline: str
    owner_id: UUID | None = None
    team: str | None = None
    source: str | None = None


def stages(connection: Connection, shown: OnBoard, at: datetime | None = None, *, sight: Sight) -> list[Row]:
    """Per stage and currency: number, value and weighted value of the leads that are open, or were at a moment."""
    if at:
        tables, parameters = ("lead", "lead_stage_interval"), asdict(shown) | {"at": at}
        return read(connection, query("projections.lead", "stages_at"), tables, parameters, sight=sight)
    return read(connection, query("projections.lead", "stages"), ("lead",), asdict(shown), sight=sight)


def board(connection: Connection, shown: OnBoard, at: datetime | None = None, *, limit: int, sight: Sight) -> list[Row]:
    """Per stage, the `limit` open leads that something happened to last, the latest first; of a moment that has passed
    those that had been in their stage longest."""
    text = query("projections.lead", "board_at" if at else "board")
    parameters = asdict(shown) | {"limit": limit} | ({"at": at} if at else {})
    return read(connection, text, (*LEAD_LIST, "lead_stage_interval"), parameters, sight=sight)


def recently_closed(connection: Connection, shown: OnBoard, *, limit: int, sight: Sight) -> list[Row]:
    """The leads that were won, lost or disqualified last, the latest first."""
    parameters = asdict(shown) | {"limit": limit}
    return read(connection, query("projections.lead", "closed"), LEAD_LIST, parameters, sight=sight)


def usual_stays(connection: Connection, pipeline: str, at: datetime, *, sight: Sight) -> dict[str, Row]:
    """Per stage how long leads stay there: the `usual` and the `long` time, where enough have left it."""
    text, parameters = query("projections.lead", "usual_stay"), {"pipeline": pipeline, "at": at}
    return {row["stage"]: row for row in read(connection, text, ("lead_stage_interval",), parameters, sight=sight)}


def lost_reasons(connection: Connection, shown: OnBoard, at: datetime, *, sight: Sight) -> list[Row]:
    """Why leads were lost in the ninety days before a moment, and how many, the most frequent reason first."""
    text, parameters = query("projections.lead", "lost_reasons"), asdict(shown) | {"at": at}
    return read(connection, text, ("lead",), parameters, sight=sight)


def board_filters(connection: Connection, *, sight: Sight) -> Row:
    """The pipelines, teams and sources of the open leads."""
    (row,) = read(connection, query("projections.lead", "board_filters"), ("lead",), {}, sight=sight)
    return {name: found or [] for name, found in row.items()}


def span(connection: Connection, as_of: datetime, *, sight: Sight) -> tuple[datetime, datetime] | None:
    """From when to when there is a history of leads, up to `as_of`; None while there is none."""
    text, reads = query("projections.lead", "span"), ("lead_stage_interval",)
    (row,) = read(connection, text, reads, {"as_of": as_of}, sight=sight)
    return (row["first_at"], row["last_at"]) if row["first_at"] else None


def list_members(connection: Connection, schema: str = LIVE, *, sight: Sight) -> list[Row]:
    """Who works here, by name."""
    text = query("projections.workspace_member", "list")
    return read(connection, text, ("workspace_member",), {}, schema, sight=sight)
