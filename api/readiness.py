"""Whether a server serves and a follower follows, asked from outside of their processes."""

import json
import time
from http.client import HTTPConnection, HTTPException

from api.store import Store
from eventstore.fence import drawn
from replay.versions import LIVE, versions

_PATIENCE = 10.0
_PAUSE = 0.1


def server_trouble(port: int) -> str | None:
    """Why the server on this machine's port cannot serve; None when it can."""
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/readyz")
        answer = line.getresponse()
        told = json.loads(answer.read())
    except (OSError, HTTPException, ValueError):
        return f"No server answers on port {port}. Start one: ./crm run --port {port}"
    finally:
        line.close()
    return None if answer.status == 200 else str(told.get("status") or told.get("detail"))


def follower_trouble(store: Store) -> str | None:
    """Which read models do not come to where the log ends now; None when all do, within a short time."""
    deadline = time.monotonic() + _PATIENCE
    with store.pool.connection() as connection:
        head = drawn(connection)
        while behind := [
            version.model.name for version in versions(connection) if version.schema == LIVE and version.position < head
        ]:
            if time.monotonic() > deadline:
                return f"Nobody brings these read models up to date: {', '.join(sorted(behind))}. Start: ./crm follow"
            time.sleep(_PAUSE)
    return None
