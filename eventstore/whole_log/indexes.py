"""A table without indexes while it is filled: to make them afterwards is much quicker than to grow them row by row."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from eventstore.database import Connection, query

_MEMORY = "128MB"


@contextmanager
def made_afterwards(connection: Connection, schema: str, *tables: str) -> Iterator[None]:
    """Take all indexes from these tables, also those of primary keys, and make them again as they were.

    For tables that are filled from empty, inside a transaction: until it ends nobody else can even read them.
    """
    names = {table: sql.Identifier(schema, table) for table in tables}
    found = {
        table: connection.execute(query("eventstore.whole_log", "indexes"), {"table": name.as_string()}).fetchall()
        for table, name in names.items()
    }
    drop_constraint, drop_index = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}"), sql.SQL("DROP INDEX {}")
    for table, indexes in found.items():
        for index in indexes:
            if index["is_constraint"]:
                connection.execute(drop_constraint.format(names[table], sql.Identifier(index["name"])))
            else:
                connection.execute(drop_index.format(sql.Identifier(schema, index["name"])))
    yield
    connection.execute(sql.SQL("SET LOCAL maintenance_work_mem = {}").format(_MEMORY))
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    for table, indexes in found.items():
        for index in indexes:
            made = sql.SQL(index["definition"])  # the database's own words for it
            connection.execute(
                add.format(names[table], sql.Identifier(index["name"]), made) if index["is_constraint"] else made
            )
