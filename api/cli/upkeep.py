"""The verbs that prove and keep: replay and verify, seals, forgetting, backup and restore."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.cli.common import (
    AsJson,
    Data,
    chosen_read_models,
    end_with_what_is_left,
    explaining,
    fail,
    must_be_there,
    opened,
    reason_of,
    settings_of,
)
from api.cli.printing import (
    print_backup,
    print_forgotten,
    print_json,
    print_log_report,
    print_reports,
    print_restored,
    print_sealed,
)
from api.settings import Settings
from domain.event import CustomerId

app = typer.Typer()


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="The read model; default: all.", show_default=False)] = None,
    log: Annotated[bool, typer.Option("--log", help="Recompute the log itself against its seals.")] = False,
    seals: Annotated[Path | None, typer.Option(help="With --log: the exported seals, as kept elsewhere.")] = None,
    public_key: Annotated[str | None, typer.Option(help="With --log: the key that signed them, in hex.")] = None,
    proof: Annotated[int | None, typer.Option(help="With --log: print a proof for this position.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compare every read model with a replay of the log, row by row; exit 1 when they differ, 2 when it cannot."""
    if log:
        if name:
            fail("--log verifies the whole log; leave out the name.")
        _verify_log(settings_of(data), seals, public_key, proof, as_json)
        return
    if seals or public_key or proof is not None:
        fail("--seals, --public-key and --proof belong to --log.")
    from replay.follow import catch_up
    from replay.upkeep import keep_finding
    from replay.verification import verify as verify_model

    chosen = chosen_read_models(name)
    with opened(data) as store, store.following() as connection:
        catch_up(connection)
        reports = [verify_model(connection, model) for model in chosen]
        for report in reports:
            keep_finding(connection, report)
    print_reports(reports, as_json)
    raise typer.Exit(1 if any(report.differing for report in reports) else 0)


def _verify_log(
    settings: Settings, seals: Path | None, public_key: str | None, position: int | None, as_json: bool
) -> None:
    from api.sealing import checking_key, log_as_it_lies, seals_file
    from eventstore.sealing.proof import proof
    from eventstore.sealing.verification import verify

    must_be_there(settings)
    file = seals or seals_file(settings)
    with explaining():
        if seals and not seals.exists():
            fail(f"There is no file {seals}.")
        key = checking_key(settings, public_key)
        with log_as_it_lies(settings) as connection:
            if position is not None:
                print_json(proof(connection, file, position))
                return
            report = verify(connection, file, key)
    print_log_report(report, as_json)
    raise typer.Exit(1 if report.finding else 0)


@app.command()
def seal(data: Data = None, as_json: AsJson = False) -> None:
    """Seal all events and export the seals now; a running Everfold does so by itself, within a minute or so."""
    from api.sealing import log_as_it_lies, seal_key, seals_file
    from eventstore.sealing.seal_file import public_key
    from eventstore.sealing.seals import seal_and_export

    settings = settings_of(data)
    must_be_there(settings)
    file = seals_file(settings)
    with explaining():
        key = seal_key(settings)
        with log_as_it_lies(settings) as connection:
            sealed = seal_and_export(connection, file, key, force=True)
    print_sealed(sealed, file, public_key(key).hex() if key else None, as_json)


@app.command()
def forget(
    customer: Annotated[UUID, typer.Argument(help="The customer's id.")],
    person: Annotated[UUID | None, typer.Option(help="Only this contact person of hers.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in words that do not name her; they are kept.")] = None,
    basis: Annotated[str, typer.Option(help="The legal basis: request, consent_withdrawn, objection ...")] = "request",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Erase all that is personal about a customer, for ever, down to the disk. Run again, it ends what was cut off."""
    from api.forget import forget as forget_everywhere
    from api.forget import legal_basis

    why = reason_of(reason)
    if not why:
        fail("Say why with --reason: an auditor will ask. Do not name the person in it, because it is kept.")
    try:
        basis_chosen = legal_basis(basis)
    except ValueError as unknown:
        fail(str(unknown))
    with opened(data) as store:
        done = forget_everywhere(store, CustomerId(customer), person, reason=why, legal_basis=basis_chosen)
    print_forgotten(done, as_json)
    end_with_what_is_left(done.left)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make; it must not be there yet.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole log to one file, while everything goes on. The installation's secret is not in it."""
    from api.backup import back_up

    settings = settings_of(data)
    must_be_there(settings)
    with explaining():
        print_backup(back_up(settings, file), file, as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    erasures: Annotated[
        Path | None, typer.Option(help="The list of erasures as kept elsewhere; that of the data folder counts too.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty installation from a backup: all or nothing, verified, and who was forgotten stays forgotten."""
    from api.backup import restore as restore_from

    with explaining():
        report = restore_from(settings_of(data), file, erasures)
    print_restored(report, as_json)
    end_with_what_is_left(report.left)
