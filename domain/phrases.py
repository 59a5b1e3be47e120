"""How the sentences of a timeline say moments, amounts and numbers, and what was forgotten."""

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.event import Forgotten, MemberId, Word
from domain.money import Money, written


def after(before: str, value: object) -> str:
    """The value with what leads up to it; nothing when there is none."""
    return "" if value is None else before + said(value)


def said(value: object) -> str:
    """The value for people; moments are in UTC, and what was forgotten is said to be."""
    match value:
        case Forgotten():
            return "(forgotten)"
        case Money():
            return written(value)
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case _:
            return str(value)


def percent(probability: Decimal) -> str:
    """A chance from 0 to 1, such as 12.5 %."""
    return f"{plain(probability * 100)} %"


def plain(number: Decimal) -> str:
    """Without the zeros that say nothing: 2 rather than 2.000."""
    return f"{number.normalize():f}"


def assigned(member_id: MemberId | None, team: Word | None, rule: Word | None) -> str:
    """Whose something is now. The member's name is the reader's to look up: it may have been forgotten since."""
    to = "a member" if member_id else None
    of = f"team {team}" if team else None
    return f"Assigned to {' of '.join(filter(None, (to, of))) or 'nobody'}{after(' by rule ', rule)}"


def why(cause: Word | None, reason: object) -> str:
    """What brought something about, in a word and in somebody's own words, as far as either is known."""
    return f"{after(', ', cause and cause.replace('_', ' '))}{after(': ', reason)}"


def during(begin: date | None, end: date | None) -> str:
    """The days from and until which something holds, as far as they are known."""
    return f"{after(' from ', begin)}{after(' until ', end)}"
