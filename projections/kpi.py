"""The figures: every SQL file in `kpis` is one, with its definition in the header and the rows it counts apart from it.

A file has two parts. `-- counted` selects the rows behind the figure, each with the position of its event; `-- figure`
sums them up, or names the file in `summaries` that does so for several figures. So a figure and its drill-down cannot
disagree: both read the same rows.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from eventstore.database import Connection
from projections import leads
from projections.kpi_parameters import BadParameterLine, Parameter, Value, parameters_in
from projections.kpi_text import by_bucket, kept
from projections.reading import LIVE, Row, read
from projections.sight import Sight

_HEADER = ("title", "area", "version", "question", "unit", "formula", "edge cases", "of nothing", "source", "reads")
_OPTIONAL = ("definitions", "judged", "better")
_AT_A_MOMENT = "at a moment"
_LOW = "low"
_AT_ONCE = 25
"""Buckets of a series in one statement: it must come to an end before a server's patience does."""

AREAS = ("sales", "customers", "revenue", "support", "campaigns")
"""What figures are about, in the order in which they are shown."""

SETTINGS = ("workspace_setting",)
"""The table that says what the workspace has published of its figures."""


class KpiHeaderError(Exception):
    """A figure's file does not define it completely."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What several figures count from: a SELECT over read models at a moment, and how its rows can be grouped.

    One that builds on others (`-- builds on: ...`) sees the rows of each by its name.
    """

    name: str
    reads: tuple[str, ...]
    groups: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    text: str
    span: str | None
    """A SELECT of `first_at` and `last_at`, between which there is a history; None where that of the leads tells."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure's definition."""

    slug: str
    title: str
    area: str
    """One of `AREAS`."""
    version: int
    question: str
    unit: str
    formula: str
    edge_cases: str
    of_nothing: Decimal | None
    """The value when nothing is counted: null for a share or a mean, 0 for a count."""
    source: str
    parameters: Mapping[str, Parameter]
    """What may be chosen of it, by name; those of its relation too."""
    variants: tuple[str, ...]
    """Ways to define it that are in use side by side; `details` has an object with value, numerator and denominator
    for each, and the first is what the figure is when nothing else is asked."""
    is_of_a_moment: bool
    """Whether it says how things stood, and not what happened in a period: in a series, at the end of each bucket."""
    is_better_low: bool
    """Whether less of it is better, so that a target is not to be exceeded."""
    relation: Relation
    counted: str
    figure: str

    @property
    def definition(self) -> str:
        """The name that every result carries, such as `win_rate@1`."""
        return f"{self.slug}@{self.version}"

    @property
    def digest(self) -> str:
        """Of all that decides what it comes to, apart from its relation."""
        chosen = [f"{name} {one.default} {one.range}" for name, one in sorted(self.parameters.items())]
        parts = (self.counted.strip(), self.figure.strip(), str(self.of_nothing), self.unit, *self.variants, *chosen)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def named(self, variant: str | None) -> str:
        """The same by one of the variants, such as `customer_churn_rate@1 (stripe)`."""
        return f"{self.definition} ({variant})" if variant else self.definition


@dataclass(frozen=True, slots=True)
class Question:
    """What a figure is asked for: a half-open period, the moment as of which it is judged, and whose days count."""

    period_from: datetime
    period_to: datetime
    as_of: datetime
    zone: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What was chosen; what is not in it has its default."""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By grouping, the groups that alone count; an empty name is the group of what has none."""
    of_groups: tuple[str, tuple[str, ...]] | None = None
    """A grouping and groups of it, one of which must hold as well."""

    @property
    def conditions(self) -> list[tuple[str, tuple[str, ...]]]:
        """All groupings whose groups count."""
        return [*self.where.items(), *([self.of_groups] if self.of_groups else [])]


