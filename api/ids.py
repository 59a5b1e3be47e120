"""Ids that follow from what they name: the same input, the same id, on every machine."""

from uuid import UUID

_VERSION_BITS = 0xF << 76 | 0x3 << 62
_VERSION_8 = 0x8 << 76 | 0x2 << 62


def version_8(number: bytes | int) -> UUID:
    """The UUID of version 8 (RFC 9562: made by a rule of one's own) of a number's 128 bits, or a digest's first 16
    bytes; six bits say the version and the kind."""
    bits = number if isinstance(number, int) else int.from_bytes(number[:16])
    return UUID(int=bits & ~_VERSION_BITS | _VERSION_8)
