"""`crm kpi`: figures, with their definitions."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.cli.common import AsJson, Data, fail, moment_of, opened
from api.cli.printing import print_json, shown

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
    from api.kpis import definition

    kpi = _kpi(slug)
    for field, value in definition(kpi).model_dump().items():
        print(f"{field:>11}: {', '.join(value) if isinstance(value, list) else value}")
    print(f"\n{kpi.relation.text.strip()}\n\n{kpi.counted.strip()}\n\n{kpi.figure.strip()}")


@app.command("run")
def run_kpi(
    slug: str,
    first_day: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    end_day: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")] = None,
    as_of: Annotated[str | None, typer.Option(help="A moment, such as 2026-03-03T09:00:00Z.")] = None,
    axis: Annotated[str | None, typer.Option(help="recorded or occurred.")] = None,
    group_by: Annotated[str | None, typer.Option(help="owner, product, source …")] = None,
    zone: Annotated[str | None, typer.Option(help="The time zone whose days count.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Work a figure out."""
    from api.kpis import ask_as_of
    from api.problems import RequestProblem
    from replay.follow import catch_up

    kpi = _kpi(slug)
    if axis not in (None, "recorded", "occurred"):
        fail("--axis is recorded (what was known) or occurred (what had happened).")
    moment = moment_of(as_of, "--as-of takes") if as_of else None
    with opened(data) as store:
        with store.following() as connection:
            catch_up(connection)
        try:
            result = ask_as_of(
                store,
                kpi,
                zone,
                first_day and first_day.date(),
                end_day and end_day.date(),
                moment,
                axis,  # type: ignore[arg-type]  # checked above
                group_by,
            )
        except RequestProblem as problem:
            fail(str(problem))
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    print(f"{kpi.title}: {shown(result.value)} {result.unit}  ({result.definition})")
    if result.numerator is not None:
        print(f"{shown(result.numerator)} of {shown(result.denominator)}, {result.excluded} excluded")
    print(json.dumps(result.details, default=str, indent=2))
    if result.groups:
        table = Table(group_by or "", "value", "numerator", "denominator", "sample")
        for group in result.groups:
            table.add_row(
                group.label or group.group or "(none)",
                shown(group.value),
                shown(group.numerator),
                shown(group.denominator),
                str(group.sample_size),
            )
        Console().print(table)


def _kpi(slug: str) -> Any:
    from api.kpis import find
    from api.problems import NotFound

    try:
        return find(slug)
    except NotFound as unknown:
        fail(str(unknown))
