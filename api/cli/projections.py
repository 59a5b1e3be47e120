"""The verbs of whoever adds a read model."""

from typing import Annotated

import typer

from api.cli.common import Data, explaining, fail, known_read_models, opened
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

    known = known_read_models()
    if name not in known:
        fail(f"There is no read model {name!r}. There are: {', '.join(known)}.")
    with opened(data) as store, store.following() as connection:
        rows = look_over(connection, known[name])
    print(f"{name} can be replayed: the same {rows} rows in every way.")
