"""What an event did to the fields of its record: each one that it touched, before and after.

A state holds what rules need. Of everything else, such as a name or the summary of a call, an event says what holds
from now on: that is remembered beside the state, by the record's part that it belongs to.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from domain.catalogue import EVENT_TYPES
from domain.differences import ABSENT, Difference, differences, field_names
from domain.event import Event
from domain.event_fields import KEPT_IF_NOT_SAID, Part, part_of, path_of, spelled, telling_of
from domain.field_value import CustomFieldRecorded
from domain.reversal import EVOLVE


class Change(NamedTuple):
    """A field that an event touched. `field` is its path, such as `stage` or `follow_ups[ID].due_at`; None stands
    where there was or is no value. A personal one is not for everybody to see."""

    field: str
    before: object
    after: object
    is_personal: bool


_Said: TypeAlias = dict[str, tuple[object, bool]]
"""What was said last of each field, and whether that is personal."""

_DERIVED = frozenset({"subscriptions.paid", "contact_points.recorded_as_primary"})
"""What a state works out from fields that are shown anyway."""

_PERSONAL_STATES = frozenset({"title", "subject", "external_ids", "message_ids"})
_PERSONAL_LEAVES = frozenset({"contact_points.value", "rating.comment"})


class FieldHistory:
    """What the fields of one record hold, as events happen to it in their order.

    Of all parts with an id only the last `remembers` are remembered (None: all); `earlier` finds what stands of the
    events about another one, in their order.
    """

    def __init__(
        self, noun: str, earlier: Callable[[UUID], Iterable[Event]] = lambda _: (), remembers: int | None = 2_000
    ) -> None:
        self._noun, self._evolve = noun, EVOLVE[noun]
        self._earlier, self._remembers = earlier, remembers
        self._state: Any = None  # Any: the noun's own
        self._said: dict[Part | None, _Said] = {}
        self._of_parts: dict[Part, _Said] = {}
        self._put_away: set[int] = set()  # hashes: two of the same cost a look-up more
        self._personal_fields: set[Hashable] = set()

    def happened(self, event: Event) -> list[Change]:
        """The fields that the event touches, with what they hold from now on. Of an unknown type: none."""
        if type(event) not in _KNOWN:
            return []
        before, told = self._state, self._tell(event)
        self._state = self._evolve(before, event)
        changes = self._of_state(before, self._state)
        if told and changes:
            seen = {change.field for change in changes}
            told = [change for change in told if change.field not in seen]
        return changes + told

    def pass_over(self, event: Event) -> None:
        """The same for whoever does not ask what it touches."""
        if type(event) in _KNOWN:
            self._tell(event)
            self._state = self._evolve(self._state, event)

    def changes_to(self, other: "FieldHistory", about: Iterable[Event] | None = None) -> list[Change]:
        """What differs in another history of the same record. Of parts with an id only those are compared that these
        events are about, or all that are remembered."""
        # what either of them knows to be personal is
        self._personal_fields |= other._personal_fields
        changes = self._of_state(self._state, other._state)
        seen = {change.field for change in changes}
        wanted = [*self._of_parts, *other._of_parts] if about is None else [part_of(event) for event in about]
        pairs = [(part, self._said.get(part, {}), other._said.get(part, {})) for part in {**self._said, **other._said}]
        for part in dict.fromkeys(wanted):
            if part is not None:
                pairs.append((part, self._of_part(part), other._of_part(part)))
        for part, olds, news in pairs:
            for name in {**olds, **news}:
                (old, was_personal), (new, is_personal) = olds.get(name, _NOTHING), news.get(name, _NOTHING)
                path = path_of(part, name)
                if old != new and path not in seen:
                    changes.append(Change(path, old, new, was_personal or is_personal))
        return changes

    def _tell(self, event: Event) -> list[Change]:
        """Remember what the event says beside the state; the fields of which it says something new."""
        telling = telling_of(type(event), self._noun)
        if type(event) is CustomFieldRecorded and event.personal_value is not None:
            self._personal_fields.add(event.field_id)
        if not telling.names:
            return []
        values = event.__dict__
        part, prefix = None, ""
        if telling.path is not None:
            named = tuple([values[key] for key in telling.keys])
            part = Part(telling.path, named[0] if len(named) == 1 else named)
        if not telling.is_remembered:
            said: _Said = {}
        elif part is not None and telling.has_id:
            said = self._of_part(part)
        else:
            said = self._said.setdefault(part, {})
        changes = []
        for name, is_personal in telling.names:
            value = values[name]
            if not value and isinstance(value, dict | tuple):
                value = None
            if value is None and (name in KEPT_IF_NOT_SAID or name not in said):
                continue
            old = said[name][0] if name in said else None
            said[name] = (value, is_personal)
            if value != old:
                if part is not None and not prefix:
                    prefix = f"{part.path}[{spelled(part.key)}]."
                changes.append(Change(prefix + name, old, value, is_personal))
        return changes

    def _of_part(self, part: Part) -> _Said:
        said = self._of_parts.get(part)
        if said is None:
            said = self._of_parts[part] = self._recalled(part) if hash(part) in self._put_away else {}
            if self._remembers is not None and len(self._of_parts) > self._remembers:
                oldest = next(iter(self._of_parts))
                del self._of_parts[oldest]
                self._put_away.add(hash(oldest))
        return said

    def _recalled(self, part: Part) -> _Said:
        assert isinstance(part.key, UUID)
        past = FieldHistory(self._noun, remembers=None)
        for event in self._earlier(part.key):
            past._tell(event)
        return past._of_parts.get(part, {})

    def _of_state(self, before: Any, after: Any) -> list[Change]:  # Any: the noun's own
        if before is after:
            return []
        changes: list[Change] = []
        for difference in differences(before or type(after)(), after or type(before)()):
            self._add(difference, changes)
        return changes

    def _add(self, difference: Difference, changes: list[Change]) -> None:
        """The difference of an entry with fields of its own counts as those of these fields."""
        name, key, before, after = difference
        is_element = key is not None and (before is key or after is key)
        path = name if key is None or is_element else f"{name}[{spelled(key)}]"
        is_personal = name in _PERSONAL_STATES or (name == "custom_fields" and key in self._personal_fields)
        kinds: tuple[type, type] = (type(before), type(after))
        leaves = _leaves(kinds[0]) or _leaves(kinds[1])
        if not leaves:
            if key is not None:  # an entry may have nothing more to say than that it is there
                before, after = (True if one is None else one for one in (before, after))
            before, after = (None if one is ABSENT else one for one in (before, after))
            changes.append(Change(path, before, after, is_personal))
            return
        for leaf in leaves:
            if f"{name}.{leaf}" in _DERIVED:
                continue
            was, is_now = getattr(before, leaf, None), getattr(after, leaf, None)
            if was != is_now:
                is_named = f"{name}.{leaf}" in _PERSONAL_LEAVES
                changes.append(Change(f"{path}.{leaf}", was, is_now, is_personal or is_named))


_KNOWN = frozenset(kind for name, kind in EVENT_TYPES.items() if name.partition(".")[0] in EVOLVE)
_NOTHING: tuple[object, bool] = (None, False)


@cache
def _leaves(kind: type) -> tuple[str, ...]:
    """The fields that a value of this class is shown as; none of what is one value to a reader."""
    if issubclass(kind, Event):
        return tuple(kind.model_fields)
    return field_names(kind) if is_dataclass(kind) and not issubclass(kind, Mapping) else ()
