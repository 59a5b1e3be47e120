"""One customer or record as it was known at a position, folded on the fly: a few events, in milliseconds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from uuid import UUID, uuid4

from domain.catalogue import stored_type_of
from domain.customer import CustomerMergedInto
from domain.customer.ties import FieldChoice
from eventstore import codec
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
    return rows_at(connection, _as_asked(model, table), key, position)


def table_of(
    connection: Connection,
    table: str,
    customer_id: UUID,
    position: int,
    *,
    happened_by: datetime | None = None,
    as_if_merged: UUID | None = None,
    field_choices: Mapping[str, FieldChoice] | None = None,
) -> list[Row]:
    """The rows of a table that lie in the history of a root customer, whatever its refold key is: as they were known at
    a position, or, with a moment, of what is known there only what had happened by then.

    What was undone up to the position never happened, and who was merged by then is one all the time. `as_if_merged`
    shows what a merge of that other root customer into her would come to, with these choices.
    """
    (model,) = models_of([table])
    asked = _of_customer(model, table)
    as_if = None
    if as_if_merged:
        as_if = _merging(as_if_merged, customer_id, position, field_choices or {})
    return rows_at(connection, asked, customer_id, position, happened_by=happened_by, as_if=as_if)


def _merging(
    merged_id: UUID, survivor_id: UUID, position: int, choices: Mapping[str, FieldChoice]
) -> Mapping[str, object]:
    """The event behind the last one, as the log would hold it."""
    merging = CustomerMergedInto(survivor_id=survivor_id, merge_id=uuid4(), field_choices=dict(choices))
    data, _ = codec.split(merging)
    return {
        "position": position + 1,
        "customer_id": str(merged_id),
        "stream_id": str(merged_id),
        "stream_type": "customer",
        "type": stored_type_of("customer", merging),
        "data": data,
        "occurred_at": datetime.now(UTC).isoformat(),
        "recorded_at": datetime.now(UTC).isoformat(),
    }


@cache
def _of_customer(model: ReadModel, table: str) -> ReadModel:
    asked = _as_asked(model, table)
    return replace(asked, folds=(*asked.folds[:-1], replace(asked.folds[-1], key_column=ROOT)))


@cache
def _as_asked(model: ReadModel, table: str) -> ReadModel:
    """The model with this table as its answer: its fold, and those before that it builds on."""
    number = model.tables.index(table)
    folds = [model.folds[number]]
    for before in reversed(model.folds[:number]):
        if any(fold.reads(before.table) for fold in folds):
            folds.insert(0, before)
    return replace(model, folds=tuple(folds))
