"""What differs between two states of a record, without a word about any noun and without reading what is the same."""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Final, NamedTuple, cast

from domain.growing_map import GrowingMap


class Absent:
    """Stands on the side of a difference where there is no such entry."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


class Difference(NamedTuple):
    """A field by its path, and which entry of it when it has many (else None), as it was and as it is then."""

    name: str
    key: Hashable
    before: object
    after: object


def differences(before: object, after: object, name: str = "") -> list[Difference]:
    """The fields that differ, down to the entries of mappings and sets. What is the same object is not looked into.

    Fields of a state that are kept apart, in a class that says `is_apart`, are named as if they were the state's own.
    """
    found: list[Difference] = []
    _compare(name, before, after, found)
    return found


@cache
def field_names(kind: type) -> tuple[str, ...]:
    """Of a dataclass."""
    return tuple(part.name for part in fields(kind))


def _compare(name: str, before: object, after: object, found: list[Difference]) -> None:
    kinds: tuple[type, type] = (type(before), type(after))
    if before is after:
        return
    if kinds[0] is kinds[1] and _has_fields(kinds[1]):
        held = vars(before)
        for part, is_now in vars(after).items():
            was = held[part]
            if was is not is_now:
                is_apart = getattr(type(is_now), "is_apart", False)
                _compare(name if is_apart else f"{name}.{part}" if name else part, was, is_now, found)
    elif isinstance(before, frozenset) and isinstance(after, frozenset):
        found.extend(Difference(name, element, element, ABSENT) for element in before - after)
        found.extend(Difference(name, element, ABSENT, element) for element in after - before)
    elif isinstance(after, GrowingMap) and after.step is not None and after.step[0] is getattr(before, "layers", None):
        key = after.step[1]
        old, new = cast(Mapping[Hashable, object], before).get(key, ABSENT), after[key]
        if old is not new and old != new:
            found.append(Difference(name, key, old, new))
    else:
        olds, news = _entries(before, after), _entries(after, before)
        for key in {**olds, **news}:
            old, new = olds.get(key, ABSENT), news.get(key, ABSENT)
            if old is not new and old != new:
                found.append(Difference(name, key, old, new))


@cache
def _has_fields(kind: type) -> bool:
    return is_dataclass(kind) and not issubclass(kind, Mapping)


def _entries(value: object, other: object) -> Mapping[Hashable, object]:
    """What may differ; of maps that grow one from the other only what is not the same in both."""
    if isinstance(value, GrowingMap) and isinstance(other, GrowingMap):
        shared = {id(layer) for layer in other.layers}
        own = [key for layer in value.layers if id(layer) not in shared for key in layer]
        return {key: value[key] for key in own}
    return value if isinstance(value, Mapping) else {None: value}
