"""`crm fit`: models of how customers buy and renew, fitted to what they did."""

import csv
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.common import AsJson, Data, fail, moment_of, opened, with_analytics
from api.cli.printing import print_json

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from api.fitting import Fitted, Range
    from api.store import Store

app = typer.Typer(no_args_is_help=True, help="Models of what customers will buy, fitted to what they did.")

FromDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Only customers who came from this day on.")
]
UntilDay = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Day after the last; default: today.")
]
AsOf = Annotated[str | None, typer.Option(help="As it was known at a moment, such as 2026-03-03T09:00:00Z.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Record nothing.")]


@app.command()
def clv(
    from_day: FromDay = None,
    until_day: UntilDay = None,
    as_of: AsOf = None,
    currency: Annotated[str | None, typer.Option(help="Of purchases in this one, where there are several.")] = None,
    customers: Annotated[Path | None, typer.Option(help="Write what is expected of each customer to this CSV.")] = None,
    weeks: Annotated[float, typer.Option(help="With --customers: how far to look ahead.", min=1, max=1000)] = 52,
    dry_run: DryRun = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """How often customers without a contract buy (BG/NBD) and what they spend (Gamma-Gamma)."""
    from api.fitting import fit_clv
    from api.worth import expected_of_all, known_models

    if customers and customers.exists():
        fail(f"{customers} is there already. Name a file that is not.")
    with_analytics()
    asked = _range(from_day, until_day, as_of)

    def after(store: "Store", fitted: "list[Fitted]") -> None:
        if customers:
            _write(customers, [asdict(one) for one in expected_of_all(store, asked, known_models(fitted), weeks)])

    _fit(data, dry_run, as_json, lambda store: fit_clv(store, asked, currency), after)


@app.command()
def retention(
    from_day: FromDay = None,
    until_day: UntilDay = None,
    as_of: AsOf = None,
    term: Annotated[int, typer.Option(help="Of contracts that are renewed every so many months.", min=1)] = 1,
    by: Annotated[str | None, typer.Option(help="segment: also of each segment that has enough customers.")] = None,
    dry_run: DryRun = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """How customers with a contract renew it (sBG)."""
    from api.fitting import fit_retention

    if by not in (None, "segment"):
        fail("--by is segment.")
    with_analytics()
    asked = _range(from_day, until_day, as_of)
    _fit(data, dry_run, as_json, lambda store: fit_retention(store, asked, term, by_segment=by is not None))


def _fit(
    data: Data,
    dry_run: bool,
    as_json: bool,
    fit: "Callable[[Store], list[Fitted]]",
    after: "Callable[[Store, list[Fitted]], None] | None" = None,
) -> None:
    from api.fitting import record
    from api.problems import RequestProblem
    from replay.follow import catch_up

    with opened(data) as store:
        with store.following() as connection:
            catch_up(connection)
        try:
            fitted = fit(store)
            if after:
                after(store, fitted)
        except RequestProblem as problem:
            fail(str(problem))
        if not dry_run:
            record(store, fitted)
    if as_json:
        print_json([asdict(model) | {"recorded": not dry_run} for model in fitted])
        return
    for model in fitted:
        _print(model)
    print("Nothing was recorded." if dry_run else "Recorded in the workspace's history.")


def _range(from_day: datetime | None, until_day: datetime | None, as_of: str | None) -> "Range":
    from api.fitting import Range

    moment = moment_of(as_of, "--as-of takes") if as_of else None
    return Range(from_day and from_day.date(), until_day and until_day.date(), moment)


def _print(model: "Fitted") -> None:
    fit = model.fit
    table = Table(model.model, "value", "standard error")
    for name, value in fit.parameters.items():
        table.add_row(name, f"{value:.4f}", f"{fit.standard_errors[name]:.4f}")
    Console().print(table)
    print(f"log-likelihood {fit.log_likelihood:.4f}; {fit.observations} customers, {model.excluded} left out")
    print(f"from {model.from_day} up to, not including, {model.until_day}")
    for note in model.notes:
        print(f"NOTE: {note}")


def _write(file: Path, rows: list[dict[str, object]]) -> None:
    from api.worth import Buying

    with open(file, "w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, [field.name for field in fields(Buying)])
        writer.writeheader()
        writer.writerows(rows)
