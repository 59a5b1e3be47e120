"""Keeps, by digests only, the installation's secret and the console's one-time links and sessions."""

from datetime import datetime
from uuid import UUID

from eventstore.database import Connection, query


def same_secret(connection: Connection, fingerprint: bytes) -> bool:
    """Whether this database's digests were made with the secret of that fingerprint; the first to ask decides."""
    connection.execute(
        "INSERT INTO access.installation (secret_fingerprint) VALUES (%s) ON CONFLICT DO NOTHING", [fingerprint]
    )
    row = connection.execute("SELECT secret_fingerprint FROM access.installation").fetchone()
    return row is not None and bytes(row["secret_fingerprint"]) == fingerprint


def add_link(connection: Connection, link: bytes, expires_at: datetime) -> None:
    """Remember a link that may open one session until `expires_at`; forget those that are too old."""
    connection.execute("DELETE FROM access.sign_in_link WHERE expires_at < clock_timestamp()")
    connection.execute("INSERT INTO access.sign_in_link (token_digest, expires_at) VALUES (%s, %s)", [link, expires_at])


def use_link(connection: Connection, link: bytes, session: bytes, member_id: UUID, expires_at: datetime) -> bool:
    """Use a link up and open a session for it, in one statement; False when the link is unknown, used or too old."""
    parameters = {"link": link, "session": session, "member_id": member_id, "expires_at": expires_at}
    return connection.execute(query("eventstore", "use_link"), parameters).rowcount == 1


def session_member(connection: Connection, session: bytes) -> UUID | None:
    """Whose session it is, while it lasts."""
    row = connection.execute(
        "SELECT member_id FROM access.session WHERE token_digest = %s AND expires_at > clock_timestamp()", [session]
    ).fetchone()
    return row["member_id"] if row else None


def close_session(connection: Connection, session: bytes) -> None:
    """End a session."""
    connection.execute("DELETE FROM access.session WHERE token_digest = %s", [session])
