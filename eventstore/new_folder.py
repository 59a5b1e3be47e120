"""A folder that appears whole, in nobody's place, and for nobody's eyes but its owner's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.durable import sync_folder
from eventstore.trouble import Trouble


class FolderThere(Trouble):
    """There is something of that name already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is there already, and nothing is exported over it. Choose another name.")


class LeftOver(Trouble):
    """An export that was cut off left its folder, which holds personal data."""

    def __init__(self, part: Path) -> None:
        super().__init__(f"{part} is left from an export that was cut off, or that is still going on. Remove it.")


def must_be_free(folder: Path) -> None:
    """Raises FolderThere when something of that name is there."""
    if folder.exists():
        raise FolderThere(folder)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yields it under the name `folder`.part, until the block ends well; of one that fails nothing is left.

    For a folder that holds nothing but files. Raises FolderThere, LeftOver or OSError.
    """
    must_be_free(folder)
    part = folder.with_name(f"{folder.name}.part")
    try:
        part.mkdir(mode=0o700)
    except FileExistsError:
        raise LeftOver(part) from None
    try:
        yield part
        sync_folder(part)
        part.rename(folder)
    except BaseException:
        for file in part.iterdir():
            file.unlink()
        part.rmdir()
        raise
    sync_folder(folder.parent)
