"""The verbs that fold read models anew, and watch over it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from api.cli.common import AsJson, Data, chosen_read_models, end_with_what_is_left, fail, known_read_models, opened
from api.cli.printing import print_parked, print_plans, print_progress, print_reports

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from replay import progress

app = typer.Typer()


@app.command()
def replay(
    name: Annotated[str | None, typer.Argument(help="The read model.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="All read models.")] = False,
    customer: Annotated[UUID | None, typer.Option(help="Only this customer's rows, in place.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would read and how long that may take.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was paused or cut off.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far the replays under way are.")] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Pause them, in whatever process they run.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="End them, and drop what they have made.")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="How many read models at a time.")] = 2,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fold read models anew beside the live ones, compare, and swap. Ctrl-C pauses; exit code 3: some are not done."""
    told = sum((dry_run, resume, status, pause, cancel))
    if told > 1 or (customer and told):
        fail("Give one of --dry-run, --resume, --status, --pause, --cancel, and none of them with --customer.")
    if every and (name or customer):
        fail("--all replays everything; leave out the name and --customer.")
    if not (every or name or customer or resume or status or pause or cancel):
        fail(f"Name a read model ({', '.join(known_read_models())}), or give --all or --customer ID.")
    chosen = chosen_read_models(name)
    names = [model.name for model in chosen]
    from eventstore.fence import horizon
    from replay import progress, rebuild, together
    from replay.follow import catch_up
    from replay.verification import replay_customer

    with opened(data) as store:
        with store.following() as connection:
            if dry_run:
                counts = progress.count_types(connection, horizon(connection))
                print_plans(progress.plan(connection, chosen, counts), as_json)
                return
            if status or pause or cancel:
                if pause:
                    progress.ask(connection, names, "pause")
                under_way = [each for each in progress.under_way(connection) if each.read_model in names]
                if cancel:
                    for each in under_way:
                        rebuild.cancel(connection, each.read_model)
                print_progress(under_way, as_json, "cancelled" if cancel else "pausing" if pause else None)
                return
            catch_up(connection)
            if customer:
                print_reports([replay_customer(connection, model, customer) for model in chosen], as_json)
                return
        with _shown() as tell:
            if resume:
                outcome = together.resume_together(store.following, tell, at_once=at_once)
            else:
                outcome = together.replay_together(store.following, chosen, tell, at_once=at_once)
    print_reports(outcome.reports, as_json)
    for left in outcome.stopped:
        said = "cancelled" if left.wanted == "cancel" else "paused; go on with: ./crm replay --resume"
        print(f"{left.read_model}: {said}")
    end_with_what_is_left([left.read_model for left in outcome.stopped])


@contextmanager
def _shown() -> "Iterator[Callable[[progress.Progress], None]]":
    """A line for each read model at work, on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        TextColumn("{task.fields[phase]}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:

        def tell(now: "progress.Progress") -> None:
            rate = f"{now.rate:,.0f} events/s" if now.rate else ""
            left = f"{now.eta:.0f} s left" if now.eta else ""
            if now.read_model not in tasks:
                tasks[now.read_model] = bars.add_task(now.read_model, phase="", rate="", left="")
            bars.update(
                tasks[now.read_model],
                total=max(1, now.events),
                completed=now.events_done,
                visible=now.phase != "swapping",
                phase=now.phase,
                rate=rate,
                left=left,
            )

        yield tell


parked = typer.Typer(invoke_without_command=True, help="Keys that a fold fails on: the others go on without them.")


@parked.callback()
def list_parked(context: typer.Context, data: Data = None, as_json: AsJson = False) -> None:
    """List the keys that are set apart, with the event that their fold fails on."""
    if context.invoked_subcommand:
        return
    from replay.parked import parked as found

    with opened(data) as store, store.following() as connection:
        print_parked(found(connection, list(known_read_models())), as_json)


@parked.command()
def retry(
    name: Annotated[str | None, typer.Argument(help="The read model; default: all.", show_default=False)] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fold these keys once more; exit 3 when some still fail."""
    from replay.follow import catch_up
    from replay.parked import parked as found
    from replay.verification import retry_parked

    chosen = chosen_read_models(name)
    with opened(data) as store, store.following() as connection:
        catch_up(connection)
        for model in chosen:
            retry_parked(connection, model)
        left = found(connection, [model.name for model in chosen])
    print_parked(left, as_json)
    end_with_what_is_left([each.read_model for each in left])
