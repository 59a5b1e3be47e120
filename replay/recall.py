"""One customer or record as it was known at a position, folded on the fly: a few events, in milliseconds."""

from dataclasses import replace
from functools import cache
from uuid import UUID

from eventstore.database import Connection
from projections.read_models import ROOT, ReadModel
from replay.asof import models_of
from replay.fold import Row, rows_at
from replay.roots import roots


def customer_at(connection: Connection, customer_id: UUID, position: int) -> UUID:
    """In whose history a customer lived on at a position: her own, unless she was merged."""
    with connection.transaction():
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return roots(connection, ROOT, position, [customer_id]).merged.get(customer_id, customer_id)


def table_at(connection: Connection, table: str, key: UUID, position: int) -> list[Row]:
    """The rows that a table of a read model had of one refold key at a position, folded on the fly."""
    (model,) = models_of([table])
    asked = _as_asked(model, table)
    if asked.key_column != ROOT:
        return rows_at(connection, asked, key, position)
    with connection.transaction():
        # to plan whose history it is, and folds that build on each other, takes longer than to carry that out
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return rows_at(connection, asked, key, position)


@cache
def _as_asked(model: ReadModel, table: str) -> ReadModel:
    """The model with this table as its answer: its fold, and those before that it builds on."""
    number = model.tables.index(table)
    folds = [model.folds[number]]
    for before in reversed(model.folds[:number]):
        if any(fold.reads(before.table) for fold in folds):
            folds.insert(0, before)
    return replace(model, folds=tuple(folds))
