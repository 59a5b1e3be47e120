"""Of which keys a fold is done: all, some, or those between two."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from projections.read_models import ROOT, Fold
from replay.roots import Roots

_FEW = 1_000
"""Keys that are looked up one by one; more of them are found sooner by reading all."""

Parameters = dict[str, object]
_ANY: Parameters = {}


@dataclass(frozen=True, slots=True)
class Scope:
    """All keys; or those named; or those above `after` up to and with `upto`, where None leaves an end open."""

    keys: tuple[UUID, ...] | None = None
    after: UUID | None = None
    upto: UUID | None = None

    @property
    def parameters(self) -> Parameters:
        """What the conditions speak of."""
        if self.keys is not None:
            return {"keys": list(self.keys)}
        return {"after": self.after, "upto": self.upto}

    @property
    def is_few(self) -> bool:
        """Whether each key is worth looking up by itself."""
        return self.keys is not None and len(self.keys) <= _FEW

    def condition(self, column: sql.Composable) -> sql.Composable:
        """That a column's key is one of them."""
        if self.keys is not None:
            return sql.SQL("{} = ANY(%(keys)s)").format(column)
        ends = [
            sql.SQL(f"{{}} {sign} %({name})s").format(column)
            for sign, name, end in ((">", "after", self.after), ("<=", "upto", self.upto))
            if end is not None
        ]
        return sql.SQL(" AND ").join(ends) if ends else sql.SQL("true")

    def history(self, fold: Fold, owners: Roots) -> tuple[sql.Composable, Parameters]:
        """That an event is in the history of one of them, with its parameters: what an index finds comes first."""
        own = self.condition(sql.SQL("recorded.{}").format(sql.Identifier(fold.key_column)))
        if fold.key_column != ROOT:
            return own, self.parameters
        if not owners:
            return self.condition(sql.SQL("recorded.customer_id")), self.parameters
        members, records = owners.of(self.has if self.keys is None else {*self.keys}.__contains__)
        found = sql.SQL("({} OR recorded.customer_id = ANY(%(members)s) OR recorded.stream_id = ANY(%(records)s))")
        return (
            sql.SQL("{} AND {}").format(
                found.format(self.condition(sql.SQL("recorded.customer_id"))), self.condition(owners.column)
            ),
            {**self.parameters, "members": members, "records": records},
        )

    def has(self, key: UUID) -> bool:
        """Whether the key is one of them. UUIDs are in the same order here as in the database."""
        if self.keys is not None:
            return key in self.keys
        return (self.after is None or key > self.after) and (self.upto is None or key <= self.upto)


ALL = Scope()


def these(keys: Collection[UUID]) -> Scope:
    """Only these keys."""
    return Scope(tuple(sorted(keys)))
