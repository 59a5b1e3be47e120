"""Which database `crm psql` enters, and whether this login may enter it as that role."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import Settings
from api.store import database, open_store
from eventstore import roles
from eventstore.database import connect, migrate_if_allowed
from eventstore.trouble import Trouble
from replay.follow import catch_up


class RoleRefused(Trouble):
    """This login cannot act as the role; the message says why and what an administrator can do."""


@contextmanager
def entered(settings: Settings, role: str) -> Iterator[str]:
    """The conninfo, of a database that is brought up to date and read models that are caught up, where the login may.

    Raises RoleRefused. The embedded server runs until the end.
    """
    with database(settings) as conninfo:
        with connect(conninfo) as connection:
            migrate_if_allowed(connection)
            usable = roles.usable(connection)
            if role not in usable:
                raise RoleRefused(roles.advice(connection, role))
        if usable >= {roles.APP, roles.FOLLOWER}:
            with open_store(settings, publish=False) as store, store.following() as connection:
                catch_up(connection)
        yield conninfo
