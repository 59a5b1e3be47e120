"""What a figure is asked for, as people write it, and what of it cannot be asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request

from api.access import OpenStore, Principal, principal
from api.kpis.answer import names
from api.past import AsOf, Axis, OnAxis
from api.problems import BadParameter, NotFound
from domain.business_time import UnknownZone, time_zone
from projections.kpi import Kpi, kpis, versions
from projections.kpi_parameters import BadValue, Value
from projections.sight import NOTHING, Sight

From = Annotated[date | None, Query(alias="from", description="First day of the period, in the zone.")]
To = Annotated[date | None, Query(description="Day after the last one of the period.")]
Definition = Annotated[
    str | None,
    Query(description="By which definition, such as win_rate@1 or stripe; without it, by the one in force."),
]
AtEnd = Annotated[
    bool, Query(description="Figures that say how things stood say it of the end of the period, and not of as_of.")
]

EVER = datetime(1, 1, 2, tzinfo=UTC)
FOR_EVER = datetime(9999, 12, 30, tzinfo=UTC)

_NAMED = re.compile(r"(?:(?P<version>\w+@\d+)(?: \((?P<variant>\w+)\))?|(?P<alone>\w+))")
_FILTER = re.compile(r"filter\[(\w+)\]")
_OTHERS = {
    "from", "to", "zone", "as_of", "axis", "definition", "at_end", "group_by", "compare", "every", "top",
    "limit", "cursor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a figure; what is not said is all time, now, in total, and as it is defined."""

    zone: str
    first_day: date | None = None
    end_day: date | None = None
    as_of: datetime | None = None
    axis: Axis | None = None
    group_by: str | None = None
    definition: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By grouping, the groups that count; an empty name is the group of what has none."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    at_end: bool = False
    """Whether a figure that says how things stood says it of the end of the period, and not of as_of."""
    sight: Sight = NOTHING
    """Over which records; where nobody says it, over none."""

    @property
    def period(self) -> tuple[datetime, datetime]:
        """From its first moment to the one that is not in it any more."""
        place = time_zone(self.zone)
        return midnight(self.first_day, place) or EVER, midnight(self.end_day, place) or FOR_EVER

    def link(self, as_of: datetime, parameters: Mapping[str, str]) -> str:
        """The same as the query of a URL, for the events behind the figure."""
        # without a moment, today's tables are what there is to count in
        axis = (self.axis or "recorded") if self.as_of else "occurred"
        said = [("from", self.first_day), ("to", self.end_day), ("zone", self.zone), ("as_of", as_of.isoformat())]
        said += [("axis", axis), ("definition", self.definition), ("at_end", "true" if self.at_end else None)]
        filters = [(f"filter[{group}]", name) for group, chosen in self.where.items() for name in chosen]
        return urlencode([(name, value) for name, value in said if value] + filters + list(parameters.items()))


def from_query(
    request: Request,
    store: OpenStore,
    from_: From = None,
    to: To = None,
    zone: str | None = None,
    as_of: AsOf = None,
    axis: OnAxis = None,
    definition: Definition = None,
    at_end: AtEnd = False,
) -> Asked:
    """What a request asks; beside these it may have `filter[GROUPING]=GROUP`, and the figure's own parameters."""
    where: dict[str, tuple[str, ...]] = {}
    for name, value in request.query_params.multi_items():
        if found := _FILTER.fullmatch(name):
            where[found[1]] = (*where.get(found[1], ()), value)
    return Asked(
        zone=zone or store.settings.zone,
        first_day=from_,
        end_day=to,
        as_of=as_of,
        axis=axis,
        definition=definition,
        where=where,
        parameters={
            name: value
            for name, value in request.query_params.items()
            if name not in _OTHERS and not _FILTER.fullmatch(name)
        },
        at_end=at_end,
    )


def asked_by_key(
    asked: Annotated[Asked, Depends(from_query)], caller: Annotated[Principal, Depends(principal)]
) -> Asked:
    """The same of the records that the key may see."""
    return replace(asked, sight=caller.sight)


def find(slug: str) -> Kpi:
    """The figure of that slug. Raises NotFound with the slugs there are."""
    if slug not in kpis():
        raise NotFound(f"There is no KPI of that name. There are: {', '.join(kpis())}.")
    return kpis()[slug]


def chosen(kpi: Kpi, definition: str | None) -> tuple[Kpi, str | None]:
    """The version of the figure that was named, or the one in force, and which of its variants.

    Raises BadParameter with the definitions there are.
    """
    named = _NAMED.fullmatch(definition or kpi.definition)
    version = versions().get((named["version"] or kpi.definition) if named else "")
    variant = named and (named["variant"] or named["alone"])
    if version is None or version.slug != kpi.slug or (variant is not None and variant not in version.variants):
        raise BadParameter(f"{kpi.slug} has no such definition. There are: {', '.join(names(kpi.slug))}.")
    return version, variant


def must_be_askable(kpi: Kpi, asked: Asked) -> tuple[Kpi, str | None]:
    """The definition that was chosen. Raises BadParameter for what cannot be asked of it."""
    version, variant = chosen(kpi, asked.definition)
    groups = ", ".join(version.relation.groups)
    if asked.group_by is not None and asked.group_by not in version.relation.groups:
        raise BadParameter(f"{kpi.slug} can be grouped by: {groups}.")
    if set(asked.where) - {*version.relation.groups}:
        raise BadParameter(f"{kpi.slug} can be asked of one group by: {groups}.")
    if asked.first_day and asked.end_day and asked.first_day >= asked.end_day:
        raise BadParameter("The period is empty: 'from' must lie before 'to'.")
    try:
        time_zone(asked.zone)
    except UnknownZone:
        raise BadParameter("There is no such time zone. Give one of the IANA names, such as Europe/Berlin.") from None
    values(version, asked.parameters)
    return version, variant


def values(kpi: Kpi, said: Mapping[str, str]) -> dict[str, Value]:
    """The parameters that were chosen. Raises BadParameter with those there are."""
    there = "; ".join(f"{one.name} ({one.range}: {one.meaning})" for one in kpi.parameters.values()) or "none"
    if set(said) - set(kpi.parameters):
        raise BadParameter(f"{kpi.slug} has no parameter of that name. It has: {there}.")
    try:
        return {name: kpi.parameters[name].value(text) for name, text in said.items()}
    except BadValue as wrong:
        raise BadParameter(str(wrong)) from None


def midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The first moment of a day in a zone."""
    return datetime.combine(day, time(), zone) if day else None
