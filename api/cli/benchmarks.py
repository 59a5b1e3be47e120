"""`crm bench`: measures the log on this machine, beside its peers, on a server or database of its own."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, time
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import AsJson, explaining, with_analytics
from api.cli.printing import print_json
from api.settings import Settings

if TYPE_CHECKING:
    from bench.ground import Measured, Result

app = typer.Typer(no_args_is_help=True, help="How fast the log is on this machine, beside its peers.")

_EVENTS_PER_CUSTOMER = 150
"""Of the demo company, about."""

Seconds = Annotated[float, typer.Option(min=1, help="How long each contender runs for each figure, in five rounds.")]


@app.command("append")
def bench_append(seconds: Seconds = 5, as_json: AsJson = False) -> None:
    """Appends and loads through the library's save(), and in SQL alone; and whether a tailing reader misses events."""
    from bench import append, ground

    with explaining(), ground.scratch(*_server()) as conninfo:
        seen, missed = append.missed(conninfo, seconds)
        _report(append.run(conninfo, seconds), as_json, seen_events=seen, missed_events=missed)


@app.command("import")
def bench_import(
    seconds: Seconds = 5,
    rows: Annotated[int, typer.Option(min=10, help="How many leads the CSV file has.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Bulk appends, and leads from a CSV file end to end, against a raw COPY of finished rows."""
    from bench import bulk, ground
    from bench import rows as bench_rows

    with explaining(), ground.scratch(*_server()) as conninfo, ground.database(conninfo) as other:
        _report(chain(bulk.run(conninfo, seconds), bench_rows.run(other, rows, _import_leads)), as_json)


def _import_leads(conninfo: str, file: Path, mapping: Path) -> None:
    from rich.console import Console

    from api.imports.run import import_file
    from api.store import open_store
    from replay.follow import catch_up_side_by_side

    with TemporaryDirectory() as data:
        settings = Settings.model_validate({"DATABASE_URL": conninfo, "data": Path(data)})
        with open_store(settings) as store:
            import_file(store, "leads", file, mapping, Console(quiet=True))
            catch_up_side_by_side(store.follower_conninfo)


@app.command("verify")
def bench_verify(
    events: Annotated[int, typer.Option(min=20, help="How large the log is.")] = 1_000_000, as_json: AsJson = False
) -> None:
    """Verification of a whole log against one pass in SQL that reads and hashes every row."""
    from bench import ground, verify

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(verify.run(conninfo, events), as_json)


@app.command("export")
def bench_export(
    events: Annotated[int, typer.Option(min=200, help="How large the log is.")] = 100_000, as_json: AsJson = False
) -> None:
    """Exports of a whole log as NDJSON and Parquet against psycopg's COPY of the same rows; and their memory."""
    with_analytics()
    from bench import export, ground

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(export.run(conninfo, events), as_json)


@app.command("audit")
def bench_audit(
    events: Annotated[int, typer.Option(min=20, help="How many the customer has.")] = 100_000, as_json: AsJson = False
) -> None:
    """A customer's whole history with before and after, against psycopg fetching the same rows; and its memory."""
    from bench import audit, ground

    with explaining(), ground.scratch(*_server()) as conninfo:
        found = audit.run(conninfo, events)
        _report([found.result], as_json, bytes_at_most=found.peak, bytes_at_most_for_a_tenth=found.peak_of_a_tenth)


@app.command("growth")
def bench_growth(
    seconds: Seconds = 5,
    events: Annotated[list[int] | None, typer.Option(min=20, help="Sizes of logs. Repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Appends and loads in a large log against a small one."""
    from bench import ground, growth

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(growth.run(conninfo, seconds, events or [10_000, 1_000_000]), as_json)


Customers = Annotated[int, typer.Option(min=1, help="How large the demo company is: about 150 events a customer.")]


@app.command("replay")
def bench_replay(
    customers: Customers = 400,
    seconds: Annotated[float, typer.Option(min=1, help="How long there is writing, with and without a replay.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Full replays of the read models against the library's runner and one pass over the log, and beside writers."""
    from bench import replay

    with explaining(), _demo(customers) as conninfo:
        _report(replay.run(conninfo, seconds), as_json)


@app.command("follow")
def bench_follow(
    customers: Customers = 400,
    seconds: Annotated[float, typer.Option(min=1, help="How long events come in.")] = 20,
    events: Annotated[int, typer.Option(min=20, help="How many events the busy customer has.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """From commit to visible in all read models, with two followers; and with a customer who has a long history."""
    from bench import follow

    with explaining(), _demo(customers) as conninfo:
        _report(follow.run(conninfo, seconds, events), as_json)


@app.command("asof")
def bench_asof(
    seconds: Seconds = 5,
    events: Annotated[int, typer.Option(min=1_000, help="How large the demo company's log is, about.")] = 2_000_000,
    as_json: AsJson = False,
) -> None:
    """One customer as of a past moment against reading her events; and all read models of then."""
    from bench import asof

    with explaining(), _demo(max(1, events // _EVENTS_PER_CUSTOMER)) as conninfo:
        _report(asof.run(conninfo, seconds), as_json)


@app.command("kpi")
def bench_kpi(
    customers: Customers = 400,
    short: Annotated[
        bool, typer.Option("--short", help="Customers of 20 events each, in place of the demo company.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every figure of a quarter against one scan of what it reads, and all of them as of a past moment."""
    from bench import kpis

    with explaining(), (_many if short else _demo)(customers) as conninfo:
        _report(kpis.run(conninfo), as_json)


@app.command("api")
def bench_api(
    customers: Annotated[list[int] | None, typer.Option(min=1, help="Sizes of the demo company. Repeatable.")] = None,
    seconds: Seconds = 5,
    as_json: AsJson = False,
) -> None:
    """Requests to the API against bare FastAPI routes in the same process; and in a large log against a small one."""
    from bench import ground

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(_api_figures(conninfo, sorted(customers or [130, 13_000]), seconds), as_json)


@app.command("console")
def bench_console(customers: Customers = 400, as_json: AsJson = False) -> None:
    """Each page's weight, server time and largest contentful paint in headless Chromium; and a board of 1,000 cards."""
    from api.cli.bench_console import visiting
    from bench import console, ground

    with explaining(), ground.scratch(*_server()) as conninfo, visiting(conninfo, customers) as visited:
        _report(console.run(visited, Settings().chromium), as_json)


def _api_figures(conninfo: str, sizes: list[int], seconds: float) -> "Iterator[Result | Measured]":
    from api.cli.bench_server import serving
    from bench import api, ground

    with ExitStack() as stack:
        smallest, *larger = [
            stack.enter_context(serving(stack.enter_context(ground.database(conninfo)), size)) for size in sizes
        ]
        yield from api.run(smallest, seconds)
        yield api.export(larger[-1] if larger else smallest)
        for size, served in zip(sizes[1:], larger, strict=True):
            yield api.growth(smallest, served, f"{size * _EVENTS_PER_CUSTOMER:,} events", seconds)


@contextmanager
def _demo(customers: int) -> Iterator[str]:
    """A database with the demo company's log."""
    from api.demo.load import load_demo
    from api.store import open_store
    from bench import ground

    with ground.scratch(*_server()) as conninfo, TemporaryDirectory() as data:
        settings = Settings.model_validate({"DATABASE_URL": conninfo, "data": Path(data)})
        with open_store(settings, publish=False) as store:
            load_demo(store, seed=1, customers=customers)
        yield conninfo


@contextmanager
def _many(customers: int) -> Iterator[str]:
    """A database with the log of many customers who each did a few things, up to the last midnight."""
    from bench import ground, many

    with ground.scratch(*_server()) as conninfo:
        many.fill(conninfo, customers, datetime.combine(datetime.now(UTC), time(), UTC))
        yield conninfo


def _server() -> tuple[str | None, Path | None]:
    settings = Settings()
    return settings.database_url.get_secret_value() if settings.database_url else None, settings.pg_bin


def _report(results: "Iterable[Result | Measured]", as_json: bool, **more: int) -> None:
    """A line for each figure as soon as it is known, or JSON in the end."""
    if as_json:
        print_json({"figures": [_as_json(result) for result in results], **more})
        return
    for result in results:
        print(_line(result), flush=True)
    for name, count in more.items():
        print(f"{name.replace('_', ' ')}: {count:,}")


def _line(result: "Result | Measured") -> str:
    from bench.ground import Measured

    if isinstance(result, Measured):
        bars = {"at most": result.at_most, "at least": result.at_least}
        reach = "".join(f"  (to reach: {words} {bar:g})" for words, bar in bars.items() if bar is not None)
        return f"{result.figure:<72} {result.value:>10,.2f} {result.unit}{reach}"
    reach = f"  (to reach: {result.to_reach:.2f})" if result.to_reach else ""
    return (
        f"{result.figure:<48} {result.rate:>9,.0f}/s   {result.peer:<15} {result.peer_rate:>9,.0f}/s"
        f"   ratio {result.ratio:.2f}{reach}"
    )


def _as_json(result: "Result | Measured") -> dict[str, object]:
    from bench.ground import Measured

    if isinstance(result, Measured):
        return {
            "figure": result.figure,
            "value": round(result.value, 3),
            "unit": result.unit,
            "at_most": result.at_most,
            "at_least": result.at_least,
        }
    return {
        "figure": result.figure,
        "per_second": round(result.rate),
        "peer": result.peer,
        "peer_per_second": round(result.peer_rate),
        "ratio": round(result.ratio, 3),
        "to_reach": result.to_reach,
        **({"details": dict(result.details)} if result.details else {}),
    }
