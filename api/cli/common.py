"""What the verbs have in common: their options, an open installation, and troubles told in a sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.settings import Settings

if TYPE_CHECKING:  # the database and web packages are slow to import, and not every command needs them
    from api.store import Store

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder; default: EVERFOLD_DATA or .everfold", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def settings_of(data: Path | None) -> Settings:
    """The settings, with the data folder that was named."""
    return Settings(data=data) if data else Settings()


@contextmanager
def opened(data: Path | None) -> "Iterator[Store]":
    """The installation, open."""
    from api.store import open_store

    with explaining(), open_store(settings_of(data)) as store:
        yield store


@contextmanager
def explaining() -> Iterator[None]:
    """Turn the troubles that a user can do something about into a sentence and exit code 1."""
    from eventstore.database import UNAVAILABLE
    from eventstore.log import VersionConflict
    from eventstore.trouble import Trouble

    passing: tuple[type[Exception], ...] = (*UNAVAILABLE, VersionConflict)
    try:
        yield
    except Trouble as trouble:
        fail(str(trouble))
    except OSError as trouble:
        if trouble.filename is None:
            raise
        fail(f"{trouble.filename}: {trouble.strerror}.")
    except passing:
        fail("The database is too busy, or has just gone away. Try again; nothing was left half done.")


def fail(sentence: str) -> Any:  # Any: never returns, and fits wherever a value is expected
    """Say why it cannot be done, and end with exit code 1."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
