"""What a figure is answered with: its definition, its value, and what was counted."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, PlainSerializer

from api.past import Axis
from domain.workspace import TargetIs
from projections.kpi import Kpi, versions
from projections.kpi_parameters import Parameter

Number = Annotated[
    Decimal,
    PlainSerializer(lambda n: int(n) if n == n.to_integral_value() else float(n), int | float, when_used="json"),
]
"""Exact inside, a JSON number outside."""


class KpiParameter(BaseModel):
    """What may be chosen of a figure: a number from `least` to `most`, or one of the words in `choices`."""

    name: str
    default: str
    least: Number | None
    most: Number | None
    choices: list[str]
    meaning: str


class KpiDefinition(BaseModel):
    """What a figure means. `definitions` are the names by which its versions and variants are asked for."""

    slug: str
    title: str
    area: str
    definition: str
    question: str
    unit: str
    formula: str
    edge_cases: str
    source: str
    groups: list[str]
    parameters: list[KpiParameter]
    definitions: list[str]


class Period(BaseModel):
    """A half-open period; null where it has no bound."""

    start: datetime | None
    end: datetime | None


class KpiGroup(BaseModel):
    """The figure of one group; `group` is null for records that have none, `label` its name where it has another."""

    group: str | None
    label: str | None
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    sample_size: int
    excluded: int
    details: dict[str, Any]  # Any: what the figure reports beside its value


class Comparison(BaseModel):
    """The same of the period before: its value, and how far the figure is from it, apart and as a multiple."""

    period: Period
    value: Number | None
    difference: Number | None
    ratio: Number | None


class KpiResult(BaseModel):
    """A figure. 0/0 is null. `target` is what the workspace had said that it wants by then, as the least or the most
    (`target_is`), and `is_met` whether it is so. `events_url` leads to the events behind it."""

    slug: str
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    unit: str
    definition: str
    params: dict[str, str | None]
    period: Period
    as_of: datetime
    axis: Axis
    sample_size: int
    excluded: int
    details: dict[str, Any]
    groups: list[KpiGroup] | None
    target: Number | None
    target_is: TargetIs | None
    is_met: bool | None
    comparison: Comparison | None
    events_url: str


class Bucket(BaseModel):
    """One period of a series; `ratio` is its value as a multiple of the one before."""

    start: datetime
    end: datetime
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    sample_size: int
    excluded: int
    details: dict[str, Any]
    ratio: Number | None
    is_complete: bool
    events_url: str


class SeriesGroup(BaseModel):
    """The course of one group, or of all that are told of no further: `is_rest`."""

    group: str | None
    label: str | None
    is_rest: bool
    buckets: list[Bucket]


class KpiSeries(BaseModel):
    """A figure over time, all of it as of one moment; with `group_by`, the course of the groups beside it."""

    slug: str
    unit: str
    definition: str
    params: dict[str, str | None]
    every: str
    as_of: datetime
    axis: Axis
    target: Number | None
    target_is: TargetIs | None
    buckets: list[Bucket]
    groups: list[SeriesGroup] | None


def definition(kpi: Kpi) -> KpiDefinition:
    """A figure's definition as the API shows it."""
    return KpiDefinition(
        slug=kpi.slug,
        title=kpi.title,
        area=kpi.area,
        definition=kpi.definition,
        question=kpi.question,
        unit=kpi.unit,
        formula=kpi.formula,
        edge_cases=kpi.edge_cases,
        source=kpi.source,
        groups=list(kpi.relation.groups),
        parameters=[_parameter(parameter) for parameter in kpi.parameters.values()],
        definitions=names(kpi.slug),
    )


def names(slug: str) -> list[str]:
    """The names by which definitions of a figure are asked for: those in force first, then those of earlier texts."""
    of_it = sorted((kpi for kpi in versions().values() if kpi.slug == slug), key=lambda kpi: -kpi.version)
    return [name for kpi in of_it for name in (kpi.definition, *map(kpi.named, kpi.variants))]


def side_by_side(kpi: Kpi) -> list[str]:
    """The definitions that are compared when all are asked for: each variant apart, and the texts without any whole."""
    whole = {one.definition for one in versions().values() if one.variants}
    return [name for name in names(kpi.slug) if name not in whole]


def _parameter(parameter: Parameter) -> KpiParameter:
    return KpiParameter(
        name=parameter.name,
        default=str(parameter.default),
        least=parameter.least,
        most=parameter.most,
        choices=list(parameter.choices),
        meaning=parameter.meaning,
    )