def parse(slug: str, text: str) -> Kpi:
    """A figure from its file's text. Raises KpiHeaderError with what is missing."""
    header = _header(text, (*_HEADER, *_OPTIONAL))
    if missing := [name for name in _HEADER if name not in header]:
        raise KpiHeaderError(f"{slug}.sql lacks the header line '-- {missing[0]}: ...'.")
    if header["area"] not in AREAS:
        raise KpiHeaderError(f"{slug}.sql names no area that there is: {', '.join(AREAS)}.")
    parts = re.split(r"^-- (?:counted:.*|figure(?:: (\w+))?)$", text, flags=re.MULTILINE)
    if len(parts) != 5:
        raise KpiHeaderError(f"{slug}.sql must have one '-- counted: ...' and one '-- figure' part.")
    _, _, counted, summary, own = parts
    if summary and (own.strip() or summary not in _texts("summaries")):
        raise KpiHeaderError(f"{slug}.sql must end with '-- figure: {summary}', and that be a file in summaries/.")
    relation = relations()[header["reads"]]
    return Kpi(
        slug=slug,
        title=header["title"],
        area=header["area"],
        version=int(header["version"]),
        question=header["question"],
        unit=header["unit"],
        formula=header["formula"],
        edge_cases=header["edge cases"],
        of_nothing=None if header["of nothing"] == "null" else Decimal(header["of nothing"]),
        source=header["source"],
        parameters={**relation.parameters, **_parameters_of(slug, text)},
        variants=tuple(header.get("definitions", "").split()),
        is_of_a_moment=header.get("judged") == _AT_A_MOMENT,
        is_better_low=header.get("better") == _LOW,
        relation=relation,
        counted=counted,
        figure=_texts("summaries")[summary] if summary else own,
    )


@cache
def relations() -> Mapping[str, Relation]:
    """All relations by name."""
    return {name: _relation(name, text) for name, text in _texts("relations").items()}


@cache
def kpis() -> Mapping[str, Kpi]:
    """All figures by slug, in alphabetical order."""
    return {slug: parse(slug, text) for slug, text in _texts("kpis").items()}


@cache
def versions() -> Mapping[str, Kpi]:
    """All texts by definition, such as `win_rate@1`: those in force, and the earlier ones, which stay."""
    earlier = {name: parse(name.partition("@")[0], text) for name, text in _texts("kpis/earlier").items()}
    for name, kpi in earlier.items():
        if kpi.definition != name:
            raise KpiHeaderError(f"kpis/earlier/{name}.sql says that it is {kpi.definition}.")
    return earlier | {kpi.definition: kpi for kpi in kpis().values()}


def figure(
    connection: Connection,
    kpi: Kpi,
    question: Question,
    group_by: str | None = None,
    schema: str = LIVE,
    *,
    sight: Sight,
) -> list[Row]:
    """The figure: one row, or with `group_by` one row per group (`group_key`).

    Columns: group_key, group_label, value, numerator, denominator, sample_size, excluded, details.
    """
    text = _text(kpi, question, kpi.figure)
    return read(connection, text, kpi.relation.reads, _parameters(kpi, question, group_by), schema, sight=sight)


def series(
    connection: Connection,
    kpi: Kpi,
    questions: Sequence[Question],
    group_by: str | None = None,
    schema: str = LIVE,
    *,
    sight: Sight,
) -> list[list[Row]]:
    """The figure for each question, as `figure` has it; the questions differ in period and as_of alone."""
    answers: list[list[Row]] = []
    for start in range(0, len(questions), _AT_ONCE):
        some = questions[start : start + _AT_ONCE]
        parameters = _parameters(kpi, some[0], group_by) | {
            "starts": [question.period_from for question in some],
            "ends": [question.period_to for question in some],
            "moments": [question.as_of for question in some],
        }
        relation, rest = _parts(kpi, some[0], kpi.figure)
        if "%(period_" in relation or len({question.as_of for question in some}) > 1:
            text = by_bucket(f"WITH {kpi.relation.name} AS ({relation}), {rest}")
        else:  # the same rows for every bucket
            text = f"WITH {kpi.relation.name} AS MATERIALIZED ({relation}) {by_bucket(f'WITH {rest}')}"
        found: list[list[Row]] = [[] for _ in some]
        for row in read(connection, text, kpi.relation.reads, parameters, schema, sight=sight):
            found[row.pop("bucket_number") - 1].append(row)
        answers += found
    return answers


