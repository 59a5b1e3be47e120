"""A mapping that only grows and is never changed: what has an entry for each of a customer's thousands of purchases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


@dataclass(frozen=True, eq=False)
class GrowingMap(Mapping[K, V], Generic[K, V]):
    """Equal to another mapping with the same entries; `n` entries are added one by one in `n log n` steps."""

    # each layer is more than twice as large as the next, so a lookup has few to ask and an entry is seldom copied
    layers: tuple[Mapping[K, V], ...] = ()
    # the layers that it grew from by its last entry, and that entry's key: so that one step is found without comparing
    step: "tuple[tuple[Mapping[K, V], ...], K] | None" = field(default=None, repr=False)

    def with_entry(self, key: K, value: V) -> "GrowingMap[K, V]":
        """The mapping with the entry, in place of the one that the key may have had."""
        layers = self.layers
        newest: Mapping[K, V] = {key: value}
        while layers and len(layers[-1]) <= 2 * len(newest):
            newest = {**layers[-1], **newest}
            layers = layers[:-1]
        return GrowingMap((*layers, newest), (self.layers, key))

    def __getitem__(self, key: K) -> V:
        for layer in reversed(self.layers):
            if key in layer:
                return layer[key]
        raise KeyError(key)

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | D, /) -> V | D: ...
    def get(self, key: K, default: V | D | None = None, /) -> V | D | None:
        """The entry, or the default; without the detour over an exception that the library takes."""
        for layer in reversed(self.layers):
            if key in layer:
                return layer[key]
        return default

    def __contains__(self, key: object) -> bool:
        return any(key in layer for layer in self.layers)

    def __iter__(self) -> Iterator[K]:
        return iter({key: None for layer in self.layers for key in layer})

    def __len__(self) -> int:
        return len({key for layer in self.layers for key in layer})
