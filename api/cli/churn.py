"""`crm churn`: customers who stay away, found by a published rule."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.common import AsJson, Data, opened
from api.cli.printing import print_json

app = typer.Typer(no_args_is_help=True, help="Customers who stay away longer than they are used to.")


@app.callback()
def churn() -> None:
    """Customers who stay away longer than they are used to."""


@app.command()
def find(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Mark who is at risk or has left by the rule silence@1, and take back what no longer holds."""
    from api.silence import find_silent
    from replay.follow import catch_up

    with opened(data) as store:
        with store.following() as connection:
            catch_up(connection)
        findings = find_silent(store, dry_run=dry_run)
    if as_json:
        print_json(asdict(findings) | {"recorded": not dry_run})
        return
    for found in findings.found:
        print(f"{found.customer_id}: {found.words or found.refused}")
    counts = Counter(type_ for found in findings.found for type_ in found.types)
    told = ", ".join(f"{count:,} {type_}" for type_, count in sorted(counts.items())) or "nothing to record"
    print(f"{findings.customers:,} customers: {told}{', but nothing was recorded' if dry_run and counts else ''}.")
    if counts and not dry_run:
        print(f"To take it back: ./crm undo {findings.correlation_id}")
