"""To which customers their list is narrowed: a form's fields, as a question to the list and as a segment to keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlencode

from pydantic import JsonValue

from api.access import Principal
from api.lists.question import Search
from domain.custom_field import CustomField
from domain.event import Forgotten
from domain.segment import Condition
from domain.workspace import Workspace

STATUSES = ("prospect", "active", "at_risk", "churned", "archived", "forgotten")
SORTS: Mapping[str, str] = {
    "-since": "Newest first",
    "since": "Oldest first",
    "name": "By name",
    "last_interaction_at": "Longest without contact",
    "next_due_at": "Next follow-up first",
}
ME, NOBODY = "me", "nobody"

_FIELDS: Mapping[str, str] = {
    "status": "status",
    "team": "team",
    "group": "segment",
    "tag": "tags",
    "source": "source",
}
"""The form's fields, by the column of the list that each asks about. The list's own segment is a group here, because a
segment is a filter with a name."""
_OUT_OF_SIGHT: list[JsonValue] = ["archived", "forgotten"]
_CUSTOM = "custom."

Leaf: TypeAlias = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the form says; empty where nothing is chosen."""

    q: str = ""
    segment: str = ""
    owner: str = ""
    sort: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Of the fields above and of custom fields, by the name of the form's field."""

    @property
    def query(self) -> str:
        """It as the query of an address."""
        said = {"q": self.q, "segment": self.segment, "owner": self.owner, "sort": self.sort, **self.chosen}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def is_anything(self) -> bool:
        """Whether fewer than all are asked for."""
        return bool(self.q or self.segment or self.owner or self.chosen)

    @property
    def more(self) -> int:
        """How many of the fields are filled in that are not always shown."""
        return len(self.chosen.keys() - {"status"})

    def search(self, member: Principal, limit: int, cursor: str | None, shown: list[str]) -> Search:
        """The question to the list. Who is archived or forgotten is shown only to who asks for that."""
        leaves: list[Leaf] = [_leaf(name, value) for name, value in self.chosen.items()]
        if self.owner == NOBODY:
            leaves.append({"field": "owner_id", "op": "is_null", "value": True})
        elif self.owner:
            leaves.append({"field": "owner_id", "op": "eq", "value": _whom(self.owner, member)})
        if "status" not in self.chosen and not self.segment:
            leaves.append({"not": {"field": "status", "op": "in", "value": _OUT_OF_SIGHT}})
        return Search(
            filter={"and": list[JsonValue](leaves)} if leaves else None,
            q=self.q or None,
            segment=self.segment or None,
            sort=[self.sort] if self.sort in SORTS else [],
            fields=shown,
            limit=limit,
            cursor=cursor,
        )

    def groups(self, member: Principal, workspace: Workspace) -> tuple[tuple[Condition, ...], ...]:
        """The same as the conditions of a segment; a segment that is chosen is narrowed further. Words cannot be part
        of one."""
        said = [
            Condition(field=_column(name), operator="is_any_of", values=(value,)) for name, value in self.chosen.items()
        ]
        if self.owner == NOBODY:
            said.append(Condition(field="owner_id", operator="is_unknown"))
        elif self.owner:
            said.append(Condition(field="owner_id", operator="is_any_of", values=(_whom(self.owner, member),)))
        chosen = workspace.segments.get(self.segment)
        if chosen is None or isinstance(chosen.groups, Forgotten):
            return (tuple(said),)
        return tuple((*group, *said) for group in chosen.groups)


def narrowed(given: Iterable[tuple[str, str]]) -> Narrowed:
    """What a query or a form says; of what is said twice, the last."""
    said = {name: value.replace("\x00", "").strip() for name, value in given}
    chosen = {name: value for name, value in said.items() if value and (name in _FIELDS or name.startswith(_CUSTOM))}
    q, segment, owner, sort = (said.get(name, "") for name in ("q", "segment", "owner", "sort"))
    return Narrowed(q, segment, owner, sort, chosen)


def own_fields(workspace: Workspace, member: Principal) -> list[CustomField]:
    """The company's own fields of a customer that she may ask about."""
    return [
        one
        for (noun, _), one in sorted(workspace.custom_fields.items(), key=lambda item: item[1].label)
        if noun == "customer" and (member.sight.personal or not one.is_personal)
    ]


def segments(workspace: Workspace) -> list[str]:
    """The names of the segments of customers, in order."""
    return sorted(
        name
        for name, one in workspace.segments.items()
        if one.noun == "customer" and not isinstance(one.groups, Forgotten)
    )


def _column(name: str) -> str:
    return _FIELDS.get(name, name)


def _leaf(name: str, value: str) -> Leaf:
    return {"field": _column(name), "op": "eq", "value": value}


def _whom(owner: str, member: Principal) -> str:
    return str(member.id) if owner == ME else owner
