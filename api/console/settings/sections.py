"""What a section of the settings is: what holds now, and the forms that change it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api.console.settings.fields import Form
from domain.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is set: its name, what is said of it, and what can be done about it."""

    name: str
    note: str
    said: Sequence[tuple[str, str]] = ()
    forms: Sequence[Form] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A section as it stands: what is set, and the forms that set something new."""

    things: Sequence[Thing]
    forms: Sequence[Form]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the settings."""

    slug: str
    title: str
    teach: str
    scope: str
    """What it takes to change it."""
    types: Sequence[str]
    """The events that are its history."""
    show: Callable[[Workspace, bool], Shown] = field(repr=False)
    """What holds now; the second says whether names of people may be shown."""
