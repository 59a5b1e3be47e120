"""Read your own write: a read waits until its read models have reached the position that a write answered with."""

import time
from collections.abc import Iterable
from typing import Annotated

from fastapi import Header

from api.problems import BadParameter, NotUpToDate
from api.store import Store
from eventstore.fence import drawn
from projections.read_models import ReadModel
from replay.follow import position

_PATIENCE = 5.0
_PAUSE = 0.01

MinPosition = Annotated[
    int | None,
    Header(
        alias="Min-Position",
        ge=0,
        le=2**63 - 1,
        description="The position that a write answered with: the read shows at least that.",
    ),
]


def at_least(store: Store, models: Iterable[ReadModel], wanted: int | None) -> None:
    """Wait until every model has reached `wanted`. Raises NotUpToDate rather than let an older state be shown.

    No connection is kept while waiting. Raises BadParameter for a position that no write can have answered with.
    """
    deadline = time.monotonic() + _PATIENCE
    waiting = list(models)
    while wanted is not None and waiting:
        with store.pool.connection() as connection:
            if wanted > drawn(connection):
                raise BadParameter("Min-Position lies beyond the end of the log; no write has answered with it.")
            waiting = [model for model in waiting if position(connection, model) < wanted]
        if waiting and time.monotonic() > deadline:
            raise NotUpToDate()
        if waiting:
            time.sleep(_PAUSE)
