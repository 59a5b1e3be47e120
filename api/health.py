"""Whether the process is alive, and whether it can serve."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.access import OpenStore
from api.store import Store
from eventstore.fence import drawn
from projections.read_models import read_models
from replay.follow import position

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


class Ready(BaseModel):
    """The database answers; `behind` says by how many positions each read model trails the log."""

    status: str
    log_position: int
    behind: dict[str, int]


@router.get("/healthz")
def healthz() -> Alive:
    """Alive: the process answers. Asks nothing of the database."""
    return Alive()


@router.get("/readyz", responses={503: {"description": "Not ready", "model": Ready}})
def readyz(store: OpenStore, response: Response) -> Ready:
    """Ready: the database answers, the follower, if this process has one, runs, and the process is not about to end."""
    with store.pool.connection() as connection:
        behind = {model.name: position(connection, model) for model in read_models().values()}
        head = drawn(connection)
    trouble = "shutting down" if store.tip.is_closing else _follower_trouble(store)
    response.status_code = 503 if trouble else 200
    return Ready(
        status=trouble or "ready",
        log_position=head,
        behind={name: max(0, head - seen) for name, seen in behind.items()},
    )


def _follower_trouble(store: Store) -> str | None:
    follower = store.follower
    if follower is None:
        return None
    trouble = follower.problem if follower.is_alive() else "stopped"
    return f"the follower does not follow: {trouble}" if trouble else None
