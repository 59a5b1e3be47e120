"""What a list answers with: rows as JSON, straight from the database, with the records that they name."""

from collections.abc import Mapping, Sequence

from fastapi import Response
from pydantic_core import to_json

from api.access import Principal
from api.fresh import at_least
from api.lists.question import Asked
from api.past import tables
from api.problems import NotAllowed
from api.store import Store
from eventstore.database import Connection
from projections.lists import page
from projections.lists.nouns import NOUNS, Noun
from projections.reading import LIVE, Row
from replay.asof import models_of

_BLANK: Mapping[str, Row] = {"leads": {"created_id": None}}
"""What only the answer to a command says of such a record."""


def answer(store: Store, noun: Noun, caller: Principal, asked: Asked, fresh: int | None) -> Response:
    """The page that was asked for. Raises NotAllowed, NotUpToDate, BadParameter."""
    must_see(caller, asked.expand, noun)
    names = _tables(noun, asked.expand)
    if asked.as_of is None and fresh is not None:
        at_least(store, models_of(names), fresh)
    with tables(store, names, asked.as_of) as (connection, schema):
        found = page.rows(connection, noun, asked.question, sight=caller.sight, schema=schema)
        rows, more = found[: asked.question.limit - 1], len(found) == asked.question.limit
        following = asked.cursor(store, noun, rows[-1]) if more else None
        shown = present(connection, noun, caller, rows, asked.shown, asked.expand, schema)
    return as_json({"data": shown, "has_more": more, "next_cursor": following})


def present(
    connection: Connection,
    noun: Noun,
    caller: Principal,
    rows: Sequence[Row],
    shown: Sequence[str],
    expand: Sequence[str],
    schema: str = LIVE,
) -> list[Row]:
    """The rows as they are shown, with the records that they name under the names of these."""
    blank = _BLANK.get(noun.name, {}) if len(shown) == len(noun.fields) else {}
    ready = [{name: row[name] for name in shown} | blank for row in rows]
    for name in expand:
        column, other = noun.expands[name][0], NOUNS[noun.expands[name][1]]
        ids = {row[column] for row in rows if row[column] is not None}
        named = page.named(connection, other, list(ids), sight=caller.sight, schema=schema) if ids else {}
        for row, made in zip(rows, ready, strict=True):
            found = named.get(row[column])
            made[name] = dict(found) if found else None
    return ready


def must_see(caller: Principal, expand: Sequence[str], noun: Noun) -> None:
    """Raises NotAllowed when a record is to be shown that the caller may not read."""
    for name in expand:
        for scope in NOUNS[noun.expands[name][1]].scopes:
            if scope not in caller.scopes:
                raise NotAllowed(f"To expand {name}, this key needs the scope {scope}.")


def as_json(content: object, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose parts come from the database as they are: it is not checked once more."""
    return Response(to_json(content), 200, dict(headers or {}), "application/json")


def _tables(noun: Noun, expand: Sequence[str]) -> tuple[str, ...]:
    others = (table for name in expand for table in NOUNS[noun.expands[name][1]].tables if table != "search")
    return tuple(dict.fromkeys((*noun.tables, *others)))


def etag_matches(asked: str | None, etag: str) -> bool:
    """Whether If-None-Match names this version."""
    given = [one.strip().removeprefix("W/") for one in (asked or "").split(",")]
    return etag in given or "*" in given
