"""`crm bench`: measures the log on this machine, beside its peers, on a server or database of its own."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import AsJson, explaining
from api.cli.printing import print_json
from api.settings import Settings

if TYPE_CHECKING:
    from bench.ground import Result

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
def bench_import(seconds: Seconds = 5, as_json: AsJson = False) -> None:
    """Bulk appends against a raw COPY of finished rows."""
    from bench import bulk, ground

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(bulk.run(conninfo, seconds), as_json)


@app.command("verify")
def bench_verify(
    events: Annotated[int, typer.Option(min=20, help="How large the log is.")] = 1_000_000, as_json: AsJson = False
) -> None:
    """Verification of a whole log against one pass in SQL that reads and hashes every row."""
    from bench import ground, verify

    with explaining(), ground.scratch(*_server()) as conninfo:
        _report(verify.run(conninfo, events), as_json)


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


@app.command("asof")
def bench_asof(
    seconds: Seconds = 5,
    events: Annotated[int, typer.Option(min=1_000, help="How large the demo company's log is, about.")] = 2_000_000,
    as_json: AsJson = False,
) -> None:
    """One customer as of a past moment against reading her events; and all read models of then."""
    from api.demo.load import load_demo
    from api.store import open_store
    from bench import asof, ground

    with explaining(), ground.scratch(*_server()) as conninfo, TemporaryDirectory() as folder:
        settings = Settings.model_validate({"DATABASE_URL": conninfo, "data": Path(folder)})
        with open_store(settings, publish=False) as store:
            load_demo(store, customers=max(1, events // _EVENTS_PER_CUSTOMER))
        _report(asof.run(conninfo, seconds), as_json)


def _server() -> tuple[str | None, Path | None]:
    settings = Settings()
    return settings.database_url.get_secret_value() if settings.database_url else None, settings.pg_bin


def _report(results: "Iterable[Result]", as_json: bool, **more: int) -> None:
    """A line for each figure as soon as it is known, or JSON in the end."""
    if as_json:
        print_json({"figures": [_as_json(result) for result in results], **more})
        return
    for result in results:
        reach = f"  (to reach: {result.to_reach:.2f})" if result.to_reach else ""
        print(
            f"{result.figure:<48} {result.rate:>9,.0f}/s   {result.peer:<15} {result.peer_rate:>9,.0f}/s"
            f"   ratio {result.ratio:.2f}{reach}",
            flush=True,
        )
    for name, count in more.items():
        print(f"{name.replace('_', ' ')}: {count:,}")


def _as_json(result: "Result") -> dict[str, object]:
    return {
        "figure": result.figure,
        "per_second": round(result.rate),
        "peer": result.peer,
        "peer_per_second": round(result.peer_rate),
        "ratio": round(result.ratio, 3),
        "to_reach": result.to_reach,
    }
