"""What needs somebody today: follow-ups, promises to customers, leads that stand still, and customers who may leave."""

from datetime import datetime, timedelta
from uuid import UUID

from eventstore.database import Connection, query
from projections.reading import Row, read
from projections.sight import Sight

USUAL_SAMPLE = 5
"""Of how many leads it must be known how long they were in a stage before that is called usual."""

_NAMES = ("customer_360", "customer_alias", "workspace_member")
_YEAR = timedelta(days=365)
_WEEK = timedelta(days=7)


def agenda(
    connection: Connection,
    *,
    limit: int,
    sight: Sight,
    assignee_id: UUID | None = None,
    is_nobodys: bool = False,
    since: datetime | None = None,
    before: datetime | None = None,
    last_first: bool = False,
    after: tuple[datetime, UUID] | None = None,
) -> list[Row]:
    """The follow-ups that are planned and due between two moments, what is due first first, or last first; `after` is
    due_at and task_id of the last one seen."""
    parameters: dict[str, object] = {
        "assignee_id": assignee_id,
        "is_nobodys": is_nobodys,
        "since": since,
        "before": before,
        "last_first": last_first,
        "after_due_at": after and after[0],
        "after_task_id": after and after[1],
        "limit": limit,
    }
    tables = ("follow_up", "lead", "ticket", *_NAMES)
    return read(connection, query("projections.attention", "agenda"), tables, parameters, sight=sight)


def promises(
    connection: Connection, now: datetime, within: timedelta, *, limit: int, sight: Sight, assignee_id: UUID | None
) -> list[Row]:
    """Of open tickets, one promise each: what is due `within` so long, or was broken in the last week."""
    parameters: dict[str, object] = {
        "due_before": now + within,
        "broken_since": now - _WEEK,
        "limit": limit,
        "assignee_id": assignee_id,
    }
    tables = ("sla_target", "ticket", *_NAMES)
    return read(connection, query("projections.attention", "promises"), tables, parameters, sight=sight)


def stuck_leads(connection: Connection, now: datetime, *, limit: int, sight: Sight, owner_id: UUID | None) -> list[Row]:
    """Open leads that have been in their stage for more than a day and more than twice as long as is usual there: the
    median of the stays of the last year. `stuck` is how many there are in all; days are those so far."""
    parameters: dict[str, object] = {
        "now": now,
        "left_since": now - _YEAR,
        "at_least": USUAL_SAMPLE,
        "limit": limit,
        "owner_id": owner_id,
    }
    tables = ("lead_stage_interval", "lead", *_NAMES)
    return read(connection, query("projections.attention", "stuck"), tables, parameters, sight=sight)


def leads_of_nobody(connection: Connection, *, limit: int, sight: Sight) -> list[Row]:
    """Open leads without an owner, the newest first; `unowned` is how many there are in all."""
    tables = ("lead", "customer_360", "customer_alias")
    return read(connection, query("projections.attention", "unowned"), tables, {"limit": limit}, sight=sight)


def customers_at_risk(connection: Connection, *, limit: int, sight: Sight, owner_id: UUID | None) -> list[Row]:
    """Whoever may leave us, whoever was told so last first; `at_risk` is how many there are in all."""
    parameters: dict[str, object] = {"limit": limit, "owner_id": owner_id}
    return read(connection, query("projections.attention", "at_risk"), ("customer_360",), parameters, sight=sight)
