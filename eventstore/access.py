"""Keeps, by digests only, the installation's secret and the console's one-time links and sessions; and who came in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from eventstore.database import Connection, query


def same_secret(connection: Connection, fingerprint: bytes) -> bool:
    """Whether this database's digests were made with the secret of that fingerprint; the first to ask decides."""
    connection.execute(
        "INSERT INTO access.installation (secret_fingerprint) VALUES (%s) ON CONFLICT DO NOTHING", [fingerprint]
    )
    row = connection.execute("SELECT secret_fingerprint FROM access.installation").fetchone()
    return row is not None and bytes(row["secret_fingerprint"]) == fingerprint


def add_link(connection: Connection, link: bytes, member_id: UUID, expires_at: datetime) -> None:
    """Remember a link that may open one session of this member until `expires_at`; forget those that are too old."""
    connection.execute("DELETE FROM access.sign_in_link WHERE expires_at < clock_timestamp()")
    connection.execute(
        "INSERT INTO access.sign_in_link (token_digest, member_id, expires_at) VALUES (%s, %s, %s)",
        [link, member_id, expires_at],
    )


def use_link(connection: Connection, link: bytes, session: bytes, expires_at: datetime) -> UUID | None:
    """Use a link up and open a session for it, in one statement; whose it is, or None when the link is unknown, used,
    too old, or of a member who has left."""
    parameters = {"link": link, "session": session, "expires_at": expires_at}
    row = connection.execute(query("eventstore", "use_link"), parameters).fetchone()
    return row["member_id"] if row else None


def add_session(connection: Connection, session: bytes, member_id: UUID, expires_at: datetime) -> None:
    """Open a session for a member; forget those that are over."""
    connection.execute("DELETE FROM access.session WHERE expires_at < clock_timestamp()")
    connection.execute(
        "INSERT INTO access.session (token_digest, member_id, expires_at) VALUES (%s, %s, %s)",
        [session, member_id, expires_at],
    )


def session_member(connection: Connection, session: bytes, idle: timedelta, *, is_use: bool = True) -> UUID | None:
    """Whose session it is, while it lasts and was used within the last `idle`; using it is noted, to the minute."""
    asked = {"session": session, "idle": idle, "is_use": is_use}
    row = connection.execute(query("eventstore", "session"), asked).fetchone()
    return row["member_id"] if row else None


def close_session(connection: Connection, session: bytes) -> UUID | None:
    """End a session; whose it was."""
    ended = "DELETE FROM access.session WHERE token_digest = %s RETURNING member_id"
    row = connection.execute(ended, [session]).fetchone()
    return row["member_id"] if row else None


def close_sessions_of(connection: Connection, member_id: UUID) -> int:
    """End all of a member's sessions, and take back her links; how many sessions there were."""
    connection.execute("DELETE FROM access.sign_in_link WHERE member_id = %s", [member_id])
    return connection.execute("DELETE FROM access.session WHERE member_id = %s", [member_id]).rowcount


def note_key_use(connection: Connection, key_id: UUID, hour: datetime) -> None:
    """Note in which hour a key was used."""
    connection.execute(query("eventstore", "note_key_use"), {"key_id": key_id, "hour": hour})


def key_uses(connection: Connection) -> Mapping[UUID, datetime]:
    """The hour in which each key was used last."""
    rows = connection.execute("SELECT key_id, last_used_at FROM access.key_use").fetchall()
    return {row["key_id"]: row["last_used_at"] for row in rows}


def note_sign_in(connection: Connection, attempt_id: UUID, way: str, outcome: str, actor_id: UUID | None) -> None:
    """Note that somebody came in, went out or was turned away. The same attempt is noted once."""
    parameters = {"attempt_id": attempt_id, "way": way, "outcome": outcome, "actor_id": actor_id}
    connection.execute(query("eventstore", "note_sign_in"), parameters)
