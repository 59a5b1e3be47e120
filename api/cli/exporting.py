"""`crm export`: lists, the whole log, or everything about one person, as files; and `crm import log`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from os import devnull
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal, TypeAlias
from uuid import UUID

import typer

from api.cli.common import (
    AsJson,
    Data,
    day_or_moment_of,
    end_with_what_is_left,
    explaining,
    fail,
    opened,
    settings_of,
    with_analytics,
)
from domain.event import CustomerId

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from api.exports.answer import Asked
    from api.store import Store

app = typer.Typer()

KindName: TypeAlias = Literal[
    "customers",
    "people",
    "leads",
    "tickets",
    "interactions",
    "follow-ups",
    "purchases",
    "subscriptions",
    "kpis",
]
FormatName: TypeAlias = Literal["csv", "ndjson", "vcard", "icalendar", "parquet"]
AxisName: TypeAlias = Literal["recorded", "occurred"]


@app.command()
def export(
    kind: Annotated[KindName | None, typer.Argument(help="What to export.", show_default=False)] = None,
    form: Annotated[FormatName | None, typer.Option("--format", help="Default: csv; of the log ndjson.")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to make; - or nothing for standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_of: Annotated[str | None, typer.Option(help="As of a day (its first moment, UTC) or a moment.")] = None,
    axis: Annotated[AxisName | None, typer.Option(help="What was known then (recorded), or had happened.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Of kpis: first day.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Of kpis: day after.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of kpis: the time zone whose days count.")] = None,
    subject: Annotated[UUID | None, typer.Option(help="Everything about this customer, into a new folder.")] = None,
    person: Annotated[UUID | None, typer.Option(help="With --subject: only this contact person of hers.")] = None,
    log: Annotated[bool, typer.Option("--log", help="The whole log, into a new folder, by month.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with a byte order mark.")] = False,
    data: Data = None,
) -> None:
    """Write a list to a file, as of one moment. Who sees what is personal is noted (crm audit --accesses)."""
    if form == "parquet":
        with_analytics()
    if log:
        if any((kind, subject, person, as_of, axis, start, end, zone, bom, force)):
            fail("--log exports the whole log as it is: give only --format ndjson or parquet, and --output FOLDER.")
        _export_log(form or "ndjson", output, data)
        return
    if subject:
        if any((kind, form, as_of, axis, start, end, zone, bom, force)):
            fail("--subject exports everything about one person, as JSON and as a page: give only --output FOLDER.")
        _export_subject(subject, person, output, data)
        return
    if person:
        fail("--person goes with --subject CUSTOMER, whom the contact person speaks for.")
    if kind is None:
        fail("Say what to export: ./crm export customers --output customers.csv. Or: --log, --subject CUSTOMER")
    from api.exports.answer import Asked
    from api.exports.kinds import KINDS

    moment = day_or_moment_of(as_of, "--as-of takes") if as_of else None
    asked = Asked(KINDS[kind], form or "csv", moment, axis, start and start.date(), end and end.date(), zone)
    _export_list(asked, output, data, force=force, bom=bom)


def _export_list(asked: "Asked", output: Path | None, data: Path | None, *, force: bool, bom: bool) -> None:
    from api.problems import RequestProblem

    try:
        asked.must_be_possible()
        if asked.form == "parquet" and (output is None or str(output) == "-"):
            fail("Parquet goes into a file: name it with --output FILE.")
        with opened(data) as store, _target(output, force=force) as file:
            _write_list(store, asked, file, output, bom=bom)
    except RequestProblem as problem:
        fail(str(problem))


def _write_list(store: "Store", asked: "Asked", file: IO[bytes], output: Path | None, *, bom: bool) -> None:
    from api.audit.answer import Reader
    from api.audit.formats import in_blocks
    from api.exports.answer import rows_of
    from api.exports.formats import written
    from api.exports.parquet_list import write_parquet
    from api.store import SYSTEM_ID
    from projections.sight import EVERYTHING
    from replay.follow import catch_up

    with store.following() as connection:
        catch_up(connection)
    reader = Reader("system", SYSTEM_ID, "crm export", personal=True, names=True, sight=EVERYTHING)
    if asked.form == "parquet" and output:
        write_parquet(store, reader, asked, file, output.parent)
        return
    with rows_of(store, reader, asked, patient=True) as rows:
        _write(in_blocks(written(rows, asked.form, bom=bom)), file)


def _export_log(form: FormatName, output: Path | None, data: Path | None) -> None:
    from api.exports.whole_log import export_log

    if form not in ("ndjson", "parquet"):
        fail("The log can be exported as: ndjson, parquet.")
    if output is None or str(output) == "-":
        fail("Say where to: --output FOLDER. It is made, and must not be there yet.")
    with opened(data) as store:
        manifest = export_log(store, output, form)
    months = sum(1 for file in manifest.members if file.table == "log.event")
    print(f"{manifest.events:,} events of {months} months, up to position {manifest.last_position}, are in {output}.")
    print("They hold all that is personal. To load them elsewhere takes the installation's secret too.")


def _export_subject(customer_id: UUID, person_id: UUID | None, output: Path | None, data: Path | None) -> None:
    from api.audit.answer import Reader
    from api.exports.files import new_file
    from api.exports.subject import as_json, everything
    from api.exports.subject_page import as_page
    from api.problems import RequestProblem
    from api.store import SYSTEM_ID
    from eventstore.new_folder import new_folder
    from projections.sight import EVERYTHING

    if output is None or str(output) == "-":
        fail("Say where to: --output FOLDER. It is made, and must not be there yet.")
    reader = Reader("system", SYSTEM_ID, "crm export --subject", personal=True, names=False, sight=EVERYTHING)
    try:
        with opened(data) as store, new_folder(output) as folder:
            found = everything(store, reader, CustomerId(customer_id), person_id)
            for name, written in (("data.json", as_json), ("page.html", as_page)):
                with new_file(folder / name) as file:
                    file.writelines(written(found))
    except RequestProblem as problem:
        fail(str(problem))
    print(f"Everything up to position {found.position} is in {output}: data.json for programs, page.html to read.")


def import_log(
    folder: Annotated[Path, typer.Argument(help="What crm export --log --format ndjson has made.")],
    erasures: Annotated[
        Path | None, typer.Option(help="The list of erasures as kept elsewhere; that of the data folder counts too.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Load an exported log into an empty installation: all or nothing, verified; who was forgotten stays forgotten."""
    from api.cli.printing import print_restored
    from api.exports.whole_log import load_log

    with explaining():
        report = load_log(settings_of(data), folder, erasures)
    print_restored(report, as_json)
    end_with_what_is_left(report.left)


@contextmanager
def _target(output: Path | None, *, force: bool) -> Iterator[IO[bytes]]:
    from api.exports.files import new_file

    if output is None or str(output) == "-":
        yield sys.stdout.buffer
        return
    with new_file(output, force=force) as file:
        yield file


def _write(parts: Iterable[bytes], file: IO[bytes]) -> None:
    try:
        for part in parts:
            file.write(part)
        file.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = open(devnull, "w")
        raise typer.Exit(0) from None
