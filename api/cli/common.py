"""What the verbs have in common: their options, an open installation, and troubles told in a sentence."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError

from api.settings import Settings
from domain.event import Moment

if TYPE_CHECKING:  # the database and web packages are slow to import, and not every command needs them
    from pydantic_core import ErrorDetails

    from api.store import Store
    from projections.read_models import ReadModel

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder; default: EVERFOLD_DATA or .everfold", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_FRONT_DOOR = Path(__file__).resolve().parents[2] / "crm"
_LONGEST_REASON = 1_000
_MOMENT = TypeAdapter[datetime](Moment)


def settings_of(data: Path | None) -> Settings:
    """The settings, with the data folder that was named."""
    try:
        with explaining():
            return Settings(data=data) if data else Settings()
    except ValidationError as wrong:  # its own words would quote what was set, also a secret
        fail("\n".join(_about_setting(found) for found in wrong.errors(include_input=False, include_context=False)))


def _about_setting(found: "ErrorDetails") -> str:
    names = [str(part) for part in found["loc"] if isinstance(part, str)]
    said = found["msg"].removeprefix("Value error, ")
    name = names[0] if names and names[0].isupper() else f"EVERFOLD_{names[0].upper()}" if names else ""
    return f"{name} cannot be used: {said}." if name else f"{said}."


@contextmanager
def opened(data: Path | None, *, new: bool = False, publish: bool = True) -> "Iterator[Store]":
    """The installation, open; with `new` it is made where there is none, and `publish` gives it its default settings.
    Without `new`, nothing is written to its log."""
    from api.store import open_store

    settings = settings_of(data)
    if not new:
        must_be_there(settings)
    with explaining(), open_store(settings, publish=new and publish) as store:
        yield store


def with_analytics() -> None:
    """Begin the command anew when it needs the extra `analytics` and that is not installed: `crm` installs it first."""
    from eventstore.analytics import has_analytics

    if has_analytics():
        return
    installed = Path(sys.prefix, "requirements-analytics.stamp")
    if not _FRONT_DOOR.exists() or installed.exists():
        fail("The packages of the extra analytics are not installed: pip install 'everfold[analytics]'")
    os.execv(sys.executable, [sys.executable, str(_FRONT_DOOR), "--with", "analytics", *sys.argv[1:]])


def must_be_there(settings: Settings) -> None:
    """A verb that only looks makes no installation: a mistyped folder would look empty and in order."""
    if settings.database_url is None and not (settings.data / "postgres").exists():
        fail(f"There is no installation in {settings.data}. Name its folder with --data, or make one: ./crm run")


def known_read_models() -> "Mapping[str, ReadModel]":
    """The read models by name, with those of the user's own folder."""
    from projections.read_models import read_also, read_models

    with explaining():
        read_also(Settings().projections)
        return read_models()


def chosen_read_models(name: str | None) -> "list[ReadModel]":
    """The read model of that name; without a name, all."""
    known = known_read_models()
    if name is None:
        return list(known.values())
    if name not in known:
        fail(f"There is no read model {name!r}. There are: {', '.join(known)}.")
    return [known[name]]


@contextmanager
def explaining() -> Iterator[None]:
    """Turn the troubles that a user can do something about into a sentence and exit code 2."""
    from eventstore.database import UNAVAILABLE
    from eventstore.log import VersionConflict
    from eventstore.trouble import Trouble

    passing: tuple[type[Exception], ...] = (*UNAVAILABLE, VersionConflict)
    try:
        yield
    except Trouble as trouble:
        fail(str(trouble))
    except OSError as trouble:
        fail(f"{trouble.filename}: {trouble.strerror}." if trouble.filename else f"{trouble.strerror or trouble}.")
    except passing:
        fail("The database is too busy, or has just gone away. Try again; nothing was left half done.")


def moment_of(text: str, sentence: str) -> datetime:
    """The moment that a user wrote. Where it is none, the sentence says what is taken, and goes on with an example."""
    moment = None
    with suppress(ValueError):
        moment = _MOMENT.validate_python(datetime.fromisoformat(text))
    if moment is None:
        fail(f"{sentence} a moment with its offset from UTC, such as 2026-03-03T09:00:00Z.")
    return moment


def reason_of(text: str | None) -> str:
    """The reason that a user gave, empty where she gave none."""
    reason = (text or "").strip()
    if len(reason) > _LONGEST_REASON:
        fail(f"The reason is longer than {_LONGEST_REASON:,} characters. Say it in a sentence.")
    return reason


def day_or_moment_of(text: str, sentence: str) -> datetime:
    """The first moment (UTC) of the day that a user wrote, or the moment. The sentence is as above."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        return moment_of(text, f"{sentence} a day such as 2026-03-03, or")


def end_with_what_is_left(left: Sequence[str]) -> None:
    """Exit code 3 says: it was done, and there is something left to do that was printed."""
    if left:
        raise typer.Exit(3)


def fail(sentence: str) -> NoReturn:
    """Say why it cannot be done, and end with exit code 2, as a wrong option does: 1 is what a check found wrong."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)
