"""The verb that asks about the past: `crm asof`."""

from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import AsJson, Data, day_or_moment_of, fail, opened
from api.cli.printing import print_json

if TYPE_CHECKING:
    from projections.read_models import ReadModel
    from replay.asof import Past

app = typer.Typer()


@app.command()
def asof(
    moment: Annotated[
        str | None,
        typer.Argument(
            help="A day (its first moment, UTC), or a moment with its offset from UTC. With --drop, a schema's name.",
            show_default=False,
        ),
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Read models; default: all.", show_default=False)
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Which moments are at hand.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Drop a schema, or with --all every one.")] = False,
    every: Annotated[bool, typer.Option("--all", help="With --drop: all of them.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Fold what was known at a moment into a schema of its own, for psql. It goes a day after it was last asked for."""
    if list_them:
        _list(data, as_json)
    elif drop:
        _drop(moment, data, every=every)
    elif moment is None or every:
        fail("Say as of when: ./crm asof 2026-03-01. Or: --list, --drop SCHEMA, --drop --all.")
    else:
        _fold(moment, names or [], data, as_json)


def _fold(text: str, names: list[str], data: Data, as_json: bool) -> None:
    from api.past import limits
    from eventstore.moments import position_at
    from replay.asof import known_at

    moment = day_or_moment_of(text, "crm asof takes")
    with opened(data) as store, store.following() as connection:
        models = _chosen(names)
        past = known_at(connection, position_at(connection, moment), models, limits(store), beside=store.following)
    table = models[0].tables[-1] if names else "ticket"
    if as_json:
        print_json(_as_json(past) | {"as_of": moment.isoformat()})
        return
    print(f"{past.schema} holds what was known at {moment.isoformat()}, up to position {past.position}: {_told(past)}")
    print(f'Ask it: ./crm psql -c "SELECT count(*) FROM {past.schema}.{table}"')


def _list(data: Data, as_json: bool) -> None:
    from replay.asof import listed

    with opened(data) as store, store.following() as connection:
        found = listed(connection)
    if as_json:
        print_json([_as_json(past) for past in found])
        return
    for past in found:
        print(f"{past.schema}: {_told(past)}, last asked for {past.used_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _drop(schema: str | None, data: Data, *, every: bool) -> None:
    from replay import asof as past

    if (schema is None) is not every:
        fail("Name the schema to drop, or give --all: ./crm asof --drop asof_4711")
    with opened(data) as store, store.following() as connection:
        if every:
            dropped = past.drop_all(connection)
        else:
            known = {one.schema: one.position for one in past.listed(connection)}
            if schema not in known:
                fail(f"There is no schema {schema!r} of the past. There are: {', '.join(known) or 'none'}.")
            if not past.drop(connection, known[schema]):
                raise past.InUse([schema])
            dropped = [schema]
    print(f"Dropped: {', '.join(dropped) or 'nothing'}.")


def _chosen(names: list[str]) -> "list[ReadModel]":
    from projections.read_models import read_models

    known = read_models()
    tables = {table: model for model in known.values() for table in (*model.tables, model.name)}
    if unknown := [name for name in names if name not in tables]:
        fail(f"There is no read model {unknown[0]!r}. There are: {', '.join(known)}.")
    return list({tables[name].name: tables[name] for name in names}.values()) or list(known.values())


def _told(past: "Past") -> str:
    models = "1 read model" if len(past.models) == 1 else f"{len(past.models)} read models"
    return f"{models}, {past.bytes / 1e6:,.1f} MB"


def _as_json(past: "Past") -> dict[str, object]:
    return {
        "schema": past.schema,
        "position": past.position,
        "read_models": list(past.models),
        "bytes": past.bytes,
        "made_at": past.made_at.isoformat(),
        "used_at": past.used_at.isoformat(),
    }
