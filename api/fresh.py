"""Read your own write: a read waits until its read models have reached the position that a write answered with."""

import time
from collections.abc import Iterable
from typing import Annotated

from fastapi import Header

from api.problems import NotUpToDate
from eventstore.database import Connection
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


def at_least(connection: Connection, models: Iterable[ReadModel], wanted: int | None) -> None:
    """Wait until every model has reached `wanted`. Raises NotUpToDate rather than let an older state be shown."""
    deadline = time.monotonic() + _PATIENCE
    while wanted is not None and any(position(connection, model) < wanted for model in models):
        if time.monotonic() > deadline:
            raise NotUpToDate()
        time.sleep(_PAUSE)
