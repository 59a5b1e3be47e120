"""A file that appears whole, in nobody's place, and for nobody's eyes but its owner's."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from eventstore.durable import sync_folder
from eventstore.trouble import Trouble


class FileThere(Trouble):
    """There is something of that name already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already. Choose another name, or give --force to replace it.")


class BeingWritten(Trouble):
    """Another export writes to the same file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Another export is writing {path}. Wait for it, or choose another name.")


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """Write to `path`.part, which gets its name when the block ends well; when it fails, nothing is left.

    With `force` a file that is there is replaced. A kill leaves the part, which the next export overwrites. Raises
    FileThere, BeingWritten or OSError.
    """
    if not force and path.exists():
        raise FileThere(path)
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BeingWritten(path) from None
        os.fchmod(file.fileno(), 0o600)
        file.truncate(0)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            _put(part, path, force=force)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def _put(part: Path, path: Path, *, force: bool) -> None:
    if force:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise FileThere(path) from None
    except OSError:  # a file system without links
        if path.exists():
            raise FileThere(path) from None
        part.rename(path)
        return
    part.unlink()
