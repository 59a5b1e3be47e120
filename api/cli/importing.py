"""`crm import`: files of several kinds, and a mapping guessed for one; and who may be on record twice now."""

from collections.abc import Callable
from dataclasses import asdict
from heapq import nlargest
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.common import AsJson, Data, fail, opened
from api.cli.printing import print_json

app = typer.Typer(no_args_is_help=True, help="Bring data in from files.")

_MOST_PAIRS = 10_000

KINDS = {
    "customers": "Customers",
    "people": "Contact persons of customers, or customers who are persons",
    "leads": "Leads",
    "purchases": "Purchases",
    "subscriptions": "Subscriptions",
    "tickets": "Tickets",
    "ticket-events": "Events of tickets, in their order",
    "interactions": "Interactions",
    "campaign-members": "Members of campaigns",
    "surveys": "Answers to surveys",
}
"""What a file can hold rows of, by the word of the command."""


def _importing(kind: str) -> Callable[..., None]:
    def import_rows(
        file: Annotated[Path, typer.Argument(help="The file: CSV, NDJSON, vCard, iCalendar or e-mails.")],
        mapping: Annotated[Path, typer.Option(help="Which column feeds which field (TOML).")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be recorded.")] = False,
        data: Data = None,
        as_json: AsJson = False,
    ) -> None:
        from api.imports.run import ImportRefused, import_file
        from replay.follow import catch_up_side_by_side

        with opened(data, new=True) as store:
            try:
                report = import_file(store, kind, file, mapping, Console(stderr=True), dry_run=dry_run)
                if not dry_run:
                    catch_up_side_by_side(store.follower_conninfo)
            except ImportRefused as refusal:
                fail(str(refusal))
        if as_json:
            print_json(report.as_json())
        else:
            print(report)

    return import_rows


for _kind, _rows in KINDS.items():
    app.command(
        _kind,
        help=f"{_rows}. Repeatable: only real differences become events; refused rows go to an error file.",
        short_help=_rows,
    )(_importing(_kind))


@app.command()
def guess(
    file: Annotated[Path, typer.Argument(help="The file: CSV, NDJSON, vCard, iCalendar or e-mails.")],
    kind: Annotated[str | None, typer.Option(help="What its rows are, such as leads; default: as it looks.")] = None,
) -> None:
    """Print a mapping for a file, to be corrected: which column feeds which field, and what its words mean here."""
    from api.imports import guess as guessing
    from api.imports.mapping import ImportRefused

    chosen = next((known for known in guessing.KINDS if known == kind), None)
    if kind and chosen is None:
        fail(f"A mapping of {kind!r} cannot be guessed. It can of: {', '.join(guessing.KINDS)}.")
    try:
        print(guessing.guess(file, chosen), end="")
    except ImportRefused as refusal:
        fail(str(refusal))


def duplicates(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many pairs at most.")] = 100,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show customers who may be on record twice, the likeliest first, and why. Nothing is merged."""
    from projections.duplicates import all_duplicates
    from projections.sight import EVERYTHING
    from replay.follow import catch_up

    with opened(data) as store:
        with store.following() as connection:
            catch_up(connection)
        with store.pool.connection() as connection:
            found = all_duplicates(connection, _MOST_PAIRS, sight=EVERYTHING)
        shown = nlargest(limit, found, key=lambda pair: pair.score)
    if as_json:
        print_json([asdict(pair) for pair in shown])
        return
    for pair in shown:
        names = f"{pair.name or 'without a name'} · {pair.other_name or 'without a name'}"
        print(f"{pair.score:.2f}  {names}: {', '.join(pair.reasons)}\n      {pair.customer_id} {pair.other_id}")
    if len(found) > len(shown):
        print(f"These are {len(shown):,} of {len(found):,} pairs. More: --limit")
    elif not found:
        print("No customer seems to be on record twice.")
