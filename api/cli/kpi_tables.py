"""Figures in a terminal: tables, sparklines, and several answers side by side."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table

from api.cli.printing import shown

if TYPE_CHECKING:
    from api.kpis.answer import KpiResult, KpiSeries
    from api.kpis.currencies import Answered
    from projections.kpi import Kpi

_BARS = "▁▂▃▄▅▆▇█"
_SAID_ALREADY = ("from", "to", "zone", "group_by")
_MOST_ROWS = 24
_MOST_MONTHS = 13
_MET = {True: ", met", False: ", missed", None: ""}


def print_result(kpi: "Kpi", result: "KpiResult") -> None:
    """A figure with what it reports beside its value, and its groups."""
    print(f"{kpi.title}: {shown(result.value)} {result.unit}  ({result.definition})")
    if result.numerator is not None:
        print(f"{shown(result.numerator)} of {shown(result.denominator)}, {result.excluded} excluded")
    if result.target is not None:
        print(f"Target: {aim(kpi, result)}{_MET[result.is_met]}")
    if (than := result.comparison) is not None:
        times = "" if than.ratio is None else f", {than.ratio:.2f} times as much"
        days = f"{than.period.start:%Y-%m-%d} up to {than.period.end:%Y-%m-%d}"
        print(f"The period before, {days}: {shown(than.value)}; difference {shown(than.difference)}{times}")
    if any(parameter in result.params for parameter in kpi.parameters):
        print(", ".join(f"{name} {result.params[name]}" for name in kpi.parameters))
    _print_details(kpi, result.details)
    if result.groups:
        table = Table(result.params["group_by"] or "", "value", "numerator", "denominator", "sample")
        for group in result.groups:
            table.add_row(
                group.label or group.group or "(none)",
                shown(group.value),
                shown(group.numerator),
                shown(group.denominator),
                str(group.sample_size),
            )
        Console().print(table)


def _print_details(kpi: "Kpi", details: Mapping[str, Any]) -> None:  # Any: what each figure reports is its own
    """What it reports beside its value, in words and tables; of long ones the newest or first rows."""
    from api.console.details import facts, tables
    from api.console.shown import words

    told = {name: value for name, value in details.items() if value is not None and name != "cells"}
    for name, said in facts(kpi, told):
        print(f"{words(name)}: {said}")
    for table in tables(kpi, told):
        rows = Table("", *(Column(words(column), justify="right") for column in table.columns))
        for name, said_of_it in table.rows[:_MOST_ROWS]:
            rows.add_row(words(name), *said_of_it)
        print(words(table.title) or "In all")
        Console().print(rows)
        _say_what_is_left(len(table.rows))
    if cells := details.get("cells"):
        _print_cohorts(cells)


def _print_cohorts(cells: Sequence[Mapping[str, Any]]) -> None:  # Any: JSON
    """A row for each month in which customers came, and a column for each month after it."""
    cohorts = sorted({cell["cohort"] for cell in cells})
    months = range(min(_MOST_MONTHS, 1 + max(cell["month"] for cell in cells)))
    share = {(cell["cohort"], cell["month"]): round(100 * cell["active"] / cell["size"]) for cell in cells}
    sizes = {cell["cohort"]: cell["size"] for cell in cells}
    print("In percent, how many are active by the months since they came:")
    print(f"{'cohort':<8}{'size':>7} {''.join(f'{month:>4}' for month in months)}")
    for cohort in cohorts[-_MOST_ROWS:]:
        told = "".join(f"{share.get((cohort, month), ''):>4}" for month in months)
        print(f"{cohort:<8}{sizes[cohort]:>7,} {told}".rstrip())
    _say_what_is_left(len(cohorts))


def _say_what_is_left(rows: int) -> None:
    if rows > _MOST_ROWS:
        print(f"... and {rows - _MOST_ROWS} more; --json says them all")


def print_side_by_side(kpi: "Kpi", results: Sequence["KpiResult"], named: Sequence[str] | None = None) -> None:
    """Several answers to one question, each by its definition or as it is named, and how far it is from the first."""
    print(f"{kpi.title}, in {kpi.unit}: {kpi.question}")
    table = Table("", *map(partial(Column, overflow="fold"), named or _apart(kpi, results)))
    columns = [_column(kpi, result, results[0]) for result in results]
    for row in columns[0]:
        table.add_row(row, *(column[row] for column in columns))
    for group in dict.fromkeys(group.group for result in results for group in result.groups or ()):
        found = [next((one for one in result.groups or () if one.group == group), None) for result in results]
        label = next((one.label for one in found if one and one.label), None)
        table.add_row(label or group or "(none)", *(_told(kpi, one) if one else "–" for one in found))
    Console().print(table)


def print_series(kpi: "Kpi", series: "KpiSeries") -> None:
    """A figure over time, as a line and as a table; in the currency of most where it is about money."""
    from api.kpis.currencies import main_currency, value_in

    currency = next((found for bucket in reversed(series.buckets) if (found := main_currency(bucket))), None)
    values = [value_in(bucket, currency) if currency else bucket.value for bucket in series.buckets]
    aimed = "" if series.target is None else f", target {aim(kpi, series)}"
    as_of = f"as of {series.as_of:%Y-%m-%d %H:%M} UTC"
    print(f"{kpi.title}, in {currency or kpi.unit}, {as_of}{aimed}  ({series.definition})")
    chosen = {name: value for name, value in series.params.items() if value and name not in _SAID_ALREADY}
    if chosen:
        print(", ".join(f"{name} {value}" for name, value in chosen.items()))
    print(sparkline(values))
    table = Table("from", "to", "value", "of the one before", "sample")
    earlier = None
    for bucket, value in zip(series.buckets, values, strict=True):
        ratio = "–" if value is None or not earlier else f"{value / earlier:.2f}"
        open_ = "" if bucket.is_complete else " (not over)"
        days = f"{bucket.start:%Y-%m-%d}", f"{bucket.end:%Y-%m-%d}{open_}"
        table.add_row(*days, shown_in(kpi.unit, value), ratio, str(bucket.sample_size))
        earlier = value
    Console().print(table)
    if series.groups:
        _print_courses(kpi, series, currency)


def aim(kpi: "Kpi", result: "KpiResult | KpiSeries") -> str:
    """What a figure shall come to, at least or at most."""
    bound = f"{result.target_is.replace('_', ' ')} " if result.target_is else ""
    return f"{bound}{shown_in(kpi.unit, result.target)}"


def _print_courses(kpi: "Kpi", series: "KpiSeries", currency: str | None) -> None:
    """The course of each group, from the first bucket to the last."""
    from api.kpis.currencies import value_in

    table = Table(series.params["group_by"] or "", "course", "first", "last", "sample")
    for group in series.groups or ():
        values = [value_in(bucket, currency) if currency else bucket.value for bucket in group.buckets]
        known: list[Decimal | None] = [value for value in values if value is not None]
        counted = sum(bucket.sample_size for bucket in group.buckets)
        ends = (shown_in(kpi.unit, known[place] if known else None) for place in (0, -1))
        table.add_row(group.label or group.group or "(none)", sparkline(values), *ends, str(counted))
    Console().print(table)


def sparkline(values: Sequence[Decimal | None]) -> str:
    """A bar for each value between 0, or the lowest one below it, and the highest; a blank where there is none."""
    known = [Decimal(), *(value for value in values if value is not None)]
    lowest, highest = min(known), max(known)
    step = (highest - lowest) / (len(_BARS) - 1) or Decimal(1)
    return "".join(" " if value is None else _BARS[round((value - lowest) / step)] for value in values)


def shown_in(unit: str, value: Decimal | int | None) -> str:
    """A value in its unit: a ratio as a percentage."""
    if value is None:
        return "–"
    return f"{value * 100:.1f} %" if unit == "ratio" else shown(round(Decimal(value), 2))


def _apart(kpi: "Kpi", results: Sequence["KpiResult"]) -> list[str]:
    """The names of the definitions; what they all begin with is said once."""
    names = [result.definition for result in results]
    if all(name.startswith(f"{kpi.definition} (") for name in names):
        print(kpi.definition)
        return [name.removeprefix(f"{kpi.definition} (").removesuffix(")") for name in names]
    return names


def _column(kpi: "Kpi", result: "KpiResult", first: "KpiResult") -> dict[str, str]:
    known = result.value is not None and first.value is not None
    difference = None if not known else Decimal(result.value or 0) - Decimal(first.value or 0)
    return {
        "value": _told(kpi, result),
        "difference": "" if result is first else shown_in(kpi.unit, difference),
        "numerator": shown(result.numerator),
        "denominator": shown(result.denominator),
        "sample": str(result.sample_size),
        **({"target": shown_in(kpi.unit, result.target)} if first.target is not None else {}),
    }


def _told(kpi: "Kpi", answer: "Answered") -> str:
    """The value; where currencies cannot be added up, one for each."""
    from api.kpis.currencies import currencies, value_in

    if found := currencies(answer):
        return "\n".join(f"{shown_in(kpi.unit, value_in(answer, currency))} {currency}" for currency in found)
    return shown_in(kpi.unit, answer.value)