def counted_positions(
    connection: Connection,
    kpi: Kpi,
    question: Question,
    after: int,
    limit: int,
    schema: str = LIVE,
    *,
    sight: Sight,
) -> list[int]:
    """Positions of the events behind the figure, in order, behind `after`: its drill-down."""
    wanted = "SELECT DISTINCT position FROM counted WHERE position > %(after)s ORDER BY position LIMIT %(limit)s"
    text = _text(kpi, question, wanted)
    parameters = _parameters(kpi, question, None) | {"after": after, "limit": limit}
    rows = read(connection, text, kpi.relation.reads, parameters, schema, sight=sight)
    return [row["position"] for row in rows]


def span(connection: Connection, kpi: Kpi, as_of: datetime, *, sight: Sight) -> tuple[datetime, datetime] | None:
    """From when to when there is a history of what the figure counts, up to `as_of`; None while there is none."""
    if kpi.relation.span is None:
        return leads.span(connection, as_of, sight=sight)
    (row,) = read(connection, kpi.relation.span, kpi.relation.reads, {"as_of": as_of}, sight=sight)
    return (row["first_at"], row["last_at"]) if row["first_at"] else None


def _parameters(kpi: Kpi, question: Question, group_by: str | None) -> dict[str, object]:
    return {
        **{name: parameter.default for name, parameter in kpi.parameters.items()},
        **question.parameters,
        "period_from": question.period_from,
        "period_to": question.period_to,
        "as_of": question.as_of,
        "zone": question.zone,
        "group_by": group_by,
        **{f"group_{number}": name for number, (name, _) in enumerate(question.conditions)},
        **{f"groups_{number}": [*names] for number, (_, names) in enumerate(question.conditions)},
    }


def _text(kpi: Kpi, question: Question, answer: str) -> str:
    relation, rest = _parts(kpi, question, answer)
    return f"WITH {kpi.relation.name} AS ({relation}), {rest}"


def _parts(kpi: Kpi, question: Question, answer: str) -> tuple[str, str]:
    """What is counted from, and what is made of it."""
    return kept(kpi.relation.text, len(question.conditions)), f"counted AS ({kpi.counted}) {answer}"


def _relation(name: str, text: str) -> Relation:
    header = _header(text, ("reads", "groups", "builds on"))
    rows, _, moments = text.partition("\n-- span\n")
    parts = [_relation(part, _texts("relations")[part]) for part in header.get("builds on", "").split()]
    if parts:
        # a relation may begin with a WITH of its own
        rows = f"WITH {', '.join(f'{part.name} AS ({part.text})' for part in parts)} SELECT * FROM ({rows}) AS built"
    tables = dict.fromkeys([*header.get("reads", "").split(), *(table for part in parts for table in part.reads)])
    parameters = {name: each for part in parts for name, each in part.parameters.items()}
    return Relation(
        name,
        tuple(tables),
        tuple(header["groups"].split()),
        parameters | _parameters_of(name, text),
        rows,
        moments or None,
    )


def _parameters_of(name: str, text: str) -> dict[str, Parameter]:
    try:
        return parameters_in(text)
    except BadParameterLine as wrong:
        raise KpiHeaderError(f"{name}.sql: {wrong}.") from None


def _header(text: str, names: Iterable[str]) -> dict[str, str]:
    return dict(re.findall(rf"^-- ({'|'.join(names)}): (.+)$", text, re.MULTILINE))


def _texts(folder: str) -> dict[str, str]:
    place = files("projections").joinpath(folder)
    found = sorted(place.iterdir(), key=lambda file: file.name) if place.is_dir() else []
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in found if file.name.endswith(".sql")
    }
