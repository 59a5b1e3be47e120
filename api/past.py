"""Reads as of a moment: what was known then (recorded), or what had happened by then (occurred)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal, LiteralString, TypeAlias

from fastapi import Query

from api.problems import BadParameter, NotUpToDate
from api.store import Store
from domain.event import Moment
from eventstore.database import Connection
from eventstore.moments import NotYet, position_at
from projections.read_models import ReadModel
from projections.reading import LIVE
from replay import asof

Axis: TypeAlias = Literal["recorded", "occurred"]

AsOf = Annotated[Moment | None, Query(description="Answer as of this moment; without it, as of now.")]
OnAxis = Annotated[
    Axis | None,
    Query(description="recorded (what was known at as_of; the default), or occurred (what had happened by then)."),
]

_PATIENCE: LiteralString = "20s"
_ONLY_RECORDED = "This is answered on the recorded axis alone, as it was known at as_of: leave axis out."


def position_of(connection: Connection, as_of: datetime) -> int:
    """Up to which position the log was known at a moment. Raises BadParameter for one that has not come yet."""
    try:
        return position_at(connection, as_of)
    except NotYet:
        raise BadParameter("as_of lies in the future; nobody knows that yet.") from None


def must_be_recorded(axis: Axis | None) -> None:
    """Refuse, with a sentence, the axis that a list or a record is not answered on."""
    if axis == "occurred":
        raise BadParameter(_ONLY_RECORDED)


@contextmanager
def tables(
    store: Store, names: Sequence[str], as_of: datetime | None, axis: Axis | None = None
) -> Iterator[tuple[Connection, str]]:
    """A connection, and the schema where these tables are live, or hold what was known at `as_of` on the recorded axis.

    What was known is made for whoever asks first, which takes as long as a replay of what was touched since, then kept.
    Raises BadParameter for a future moment or one that takes too much room, NotUpToDate while others are folded.
    """
    if as_of is None or axis == "occurred":
        with store.pool.connection() as connection:
            yield connection, LIVE
        return
    models = asof.models_of(names)
    with store.pool.connection() as connection:
        position = position_of(connection, as_of)
        with asof.reading(connection, position, models) as schema:
            if schema:
                yield connection, schema
                return
    _fold(store, position, models)
    with store.pool.connection() as connection, asof.reading(connection, position, models) as schema:
        if schema is None:
            raise NotUpToDate("What was known then had to make room for other moments. Ask again.")
        yield connection, schema


def _fold(store: Store, position: int, models: Sequence[ReadModel]) -> None:
    with store.following() as connection:
        try:
            asof.known_at(connection, position, models, limits(store), patience=_PATIENCE, beside=store.following)
        except asof.TooLarge as problem:
            raise BadParameter(str(problem)) from None
        except (asof.Busy, asof.InUse) as problem:
            raise NotUpToDate(str(problem)) from None


def limits(store: Store) -> asof.Limits:
    """How much of the past is kept at hand."""
    return asof.Limits(store.settings.asof_schemas, store.settings.asof_bytes)
