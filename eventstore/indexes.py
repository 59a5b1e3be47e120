"""A table without indexes while it is filled: to make them afterwards is much quicker than to grow them row by row."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from eventstore.database import Connection, query

_MEMORY = "128MB"


def drop(connection: Connection, schema: str, table: str, *, keys: bool) -> list[str]:
    """Take the indexes from a table, with `keys` also those of its keys; returns the statements that make them again.

    Each statement makes one index in the schema where it was.
    """
    name = sql.Identifier(schema, table)
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    made = []
    for index in connection.execute(query("eventstore", "indexes"), {"table": name.as_string()}).fetchall():
        own = sql.Identifier(index["name"])
        if not index["is_constraint"]:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, index["name"])))
            made.append(index["definition"])
        elif keys:
            connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(name, own))
            # the database's own words for it
            made.append(add.format(name, own, sql.SQL(index["definition"])).as_string())
    return made


def make(connection: Connection, statements: list[str]) -> None:
    """Make the indexes that were dropped. Must run inside a transaction."""
    connection.execute(sql.SQL("SET LOCAL maintenance_work_mem = {}").format(_MEMORY))
    for statement in statements:
        connection.execute(statement)


@contextmanager
def made_afterwards(connection: Connection, schema: str, *tables: str) -> Iterator[None]:
    """Take all indexes from these tables, also those of keys, and make them again as they were.

    For tables that are filled from empty, inside a transaction: until it ends nobody else can even read them.
    """
    dropped = [statement for table in tables for statement in drop(connection, schema, table, keys=True)]
    yield
    make(connection, dropped)
