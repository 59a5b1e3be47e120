"""What is written in a query, in JSON or in a segment, as a value of the kind that the field has."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from domain.event import Moment
from projections.lists.fields import Field, Kind

_LONGEST = 20_000
_LARGEST: Final = 2**63 - 1
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


class Unfit(ValueError):
    """A value that the field cannot have; says what it can have, and does not repeat the value."""


def value(field: Field, written: object, *, as_text: bool) -> object:
    """The value; `as_text` says that there is nothing but text to write it in. Raises Unfit."""
    found = _READERS[field.kind](written, as_text)
    if field.choices and found not in field.choices:
        raise Unfit(f"This can be: {', '.join(field.choices)}.")
    return found


def packed(found: object) -> str:
    """A value of a row, for a cursor."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "=true" if found else "=false"
    return f"={found.isoformat() if isinstance(found, date) else found}"


def unpacked(field: Field, written: str) -> object:
    """The value of the row again."""
    return _READERS[field.kind](written[1:], True) if written else None


def text(written: object, _: bool = True) -> str:
    """Text that can be stored and sought. Raises Unfit."""
    if not isinstance(written, str):
        raise Unfit("This must be text.")
    if len(written) > _LONGEST:
        raise Unfit(f"This has more than {_LONGEST:,} letters.")
    if "\x00" in written or any("\ud800" <= letter <= "\udfff" for letter in written):
        raise Unfit("NUL and lone surrogates cannot be stored, so nothing has them.")
    return written


def _id(written: object, _: bool) -> UUID:
    try:
        return UUID(written)  # type: ignore[arg-type]  # anything but text is refused by what follows
    except (ValueError, AttributeError, TypeError):
        raise Unfit("This must be the id of a record, a UUID.") from None


def _integer(written: object, as_text: bool) -> int:
    if as_text and isinstance(written, str) and re.fullmatch(r"[+-]?[0-9]{1,19}", written):
        written = int(written)
    if not isinstance(written, int) or isinstance(written, bool) or abs(written) > _LARGEST:
        raise Unfit("This must be a whole number.")
    return written


def _number(written: object, _: bool) -> Decimal:
    digits = str(written) if isinstance(written, str | int | float | Decimal) and not isinstance(written, bool) else ""
    if not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", digits):
        raise Unfit("This must be a number in plain digits, such as 12.50.")
    return Decimal(digits)


def _boolean(written: object, as_text: bool) -> bool:
    if as_text and written in ("true", "false"):
        return written == "true"
    if not isinstance(written, bool):
        raise Unfit("This must be true or false.")
    return written


def _day(written: object, _: bool) -> date:
    if isinstance(written, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        try:
            return date.fromisoformat(written)
        except ValueError:
            pass
    raise Unfit("This must be a day, such as 2026-11-30.")


def _moment(written: object, _: bool) -> datetime:
    if isinstance(written, str) and "T" in written:
        try:
            return _MOMENT.validate_python(written)
        except ValidationError:
            pass
    raise Unfit(
        "This must be a moment with its offset from UTC, such as 2026-11-30T12:00:00Z; write + as %2B in a URL."
    )


def _nothing(*_: object) -> object:
    raise Unfit("This cannot be sought.")


_READERS: Mapping[Kind, Callable[[object, bool], object]] = {
    "text": text,
    "words": text,
    "id": _id,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "day": _day,
    "moment": _moment,
    "object": _nothing,
}
