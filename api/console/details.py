"""What a figure reports beside its value, as sentences and tables: whatever has rows and columns is a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from api.console import shown
from projections.kpi import Kpi

_IN_ORDER = (
    "start_base", "stripe", "cohort", "stage", "status", "reason", "source", "campaign", "campaign_id", "pipeline",
    "month", "from_days", "to_days", "minutes",
    "open", "won", "lost", "disqualified", "both", "leads", "deals", "count", "mean", "median", "p90", "sum",
    "value", "opening", "new", "expansion", "contraction", "churn", "reactivation", "kept", "closing", "customers",
    "size", "at_risk", "active", "churned", "survival", "low", "high",
    "numerator", "denominator",
)  # fmt: skip
_AMOUNTS = {"opening", "won", "lost", "kept", "spent"}
"""What is money also where the figure itself is a share."""
_SHARES = {"of_first", "of_previous"}
"""What is a share also where the figure itself is an amount, as is all that is called a rate."""
_NAMES = ("cohort", "month", "source", "campaign", "stage", "reason")
"""What says which row of a list it is."""
_COHORT_MONTHS = 13
"""A year of each cohort, after the month in which its customers came."""

Json: TypeAlias = Any  # Any: what each figure reports is its own


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with their names, and what each says in the columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def facts(kpi: Kpi, details: Mapping[str, Json]) -> list[tuple[str, str]]:
    """What is said by one value each, or by an amount of each currency."""
    return [
        (name, _said(kpi, name, value))
        for name, value in details.items()
        if not isinstance(value, Mapping | list) or _is_amounts(value)
    ]


def tables(kpi: Kpi, details: Mapping[str, Json]) -> list[Table]:
    """What has rows: objects side by side in one table, and each object of objects or list of them in its own."""
    plain = {
        name: value
        for name, value in details.items()
        if value and isinstance(value, Mapping) and not _has_rows(value) and not _is_amounts(value)
    }
    apart = {name: value for name, value in details.items() if _has_rows(value)}
    lists = {name: value for name, value in details.items() if isinstance(value, list) and name != "cells"}
    return [
        *(_table(kpi, title, rows) for title, rows in [("", plain), *apart.items()] if rows),
        *(_listed(kpi, title, rows) for title, rows in lists.items() if rows),
        *([_cohorts(details["cells"])] if details.get("cells") else ()),
    ]


def _cohorts(cells: Sequence[Mapping[str, Json]]) -> Table:
    """A row for each month in which customers came, the newest first: how many, and who of them is active month by
    month."""
    shares = {(cell["cohort"], cell["month"]): f"{cell['active'] / cell['size']:.0%}" for cell in cells if cell["size"]}
    sizes = {cell["cohort"]: cell["size"] for cell in cells}
    months = range(min(_COHORT_MONTHS, 1 + max(cell["month"] for cell in cells)))
    return Table(
        title="active by the months since they came",
        columns=["size", *map(str, months)],
        rows=[
            (cohort, [shown.number(sizes[cohort]), *(shares.get((cohort, month), "") for month in months)])
            for cohort in sorted(sizes, reverse=True)
        ],
    )


def _table(kpi: Kpi, title: str, rows: Mapping[str, Json]) -> Table:
    columns = sorted(dict.fromkeys(column for row in rows.values() for column in row), key=_place)
    return Table(
        title=title,
        columns=columns,
        rows=[
            (name, [_said(kpi, column, rows[name].get(column)) for column in columns])
            for name in sorted(rows, key=_place)
        ],
    )


def _listed(kpi: Kpi, title: str, rows: Sequence[Mapping[str, Json]]) -> Table:
    """The rows in their order, named by what names them, or numbered."""
    naming = [name for name in _NAMES if name in rows[0]]
    columns = sorted((column for column in rows[0] if column not in naming), key=_place)
    return Table(
        title=title,
        columns=columns,
        rows=[
            (_row_name(row, naming) or str(number), [_said(kpi, column, row.get(column)) for column in columns])
            for number, row in enumerate(rows, start=1)
        ],
    )


def _row_name(row: Mapping[str, Json], naming: Sequence[str]) -> str:
    said = " · ".join(str(row[name]) for name in naming if row.get(name) is not None)
    return said or ("none" if naming else "")


def _place(name: str) -> int:
    """Known names in their usual order; jsonb keeps none."""
    return _IN_ORDER.index(name) if name in _IN_ORDER else len(_IN_ORDER)


def _has_rows(value: Json) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(row, Mapping) for row in value.values())


def _is_amounts(value: Json) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(len(name) == 3 and name.isupper() for name in value)
        and (not _has_rows(value))
    )


def _said(kpi: Kpi, name: str, value: Json) -> str:
    if isinstance(value, Mapping):
        return " · ".join(shown.money(Decimal(str(part)), currency) for currency, part in value.items()) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, int):
        return shown.number(value)
    is_share = name.endswith("rate") or name in _SHARES
    unit = "ratio" if is_share else "amount" if name in _AMOUNTS else kpi.unit
    return shown.figure(Decimal(str(value)), unit)
