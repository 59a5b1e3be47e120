"""One SELECT, several histories: a fold is the same text live, in a rebuild, and for one lead at any position."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from eventstore.database import Connection, query
from projections.read_models import ROOT, Fold, ReadModel
from replay.roots import Roots, roots
from replay.scope import ALL, Scope, these
from replay.versions import LIVE as LIVE
from replay.versions import live_definition

Row = dict[str, Any]  # Any: a row of any read model


def create_table(connection: Connection, model: ReadModel, schema: str) -> None:
    """Create the model's empty tables and indexes in `schema`. Must run inside a transaction."""
    connection.execute(sql.SQL("SET LOCAL search_path TO {}, pg_catalog").format(sql.Identifier(schema)))
    connection.execute(model.table.encode())
    connection.execute("SET LOCAL search_path TO pg_catalog")


def shape(connection: Connection, table: str, schema: str = LIVE) -> list[Row]:
    """The columns of a table: name, type, is_needed (never null), is_key (of the primary key)."""
    return connection.execute(query("replay", "columns"), {"table": f"{schema}.{table}"}).fetchall()


def columns(connection: Connection, table: str, schema: str = LIVE) -> tuple[list[str], list[str]]:
    """Names of all columns of a table, and of those of its primary key."""
    rows = shape(connection, table, schema)
    return [row["name"] for row in rows], [row["name"] for row in rows if row["is_key"]]


_known_names: dict[tuple[str, str], list[str]] = {}


def _names(connection: Connection, model: ReadModel, table: str, schema: str) -> list[str]:
    """The names of all columns of one of the model's tables; its definition says the same everywhere."""
    key = (model.definition, table)
    if key in _known_names:
        return _known_names[key]
    names, _ = columns(connection, table, schema)
    if schema != LIVE or live_definition(connection, model.name) == model.definition:
        _known_names[key] = names  # live may be another version, that was gone back to
    return names


def touched(connection: Connection, model: ReadModel, after: int, horizon: int) -> list[set[UUID]]:
    """The refold keys that events in `(after, horizon]` touch, fold by fold."""
    return [touched_by(connection, fold, after, horizon) for fold in model.folds]


def touched_by(connection: Connection, fold: Fold, after: int, horizon: int) -> set[UUID]:
    """The same for one fold."""
    if not fold.types:
        return set()
    names = ["touched_roots"] if fold.key_column == ROOT else ["touched", "moved"] if fold.is_rooted else ["touched"]
    parameters = {"after": after, "horizon": horizon, "types": list(fold.types)}
    key = sql.Identifier(fold.key_column)
    return {
        row["key"]
        for name in names
        for row in connection.execute(sql.SQL(query("replay", name)).format(key=key), parameters, prepare=False)
    }


@dataclass(frozen=True, slots=True)
class Refolded:
    """How many keys were folded, of all folds of a model, and how many rows that gave."""

    keys: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Inserted:
    """How many rows a fold gave, and what was asked of them."""

    count: int = 0
    rows: Sequence[Row] = ()


class Insert(Protocol):
    """Inserts the rows that one of a model's folds gives; `returning` names the columns to be told of each."""

    def __call__(
        self,
        connection: Connection,
        model: ReadModel,
        number: int,
        schema: str,
        horizon: int,
        scope: Scope,
        returning: Collection[str] = (),
    ) -> Inserted: ...


def fill(connection: Connection, model: ReadModel, schema: str, horizon: int, insert: Insert) -> int:
    """Insert the rows that the folds give at `horizon`, of all keys; returns their number."""
    return sum(insert(connection, model, number, schema, horizon, ALL).count for number in range(len(model.folds)))


def refold_all(connection: Connection, model: ReadModel, schema: str, horizon: int, insert: Insert) -> Refolded:
    """Replace all rows by what the folds say at `horizon`."""
    for table in reversed(model.tables):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))
    rows = fill(connection, model, schema, horizon, insert)
    return Refolded(rows, rows)


