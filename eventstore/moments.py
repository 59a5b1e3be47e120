"""What was known at a moment, as a position: from there on only positions count."""

from datetime import datetime

from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.trouble import Trouble


class NotYet(Trouble):
    """A moment that the database's clock has not reached."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(
            f"{moment.isoformat()} has not come yet, so nobody can say what was known then. Give an earlier moment."
        )


def position_at(connection: Connection, moment: datetime) -> int:
    """The last position before the first event that was recorded later than `moment`; 0 when nothing was known.

    The log is complete up to there for every statement that starts after this call. Raises NotYet, and StuckWriter
    when a writer holds readers up.
    """
    clock = connection.execute("SELECT clock_timestamp() >= %s AS has_come", [moment]).fetchone()
    if not (clock and clock["has_come"]):
        raise NotYet(moment)
    row = connection.execute("SELECT log.position_at(%s, %s) AS position", [moment, horizon(connection)]).fetchone()
    assert row is not None
    return int(row["position"])
