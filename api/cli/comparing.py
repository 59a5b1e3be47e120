"""`crm kpi compare` and `crm kpi export`: several answers side by side, and all figures of a period in a file."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import AsJson, Data, explaining, fail
from api.cli.kpi_options import (
    AsOf,
    Chosen,
    EndDay,
    Every,
    FirstDay,
    GroupBy,
    OnAxis,
    Options,
    Where,
    Zone,
    every_of,
    kpi_of,
    up_to_date,
)
from api.cli.kpi_tables import print_side_by_side
from api.cli.printing import print_json

if TYPE_CHECKING:
    from api.kpis.answer import KpiSeries

app = typer.Typer()

_COLUMNS = (
    "slug", "definition", "unit", "start", "end", "currency", "value", "numerator", "denominator", "sample_size",
    "excluded", "target", "is_complete", "as_of", "axis",
)  # fmt: skip


@app.command("compare")
def compare_kpi(
    slug: str,
    as_of: Annotated[list[str] | None, typer.Option(help="A day or a moment; several: side by side.")] = None,
    period: Annotated[list[str] | None, typer.Option(help="FIRST..END, END not in it; several: side by side.")] = None,
    definition: Annotated[list[str] | None, typer.Option(help="Such as win_rate@1; several: side by side.")] = None,
    first_day: FirstDay = None,
    end_day: EndDay = None,
    axis: OnAxis = None,
    group_by: GroupBy = None,
    zone: Zone = None,
    where: Where = None,
    chosen: Chosen = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """A figure at several moments, of several periods and by several definitions side by side."""
    from api.kpis.asking import answer_as_of

    kpi = kpi_of(slug)
    base = Options(first_day, end_day, None, axis, group_by, zone, None, where, chosen)
    moments: Sequence[str | None] = as_of or [None]
    definitions: Sequence[str | None] = definition or [None]
    periods: Sequence[tuple[date, date] | None] = [_period(one) for one in period or ()] or [None]
    each = list(product(moments, periods, definitions))
    if len(each) < 2:
        fail("Nothing to compare with. Give --as-of, --period or --definition more than once.")
    with up_to_date(data) as store:
        results = []
        for moment, days, name in each:
            asked = replace(base, as_of=moment, definition=name).asked(store.settings.zone)
            asked = replace(asked, first_day=days[0], end_day=days[1]) if days else asked
            results.append(answer_as_of(store, kpi, asked))
    if as_json:
        print_json([result.model_dump(mode="json") for result in results])
        return
    several = [len(one) > 1 for one in (moments, periods, definitions)]
    names = [
        "\n".join(_said(part) for part, told in zip(one, several, strict=True) if told and part is not None)
        for one in each
    ]
    print_side_by_side(kpi, results, names)


@app.command("export")
def export_kpis(
    slugs: Annotated[list[str] | None, typer.Argument(help="Which figures; all, if none is named.")] = None,
    first_day: FirstDay = None,
    end_day: EndDay = None,
    every: Every = "month",
    as_of: AsOf = None,
    axis: OnAxis = None,
    zone: Zone = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV; else as JSON.")] = False,
    file: Annotated[Path | None, typer.Option("--output", help="Into this file.", dir_okay=False)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """The figures of a period, for a spreadsheet or a program."""
    from api.kpis.series import series_as_of
    from projections.kpi import kpis

    if as_csv and as_json:
        fail("Give --csv or --json, not both.")
    chosen = [kpi_of(slug) for slug in slugs or kpis()]
    with up_to_date(data) as store:
        asked = Options(first_day, end_day, as_of, axis, zone=zone).asked(store.settings.zone)
        found = [series_as_of(store, kpi, asked, every_of(every or "month")) for kpi in chosen]
    text = _as_csv(found) if as_csv else json.dumps([one.model_dump(mode="json") for one in found], indent=2) + "\n"
    if file:
        with explaining():
            file.write_text(text, encoding="utf-8")
        print(f"{len(found)} figures are in {file}.")
    else:
        print(text, end="")


def _as_csv(found: "Sequence[KpiSeries]") -> str:
    """A row for each figure and bucket, or for each currency of it, because those are not added up."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for series in found for row in _rows(series))
    return text.getvalue()


def _rows(series: "KpiSeries") -> Iterator[dict[str, object]]:
    from api.kpis.currencies import currencies, value_in

    of_series = series.model_dump(mode="json", include={"slug", "definition", "unit", "target", "as_of", "axis"})
    for bucket in series.buckets:
        said = {name: value for name, value in bucket.model_dump(mode="json").items() if name in _COLUMNS}
        each: list[str | None] = [*currencies(bucket)] or [None]
        for currency in each:
            value = {"value": value_in(bucket, currency), "currency": currency} if currency else {}
            yield of_series | said | value


def _period(text: str) -> tuple[date, date]:
    first, _, end = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(end)
    except ValueError:
        fail("--period takes its first day and the day after its last one, such as 2026-01-01..2026-04-01.")


def _said(part: str | tuple[date, date]) -> str:
    return part if isinstance(part, str) else f"{part[0]} up to {part[1]}"