def refold(
    connection: Connection,
    model: ReadModel,
    schema: str,
    horizon: int,
    keys: Sequence[Collection[UUID]],
    insert: Insert,
) -> Refolded:
    """Replace the rows of these refold keys, given fold by fold, by what the folds say at `horizon`.

    A later fold also does the keys that rows of an earlier one had or have now.
    """
    passed: list[set[UUID]] = [set() for _ in model.folds]
    done = Refolded()
    for number, fold in enumerate(model.folds):
        wanted = these({*keys[number], *passed[number]})
        if not wanted.keys:
            continue
        readers = {
            at: after.table_key for at, after in enumerate(model.folds) if at > number and after.reads(fold.table)
        }
        later = set(readers.values())
        delete = sql.SQL("DELETE FROM {table} WHERE {keys}{returning}").format(
            table=sql.Identifier(schema, fold.table),
            keys=wanted.condition(sql.Identifier(fold.table_key)),
            returning=_returning(later),
        )
        old = connection.execute(delete, wanted.parameters, prepare=False)
        gone = old.fetchall() if later else []
        new = insert(connection, model, number, schema, horizon, wanted, later)
        for row in [*gone, *new.rows]:
            for at, key in readers.items():
                passed[at].add(row[key])
        done = Refolded(done.keys + len(wanted.keys), done.rows + new.count)
    return done


def rows_at(
    connection: Connection,
    model: ReadModel,
    key: UUID,
    horizon: int,
    *,
    happened_by: datetime | None = None,
    as_if: Mapping[str, object] | None = None,
) -> list[Row]:
    """The answer's rows of one refold key as of a position, folded on the fly: of what is known there all of it, or
    only what had happened by a moment; and `as_if` the customer of that event had just been merged into the key's."""
    *before, last = model.folds
    parts, types = [], {}
    for number, fold in enumerate(before):
        names = _names(connection, model, fold.table, LIVE)
        types[f"types_{number}"] = list(fold.types)
        parts.append(
            sql.SQL(", {table} AS ({fold})").format(
                table=sql.Identifier(fold.table),
                fold=sql.SQL(query("replay", "inner_fold")).format(
                    types=sql.Placeholder(f"types_{number}"), columns=_listed(names), fold=sql.SQL(fold.text)
                ),
            )
        )
    names = _names(connection, model, last.table, LIVE)
    # where a customer's history is asked for, whose it is must be known, also where the fold itself does not ask
    texts = [*(fold.text for fold in model.folds), last.key_column]
    whole = Fold(last.table, last.key_column, last.table_key, model.types, "\n".join(texts))
    text: sql.Composable = sql.SQL(last.text)
    if before:
        types["types_last"] = list(last.types)
        text = sql.SQL(query("replay", "inner_fold")).format(
            types=sql.Placeholder("types_last"), columns=_listed(names), fold=text
        )
    statement, parameters = _history(
        connection,
        whole,
        horizon,
        these([key]),
        sql.Composed(parts),
        names,
        text,
        is_read_once=True,
        happened_by=happened_by,
        as_if=as_if,
    )
    with connection.transaction():
        # to plan folds takes longer than to carry them out for one key
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return connection.execute(statement, {**parameters, **types}).fetchall()


