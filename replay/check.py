"""Looks a fold over before it runs: it may read `history` and its folder's earlier tables, and nothing else counts."""

from functools import partial
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from eventstore.database import Connection, query
from eventstore.fence import horizon
from eventstore.trouble import Trouble
from projections.read_models import Fold, ReadModel
from replay.differences import compare
from replay.fold import columns, create_table, fill, insert, refold, shape

_SAMPLE = 20
_FIRST, _SECOND, _VIEWS = "check_first", "check_second", "check_views"
_ZONE: LiteralString = (
    "SELECT set_config('TimeZone', 'America/St_Johns', true), set_config('DateStyle', 'SQL, DMY', true)"
)
_PLAN: LiteralString = (
    "SELECT set_config('enable_hashagg', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)
_REASONS = {
    "relation": "it reads {name}. A fold reads history and the earlier tables of its own folder, as of one position; "
    "join other tables where the answer is read, in a list or a figure.",
    "volatile": "{name}() gives another answer each time. Take what it needs from the events, such as occurred_at.",
    "session": "{name} depends on when and by whom it is run, so a replay would give other rows. Take the moment from "
    "the events (occurred_at, recorded_at), or give it to the list or figure that reads the table.",
    "zone": "{name}() depends on the session's time zone. Say which: (occurred_at AT TIME ZONE 'UTC').",
}


class FoldRefused(Trouble):
    """A fold would give other rows in a replay than live."""

    def __init__(self, fold: Fold, reason: str) -> None:
        super().__init__(f"The fold of {fold.table} is refused: {reason}")


class _Done(Exception):
    """Rolls back what was made for looking."""


def check(connection: Connection, model: ReadModel) -> int:
    """Look the model's folds over and run them on the whole history in several ways; returns the rows they give.

    Leaves nothing behind. Raises FoldRefused with what to change.
    """
    rows = 0
    try:
        with connection.transaction():
            connection.execute("SET LOCAL search_path TO pg_catalog")
            for schema in (_FIRST, _SECOND, _VIEWS):
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            for schema in (_FIRST, _SECOND):
                _create(connection, model, schema)
            _inspect(connection, model)
            rows = _try(connection, model)
            raise _Done
    except _Done:
        return rows


def _create(connection: Connection, model: ReadModel, schema: str) -> None:
    try:
        create_table(connection, model, schema)
    except psycopg.ProgrammingError as error:
        raise FoldRefused(model.folds[-1], f"its table.sql does not run: {error.diag.message_primary}.") from None
    for fold in model.folds:
        found = shape(connection, fold.table, schema)
        if not found:
            raise FoldRefused(fold, f"table.sql makes no table {fold.table}.")
        names = {row["name"] for row in found}
        if not any(row["is_key"] for row in found):
            raise FoldRefused(fold, "its table has no primary key, by which its rows are compared.")
        if lacking := {fold.table_key, "customer_id"} - names:
            raise FoldRefused(fold, f"its table has no column {min(lacking)}, by which its rows are found.")
        if inexact := [row["name"] for row in found if row["type"] in ("double precision", "real")]:
            raise FoldRefused(fold, f"sums of {inexact[0]} depend on their order. Make it numeric.")


def _inspect(connection: Connection, model: ReadModel) -> None:
    connection.execute(sql.SQL("SET LOCAL search_path TO {}, pg_catalog").format(sql.Identifier(_VIEWS)))
    connection.execute(query("replay", "history_shape"))
    allowed = [f"{_VIEWS}.history"]
    for fold in model.folds:
        names, _ = columns(connection, fold.table, _FIRST)
        view = f"looked_at_{fold.table}"
        text = sql.SQL("CREATE VIEW {view} AS SELECT {columns} FROM (\n{fold}\n) AS folded").format(
            view=sql.Identifier(view),
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            fold=sql.SQL(fold.text.replace("%%", "%")),
        )
        try:
            with connection.transaction():
                connection.execute(text)
        except psycopg.Error as error:
            hint = f" {error.diag.message_hint}" if error.diag.message_hint else ""
            raise FoldRefused(
                fold,
                f"{error.diag.message_primary}.{hint} It can read history and the earlier tables of its folder, and "
                "must give every column of its table.",
            ) from None
        uses = connection.execute(query("replay", "fold_uses"), {"view": f"{_VIEWS}.{view}", "allowed": allowed})
        for row in uses:
            raise FoldRefused(fold, _REASONS[row["kind"]].format(name=row["name"]))
        earlier = sql.SQL("CREATE TABLE {} (LIKE {})")
        connection.execute(earlier.format(sql.Identifier(_VIEWS, fold.table), sql.Identifier(_FIRST, fold.table)))
        allowed.append(f"{_VIEWS}.{fold.table}")
    connection.execute("SET LOCAL search_path TO pg_catalog")


def _try(connection: Connection, model: ReadModel) -> int:
    """Fold everything, and again under other circumstances, one after the other; returns the number of rows."""
    head = horizon(connection)
    rows = _run(connection, model, _FIRST, head)
    connection.execute(_ZONE)
    _run(connection, model, _SECOND, head)
    _must_equal(connection, model, "the session's time zone and format of dates. Name the zone: AT TIME ZONE 'UTC'")
    connection.execute(_PLAN)
    for table in model.tables:
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(_SECOND, table)))
    _run(connection, model, _SECOND, head, is_shuffled=True)
    _must_equal(
        connection, model, "the order in which events are read. Say it in each place: array_agg(... ORDER BY position)"
    )
    _refold_some(connection, model, head)
    _must_equal(
        connection,
        model,
        "events of other keys. All that a row is made of must lie in its key's history: PARTITION BY the key, or "
        "choose a wider one",
    )
    return rows


def _run(connection: Connection, model: ReadModel, schema: str, head: int, *, is_shuffled: bool = False) -> int:
    try:
        return fill(connection, model, schema, head, partial(insert, is_shuffled=is_shuffled))
    except psycopg.Error as error:  # its text may quote what is personal
        at = f" ({error.diag.constraint_name})" if error.diag.constraint_name else ""
        raise FoldRefused(
            model.folds[-1], f"on the history as it is it fails with {type(error).__name__}{at}."
        ) from None


def _refold_some(connection: Connection, model: ReadModel, head: int) -> None:
    """Fold some keys once more, one by one, as when they are followed."""
    first = model.folds[0]
    sample = sql.SQL("SELECT DISTINCT {key} AS key FROM {table} LIMIT {limit}").format(
        key=sql.Identifier(first.table_key),
        table=sql.Identifier(_SECOND, first.table),
        limit=sql.Literal(_SAMPLE),
    )
    for row in connection.execute(sample).fetchall():
        refold(connection, model, _SECOND, head, [{row["key"]}, *(set[UUID]() for _ in model.folds[1:])], insert)


def _must_equal(connection: Connection, model: ReadModel, cause: str) -> None:
    _, differences = compare(connection, model, _SECOND, _FIRST)
    for difference in differences:
        table = difference.table or model.tables[-1]
        (fold,) = (fold for fold in model.folds if fold.table == table)
        raise FoldRefused(fold, f"its rows depend on {cause}. (In {', '.join(difference.columns)}.)")
