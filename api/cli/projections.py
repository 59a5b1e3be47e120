"""The verbs of whoever adds a read model."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import AsJson, Data, chosen_read_models, explaining, fail, opened
from api.cli.printing import print_preview
from api.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Read models of your own.")


@app.command()
def new(name: Annotated[str, typer.Argument(help="What its table is to be called.")]) -> None:
    """Make the folder of a read model, which works at once and is yours to change."""
    from projections.read_models import begin

    folder = Settings().projections
    if folder is None:
        fail("Say where your read models are kept: set EVERFOLD_PROJECTIONS to a folder, which may be a new one.")
    with explaining():
        try:
            made = begin(folder, name)
        except FileExistsError:
            fail(f"{folder / name} is there already. Choose another name, or change what is in it.")
    print(f"{made / 'table.sql'} and {made / 'fold.sql'} are yours to change. Then: ./crm projection check {name}")


@app.command()
def check(name: Annotated[str, typer.Argument(help="The read model.")], data: Data = None) -> None:
    """Look a fold over, and run it in several ways on the whole history; changes nothing. Exit 2 says what to mend."""
    from replay.check import check as look_over

    (model,) = chosen_read_models(name)
    with opened(data) as store, store.following() as connection:
        rows = look_over(connection, model)
    print(f"{name} can be replayed: the same {rows} rows in every way.")


@app.command()
def preview(
    folder: Annotated[Path, typer.Argument(help="A changed copy of the read model's folder, by the same name.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what a changed definition would change in the live answer; changes nothing."""
    from projections.read_models import load
    from replay.check import check as look_over
    from replay.follow import catch_up
    from replay.verification import preview as compared

    if not (folder / "table.sql").is_file():
        fail(f"There is no {folder / 'table.sql'}. Copy the read model's folder, change the copy, and name that.")
    with opened(data) as store, store.following() as connection:
        draft = load(folder.resolve())
        chosen_read_models(draft.name)
        catch_up(connection)
        look_over(connection, draft)
        print_preview(compared(connection, draft), as_json)


@app.command()
def rollback(name: Annotated[str, typer.Argument(help="The read model.")], data: Data = None) -> None:
    """Put the version before the live one in its place, at once; both follow on, so that it can be taken back."""
    from replay.swap import roll_back

    (model,) = chosen_read_models(name)
    with opened(data) as store, store.following() as connection:
        live = roll_back(connection, name)
    if live.definition == model.definition:
        print(f"{name} is by the program's definition again. The version before is kept in previous_{name}.")
    else:
        print(
            f"{name} is by the definition before. The program's is kept in previous_{name}, and does not come back by "
            f"itself. To take it: ./crm projection rollback {name}"
        )


@app.command()
def retire(name: Annotated[str, typer.Argument(help="The read model.")], data: Data = None) -> None:
    """Drop the version that is kept to go back to, which costs as much to keep up to date as the live one."""
    from replay.swap import retire as drop

    chosen_read_models(name)
    with opened(data) as store, store.following() as connection:
        drop(connection, name)
    print(f"The version of {name} before the live one is gone.")
