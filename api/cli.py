"""The `crm` command line. Every command starts the embedded server when it is not running and shares it when it is."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from api.printing import print_json, print_reports, shown
from api.settings import Settings

if TYPE_CHECKING:  # the database and web packages are slow to import, and not every command needs them
    from api.store import Store

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
keys = typer.Typer(no_args_is_help=True, help="API keys.")
imports = typer.Typer(no_args_is_help=True, help="Bring data in from files.")
figures = typer.Typer(no_args_is_help=True, help="Figures, with their definitions.")
app.add_typer(keys, name="key")
app.add_typer(imports, name="import")
app.add_typer(figures, name="kpi")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder; default: EVERFOLD_DATA or .everfold", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def run(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Where to serve.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Which address to listen on.")] = "127.0.0.1",
    demo: Annotated[bool, typer.Option(help="Load the demo company when the log is empty.")] = True,
) -> None:
    """Serve the API and the console, and keep the read models up to date. Ctrl-C stops everything."""
    from api.serve import serve

    with _explaining():
        serve(_settings(data), host=host, port=port, demo=demo)


@app.command("test")
def run_tests(
    full: Annotated[bool, typer.Option("--full", help="Add the long tier.")] = False,
    only: Annotated[str | None, typer.Option("-k", help="Only tests whose names match.")] = None,
) -> None:
    """Run the checks: lint, types, import rules and the tests."""
    from api.gate import run_gate

    raise typer.Exit(run_gate(full=full, only=only))


@app.command("sign-in")
def sign_in(data: Data = None, port: Annotated[int, typer.Option(help="Where the console is served.")] = 8000) -> None:
    """Print a link that signs in to the console, once, within an hour."""
    from api.access import create_sign_in_link

    with _store(data) as store:
        print(f"http://127.0.0.1:{port}{create_sign_in_link(store)}")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; default: everything. Repeatable.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once; only its digest is kept."""
    from api.access import SCOPES, create_api_key

    if not name.strip():
        _fail("Give the key a name that says what it is for.")
    scopes = tuple(scope or SCOPES)
    if unknown := set(scopes) - SCOPES.keys():
        _fail(f"There is no scope {min(unknown)!r}. There are: {', '.join(SCOPES)}.")
    with _store(data) as store:
        key = create_api_key(store, name, scopes)
    if as_json:
        print_json({"key": key, "scopes": scopes})
    else:
        print(key)


