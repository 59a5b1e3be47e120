"""Seals from the command line: where they are exported to, the key that signs them, and reading the log as it lies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from api.store import database
from eventstore.database import Connection, connect, migrate_if_allowed
from eventstore.sealing import seal_file
from eventstore.sealing.seal_file import SealsRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def seals_file(settings: Settings) -> Path:
    """Where the seals are exported to."""
    return settings.seals or settings.data / "seals.ndjson"


def seal_key(settings: Settings) -> "Ed25519PrivateKey | None":
    """The key that signs them, when there is one. Raises SealsRefused when it cannot be read."""
    if settings.seal_key:
        return seal_file.signing_key(settings.seal_key.get_secret_value())
    if settings.seal_key_file is None:
        return None
    try:
        return seal_file.signing_key(settings.seal_key_file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise SealsRefused(f"The key for seals cannot be read: {error}. See EVERFOLD_SEAL_KEY_FILE.") from error


def checking_key(settings: Settings, given: str | None) -> bytes | None:
    """The public key that the seals must be signed by: the one given (hex), else that of the key that signs."""
    if given is None:
        key = seal_key(settings)
        return seal_file.public_key(key) if key else None
    try:
        public = bytes.fromhex(given)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise SealsRefused("--public-key takes the 32 bytes of an Ed25519 public key in hex, as crm seal prints it.")
    return public


@contextmanager
def log_as_it_lies(settings: Settings) -> Iterator[Connection]:
    """A connection to the log that reads none of its events on opening: a damaged log can be examined.

    Its login need not be one that may do more than read.
    """
    with database(settings) as conninfo, connect(conninfo) as connection:
        migrate_if_allowed(connection)
        yield connection
