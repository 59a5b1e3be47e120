"""`crm audit`: what happened to a customer, who did it, and who has looked."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from os import devnull
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from uuid import UUID

import typer

from api.cli.common import Data, fail, opened
from domain.event import CustomerId

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from api.audit.answer import Reader
    from api.audit.question import Question
    from api.store import Store

app = typer.Typer()

Format: TypeAlias = Literal["text", "ndjson", "csv", "html"]
AxisName: TypeAlias = Literal["recorded", "occurred"]

_NOTHING = "No event of hers answers to this: none was known, or the filters leave none.\n"
_TAKES = "A day means its first moment, UTC."


@app.command()
def audit(
    customer: Annotated[UUID, typer.Argument(help="The customer's id.")],
    as_of: Annotated[str | None, typer.Option(help=f"As of a day or a moment with its offset. {_TAKES}")] = None,
    axis: Annotated[AxisName, typer.Option(help="What was known then, or what had happened by then.")] = "recorded",
    types: Annotated[list[str] | None, typer.Option("--type", help="Only such events. Repeatable.")] = None,
    actor: Annotated[UUID | None, typer.Option(help="Only what this member or key did.")] = None,
    field: Annotated[str | None, typer.Option(help="Only what touched this field, such as stage.")] = None,
    start: Annotated[str | None, typer.Option("--from", help=f"From this moment on, on the axis. {_TAKES}")] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"Before this moment, on the axis. {_TAKES}")] = None,
    between: Annotated[
        tuple[str, str] | None, typer.Option(help=f"The fields that differ between two moments. {_TAKES}")
    ] = None,
    accesses: Annotated[bool, typer.Option("--accesses", help="Who has seen what is personal about her.")] = False,
    personal: Annotated[bool, typer.Option(help="Show what is personal, which is noted; or do without.")] = True,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = "text",
    data: Data = None,
) -> None:
    """Every event of a customer, her leads and tickets: who, when, why, and each field before and after."""
    from api.audit.answer import Reader
    from api.audit.question import Question, moment_of, must_be_in_order, must_be_types
    from api.problems import RequestProblem
    from api.store import SYSTEM_ID
    from projections.sight import EVERYTHING

    filters = [as_of, types, actor, field, start, end]
    if sum([any(filters), between is not None, accesses]) > 1:
        fail("--between and --accesses are questions of their own; ask them without --as-of and the filters.")
    if (between or accesses) and form not in ("text", "ndjson"):
        fail("--between and --accesses are written as text or ndjson.")
    try:
        question = Question(
            CustomerId(customer),
            moment_of(as_of, "--as-of") if as_of else None,
            axis,
            must_be_types(types or ()),
            actor,
            field,
            moment_of(start, "--from") if start else None,
            moment_of(end, "--to") if end else None,
        )
        if between:
            first, second = (moment_of(text, "--between") for text in between)
            must_be_in_order(first, second)
        with opened(data) as store:
            reader = Reader("system", SYSTEM_ID, "crm audit", personal=personal, names=True, sight=EVERYTHING)
            if accesses:
                _print_accesses(store, question.customer_id, form)
            elif between:
                _print_difference(store, reader, question.customer_id, (first, second), axis, form)
            else:
                _print_history(store, reader, question, form)
    except RequestProblem as problem:
        fail(str(problem))


def _print_history(store: "Store", reader: "Reader", question: "Question", form: Format) -> None:
    from api.audit import formats
    from api.audit.answer import answer
    from eventstore.fence import horizon
    from projections.read_models import read_models
    from replay.follow import advance

    with store.following() as connection:  # nobody else may be keeping the members' names up to date
        advance(connection, read_models()["workspace_member"], horizon(connection))
    entries = answer(store, reader, question).entries()
    if form == "ndjson":
        _write(formats.as_ndjson(entries))
    elif form == "csv":
        _write(formats.as_csv(entries))
    elif form == "html":
        _write(text.encode() for text in formats.as_html(entries, f"History of customer {question.customer_id}"))
    else:
        found = formats.as_text(entries)
        _write(text.encode() for text in chain([next(found, _NOTHING)], found))


def _print_difference(
    store: "Store",
    reader: "Reader",
    customer_id: CustomerId,
    moments: tuple[datetime, datetime],
    axis: AxisName,
    form: Format,
) -> None:
    from api.audit import formats
    from api.audit.answer import difference

    _, found = difference(store, reader, customer_id, *moments, axis)
    _write(formats.as_ndjson(found) if form == "ndjson" else (text.encode() for text in formats.differing(found)))


def _print_accesses(store: "Store", customer_id: CustomerId, form: Format) -> None:
    from api.audit import formats
    from api.audit.answer import all_accesses
    from projections.sight import EVERYTHING

    found = (asdict(access) for access in all_accesses(store, customer_id, EVERYTHING))
    _write(formats.as_ndjson(found) if form == "ndjson" else (text.encode() for text in formats.accessed(found)))


def _write(parts: Iterable[bytes]) -> None:
    try:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = open(devnull, "w")
        raise typer.Exit(0) from None
