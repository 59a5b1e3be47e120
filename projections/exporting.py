"""What is handed out as a whole: every row of a read model, with the names that a stranger to our ids needs."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from psycopg import ServerCursor
from psycopg.rows import DictRow

from eventstore.database import Connection, query
from projections import reading
from projections.reading import LIVE
from projections.sight import Sight

_NAMED = ("customer_360", "customer_alias")


@dataclass(frozen=True, slots=True)
class Export:
    """A SELECT of this folder's `exports/` and the tables that it reads; its rows come in the order of their keys.

    `is_dated` says that it can leave out what had not happened by a moment.
    """

    name: str
    tables: tuple[str, ...]
    is_dated: bool = False

    def rows(
        self,
        connection: Connection,
        schema: str = LIVE,
        happened_by: datetime | None = None,
        *,
        sight: Sight,
        patient: bool = False,
    ) -> AbstractContextManager[ServerCursor[DictRow]]:
        """A cursor over all rows of one moment, live or as they were known."""
        parameters = {"happened_by": happened_by}
        return reading.reading(connection, self._text, self.tables, parameters, schema, sight=sight, patient=patient)

    def statement(
        self, connection: Connection, schema: str = LIVE, happened_by: datetime | None = None, *, sight: Sight
    ) -> str:
        """The SELECT itself, for another driver."""
        parameters = {"happened_by": happened_by}
        return reading.as_text(connection, self._text, self.tables, parameters, schema, sight=sight)

    @property
    def _text(self) -> str:
        return query("projections.exports", self.name)


def _all() -> Iterator[Export]:
    yield Export("customers", ("customer_360", "contact_point", "workspace_member"))
    yield Export("people", ("contact_person", "contact_point", "customer_360"))
    yield Export("leads", ("lead", *_NAMED, "workspace_member"))
    yield Export("tickets", ("ticket", *_NAMED, "workspace_member"))
    yield Export("interactions", ("interaction", *_NAMED), is_dated=True)
    yield Export("follow_ups", ("follow_up", *_NAMED, "workspace_member"))
    yield Export("purchases", ("purchase", *_NAMED))
    yield Export("subscriptions", ("subscription", *_NAMED))


EXPORTS: Mapping[str, Export] = MappingProxyType({export.name: export for export in _all()})
"""All of them, by name."""
