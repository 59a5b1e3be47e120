"""What may be chosen of a figure: numbers within bounds, and words out of a few.

Each is a line in the header of the figure's file, or of the relation that it counts from:

    -- parameter within_days: 90; from 1 to 3650; days from capture within which a lead must be won
    -- parameter clock: calendar; one of calendar business; whose time is counted

The SQL finds it as %(within_days)s: a number as numeric, a word as text.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

Value: TypeAlias = Decimal | str

TAKEN = frozenset(
    "period_from period_to from to zone as_of axis group_by definition compare every limit cursor after where filter"
    " target target_is at_end top starts ends moments slug".split()
)
"""Names that mean something else where figures are asked for."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_LINE = re.compile(r"^-- parameter (.*)$", re.MULTILINE)
_DEFINED = re.compile(r"([a-z][a-z0-9_]*): (\S+); (?:from (\S+) to (\S+)|one of ([^;]+)); (.+)")


class BadParameterLine(ValueError):
    """A header line does not define a parameter."""


class BadValue(ValueError):
    """A parameter cannot have this value; the sentence says which it can have."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One of them: a number from `least` to `most`, or one of the words in `choices`."""

    name: str
    default: Value
    least: Decimal | None
    most: Decimal | None
    choices: tuple[str, ...]
    meaning: str

    @property
    def range(self) -> str:
        """What it can be, in words."""
        return f"one of {', '.join(self.choices)}" if self.choices else f"a number from {self.least} to {self.most}"

    def value(self, text: str) -> Value:
        """What somebody wrote, as the SQL takes it. Raises BadValue."""
        if self.choices:
            if text in self.choices:
                return text
        elif self.least is not None and self.most is not None and _NUMBER.fullmatch(text):
            number = Decimal(text)
            if self.least <= number <= self.most:
                return number
        raise BadValue(f"{self.name} is {self.range}: {self.meaning}.")


def parameters_in(text: str) -> dict[str, Parameter]:
    """Those that a file's header defines, by name. Raises BadParameterLine."""
    return {parameter.name: parameter for parameter in map(_parameter, _LINE.findall(text))}


def _parameter(line: str) -> Parameter:
    found = _DEFINED.fullmatch(line)
    if not found:
        raise BadParameterLine(
            f"'-- parameter {line}' must be '-- parameter NAME: DEFAULT; from MIN to MAX; what it means'"
            " or '-- parameter NAME: DEFAULT; one of a b c; what it means'"
        )
    name, default, least, most, choices, meaning = found.groups()
    if name in TAKEN:
        raise BadParameterLine(f"'-- parameter {line}': {name} means something else already; call it otherwise")
    try:
        low, high = (None, None) if choices else (Decimal(least), Decimal(most))
        parameter = Parameter(name, default, low, high, tuple((choices or "").split()), meaning)
        return replace(parameter, default=parameter.value(default))
    except (ArithmeticError, BadValue) as wrong:
        raise BadParameterLine(f"'-- parameter {line}': its default must be one of the values it can have") from wrong
