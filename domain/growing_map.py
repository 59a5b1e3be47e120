"""A mapping that only grows and is never changed: what has an entry for each of a customer's thousands of purchases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class GrowingMap(Mapping[K, V], Generic[K, V]):
    """Equal to another mapping with the same entries; `n` entries are added one by one in `n log n` steps."""

    # each layer is more than twice as large as the next, so a lookup has few to ask and an entry is seldom copied
    layers: tuple[Mapping[K, V], ...] = ()

    def with_entry(self, key: K, value: V) -> "GrowingMap[K, V]":
        """The mapping with the entry, in place of the one that the key may have had."""
        layers: tuple[Mapping[K, V], ...] = self.layers
        newest: Mapping[K, V] = {key: value}
        while layers and len(layers[-1]) <= 2 * len(newest):
            newest = {**layers[-1], **newest}
            layers = layers[:-1]
        return GrowingMap((*layers, newest))

    def __getitem__(self, key: K) -> V:
        for layer in reversed(self.layers):
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        return iter({key: None for layer in self.layers for key in layer})

    def __len__(self) -> int:
        return len({key for layer in self.layers for key in layer})
