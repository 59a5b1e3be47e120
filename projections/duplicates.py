"""Customers who may be on record twice: the same e-mail address, number or external id, or names that are alike."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from psycopg import sql
from rapidfuzz import fuzz

from eventstore.database import Connection, query
from projections.reading import read
from projections.sight import Sight

TABLES = ("customer_360", "contact_point", "search", "relation")
"""What is read."""

Pair: TypeAlias = tuple[UUID, UUID]

FIRST: Pair = (UUID(int=0), UUID(int=0))
"""Before all pairs."""

_AT_ONCE = 200
_MOST_LOOKED_AT = 4_000
_MOST_ALIKE = 20
_SHORTEST_KEY = 4
_SIMILAR = 0.5
_ALIKE = 85.0
_LAST = UUID(int=2**128 - 1)
_WEIGHTS = {("email", True): 0.9, ("phone", True): 0.8, ("external_id", True): 0.7}
_OF_PERSON = 0.5
_OF_NAMES = 0.8
_SAID = {"email": "same e-mail", "phone": "same phone", "external_id": "same external id in another system"}
_LEGAL_FORM = re.compile(
    r"\b(gmbh|mbh|ag|kg|ohg|ug|e ?k|inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|plc|s ?a|ltda|bv"
    r"|srl)\b"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two customers who may be one. `score` is above 0 and below 1; the reasons are for people, and quote nothing."""

    customer_id: UUID
    name: str | None
    status: str
    other_id: UUID
    other_name: str | None
    other_status: str
    score: float
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates in the order of their ids, and behind which pair to go on, if there may be more."""

    candidates: Sequence[Candidate]
    go_on: Pair | None


@dataclass(slots=True)
class _Signs:
    reasons: list[str] = field(default_factory=list)
    doubt: float = 1.0

    def add(self, reason: str, weight: float) -> None:
        """Each sign leaves the less doubt the more it weighs."""
        self.reasons.append(reason)
        self.doubt *= 1 - weight


def duplicates(connection: Connection, *, limit: int, sight: Sight, after: Pair = FIRST) -> Found:
    """Up to `limit` candidates behind that pair; nothing is merged.

    A call looks at some thousand customers at most, so it may find fewer, or none, and say where to go on. Who was
    merged is whom she lives on in; who was forgotten is nobody's duplicate. Without pg_trgm names must be the same but
    for accents and capitals.
    """
    found: list[Candidate] = []
    first, looked_at = after[0], 0
    with connection.transaction():
        trigrams = _prepared(connection, sight)
        while looked_at < _MOST_LOOKED_AT:
            ids = _customers(connection, first, sight)
            signs = {pair: seen for pair, seen in _signs(connection, ids, trigrams, sight).items() if pair > after}
            found += _candidates(connection, signs, sight)
            if len(found) > limit:
                last = found[limit - 1]
                return Found(found[:limit], (last.customer_id, last.other_id))
            if len(ids) < _AT_ONCE:
                return Found(found, None)
            first, looked_at = UUID(int=ids[-1].int + 1), looked_at + len(ids)
    return Found(found, (ids[-1], _LAST))


def all_duplicates(connection: Connection, limit: int, *, sight: Sight) -> list[Candidate]:
    """The first `limit` candidates of all customers."""
    found: list[Candidate] = []
    go_on: Pair | None = FIRST
    while go_on and len(found) < limit:
        part = duplicates(connection, limit=limit - len(found), sight=sight, after=go_on)
        found += part.candidates
        go_on = part.go_on
    return found


def duplicates_of(connection: Connection, customer_id: UUID, *, sight: Sight) -> list[Candidate]:
    """Who may be the same as one customer, the likeliest first; in each she is the first of the two."""
    with connection.transaction():
        trigrams = _prepared(connection, sight)
        signs = _signs(connection, [customer_id], trigrams, sight, both_ways=True)
        return sorted(_candidates(connection, signs, sight), key=lambda found: -found.score)


def _customers(connection: Connection, first: UUID, sight: Sight) -> list[UUID]:
    parameters = {"first": first, "limit": _AT_ONCE}
    rows = read(connection, query("projections.duplicate", "looked_at"), TABLES, parameters, sight=sight)
    return [row["customer_id"] for row in rows]


def _prepared(connection: Connection, sight: Sight) -> str | None:
    """The schema of the trigrams, where they may be used, with how similar names must be to be compared."""
    (asked,) = read(connection, query("projections.search", "words"), TABLES, {"sought": ""}, sight=sight)
    trigrams: str | None = asked["trigrams"]
    if trigrams:
        threshold = sql.SQL("SET LOCAL pg_trgm.similarity_threshold = {}").format(sql.Literal(_SIMILAR))
        connection.execute(threshold)
    return trigrams


def _signs(
    connection: Connection, ids: Sequence[UUID], trigrams: str | None, sight: Sight, *, both_ways: bool = False
) -> Mapping[Pair, _Signs]:
    """What speaks for each pair of these customers and others with a greater id; `both_ways` with any id."""
    signs: dict[Pair, _Signs] = defaultdict(_Signs)
    parameters = {"customer_ids": list(ids), "most": _MOST_ALIKE, "shortest_key": _SHORTEST_KEY, "both_ways": both_ways}
    for row in read(connection, query("projections.duplicate", "same"), TABLES, parameters, sight=sight):
        weight = _WEIGHTS.get((row["kind"], row["is_own"]), _OF_PERSON)
        said = _SAID[row["kind"]]
        signs[row["customer_id"], row["other_id"]].add(said if row["is_own"] else f"{said} of a contact person", weight)
    text = query("projections.duplicate", "names_alike" if trigrams else "names_same")
    if trigrams:
        text = sql.SQL(text).format(trigrams=sql.Identifier(trigrams)).as_string(connection)
    alike: dict[Pair, float] = {}
    for row in read(connection, text, TABLES, parameters, sight=sight):
        pair = row["customer_id"], row["other_id"]
        alike[pair] = max(alike.get(pair, 0), names_alike(row["name"], row["other_name"]))
    for pair, percent in alike.items():
        if percent >= _ALIKE:
            said = "same name" if percent == 100 else f"names alike {math.floor(percent)} %"
            signs[pair].add(said, _OF_NAMES * percent / 100)
    return signs


def names_alike(one: str, other: str) -> float:
    """How alike two names are in percent, whatever the order of their words and their legal forms."""
    return fuzz.token_sort_ratio(_plain(one), _plain(other))


def _plain(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", name).strip()
    return " ".join(_LEGAL_FORM.sub(" ", words).split()) or words or name


def _candidates(connection: Connection, signs: Mapping[Pair, _Signs], sight: Sight) -> list[Candidate]:
    """Those of the pairs who are both there, and known as nothing else to each other."""
    parameters = {"customer_ids": [one for one, _ in signs], "other_ids": [other for _, other in signs]}
    text = query("projections.duplicate", "pairs")
    rows = read(connection, text, TABLES, parameters, sight=sight) if signs else []
    return [
        Candidate(**row, score=round(1 - seen.doubt, 3), reasons=tuple(seen.reasons))
        for row in rows
        if (seen := signs[row["customer_id"], row["other_id"]])
    ]
