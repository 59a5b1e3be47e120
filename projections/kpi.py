"""The figures: every SQL file in `kpis` is one, with its definition in the header and the rows it counts apart from it.

A file has two parts. `-- counted` selects the rows behind the figure, each with the position of its event; `-- figure`
sums them up, or names the file in `summaries` that does so for several figures. So a figure and its drill-down cannot
disagree: both read the same rows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from eventstore.database import Connection
from projections import leads
from projections.reading import LIVE, Row, read

_HEADER = ("title", "version", "question", "unit", "formula", "edge cases", "of nothing", "source", "reads")


class KpiHeaderError(Exception):
    """A figure's file does not define it completely."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What several figures count from: a SELECT over read models at a moment, and how its rows can be grouped."""

    name: str
    reads: tuple[str, ...]
    groups: tuple[str, ...]
    text: str
    span: str | None
    """A SELECT of `first_at` and `last_at`, between which there is a history; None where that of the leads tells."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure's definition."""

    slug: str
    title: str
    version: int
    question: str
    unit: str
    formula: str
    edge_cases: str
    of_nothing: Decimal | None
    """The value when nothing is counted: null for a share or a mean, 0 for a count."""
    source: str
    is_level: bool
    """Whether it says how things stand at the end of the period, such as a backlog, and not what happened within it."""
    relation: Relation
    counted: str
    figure: str

    @property
    def definition(self) -> str:
        """The name that every result carries, such as `win_rate@1`."""
        return f"{self.slug}@{self.version}"


@dataclass(frozen=True, slots=True)
class Question:
    """What a figure is asked for: a half-open period, the moment as of which it is judged, and whose days count."""

    period_from: datetime
    period_to: datetime
    as_of: datetime
    zone: str


def parse(slug: str, text: str) -> Kpi:
    """A figure from its file's text. Raises KpiHeaderError with what is missing."""
    header = _header(text, (*_HEADER, "judged at"))
    if missing := [name for name in _HEADER if name not in header]:
        raise KpiHeaderError(f"{slug}.sql lacks the header line '-- {missing[0]}: ...'.")
    parts = re.split(r"^-- (?:counted:.*|figure(?:: (\w+))?)$", text, flags=re.MULTILINE)
    if len(parts) != 5:
        raise KpiHeaderError(f"{slug}.sql must have one '-- counted: ...' and one '-- figure' part.")
    _, _, counted, summary, own = parts
    if summary and (own.strip() or summary not in _texts("summaries")):
        raise KpiHeaderError(f"{slug}.sql must end with '-- figure: {summary}', and that be a file in summaries/.")
    return Kpi(
        slug=slug,
        title=header["title"],
        version=int(header["version"]),
        question=header["question"],
        unit=header["unit"],
        formula=header["formula"],
        edge_cases=header["edge cases"],
        of_nothing=None if header["of nothing"] == "null" else Decimal(header["of nothing"]),
        source=header["source"],
        is_level=header.get("judged at") == "the end of the period",
        relation=relations()[header["reads"]],
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


def figure(
    connection: Connection, kpi: Kpi, question: Question, group_by: str | None = None, schema: str = LIVE
) -> list[Row]:
    """The figure: one row, or with `group_by` one row per group (`group_key`).

    Columns: group_key, group_label, value, numerator, denominator, sample_size, excluded, details.
    """
    text = f"WITH {_counted(kpi)} {kpi.figure}"
    return read(connection, text, kpi.relation.reads, _parameters(question, group_by), schema)


def counted_positions(
    connection: Connection, kpi: Kpi, question: Question, after: int, limit: int, schema: str = LIVE
) -> list[int]:
    """Positions of the events behind the figure, in order, behind `after`: its drill-down."""
    text = (
        f"WITH {_counted(kpi)} SELECT DISTINCT position FROM counted "
        "WHERE position > %(after)s ORDER BY position LIMIT %(limit)s"
    )
    parameters = _parameters(question, None) | {"after": after, "limit": limit}
    return [row["position"] for row in read(connection, text, kpi.relation.reads, parameters, schema)]


def span(connection: Connection, kpi: Kpi, as_of: datetime) -> tuple[datetime, datetime] | None:
    """From when to when there is a history of what the figure counts, up to `as_of`; None while there is none."""
    if kpi.relation.span is None:
        return leads.span(connection, as_of)
    (row,) = read(connection, kpi.relation.span, kpi.relation.reads, {"as_of": as_of})
    return (row["first_at"], row["last_at"]) if row["first_at"] else None


def _parameters(question: Question, group_by: str | None) -> dict[str, object]:
    return {
        "period_from": question.period_from,
        "period_to": question.period_to,
        "as_of": question.as_of,
        "zone": question.zone,
        "group_by": group_by,
    }


def _counted(kpi: Kpi) -> str:
    return f"{kpi.relation.name} AS ({kpi.relation.text}), counted AS ({kpi.counted})"


def _relation(name: str, text: str) -> Relation:
    header = _header(text, ("reads", "groups"))
    rows, _, moments = text.partition("\n-- span\n")
    return Relation(name, tuple(header["reads"].split()), tuple(header["groups"].split()), rows, moments or None)


def _header(text: str, names: Iterable[str]) -> dict[str, str]:
    return dict(re.findall(rf"^-- ({'|'.join(names)}): (.+)$", text, re.MULTILINE))


def _texts(folder: str) -> dict[str, str]:
    found = sorted(files("projections").joinpath(folder).iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in found if file.name.endswith(".sql")
    }
