"""The forms of the settings: what they ask for, and how what was typed reads as what a command says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias

from domain.business_time import WEEKDAYS
from domain.sla_policy import PRIORITIES, TARGETS

Kind: TypeAlias = Literal["text", "number", "date", "area", "choice", "checks", "check", "hidden"]
Said: TypeAlias = dict[str, Any]  # Any: what a command is made from
Option: TypeAlias = tuple[str, str]


class NotRead(Exception):
    """A line that was typed does not read as what it should; the text says how it would."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a form asks for; `value` is what holds now."""

    name: str
    label: str
    kind: Kind = "text"
    value: str = ""
    options: Sequence[Option] = ()
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form that sends one command. `key` tells it from the others of its page."""

    key: str
    act: str
    title: str
    fields: Sequence[Field]
    button: str
    record_id: str = ""
    """Of the part of the workspace that it is about, where it is about one."""
    is_small: bool = False
    """Whether it is a button beside something else."""


Reads: TypeAlias = Callable[[Mapping[str, str]], Said]


def options(*values: str) -> list[Option]:
    """Choices that are called what they are."""
    return [(value, value.replace("_", " ")) for value in values]


def plainly(*names: str) -> Reads:
    """What was typed into these fields, without those that were left empty."""

    def read(typed: Mapping[str, str]) -> Said:
        return {name: typed[name].strip() for name in names if typed.get(name, "").strip()}

    return read


def pipeline(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    return plainly("name")(typed) | {"stages": [_stage(line) for line in _lines(typed.get("stages"))]}


def sla_policy(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    goals = []
    for target in TARGETS:
        for priority in PRIORITIES:
            if hours := typed.get(f"{target}:{priority}", "").strip():
                seconds = int(_number(hours) * 3600)
                goals.append({"target": target, "priority": priority, "within_seconds": seconds})
    return plainly("name", "calendar")(typed) | {"goals": goals}


def calendar(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    said = plainly("name", "zone")(typed)
    said["weekly_hours"] = [
        {"weekday": day, "opens": opens, "closes": closes}
        for day in WEEKDAYS
        for opens, closes in _stretches(typed.get(day, ""))
    ]
    said["holidays"] = [_holiday(line) for line in _lines(typed.get("holidays"))]
    said["special_hours"] = [
        {"day": line.split()[0], "opens": opens, "closes": closes}
        for line in _lines(typed.get("special_hours"))
        for opens, closes in _stretches(line.partition(" ")[2])
    ]
    if country := typed.get("country", "").strip():
        years = typed.get("years", "").replace(",", " ").split()
        if not years or not all(year.isdigit() for year in years):
            raise NotRead("Say for which years the public holidays are taken over, such as 2026 2027.")
        public: Said = {"country": country.upper(), "years": [int(year) for year in years]}
        if subdivision := typed.get("subdivision", "").strip():
            public["subdivision"] = subdivision.upper()
        said["public_holidays"] = public
    return said


def custom_field(typed: Mapping[str, str]) -> Said:
    """What a field is to be."""
    said = plainly("noun", "field_id", "label", "kind", "refers_to")(typed)
    return said | {"is_personal": "is_personal" in typed, "choices": _lines(typed.get("choices"))}


def segment(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    groups = typed.get("groups", "").replace("\r\n", "\n").strip().split("\n\n")
    conditions = [[_condition(line) for line in _lines(group)] for group in groups if group.strip()]
    return plainly("name", "noun")(typed) | {"groups": conditions}


def kpi(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    said = plainly("kpi", "target", "target_is")(typed)
    parameters = {}
    for line in _lines(typed.get("parameters")):
        name, sign, value = line.partition("=")
        if not sign:
            raise NotRead(f"“{line}” is no parameter. Write one a line, such as within_days = 90.")
        parameters[name.strip()] = value.strip()
    return said | {"parameters": parameters}


def api_key(typed: Mapping[str, str]) -> Said:
    """Raises NotRead."""
    said = plainly("label", "member_id", "records")(typed)
    said["scopes"] = _lines(typed.get("scopes"))
    if day := typed.get("expires_on", "").strip():
        try:
            said["expires_at"] = datetime.combine(datetime.fromisoformat(day).date(), time(), UTC).isoformat()
        except ValueError:
            raise NotRead("The day on which the key ends is one such as 2027-01-31.") from None
    return said


def _stage(line: str) -> Said:
    name, _, chance = line.removesuffix("%").strip().rpartition(" ")
    try:
        return {"name": name.strip(), "probability": str(_number(chance) / 100)}
    except NotRead:
        raise NotRead(f"“{line}” is no stage. Write one a line, with its chance, such as proposal 60 %.") from None


def _holiday(line: str) -> Said:
    day, _, name = line.partition(" ")
    if not name.strip():
        raise NotRead(f"“{line}” is no holiday. Write one a line, such as 2026-12-25 Christmas.")
    return {"day": day, "name": name.strip()}


def _condition(line: str) -> Said:
    field, _, rest = line.partition(" ")
    operator, _, values = rest.strip().partition(" ")
    if not operator:
        raise NotRead(f"“{line}” is no condition. Write one a line, such as industry is_any_of retail, software.")
    return {
        "field": field,
        "operator": operator,
        "values": [value.strip() for value in values.split(",") if value.strip()],
    }


def _stretches(text: str) -> list[tuple[str, str]]:
    """Opening hours of a day: 08:00-12:00 13:00-18:00."""
    found = []
    for stretch in text.replace("–", "-").split():
        opens, sign, closes = stretch.partition("-")
        if not sign:
            raise NotRead(f"“{stretch}” is no time of being open. Write 08:00-12:00 13:00-18:00, or nothing.")
        found.append((opens, closes))
    return found


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise NotRead(f"“{text}” is no number.") from None
    if not number.is_finite():
        raise NotRead(f"“{text}” is no number.")
    return number


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
