"""Segments and assignment rules: conditions on records, kept as data, so that a fold can apply what held then."""

from typing import Annotated, Literal, TypeAlias

from domain.event import Forgotten, Frozen, MemberId, Personal, Refusal, Word

Operator: TypeAlias = Literal["is_any_of", "is_none_of", "is_at_least", "is_at_most", "is_known", "is_unknown"]

_ONE_VALUE: frozenset[Operator] = frozenset(["is_at_least", "is_at_most"])
_NO_VALUE: frozenset[Operator] = frozenset(["is_known", "is_unknown"])


class Condition(Frozen):
    """What a field of a record must hold; numbers and days are written as text, such as 12.5 and 2026-11-30."""

    field: Word
    operator: Operator
    values: tuple[Word, ...] = ()


Conditions: TypeAlias = tuple[Condition, ...]
"""All of them must hold; where there is none, every record will do."""

PersonalFilter: TypeAlias = Annotated[tuple[Conditions, ...] | Forgotten, Personal()]
"""At least one of these groups must hold. Personal, because a value that is looked for may be somebody's name."""


class AssignmentStep(Frozen):
    """Records that meet the conditions go to the team, or to these members in turn, or to these members of the team."""

    conditions: Conditions = ()
    team: Word | None = None
    member_ids: tuple[MemberId, ...] = ()


PersonalSteps: TypeAlias = Annotated[tuple[AssignmentStep, ...] | Forgotten, Personal()]
"""The first step whose conditions a record meets decides. Personal, for the sake of its conditions."""


class ConditionDoesNotFit(Refusal):
    """The condition on {field} has {given}, but {operator} needs {needed}."""


def must_make_sense(conditions: Conditions) -> None:
    """Raises ConditionDoesNotFit, for a condition that could never be told to hold."""
    for condition in conditions:
        count = len(condition.values)
        if condition.operator in _NO_VALUE:
            fits, needed = count == 0, "none"
        elif condition.operator in _ONE_VALUE:
            fits, needed = count == 1, "exactly one"
        else:
            fits, needed = count > 0, "at least one"
        if not fits:
            raise ConditionDoesNotFit(
                field=condition.field,
                operator=condition.operator.replace("_", " "),
                given=f"{count} value{'' if count == 1 else 's'}",
                needed=needed,
            )
