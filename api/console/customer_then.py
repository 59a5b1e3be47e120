"""A customer at a moment: as she is, as she was known then, or as she had become by then; all that her page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from api.past import Axis, position_of
from api.problems import BadParameter
from api.visible import row_as_seen
from domain.customer.ties import FieldChoice
from domain.workspace import Workspace
from eventstore.audit.latest import Extent, extent, latest
from eventstore.audit.trail import Cut, Whose, whose
from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.log import Recorded
from projections.customers import names_of, rows_of
from projections.reading import Row
from projections.sight import Sight, seen_streams
from replay.recall import customer_at, table_of

_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "contact_points": "contact_point",
        "people": "contact_person",
        "relations": "relation",
        "subscriptions": "subscription",
        "consents": "consent",
        "leads": "lead",
        "tickets": "ticket",
        "follow_ups": "follow_up",
        "purchases": "purchase",
        "merges": "customer_alias",
    }
)
"""What a page lists of her, by the table that has it."""

_MOST = 500
_RECORD_IDS = {"lead": "lead_id", "ticket": "ticket_id", "follow_up": "stream_id"}
_FINDINGS = ("customer.marked_at_risk", "customer.churned", "customer.won_back", "customer.activated")
_WRITTEN = "A moment is written like 2026-03-31T09:00."


@dataclass(frozen=True, slots=True)
class When:
    """The moment that somebody looks at: none is now; on the recorded axis what was known then, on the other what had
    happened by then."""

    as_of: datetime | None = None
    axis: Axis = "recorded"

    @property
    def happened_by(self) -> datetime | None:
        """The moment on the occurred axis."""
        return self.as_of if self.axis == "occurred" else None


@dataclass(frozen=True, slots=True)
class Then:
    """A customer at a moment: the row that sums her up (none where nothing was known), what is listed of her, the last
    finding about her, and where all of it comes from."""

    customer_id: UUID
    when: When
    cut: Cut
    people: Whose
    extent: Extent
    unseen: frozenset[UUID]
    row: Row | None
    parts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    finding: Recorded | None = None
    names: Mapping[UUID, str | None] = field(default_factory=dict)

    @property
    def open_leads(self) -> list[Row]:
        """The leads that are neither closed nor merged into another, the newest first."""
        return [row for row in self.parts["leads"] if row["status"] == "open" and not row["merged_into"]][::-1]

    @property
    def open_tickets(self) -> list[Row]:
        """The tickets that are not solved yet, the newest first."""
        waiting = ("new", "open", "pending", "on_hold")
        return [row for row in self.parts["tickets"] if row["status"] in waiting and not row["merged_into"]][::-1]

    @property
    def follow_ups(self) -> list[Row]:
        """What is still to be done, the most urgent first."""
        planned = (row for row in self.parts["follow_ups"] if row["status"] == "scheduled")
        return sorted(planned, key=lambda row: (row["due_at"] is None, row["due_at"]))


def moment_typed(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment that a field for it holds, in the viewer's zone; none is now, and so is what has not come yet.
    Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text) if text else None
        at = moment and moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(_WRITTEN) from None
    return None if at is None or at >= now else at


def customer_then(connection: Connection, customer_id: UUID, when: When, sight: Sight, workspace: Workspace) -> Then:
    """The customer at that moment; then she may have been another's root, or herself again. Raises BadParameter."""
    head = horizon(connection)
    position = position_of(connection, when.as_of) if when.as_of and when.axis == "recorded" else head
    root = customer_at(connection, customer_id, position)
    people = whose(connection, root, position)
    reach = extent(connection, people, root)
    unseen = _unseen(connection, sight, reach.streams)
    cut = Cut(position, when.happened_by)
    rows = _rows(connection, root, people, when, position, sight, workspace)
    row = next((one for one in rows["customer_360"] if one["customer_id"] == root), None)
    parts = {
        part: [one for one in rows[table] if one.get(_RECORD_IDS.get(table, "")) not in unseen]
        for part, table in _PARTS.items()
    }
    found = latest(connection, people, cut, 8, types=_FINDINGS)
    others = {one["other_id"] for one in parts["relations"]} | {*people.members} - {root}
    return Then(
        customer_id=root,
        when=when,
        cut=cut,
        people=people,
        extent=reach,
        unseen=unseen,
        row=row,
        parts=parts,
        finding=next((event for event, is_undone in found if not is_undone), None),
        names=names_of(connection, others, sight=sight),
    )


def as_if_merged(
    connection: Connection,
    survivor_id: UUID,
    merged_id: UUID,
    choices: Mapping[str, FieldChoice],
    sight: Sight,
    workspace: Workspace,
) -> Row | None:
    """The row that would sum the survivor up if the other were merged into her, with these choices."""
    head = horizon(connection)
    rows = table_of(connection, "customer_360", survivor_id, head, as_if_merged=merged_id, field_choices=choices)
    return row_as_seen(workspace, sight, "customer_360", rows[0]) if rows else None


def _rows(
    connection: Connection,
    root: UUID,
    people: Whose,
    when: When,
    position: int,
    sight: Sight,
    workspace: Workspace,
) -> dict[str, list[Row]]:
    """By table: live, or folded on the fly."""
    tables = ("customer_360", *_PARTS.values())
    if when.as_of is None:
        return {table: rows_of(connection, table, people.members, _MOST, sight=sight) for table in tables}
    folded = {table: table_of(connection, table, root, position, happened_by=when.happened_by) for table in tables}
    return {
        table: [
            row_as_seen(workspace, sight, table, row)
            for row in sorted(rows, key=lambda row: row.get("position", 0))[-_MOST:]
        ]
        for table, rows in folded.items()
    }


def _unseen(connection: Connection, sight: Sight, streams: Mapping[UUID, str]) -> frozenset[UUID]:
    """Those of her leads and tickets that are another team's."""
    if sight.records == "all":
        return frozenset()
    records = {(noun, stream_id) for stream_id, noun in streams.items() if noun != "customer"}
    return frozenset(stream_id for _, stream_id in records) - seen_streams(connection, sight, records)
