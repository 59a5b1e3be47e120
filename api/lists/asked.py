"""Reads what is asked of a list, from a query or a body: checked against its fields, each error with its place."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from api.lists.values import Unfit, text, value
from api.problems import HiddenField, Malformed
from domain.custom_field import RecordNoun
from domain.event import Forgotten
from domain.segment import Condition as SegmentCondition
from domain.workspace import Workspace
from projections.lists.fields import ALLOWED, CUSTOM, OPERATORS, Field, Operator, custom_field
from projections.lists.filters import Condition, Filter, Group
from projections.lists.nouns import Noun
from projections.lists.page import Sort, whole_sort
from projections.sight import Sight

_DEEPEST = 5
_MOST = 100
_MOST_SORTS = 5
_SEGMENT_OPERATORS: dict[str, Operator] = {
    "is_any_of": "in",
    "is_none_of": "ne",
    "is_at_least": "gte",
    "is_at_most": "lte",
    "is_known": "is_null",
    "is_unknown": "is_null",
}


@dataclass(slots=True)
class Reader:
    """Reads what is asked of one list by somebody; `settled` gives the settings, where fields of a company's own and
    segments are defined."""

    noun: Noun
    sight: Sight
    settled: Callable[[], Workspace]
    _conditions: int = field(default=0, init=False)

    def condition(
        self, name: str, operator: Operator, written: Sequence[object], place: str, *, as_text: bool
    ) -> Filter:
        """A condition on the field of that name. Raises Malformed, HiddenField."""
        self._conditions += 1
        if self._conditions > _MOST:
            raise Malformed(place, f"More than {_MOST} conditions are too many.")
        asked = self.field(name, place)
        if operator not in ALLOWED[asked.kind]:
            raise Malformed(place, f"{asked.name} can be asked with: {', '.join(ALLOWED[asked.kind]) or 'nothing'}.")
        read = Field("is_null", "boolean") if operator == "is_null" else asked
        try:
            return Condition(asked, operator, tuple(value(read, one, as_text=as_text) for one in written))
        except Unfit as problem:
            raise Malformed(place, str(problem)) from None

    def field(self, name: str, place: str) -> Field:
        """The field of that name, also one of the company's own. Raises Malformed, HiddenField."""
        found = self.noun.fields.get(name)
        if found is None and self.noun.record and name.startswith(CUSTOM):
            found = self._custom(self.noun.record, name, place)
        if found is None:
            raise Malformed(place, f"There is no such field here. There are: {', '.join(self._askable())}.")
        if found.is_personal and not self.sight.personal:
            raise HiddenField()
        return found

    def sort(self, names: Sequence[str], place: str) -> tuple[Sort, ...]:
        """The order, as names of fields, with a minus where they fall. Raises Malformed, HiddenField."""
        asked = [Sort(self._sortable(name.removeprefix("-"), place), name.startswith("-")) for name in names]
        if len({one.field.name for one in asked}) < len(asked) or len(asked) > _MOST_SORTS:
            raise Malformed(place, f"Name at most {_MOST_SORTS} fields to sort by, each once.")
        return whole_sort(self.noun, asked)

    def columns(self, names: Iterable[str] | None, place: str) -> tuple[str, ...]:
        """What is to be shown; all of it where nothing is named. The key always is. Raises Malformed."""
        if names is None:
            return tuple(self.noun.fields)
        wanted = dict.fromkeys((*self.noun.key, *names))
        if unknown := wanted.keys() - self.noun.fields.keys():
            known = ", ".join(self.noun.fields)
            raise Malformed(place, f"{len(unknown)} of the fields is not one of these: {known}.")
        return tuple(wanted)

    def expands(self, names: Iterable[str], place: str) -> tuple[str, ...]:
        """Which records are to be shown with those that name them. Raises Malformed."""
        wanted = tuple(dict.fromkeys(names))
        if set(wanted) - self.noun.expands.keys():
            known = ", ".join(self.noun.expands) or "nothing"
            raise Malformed(place, f"Here can be expanded: {known}.")
        return wanted

    def tree(self, node: object, place: str, depth: int = 1) -> Filter:
        """A filter as JSON. Raises Malformed, HiddenField."""
        if not isinstance(node, dict):
            raise Malformed(place, "A filter is an object.")
        if depth > _DEEPEST:
            raise Malformed(place, f"More than {_DEEPEST} levels are too deep.")
        match node:
            case {"and": list(members), **others} if members and not others:
                return Group("and", self._trees(members, f"{place}/and", depth))
            case {"or": list(members), **others} if members and not others:
                return Group("or", self._trees(members, f"{place}/or", depth))
            case {"not": member, **others} if not others:
                return Group("not", (self.tree(member, f"{place}/not", depth + 1),))
            case {"field": str(name), "op": str(operator), "value": written, **others} if not others:
                return self._leaf(name, operator, written, place)
            case _:
                form = '{"field": …, "op": …, "value": …}, {"and": [ … ]}, {"or": [ … ]} or {"not": { … }}'
                raise Malformed(place, f"A filter has one of these forms: {form}.")

    def segment(self, name: str, place: str) -> Filter:
        """The records of a segment: those that meet all conditions of one of its groups. Raises Malformed."""
        segments = self.settled().segments
        found = segments.get(name)
        if found is None or found.noun != self.noun.record:
            known = ", ".join(one.name for one in segments.values() if one.noun == self.noun.record)
            raise Malformed(place, f"There is no such segment here. There are: {known or 'none yet'}.")
        if isinstance(found.groups, Forgotten):
            raise Malformed(place, "The conditions of this segment were forgotten. Define it anew.")
        groups = [Group("and", tuple(self._of_segment(one, place) for one in group)) for group in found.groups]
        return Group("or", tuple(groups))

    def _of_segment(self, asked: SegmentCondition, place: str) -> Filter:
        operator = _SEGMENT_OPERATORS[asked.operator]
        values: Sequence[object] = asked.values
        if operator == "is_null":
            values = ["true" if asked.operator == "is_unknown" else "false"]
        return self.condition(asked.field, operator, values, place, as_text=True)

    def _trees(self, nodes: Sequence[object], place: str, depth: int) -> tuple[Filter, ...]:
        return tuple(self.tree(node, f"{place}/{number}", depth + 1) for number, node in enumerate(nodes))

    def _leaf(self, name: str, operator: str, written: object, place: str) -> Filter:
        known = next((one for one in OPERATORS if one == operator), None)
        if known is None:
            raise Malformed(f"{place}/op", f"There is no such operator. There are: {', '.join(OPERATORS)}.")
        values = [written]
        if known in ("in", "between"):
            if (
                not isinstance(written, list)
                or not 0 < len(written) <= _MOST
                or (known == "between") > (len(written) == 2)
            ):
                count = "two values" if known == "between" else f"one to {_MOST} values"
                raise Malformed(f"{place}/value", f"{known} takes a list of {count}.")
            values = written
        return self.condition(name, known, values, f"{place}/value", as_text=False)

    def _custom(self, record: RecordNoun, name: str, place: str) -> Field:
        defined = {of_id: one for (of, of_id), one in self.settled().custom_fields.items() if of == record}
        if found := defined.get(name.removeprefix(CUSTOM)):
            return custom_field(found)
        known = ", ".join(f"{CUSTOM}{field_id}" for field_id in sorted(defined))
        raise Malformed(place, f"There is no such custom field. There are: {known or 'none yet'}.")

    def _sortable(self, name: str, place: str) -> Field:
        known = [one.name for one in self.noun.fields.values() if one.is_sortable]
        if name not in known:
            raise Malformed(place, f"Sort by: {', '.join(known)}; with a minus in front, from the greatest on.")
        return self.field(name, place)

    def _askable(self) -> list[str]:
        own = [f"{CUSTOM}<field>"] if self.noun.record else []
        return [*(one.name for one in self.noun.fields.values() if ALLOWED[one.kind]), *own]


def words(written: str | None, noun: Noun, sight: Sight, place: str) -> str | None:
    """The words to look for. Raises Malformed, HiddenField: what is looked through is personal."""
    if written is None:
        return None
    if noun.found_by is None:
        raise Malformed(place, "These records are not found by words.")
    if not sight.personal:
        raise HiddenField()
    try:
        return text(written)
    except Unfit as problem:
        raise Malformed(place, str(problem)) from None
