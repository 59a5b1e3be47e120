"""Gives out the rows of an export as of one moment, and notes who sees what is personal before it is given."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from uuid_utils.compat import uuid7

from api.audit.answer import Reader
from api.exports.kinds import Format, Kind
from api.kpis import ask
from api.past import Axis, must_be_recorded, tables
from api.problems import BadParameter
from api.store import Store
from eventstore import log
from eventstore.audit.accesses import Note, note_accesses
from eventstore.database import Connection
from projections import kpi as figures
from projections.exporting import EXPORTS
from projections.kpi import kpis
from projections.reading import LIVE, of_one_moment
from projections.sight import Sight

_BATCH = 1_000
_FIGURE = "slug title value numerator denominator unit definition from to zone as_of axis sample_size excluded details"

Row: TypeAlias = Mapping[str, Any]  # Any: the columns are the SELECT's


@dataclass(frozen=True, slots=True)
class Asked:
    """An export that is asked for: as of when, on which axis, and for figures of which period."""

    kind: Kind
    form: Format
    as_of: datetime | None = None
    axis: Axis | None = None
    first_day: date | None = None
    end_day: date | None = None
    zone: str | None = None

    def must_be_possible(self) -> None:
        """Raises BadParameter, with what there is in place of what was asked for."""
        name = self.kind.name
        if self.form not in self.kind.formats:
            raise BadParameter(f"{name} can be exported as: {', '.join(self.kind.formats)}.")
        if self.kind.relation is None:
            return
        if self.first_day or self.end_day or self.zone:
            raise BadParameter("Only kpis have a period and a zone: leave from, to and zone out.")
        if not EXPORTS[self.kind.relation].is_dated:
            must_be_recorded(self.axis)


@dataclass(frozen=True, slots=True)
class Rows:
    """The columns of an export, and its rows, once."""

    columns: Sequence[str]
    rows: Iterator[Row]


@contextmanager
def rows_of(store: Store, reader: Reader, asked: Asked, *, patient: bool = False) -> Iterator[Rows]:
    """The rows of one moment, read as they are taken; `patient` for a taker who may be slow.

    Raises BadParameter, and NotUpToDate while others fold a moment of the past.
    """
    asked.must_be_possible()
    if asked.kind.relation is None:
        yield Rows(_FIGURE.split(), _figures(store, asked, reader.sight))
        return
    export = EXPORTS[asked.kind.relation]
    with tables(store, export.tables, asked.as_of, asked.axis) as (connection, schema):
        moment = happened_by(connection, asked)
        with export.rows(connection, schema, moment, sight=reader.sight, patient=patient) as cursor:
            columns = [column.name for column in cursor.description or ()]
            yield Rows(columns, noted(store, reader, iter(lambda: cursor.fetchmany(_BATCH), [])))


def happened_by(connection: Connection, asked: Asked) -> datetime | None:
    """By when what is in the list must have happened; None where that does not matter. Raises BadParameter."""
    if asked.as_of is None or asked.axis != "occurred":
        return None
    if asked.as_of > log.now(connection):
        raise BadParameter("as_of lies in the future; nobody knows that yet.")
    return asked.as_of


def noted(store: Store, reader: Reader, batches: Iterator[Sequence[Row]]) -> Iterator[Row]:
    """The rows, each after it is noted that its customer is shown."""
    request_id = uuid7()
    for batch in batches:
        customers = sorted({row["customer_id"] for row in batch})
        with store.pool.connection() as connection:
            note_accesses(connection, [Note(customers, request_id, reader.kind, reader.id, reader.way)])
        yield from batch


def _figures(store: Store, asked: Asked, sight: Sight) -> Iterator[Row]:
    """Every figure in total. Without a moment all are worked out over the tables of one."""
    wanted = list(kpis().values())
    reads = sorted({*figures.SETTINGS, *(table for kpi in wanted for table in kpi.relation.reads)})
    zone = asked.zone or store.settings.zone
    with tables(store, reads, asked.as_of, asked.axis) as (connection, schema), of_one_moment(connection, schema):
        as_of, axis = asked.as_of, asked.axis
        if schema == LIVE and as_of is None:
            as_of, axis = log.now(connection), "occurred"
        for kpi in wanted:
            found = ask(connection, kpi, zone, asked.first_day, asked.end_day, as_of, axis, None, schema, sight=sight)
            yield {"title": kpi.title, **found.model_dump(exclude={"params", "period"}), **found.params}
