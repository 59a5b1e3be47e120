"""Whose history an event is read as at a position: the survivor's of a merge, the right customer's of a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection, query
from projections.read_models import ROOT

_OWN = sql.SQL("recorded.customer_id")
_ALIASED = sql.SQL("coalesce(misfiled.root_id, merged.root_id, recorded.customer_id)")


@dataclass(frozen=True, slots=True)
class Roots:
    """The root customers of histories that are read as another's: by customer, and by stream for single records."""

    merged: Mapping[UUID, UUID] = field(default_factory=dict)
    misfiled: Mapping[UUID, UUID] = field(default_factory=dict)

    @property
    def column(self) -> sql.Composable:
        """What `root_customer_id` is in the history."""
        return _ALIASED if self else _OWN

    @property
    def joins(self) -> sql.SQL:
        """The tables that it is taken from."""
        return sql.SQL(query("replay", "aliases") if self else "")

    @property
    def parameters(self) -> dict[str, object]:
        """What these tables hold."""
        return {
            "merged": list(self.merged),
            "merged_roots": list(self.merged.values()),
            "misfiled": list(self.misfiled),
            "misfiled_roots": list(self.misfiled.values()),
        }

    def __bool__(self) -> bool:
        return bool(self.merged or self.misfiled)

    def with_merged(self, customer_id: UUID, hers: "Roots", survivor_id: UUID) -> "Roots":
        """The same as if a customer, with all who live on in her, were merged into another."""
        merged = {one: survivor_id for one, root in hers.merged.items() if root == customer_id}
        misfiled = {one: survivor_id if root == customer_id else root for one, root in hers.misfiled.items()}
        return Roots({**self.merged, **merged, customer_id: survivor_id}, {**misfiled, **self.misfiled})

    def of(self, is_wanted: Callable[[UUID], bool]) -> tuple[list[UUID], list[UUID]]:
        """The customers and the records whose roots are wanted, and who would not be found by their own customer."""
        return (
            [customer_id for customer_id, root in self.merged.items() if is_wanted(root)],
            [stream_id for stream_id, root in self.misfiled.items() if is_wanted(root)],
        )


def roots(connection: Connection, key_column: str, horizon: int, keys: Sequence[UUID] | None) -> Roots:
    """The roots that the history of these keys (None: of all) needs, as of a position."""
    if keys is None:
        statement = sql.SQL(query("replay", "roots_of_all")).format()
    elif key_column in (ROOT, "customer_id"):
        statement = sql.SQL(query("replay", "roots_of_customers")).format()
    else:
        statement = sql.SQL(query("replay", "roots_of_keys")).format(key=sql.Identifier(key_column))
    parameters = {"horizon": horizon, "keys": keys and list(keys)}
    # to plan it takes many times as long as to find the few that there are
    with connection.pipeline():
        connection.execute(query("replay", "plan_once"))
        found = connection.execute(statement, parameters, prepare=True)
        connection.execute(query("replay", "plan_as_before"))
    rows = found.fetchall()
    return Roots(
        {row["customer_id"]: row[ROOT] for row in rows if row["stream_id"] is None and row["customer_id"] != row[ROOT]},
        {row["stream_id"]: row[ROOT] for row in rows if row["stream_id"] is not None},
    )
