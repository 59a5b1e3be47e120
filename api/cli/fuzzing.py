"""`crm fuzz`: asks an API of its own what nobody would, and compares each answer with the OpenAPI document."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import AsJson, explaining, fail
from api.cli.printing import print_json
from api.settings import Settings

if TYPE_CHECKING:
    from api.fuzz import Fuzzed

_CUSTOMERS = 20


def fuzz(
    requests: Annotated[int, typer.Option(min=1, help="How many requests to send, about.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Another one asks something else.")] = 0,
    only: Annotated[str, typer.Option(help="Only operations with this in them, such as 'POST /v1/leads'.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send made-up requests to an API of its own, by every role and by strangers; exit code 1 when an answer is not
    what the OpenAPI document says. It has the demo company in a temporary folder; your own data is not touched."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with TemporaryDirectory(prefix="everfold-fuzz-") as folder:
        Path(folder).chmod(0o755)  # root lends the server an account of its own, which must get in
        found = _fuzzed(Path(folder), requests, seed, only)
    told = {
        "requests": found.requests,
        "operations": len(found.operations),
        "by_status": {str(status): count for status, count in sorted(found.by_status.items())},
        "wrong": [{"operation": one.operation, "role": one.role, "what": one.what} for one in found.wrong.values()],
    }
    if as_json:
        print_json(told)
    else:
        statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(found.by_status.items()))
        print(f"{found.requests:,} requests to {len(found.operations)} operations: {statuses}")
        for one in found.wrong.values():
            print(f"\n{one.operation}, asked by {one.role}: {one.what}")
        print(f"{len(found.wrong)} kinds of answers are not what the document says")
    raise typer.Exit(1 if found.wrong else 0)


def _fuzzed(folder: Path, requests: int, seed: int, only: str) -> "Fuzzed":
    from api import fuzz as fuzzing
    from api.demo.load import load_demo
    from api.store import open_store, publish_defaults

    chosen = {"secret": "fuzz", "data": folder, **fuzzing.NO_LIMITS}
    if Settings().database_url:
        fail("This starts a server of its own, and DATABASE_URL names another: env -u DATABASE_URL ./crm fuzz")
    with explaining(), open_store(Settings.model_validate(chosen), follow=True, publish=False) as store:
        load_demo(store, customers=_CUSTOMERS)
        with store.pool.connection() as connection:
            publish_defaults(connection)
        try:
            return fuzzing.fuzz(store, requests, seed, only)
        except ModuleNotFoundError as missing:
            fail(f"{missing.name} is not installed; ./crm fuzz, from the project's folder, installs it.")
