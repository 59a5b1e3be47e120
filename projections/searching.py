"""Finds customers, leads and tickets by what somebody types: part of a name, a number, an address, slips forgiven."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection, query
from projections.reading import LIVE, Row, read
from projections.sight import Sight

_SHORT = 3
_LONG = 8
# one slip leaves a quarter of a short word as it was (Jonh, John), and more of a long one
_ALIKE = 0.25
_MUCH_ALIKE = 0.4
_NUMBER = re.compile(r"[\d\s+()/.-]+")


def search(
    connection: Connection, sought: str, *, limit: int, sight: Sight, stream_type: str | None = None
) -> list[Row]:
    """Where all these words are written, what begins with them first; then, up to `limit`, what looks like them.

    One row per customer, lead or ticket: stream_type, stream_id, the customer as she is now known (customer_id), what
    was found (kind, text), and how well (score, from 0 to 1). A telephone number is found by its digits, however it is
    written. Less than three letters must be how a text begins. Without pg_trgm only what is written exactly is found.
    """
    with connection.transaction():
        found = sought_words(connection, sought, sight=sight)
        if found is None:
            return []
        parameters = {**found.patterns, "words": found.words, "stream_type": stream_type, "limit": limit}
        rows = read(connection, query("projections.search", "written"), ("search",), parameters, sight=sight)
        if found.trigrams is None or len(rows) >= limit:
            return rows
        similar = sql.SQL(query("projections.search", "similar")).format(trigrams=sql.Identifier(found.trigrams))
        parameters |= {"found": [row["stream_id"] for row in rows], "limit": limit - len(rows)}
        return rows + read(connection, similar.as_string(connection), ("search",), parameters, sight=sight)


def labels(connection: Connection, ids: Sequence[UUID], *, sight: Sight) -> dict[UUID, str]:
    """What these customers, leads and tickets are called, by id."""
    rows = read(connection, query("projections.search", "labels"), ("search",), {"ids": list(ids)}, sight=sight)
    return {row["stream_id"]: row["text"] for row in rows}


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: the words as they are compared, what must be LIKE them, and where the extension is that
    compares what is alike; None where there is none, or the words are too short for it."""

    words: str
    patterns: Mapping[str, object]
    trigrams: str | None


def sought_words(connection: Connection, typed: str, schema: str = LIVE, *, sight: Sight) -> Sought | None:
    """What somebody typed, as it is looked for until the end of the transaction; None when it says nothing."""
    parameters: dict[str, object] = {"sought": typed.strip()}
    (asked,) = read(connection, query("projections.search", "words"), ("search",), parameters, schema, sight=sight)
    words = str(asked["words"])
    if not words:
        return None
    trigrams = asked["trigrams"] if len(words) >= _SHORT else None
    if trigrams:
        alike = sql.SQL("SET LOCAL pg_trgm.strict_word_similarity_threshold = {}")
        connection.execute(alike.format(sql.Literal(_ALIKE if len(words) < _LONG else _MUCH_ALIKE)))
    return Sought(words, _patterns(words), trigrams)


def _patterns(words: str) -> dict[str, object]:
    """What `sought` must be LIKE; None where it need not be."""
    parts = sorted({_literal(word) for word in words.split()}, key=len, reverse=True)
    whole = _literal(words)
    is_short = len(words) < _SHORT
    digits = re.sub(r"\(0\)|\D", "", words).lstrip("0") if _NUMBER.fullmatch(words) else ""
    return {
        "beginning": f"{whole}%",
        "beginning_of_word": f"% {whole}%",
        "longest": f"{whole}%" if is_short else f"%{parts[0]}%",
        "patterns": [] if is_short else [f"%{part}%" for part in parts],
        # who dials from abroad leaves out the zeros, or writes one in parentheses
        "digits": f"%{digits}%" if len(digits) >= _SHORT else None,
    }


def _literal(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
