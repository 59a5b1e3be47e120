"""`crm kpi publish`: the parameters and targets that hold where nobody says otherwise."""

import re
from decimal import Decimal
from typing import Annotated, Literal

import typer

from api.cli.common import AsJson, Data, fail, opened
from api.cli.kpi_options import Chosen, Options, kpi_of
from api.cli.printing import print_json

app = typer.Typer()

_BOUND: dict[bool | None, Literal["at_least", "at_most"] | None] = {True: "at_least", False: "at_most", None: None}


@app.command("publish")
def publish_kpi(
    slug: str,
    chosen: Chosen = None,
    target: Annotated[str | None, typer.Option(help="What it shall come to: a number, or none.")] = None,
    at_least: Annotated[
        bool | None,
        typer.Option("--at-least/--at-most", help="How the target is meant; else as the figure is better."),
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """From now on a figure has these parameters and this target; what it was before stays what it was."""
    from api.kpis.publishing import Target, publish
    from api.problems import RequestProblem
    from domain.workspace import KpiDefinitionUnchanged

    kpi = kpi_of(slug)
    if at_least is not None and target in (None, "none"):
        fail("--at-least and --at-most say how a target is meant: give --target NUMBER too.")
    if not chosen and target is None:
        fail("Say what to publish: --param NAME=VALUE, or --target NUMBER.")
    parameters = Options(chosen=chosen).asked("UTC").parameters
    with opened(data) as store:
        try:
            wanted = None if target is None else Target(_number(target), _BOUND[at_least])
            published = publish(store, kpi, parameters, wanted)
        except (RequestProblem, KpiDefinitionUnchanged) as problem:
            fail(str(problem))
    if as_json:
        print_json(published.model_dump(mode="json"))
    else:
        print(f"{published.in_words()}.")


def _number(text: str | None) -> Decimal | None:
    if text in (None, "none"):
        return None
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text or ""):
        fail("--target takes a number, such as 0.25 for 25 %, or none.")
    return Decimal(text or "")
