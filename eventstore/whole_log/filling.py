"""An empty log, held still while it is filled, and then counting on from its last position."""

from uuid import UUID

from psycopg import errors, sql

from eventstore.database import Connection, query
from eventstore.trouble import Trouble


class NotTheOwner(Trouble):
    """Only the owner of the log may fill it, and this login of the database is not one. Run the command with the login
    that owns the database (docs/roles.md)."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


def is_empty(connection: Connection) -> bool:
    """Whether the log has no event."""
    return connection.execute("SELECT FROM log.event LIMIT 1").fetchone() is None


def hold_still(connection: Connection) -> None:
    """Until the transaction ends nobody writes to the log or reads it, or folds from it. Raises NotTheOwner."""
    try:
        # first what a follower takes first: otherwise each could wait for the other
        connection.execute("LOCK TABLE replay.checkpoint IN EXCLUSIVE MODE")
        connection.execute("LOCK TABLE log.event, log.command, log.epoch IN ACCESS EXCLUSIVE MODE")
    except errors.InsufficientPrivilege:
        raise NotTheOwner() from None


def begin_anew(connection: Connection, last_position: int) -> UUID:
    """The next event gets the position behind this one, and the read models begin at the first. Returns the new epoch.

    What was drawn before from the empty log was given to nobody, but a read model may have passed it.
    """
    connection.execute(sql.SQL("ALTER SEQUENCE log.event_position RESTART WITH {}").format(last_position + 1))
    connection.execute("UPDATE replay.checkpoint SET position = 0")
    row = connection.execute(query("eventstore.whole_log", "new_epoch")).fetchone()
    assert row is not None
    epoch: UUID = row["epoch"]
    return epoch