def events_of(connection: Connection, fold: Fold, horizon: int, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The refold keys in the history of these customers as of a position, with how many events each has there."""
    key = ROOT if fold.is_rooted else "customer_id"
    scope = replace(fold, key_column=key)
    text = sql.SQL(query("replay", "customer_keys")).format(key=sql.Identifier(fold.key_column))
    select, parameters = _history(connection, scope, horizon, these(customer_ids), sql.SQL(""), ["key", "events"], text)
    return {row["key"]: row["events"] for row in connection.execute(select, parameters)}


def positions_of(connection: Connection, fold: Fold, horizon: int, key: UUID) -> list[int]:
    """Where the events lie, in their order, that a fold reads of one key."""
    text = sql.SQL("SELECT position FROM history ORDER BY position")
    select, parameters = _history(connection, fold, horizon, these([key]), sql.SQL(""), ["position"], text)
    return [row["position"] for row in connection.execute(select, parameters)]


def keys_in(
    connection: Connection, model: ReadModel, number: int, schema: str, horizon: int, scope: Scope
) -> set[UUID]:
    """The refold keys in a scope that one of the folds does."""
    fold = model.folds[number]
    keys = {
        row["key"]
        for table in model.tables[:number]
        if fold.reads(table)
        for row in connection.execute(
            sql.SQL("SELECT DISTINCT {key} AS key FROM {table} WHERE {scope}").format(
                key=sql.Identifier(fold.table_key),
                table=sql.Identifier(schema, table),
                scope=scope.condition(sql.Identifier(fold.table_key)),
            ),
            scope.parameters,
        )
    }
    text = sql.SQL(query("replay", "customer_keys")).format(key=sql.Identifier(fold.key_column))
    select, parameters = _history(connection, fold, horizon, scope, sql.SQL(""), ["key", "events"], text)
    return keys | {row["key"] for row in connection.execute(select, parameters)}


def insert(
    connection: Connection,
    model: ReadModel,
    number: int,
    schema: str,
    horizon: int,
    scope: Scope,
    returning: Collection[str] = (),
    *,
    is_shuffled: bool = False,
) -> Inserted:
    """Insert the rows that one of the folds gives at `horizon`, of the keys in the scope.

    To fold whole keys means that the order of the events comes from their positions: shuffled or not is the same.
    Raises what Postgres has against a value.
    """
    fold = model.folds[number]
    names = _names(connection, model, fold.table, schema)
    where = scope.condition(sql.Identifier(fold.table_key))
    earlier = sql.SQL("").join(
        sql.SQL(", {name} AS NOT MATERIALIZED (SELECT * FROM {table} WHERE {where})").format(
            name=sql.Identifier(table), table=sql.Identifier(schema, table), where=where
        )
        for table in model.tables[:number]
        if fold.reads(table)
    )
    select, parameters = _history(
        connection, fold, horizon, scope, earlier, names, sql.SQL(fold.text), is_shuffled=is_shuffled
    )
    statement = sql.SQL("INSERT INTO {table} ({columns}) {select}{returning}").format(
        table=sql.Identifier(schema, fold.table),
        columns=_listed(names),
        select=select,
        returning=_returning(returning),
    )
    # planned each time: a plan that is kept would not know how few the keys are
    done = connection.execute(statement, parameters, prepare=False)
    return Inserted(done.rowcount, done.fetchall() if returning else ())


def _history(
    connection: Connection,
    fold: Fold,
    horizon: int,
    scope: Scope,
    earlier: sql.Composable,
    names: Sequence[str],
    text: sql.Composable,
    *,
    is_shuffled: bool = False,
    is_read_once: bool = False,
    happened_by: datetime | None = None,
    as_if: Mapping[str, object] | None = None,
) -> tuple[sql.Composed, dict[str, object]]:
    """The SELECT of these columns from a fold's text, over the history of the keys in a scope; its parameters.

    A history that is read once is kept for all places that name it: of few events that is quicker, and soon planned.
    """
    owners = Roots()
    if fold.is_rooted and fold.types:
        owners = roots(connection, fold.key_column, horizon, scope.keys if scope.is_few else None)
    if as_if and scope.keys:
        merged_id = UUID(str(as_if["customer_id"]))
        owners = owners.with_merged(merged_id, roots(connection, fold.key_column, horizon, [merged_id]), scope.keys[0])
    condition, limits = scope.history(fold, owners)
    statement = sql.SQL(query("replay", "history")).format(
        kept=sql.SQL("MATERIALIZED" if is_read_once else "NOT MATERIALIZED"),
        root=sql.SQL(", {} AS root_customer_id").format(owners.column) if fold.is_rooted else sql.SQL(""),
        aliases=owners.joins,
        scope=condition,
        happened_by=sql.SQL("AND recorded.occurred_at <= %(happened_by)s" if happened_by else ""),
        as_if=sql.SQL(query("replay", "as_if") if as_if else ""),
        # of few events each is looked up, of all those that were undone are set apart: left to itself the planner
        # takes the wrong way after a large undo, until the table is analysed
        one_by_one=sql.SQL("OFFSET 0" if scope.is_few else ""),
        order=sql.SQL("ORDER BY md5(position::text)" if is_shuffled else ""),
        earlier=earlier,
        columns=_listed(names),
        fold=text,  # a fold's file is as trusted as the program
    )
    asked: dict[str, object] = {"horizon": horizon, "types": list(fold.types), "happened_by": happened_by}
    if as_if and scope.keys:
        asked |= {"as_if": Jsonb(as_if), "as_if_root": scope.keys[0]}
    return statement, {**asked, **owners.parameters, **limits}


def _listed(names: Iterable[str]) -> sql.SQL:
    return _joined(tuple(names))


@lru_cache(maxsize=1024)
def _joined(names: tuple[str, ...]) -> sql.SQL:
    """Rendered once: of a cycle that follows a few events it would be a good part."""
    return sql.SQL(sql.SQL(", ").join(map(sql.Identifier, names)).as_string())


def _returning(names: Iterable[str]) -> sql.Composable:
    listed = sorted(names)
    return sql.SQL(" RETURNING {}").format(_listed(listed)) if listed else sql.SQL("")
