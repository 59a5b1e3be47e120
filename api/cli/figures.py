"""`crm kpi`: figures, with their definitions."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from api.cli import comparing, publishing
from api.cli.common import AsJson, Data, fail, with_analytics
from api.cli.kpi_options import (
    AsOf,
    Chosen,
    Definition,
    EndDay,
    Every,
    FirstDay,
    GroupBy,
    OnAxis,
    Options,
    Plot,
    Previous,
    Where,
    Zone,
    every_of,
    kpi_of,
    up_to_date,
)
from api.cli.kpi_tables import print_result, print_series, print_side_by_side
from api.cli.printing import print_json

if TYPE_CHECKING:
    from api.kpis.answer import KpiResult, KpiSeries

app = typer.Typer(no_args_is_help=True, help="Figures, with their definitions.")
app.add_typer(comparing.app)
app.add_typer(publishing.app)


@app.command("list")
def list_kpis(as_json: AsJson = False) -> None:
    """All figures and the question each answers."""
    from projections.kpi import kpis

    if as_json:
        print_json(
            [{name: getattr(kpi, name) for name in ("slug", "area", "question", "unit")} for kpi in kpis().values()]
        )
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
        print(f"  parameter: {parameter.name}, {parameter.range}, by default {parameter.default}: {parameter.meaning}")
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
    every: Every = None,
    previous: Previous = False,
    plot: Plot = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Work a figure out."""
    from api.kpis.answer import side_by_side
    from api.kpis.asking import answer_as_of
    from api.kpis.comparison import compared_as_of
    from api.kpis.picture import draw
    from api.kpis.series import series_as_of

    kpi = kpi_of(slug)
    options = Options(first_day, end_day, as_of, axis, group_by, zone, definition, where, chosen)
    if every and (definition == "all" or previous):
        fail("A series is of one definition: leave --definition all and --previous out.")
    if plot and definition == "all":
        fail("A picture is of one definition: name it.")
    if plot:
        with_analytics()
    with up_to_date(data) as store:
        asked = options.asked(store.settings.zone)
        if every:
            series = series_as_of(store, kpi, asked, every_of(every))
            tell = partial(print_series, kpi, series)
            told: object = series.model_dump(mode="json")
            drawn: KpiSeries | KpiResult = series
        elif definition == "all":
            results = [answer_as_of(store, kpi, replace(asked, definition=name)) for name in side_by_side(kpi)]
            tell = partial(print_side_by_side, kpi, results)
            told = [one.model_dump(mode="json") for one in results]
        else:
            result = (compared_as_of if previous else answer_as_of)(store, kpi, asked)
            tell = partial(print_result, kpi, result)
            told, drawn = result.model_dump(mode="json"), result
        if plot:
            draw(kpi, drawn, plot)
    if as_json:
        print_json(told)
    else:
        tell()
        if plot:
            print(f"The picture is in {plot}.")
