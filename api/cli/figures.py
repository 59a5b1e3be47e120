"""`crm kpi`: figures, with their definitions."""

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from api.cli.common import AsJson, Data
from api.cli.kpi_options import (
    AsOf,
    Chosen,
    Definition,
    EndDay,
    FirstDay,
    GroupBy,
    OnAxis,
    Options,
    Where,
    Zone,
    kpi_of,
    up_to_date,
)
from api.cli.printing import print_json, shown

if TYPE_CHECKING:
    from api.kpis.answer import KpiResult
    from projections.kpi import Kpi

app = typer.Typer(no_args_is_help=True, help="Figures, with their definitions.")


@app.command("list")
def list_kpis(as_json: AsJson = False) -> None:
    """All figures and the question each answers."""
    from projections.kpi import kpis

    if as_json:
        print_json([{"slug": kpi.slug, "question": kpi.question, "unit": kpi.unit} for kpi in kpis().values()])
    else:
        table = Table("KPI", "question", "unit", "by")
        for kpi in kpis().values():
            table.add_row(kpi.slug, kpi.question, kpi.unit, ", ".join(kpi.relation.groups))
        Console().print(table)


@app.command("show")
def show_kpi(slug: str) -> None:
    """A figure's definition: formula, edge cases and the SQL."""
    from api.kpis.answer import definition

    kpi = kpi_of(slug)
    for field, value in definition(kpi).model_dump(exclude={"parameters"}).items():
        print(f"{field:>11}: {', '.join(value) if isinstance(value, list) else value}")
    for parameter in kpi.parameters.values():
        print(f"  parameter: {parameter.name}, {parameter.range}, now {parameter.default}: {parameter.meaning}")
    print(f"\n{kpi.relation.text.strip()}\n\n{kpi.counted.strip()}\n\n{kpi.figure.strip()}")


@app.command("run")
def run_kpi(
    slug: str,
    first_day: FirstDay = None,
    end_day: EndDay = None,
    as_of: AsOf = None,
    axis: OnAxis = None,
    group_by: GroupBy = None,
    zone: Zone = None,
    definition: Definition = None,
    where: Where = None,
    chosen: Chosen = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Work a figure out."""
    from api.kpis.asking import answer_as_of

    kpi = kpi_of(slug)
    options = Options(first_day, end_day, as_of, axis, group_by, zone, definition, where, chosen)
    with up_to_date(data) as store:
        result = answer_as_of(store, kpi, options.asked(store.settings.zone))
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print(kpi, result)


def _print(kpi: "Kpi", result: "KpiResult") -> None:
    print(f"{kpi.title}: {shown(result.value)} {result.unit}  ({result.definition})")
    if result.numerator is not None:
        print(f"{shown(result.numerator)} of {shown(result.denominator)}, {result.excluded} excluded")
    print_json(result.details)
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
