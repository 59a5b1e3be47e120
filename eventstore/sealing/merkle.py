"""The hash tree of RFC 6962: one hash that stands for many digests in order, and proofs that one is among them."""

from collections.abc import Iterable, Sequence
from hashlib import sha256


def root(digests: Iterable[bytes]) -> bytes:
    """The tree's 32-byte root over the digests in their order."""
    level = [sha256(b"\x00" + digest).digest() for digest in digests]
    if not level:
        return sha256().digest()
    while len(level) > 1:
        level = _joined(level)
    return level[0]


def path(digests: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from one digest up to the root, lowest first: with them the root can be recomputed."""
    level = [sha256(b"\x00" + digest).digest() for digest in digests]
    beside = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            beside.append(level[index ^ 1])
        level, index = _joined(level), index // 2
    return beside


def _joined(level: list[bytes]) -> list[bytes]:
    """The level above. A last node without a partner moves up as it is: the split at the largest power of two."""
    joined = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    return joined + level[-1:] if len(level) % 2 else joined
