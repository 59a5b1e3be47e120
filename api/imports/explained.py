"""What is wrong with a mapping file or a row, in sentences that say what could stand there."""

from collections.abc import Collection, Iterator
from itertools import chain
from typing import get_args

from pydantic import ValidationError

from domain.event import Frozen


def explained(model: type[Frozen], error: ValidationError) -> str:
    """Why a table cannot be that mapping."""
    return " ".join(_explained(model, found["type"], found["loc"], found["msg"]) for found in error.errors())


def first_trouble(error: ValidationError) -> str:
    """Why a row cannot be recorded; the error's own text would repeat the value."""
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))} cannot be recorded: {_plain(found['msg'])}."


def _explained(model: type[Frozen], type_: str, location: tuple[int | str, ...], message: str) -> str:
    place = ".".join(map(str, location))
    if type_ == "extra_forbidden":
        return f"{place} is not known; there are: {', '.join(_keys(model, location[:-1]))}."
    if type_ == "missing":
        return f"{place} is missing."
    return f"{place}: {_plain(message)}."


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _keys(model: type[Frozen], location: tuple[int | str, ...]) -> Collection[str]:
    """The keys that a table of the mapping may have."""
    for part in location:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in fields:
            continue  # a place in a list, or a key of a table
        model = next(_models(fields[str(part)].annotation))
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: object) -> Iterator[type[Frozen]]:
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        yield annotation
    yield from chain.from_iterable(map(_models, get_args(annotation)))
