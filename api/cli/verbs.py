"""The verbs of every day: serve, sign in, bring data in, look things up. The others have modules of their own."""

from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console

from api.cli import (
    access,
    audit,
    benchmarks,
    churn,
    exporting,
    figures,
    fitting,
    fuzzing,
    importing,
    past,
    projections,
    replaying,
    teams,
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
keys.command("list")(access.list_keys)
keys.command("rotate")(access.rotate_key)
keys.command("revoke")(access.revoke_key)
app.add_typer(access.members, name="member")
app.add_typer(teams.app, name="team")
app.add_typer(figures.app, name="kpi")
app.add_typer(fitting.app, name="fit")
app.add_typer(churn.app, name="churn")
app.add_typer(benchmarks.app, name="bench")
app.add_typer(projections.app, name="projection")
app.add_typer(upkeep.app)
app.add_typer(audit.app)
app.add_typer(exporting.app)
app.add_typer(past.app)
app.command()(fuzzing.fuzz)
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
    follows: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Keep the read models up to date, or leave that to crm follow.")
    ] = True,
) -> None:
    """Serve the API and the console, and keep the read models up to date. Ctrl-C stops everything."""
    from api.serve import serve

    with explaining():
        serve(settings_of(data), host=host, port=port, demo=demo, follow=follows)


@app.command()
def follow(data: Data = None) -> None:
    """Keep the read models up to date, seal the log and verify, for servers that run with --no-follow."""
    from api.serve import follow as follow_on

    with explaining():
        follow_on(settings_of(data))


@app.command()
def ready(
    data: Data = None,
    port: Annotated[int, typer.Option(help="Where a server should answer on this machine.")] = 8000,
    follower: Annotated[
        bool, typer.Option("--follower", help="Not a server: whether the read models reach the end of the log.")
    ] = False,
) -> None:
    """Say whether a server can serve, or whether somebody follows the log; exit code 1 where not. For health checks."""
    from api.readiness import follower_trouble, server_trouble

    if follower:
        with opened(data) as store:
            trouble = follower_trouble(store)
    else:
        trouble = server_trouble(port)
    if trouble:
        print(trouble)
        raise typer.Exit(1)
    print("ready")


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
    from api.sessions import console_address, create_sign_in_link

    with opened(data) as store:
        print(f"{console_address(store.settings, port)}{create_sign_in_link(store)}")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do; default: to read, and to act on customers, leads and tickets. Repeatable."),
    ] = None,
    role: Annotated[str | None, typer.Option(help="What it may do is what this role may: agent, analyst …")] = None,
    member: Annotated[UUID | None, typer.Option(help="On whose behalf it acts: it may do and see no more.")] = None,
    records: Annotated[
        str | None, typer.Option(help="Whose records it sees: all, team, own (with --member) or none.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends: in 90d or 12h, or on a day or moment.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once; only its digest is kept."""
    from api.access import create_api_key
    from api.cli.keys import end_of, records_of, scopes_of
    from domain.event import Refusal

    if not name.strip():
        fail("Give the key a name that says what it is for.")
    scopes, seen, end = scopes_of(scope, role), records_of(records, role), end_of(expires)
    with opened(data) as store:
        try:
            key = create_api_key(store, name, scopes, member_id=member, records=seen, expires_at=end)
        except ValidationError:  # its own words would quote the name
            fail("This cannot be the name of a key. Give it one in ordinary text, of at most 20,000 characters.")
        except Refusal as refusal:
            fail(str(refusal))
    if as_json:
        print_json({"key": key, "scopes": scopes})
    else:
        print(key)


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
