"""Where else in the database a person's data lies: read models about her, and tables that killed work left behind."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.database import Connection, query
from projections.read_models import read_models
from replay.asof import drop_all
from replay.swap import drop_version, shadow_schema
from replay.versions import LIVE, previous_schema, turn


def tables_about(connection: Connection, customer_ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Schema and name of the tables that have, or have had, rows of any of these customers.

    By what is in their histories, and not by the rows: where all of hers are gone, the file still holds them.
    """
    rows = connection.execute(query("replay", "types_about"), {"customer_ids": list(customer_ids)})
    types = {row["type"] for row in rows}
    return [(LIVE, table) for model in read_models().values() if types & {*model.types} for table in model.tables]


def drop_leftovers(connection: Connection) -> list[str]:
    """Drop what killed or paused rebuilds left, the versions kept to go back to, and the schemas of the past; returns
    the schemas' names. Raises asof.InUse when somebody does not stop reading what was known in the past.

    Rebuilds under way are waited for: a table that one of them began to fill earlier goes live before this returns.
    Unfinished ones begin anew when they are gone on with. Read models that this process does not know, from a folder
    that is not named any more, go as well: nobody would fold them anew.
    """
    known = connection.execute(query("replay", "checkpoints")).fetchall()
    dropped: list[str] = []
    for name in sorted({*read_models(), *(row["projection"] for row in known)}):
        with turn(connection, f"rebuild {name}"), connection.transaction():
            gone = [shadow_schema(name), previous_schema(name)]
            dropped += [schema for schema in gone if _is_there(connection, schema)]
            for schema in [*gone, *([LIVE] if name not in read_models() else [])]:
                drop_version(connection, name, schema)
            connection.execute("UPDATE replay.rebuild SET phase = 'waiting' WHERE projection = %s", [name])
    return dropped + drop_all(connection)


def _is_there(connection: Connection, schema: str) -> bool:
    row = connection.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL AS is_there", [schema]).fetchone()
    return bool(row and row["is_there"])
