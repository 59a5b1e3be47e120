"""What was written stays after a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """The folder's list of names is on the disk when this returns: a new file keeps its name. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
