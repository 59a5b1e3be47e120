"""Opens what every command and route works with: the database, brought up to date, and the installation's secret."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from api.attempts import Attempts
from api.ids import version_8
from api.issuer import Issuer, issuer_of
from api.settings import Settings
from domain import workspace
from domain.workspace import DEFAULT_PIPELINE, WORKSPACE_ID, Workspace, WorkspaceEvent
from eventstore import access, log, roles, server
from eventstore.database import Connection, Pool, as_role, connect, migrate, new_pool
from eventstore.tip import Tip
from eventstore.trouble import Trouble
from eventstore.wake import Bell
from projections.read_models import read_also
from replay.follow import Follower
from replay.rebuild import prepare

SYSTEM_ID = UUID("00000000-0000-7000-8000-000000000002")
"""Who acts when the program itself does."""

OPERATOR_ID = UUID("00000000-0000-7000-8000-000000000003")
"""Whoever holds a printed link that is no member's: the one who runs the installation."""

_OTHER_INSTALLATION = (
    "This database belongs to an installation with another secret: its API keys and ids would not be found again. "
    "Use the data folder that it was made with, or copy that folder's file 'secret' or set EVERFOLD_SECRET."
)


class WrongSecret(Trouble):
    """The secret at hand is not the one that the database was set up with, or cannot be read."""


class WorkspaceRead:
    """The workspace as it was read last: it has a history of years, and every command asks for it."""

    def __init__(self) -> None:
        self._last: tuple[Workspace, log.Recorded | None] = (Workspace(), None)

    def now(self, connection: Connection) -> tuple[Workspace, int]:
        """The workspace as it is now, and its stream's version; only what came since the last time is read."""
        state, last = self._last
        later = log.load_from(connection, WORKSPACE_ID, last.version if last else 1)
        if last and (not later or later[0].event_id != last.event_id):  # the log was restored meanwhile
            state, last = Workspace(), None
            later = log.load_from(connection, WORKSPACE_ID, 1)
        for recorded in later[1:] if last else later:
            state = workspace.evolve(state, _workspace_event(recorded))
        last = later[-1] if later else None
        self._last = (state, last)
        return state, last.version if last else 0


@dataclass(frozen=True, slots=True)
class Store:
    """An open installation."""

    settings: Settings
    conninfo: str
    pool: Pool
    secret: bytes
    follower: Follower | None
    usable_roles: frozenset[str]
    """The database roles that this process can act as; none on a database that has none."""
    tip: Tip
    """For whoever waits until the log grows."""
    bell: Bell = field(default_factory=Bell)
    settled: WorkspaceRead = field(default_factory=WorkspaceRead)
    """The settings and members that hold."""
    issuer: Issuer | None = None
    """The sign-in service that is trusted, if any."""
    attempts: Attempts = field(default_factory=Attempts)
    """Who came in, and who was turned away."""

    def derived_id(self, *parts: str) -> UUID:
        """The same id for the same parts, on this installation only: without the secret nobody can guess it back."""
        text = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return version_8(hmac.digest(self.secret, text, "sha256"))

    def digest(self, token: str) -> bytes:
        """What is kept of a secret token."""
        return hmac.digest(self.secret, token.encode(), "sha256")

    @property
    def follower_conninfo(self) -> str:
        """How to connect as the follower, who may fold and seal, without time limits."""
        return as_role(self.conninfo, _if_usable(roles.FOLLOWER, self.usable_roles))

    @contextmanager
    def following(self) -> Iterator[Connection]:
        """Such a connection."""
        with connect(self.follower_conninfo) as connection:
            yield connection


@contextmanager
def open_store(settings: Settings, *, follow: bool = False, publish: bool = True) -> Iterator[Store]:
    """Start or share the server, migrate, and open a pool; with `follow`, a follower.

    With `publish` a new workspace gets its default pipeline; without, nothing is written to the log.
    Each part acts as its own database role where it can. `conninfo` is the login itself.
    """
    read_also(settings.projections)
    with database(settings) as conninfo:
        with connect(conninfo) as connection:
            migrate(connection)
            usable = roles.usable(connection)
            app, following = (_if_usable(role, usable) for role in (roles.APP, roles.FOLLOWER))
            secret = _secret(settings)
            with roles.acting_as(connection, app):
                if not access.same_secret(connection, fingerprint(settings)):
                    raise WrongSecret(_OTHER_INSTALLATION)
                if publish:
                    publish_defaults(connection)
            with roles.acting_as(connection, following):
                prepare(connection)
        with new_pool(conninfo, app) as pool:
            follower = Follower(as_role(conninfo, following)) if follow else None
            tip = Tip(conninfo, app)
            if follower:
                follower.start()
            try:
                yield Store(settings, conninfo, pool, secret, follower, usable, tip, issuer=issuer_of(settings))
            finally:
                tip.close()
                if follower:
                    follower.stop()


def fingerprint(settings: Settings) -> bytes:
    """By which the database knows the installation's secret. Raises WrongSecret when that cannot be read."""
    return hmac.digest(_secret(settings), b"fingerprint", "sha256")


def load_workspace(connection: Connection) -> tuple[Workspace, int]:
    """The workspace as it is now, and its stream's version, from its whole history."""
    return WorkspaceRead().now(connection)


def append_to_workspace(
    connection: Connection, version: int | None, event: WorkspaceEvent, envelope: log.Envelope | None = None
) -> None:
    """Append one event to the workspace's stream, after `version` (None: wherever it stands)."""
    new = log.NewEvent(WORKSPACE_ID, "workspace", WORKSPACE_ID, None if version is None else version + 1, event)
    by = envelope or log.Envelope("system", SYSTEM_ID, "set-up")
    log.retrying(lambda: log.append(connection, [new], by), tries=8 if version is None else 1)


def publish_defaults(connection: Connection) -> None:
    """Give a new workspace its default pipeline; processes that start at once publish one."""

    def attempt() -> None:
        state, version = load_workspace(connection)
        if not state.pipelines:
            append_to_workspace(connection, version, workspace.publish_pipeline(state, DEFAULT_PIPELINE))

    log.retrying(attempt)


def _workspace_event(recorded: log.Recorded) -> WorkspaceEvent:
    assert isinstance(recorded.event, WorkspaceEvent)
    return recorded.event


def _if_usable(role: str, usable: frozenset[str]) -> str | None:
    return role if role in usable else None


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Where the database is, as a conninfo; the embedded server runs until the end."""
    if settings.database_url:
        yield settings.database_url.get_secret_value()
    else:
        with server.running(settings.data, binaries=settings.pg_bin) as conninfo:
            yield conninfo


def _secret(settings: Settings) -> bytes:
    if settings.secret:
        return hashlib.sha256(settings.secret.get_secret_value().encode()).digest()
    path = settings.data / "secret"
    settings.data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(fresh)  # appears whole, and only once, however many processes start
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return _checked(path)


def _checked(path: Path) -> bytes:
    text = path.read_text().strip()
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise WrongSecret(f"{path} does not hold the installation's secret; restore it from a backup.")
    return bytes.fromhex(text)
