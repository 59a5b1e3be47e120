"""The verbs of every day: serve, sign in, bring data in, look things up. The others have modules of their own."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console

from api.cli import (
    audit,
    benchmarks,
    churn,
    exporting,
    figures,
    fitting,
    importing,
    past,
    projections,
    replaying,
    upkeep,
)
from api.cli.common import (
    AsJson,
    Data,
    day_or_moment_of,
    explaining,
    fail,
    must_be_there,
    opened,
    reason_of,
    settings_of,
)
from api.cli.printing import print_event_types, print_json, print_undone
from api.settings import environment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Everfold, an event-sourced CRM.",
)
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(keys, name="key")
app.add_typer(figures.app, name="kpi")
app.add_typer(fitting.app, name="fit")
app.add_typer(churn.app, name="churn")
app.add_typer(benchmarks.app, name="bench")
app.add_typer(projections.app, name="projection")
app.add_typer(upkeep.app)
app.add_typer(audit.app)
app.add_typer(exporting.app)
app.add_typer(past.app)
app.add_typer(replaying.app)
app.add_typer(replaying.parked, name="parked")
importing.app.command("log")(exporting.import_log)
app.add_typer(importing.app, name="import")
app.command()(importing.duplicates)


@app.command()
def run(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Where to serve.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Which address to listen on.")] = "127.0.0.1",
    demo: Annotated[bool, typer.Option(help="Load the demo company when the log is empty.")] = True,
) -> None:
    """Serve the API and the console, and keep the read models up to date. Ctrl-C stops everything."""
    from api.serve import serve

    with explaining():
        serve(settings_of(data), host=host, port=port, demo=demo)


@app.command("test")
def run_tests(
    full: Annotated[bool, typer.Option("--full", help="Add the long tier.")] = False,
    only: Annotated[str | None, typer.Option("-k", help="Only tests whose names match.")] = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Before a release: do the tests notice mistakes?")] = False,
) -> None:
    """Run the checks: lint, types, import rules and the tests."""
    from api.gate import run_gate, run_mutants

    raise typer.Exit(run_mutants() if mutants else run_gate(full=full, only=only))


@app.command("sign-in")
def sign_in(data: Data = None, port: Annotated[int, typer.Option(help="Where the console is served.")] = 8000) -> None:
    """Print a link that signs in to the console, once, within an hour."""
    from api.access import create_sign_in_link

    with opened(data) as store:
        print(f"http://127.0.0.1:{port}{create_sign_in_link(store)}")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do; default: all but undo, audit:read and personal:read. Repeatable."),
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once; only its digest is kept."""
    from api.access import SCOPES, USUAL_SCOPES, create_api_key

    if not name.strip():
        fail("Give the key a name that says what it is for.")
    scopes = tuple(scope or USUAL_SCOPES)
    if unknown := set(scopes) - SCOPES.keys():
        fail(f"There is no scope {min(unknown)!r}. There are: {', '.join(SCOPES)}.")
    with opened(data) as store:
        try:
            key = create_api_key(store, name, scopes)
        except ValidationError:  # its own words would quote the name
            fail("This cannot be the name of a key. Give it one in ordinary text, of at most 20,000 characters.")
    if as_json:
        print_json({"key": key, "scopes": scopes})
    else:
        print(key)


@keys.command("list")
def list_keys(data: Data = None, as_json: AsJson = False) -> None:
    """Show the API keys in force: their ids, what each may do, and its name. The keys themselves are kept nowhere."""
    from api.access import list_api_keys

    with opened(data) as store:
        found = list_api_keys(store)
    if as_json:
        print_json([asdict(key) for key in found])
        return
    for key in found:
        print(f"{key.key_id}  {key.label}: {', '.join(key.scopes) or 'nothing'}")


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id: ./crm key list.")], data: Data = None
) -> None:
    """Take an API key back: from the next request on nobody gets in with it."""
    from api.access import revoke_key as revoke
    from api.store import SYSTEM_ID
    from domain.workspace import UnknownApiKey
    from eventstore.log import Envelope

    with opened(data) as store:
        try:
            revoke(store, key_id, Envelope("system", SYSTEM_ID, "cli"))
        except UnknownApiKey as unknown:
            fail(f"{unknown} Those in force: ./crm key list")
    print("The key is revoked.")


@app.command()
def demo(
    data: Data = None,
    customers: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many customers.")] = 400,
    seed: Annotated[int, typer.Option(help="Another seed, another company.")] = 7,
    until: Annotated[
        str | None, typer.Option(help="A day (its first moment, UTC) or a moment; default: today.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load a simulated company into an empty log. Loading the same one again changes nothing."""
    from api.demo.load import load_demo

    moment = day_or_moment_of(until, "--until takes") if until else None
    console = Console(stderr=True)
    with opened(data, new=True, publish=False) as store, console.status("Telling …") as status:
        loaded = load_demo(store, customers=customers, seed=seed, until=moment, say=status.update)
    if as_json:
        print_json(loaded.as_json())
    else:
        print(loaded)


@app.command()
def undo(
    what: Annotated[UUID, typer.Argument(metavar="ID", help="Of a command, an import, or a correlation.")],
    reason: Annotated[str | None, typer.Option(help="Why; it is kept beside each event.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be undone.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take back a command or an import. What others built upon since stays, and is told: then the exit code is 3."""
    from api.store import SYSTEM_ID
    from api.undo import NothingToUndo
    from api.undo import undo as undo_together
    from eventstore.log import Envelope

    why = reason_of(reason) or None
    with opened(data) as store:
        try:
            report = undo_together(store, Envelope("system", SYSTEM_ID, "cli"), what, reason=why, dry_run=dry_run)
        except NothingToUndo as unknown:
            fail(str(unknown))
    print_undone(report, as_json)
    raise typer.Exit(3 if report.left else 0)


@app.command()
def events(
    name: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="A type such as lead.lost, or a noun.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    as_page: Annotated[bool, typer.Option("--markdown", help="Print the page docs/events.md.")] = False,
) -> None:
    """What the log can hold: every event type, what it means, and its JSON Schema."""
    from api.event_types import chosen, markdown

    if not (found := chosen(name)):
        fail(f"There is no event type {name!r}. All types: ./crm events")
    if as_page:
        print(markdown(), end="")
    elif as_json:
        print_json([event_type.as_json() for event_type in found])
    else:
        print_event_types(found)


@app.command()
def glossary() -> None:
    """The words that code, URLs, tables and pages use, as the page docs/glossary.md."""
    from api.glossary import markdown

    print(markdown(), end="")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    role: Annotated[str, typer.Option(help="owner, app, follower, analyst, auditor or privacy.")] = "analyst",
    data: Data = None,
) -> None:
    """Open psql on the database, as a role that may do only so much. All other arguments are psql's: -c "SELECT 1"."""
    from api.psql import entered
    from eventstore import roles
    from eventstore.psql import run as run_psql

    if (chosen := f"everfold_{role}") not in roles.ROLES:
        fail(f"There is no role {role!r}. There are: {', '.join(name.split('_')[1] for name in roles.ROLES)}.")
    settings = settings_of(data)
    must_be_there(settings)
    with explaining(), entered(settings, chosen) as conninfo:
        code = run_psql(conninfo, chosen, context.args, environment(), settings.pg_bin)
    raise typer.Exit(code)