@app.command()
def demo(
    data: Data = None,
    leads: Annotated[int, typer.Option(min=1, max=100_000, help="How many leads.")] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, another company.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Load a simulated company through the real commands."""
    from api.demo import load_demo

    with _store(data) as store:
        report = load_demo(store, leads=leads, seed=seed)
    if as_json:
        print_json(report)
    else:
        print(f"{report['leads']} leads of {report['customers']} prospects, {report['events']} events.")


@imports.command("leads")
def import_leads(
    file: Annotated[Path, typer.Argument(help="The CSV file.")],
    mapping: Annotated[Path, typer.Option(help="Which column feeds which field (TOML).")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Import leads. Repeatable: only real differences become events; refused rows go to an error file."""
    from api.imports.leads import ImportRefused, import_file

    with _store(data) as store:
        try:
            report = import_file(store, file, mapping, Console(stderr=True))
        except ImportRefused as refusal:
            _fail(str(refusal))
    if as_json:
        print_json(report.as_json())
    else:
        print(report)


@app.command()
def replay(
    name: Annotated[str | None, typer.Argument(help="The read model.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All read models.")] = False,
    customer: Annotated[UUID | None, typer.Option(help="Only this customer's rows, in place.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fold read models anew beside the live ones, compare, and swap."""
    from projections.read_models import read_models
    from replay.follow import catch_up
    from replay.rebuild import rebuild, replay_customer

    if every and (name or customer):
        _fail("--all replays everything; leave out the name and --customer.")
    if not every and name is None and customer is None:
        _fail(f"Name a read model ({', '.join(read_models())}), or give --all or --customer ID.")
    chosen = _chosen(name)
    with _store(data) as store, store.pool.connection() as connection:
        connection.execute("SET statement_timeout = 0")
        catch_up(connection)
        reports = [
            replay_customer(connection, model, customer) if customer else rebuild(connection, model) for model in chosen
        ]
    print_reports(reports, as_json)


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="The read model; default: all.", show_default=False)] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compare every read model with a replay of the log, row by row; exit 1 when they differ."""
    from replay.follow import catch_up
    from replay.rebuild import verify as verify_model

    chosen = _chosen(name)
    with _store(data) as store, store.pool.connection() as connection:
        connection.execute("SET statement_timeout = 0")
        catch_up(connection)
        reports = [verify_model(connection, model) for model in chosen]
    print_reports(reports, as_json)
    raise typer.Exit(1 if any(report.differing for report in reports) else 0)


@figures.command("list")
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


@figures.command("show")
def show_kpi(slug: str) -> None:
    """A figure's definition: formula, edge cases and the SQL."""
    from api.kpis import definition

    kpi = _kpi(slug)
    for field, value in definition(kpi).model_dump().items():
        print(f"{field:>11}: {', '.join(value) if isinstance(value, list) else value}")
    print(f"\n{kpi.relation.text.strip()}\n\n{kpi.counted.strip()}\n\n{kpi.figure.strip()}")


@figures.command("run")
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
    from api.kpis import ask
    from api.problems import RequestProblem
    from replay.follow import catch_up

    kpi = _kpi(slug)
    if axis not in (None, "recorded", "occurred"):
        _fail("--axis is recorded (what was known) or occurred (what had happened).")
    moment = _moment(as_of)
    with _store(data) as store, store.pool.connection() as connection:
        catch_up(connection)
        try:
            result = ask(
                connection,
                kpi,
                zone or store.settings.zone,
                first_day and first_day.date(),
                end_day and end_day.date(),
                moment,
                axis,  # type: ignore[arg-type]  # checked above
                group_by,
            )
        except RequestProblem as problem:
            _fail(str(problem))
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


def _settings(data: Path | None) -> Settings:
    return Settings(data=data) if data else Settings()


@contextmanager
def _store(data: Path | None) -> "Iterator[Store]":
    from api.store import open_store

    with _explaining(), open_store(_settings(data)) as store:
        yield store


@contextmanager
def _explaining() -> Iterator[None]:
    """Turn the troubles that a user can do something about into a sentence and exit code 1."""
    from api.store import WrongSecret
    from eventstore.database import UNAVAILABLE, DatabaseUnavailable, MigrationMismatch
    from eventstore.fence import StuckWriter
    from eventstore.log import VersionConflict
    from eventstore.server import ServerError
    from replay.follow import OtherDefinition
    from replay.rebuild import InUse, NameTaken

    told: tuple[type[Exception], ...] = (ServerError, DatabaseUnavailable, MigrationMismatch, StuckWriter, WrongSecret)
    told += (OtherDefinition, InUse, NameTaken)
    passing: tuple[type[Exception], ...] = (*UNAVAILABLE, VersionConflict)
    try:
        yield
    except told as trouble:
        _fail(str(trouble))
    except passing:
        _fail("The database is too busy, or has just gone away. Try again; nothing was left half done.")


def _fail(sentence: str) -> Any:  # Any: never returns, and fits wherever a value is expected
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)


def _chosen(name: str | None) -> Any:
    from projections.read_models import read_models

    if name is None:
        return list(read_models().values())
    if name not in read_models():
        _fail(f"There is no read model {name!r}. There are: {', '.join(read_models())}.")
    return [read_models()[name]]


def _kpi(slug: str) -> Any:
    from projections.kpi import kpis

    if slug not in kpis():
        _fail(f"There is no KPI {slug!r}. There are: {', '.join(kpis())}.")
    return kpis()[slug]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        _fail("--as-of takes a moment with its offset from UTC, such as 2026-03-03T09:00:00Z.")
    return moment
