"""Works figures out: over the live read models, or over what was known at a moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from api import past
from api.kpis.answer import KpiGroup, KpiResult, Period
from api.kpis.question import Asked, must_be_askable, values
from api.past import Axis
from api.problems import BadParameter
from api.store import Store
from eventstore import log
from eventstore.database import Connection
from projections import kpi as figures
from projections.kpi import Kpi, Question
from projections.kpi_parameters import Value
from projections.reading import LIVE, Row

_NOTHING: Row = {"numerator": None, "denominator": None, "sample_size": 0, "excluded": 0, "details": {}}


@dataclass(frozen=True, slots=True)
class Settled:
    """What was asked, with all that was left open filled in."""

    asked: Asked
    kpi: Kpi
    variant: str | None
    question: Question

    @property
    def definition(self) -> str:
        """The name of what the figure is worked out by."""
        return self.kpi.named(self.variant)

    @property
    def params(self) -> dict[str, str]:
        """All parameters of the figure, as text."""
        return {name: _text(value) for name, value in self.question.parameters.items()}


def answer_as_of(store: Store, kpi: Kpi, asked: Asked) -> KpiResult:
    """Work a figure out, on either axis; what was known at a past moment is folded for it first. Raises as both do."""
    with tables(store, kpi, asked) as (connection, schema):
        return answer(connection, kpi, asked, schema)


@contextmanager
def tables(store: Store, kpi: Kpi, asked: Asked) -> Iterator[tuple[Connection, str]]:
    """A connection, and the schema to ask the figure in. Raises BadParameter, before anything is folded, and as
    `past.tables` does."""
    version, _ = must_be_askable(kpi, asked)
    with past.tables(store, version.relation.reads, asked.as_of, asked.axis) as found:
        yield found


def answer(connection: Connection, kpi: Kpi, asked: Asked, schema: str = LIVE) -> KpiResult:
    """Work a figure out over the tables of a schema: as of a past moment on the recorded axis, those of `tables`.

    Raises BadParameter for what cannot be asked.
    """
    settled = settle(connection, kpi, asked)
    question = settled.question
    total = total_of(connection, settled, question, schema)
    groups = rows_of(connection, settled, question, asked.group_by, schema) if asked.group_by else None
    said: dict[str, str | None] = {
        "from": asked.first_day.isoformat() if asked.first_day else None,
        "to": asked.end_day.isoformat() if asked.end_day else None,
        "zone": asked.zone,
        "group_by": asked.group_by,
        **{f"filter[{group}]": ", ".join(names) for group, names in asked.where.items()},
        **settled.params,
    }
    return KpiResult(
        slug=kpi.slug,
        unit=settled.kpi.unit,
        definition=settled.definition,
        params=said,
        period=Period(
            start=question.period_from if asked.first_day else None, end=question.period_to if asked.end_day else None
        ),
        as_of=question.as_of,
        axis=asked.axis or "recorded",
        groups=[_group(row) for row in groups] if groups is not None else None,
        events_url=f"/v1/kpis/{kpi.slug}/events?{asked.link(question.as_of, settled.params)}",
        **total,
    )


def ask(
    connection: Connection,
    kpi: Kpi,
    zone: str,
    first_day: date | None = None,
    end_day: date | None = None,
    as_of: datetime | None = None,
    axis: Axis | None = None,
    group_by: str | None = None,
    schema: str = LIVE,
    *,
    parameters: Mapping[str, str] | None = None,
) -> KpiResult:
    """The same of what is given one by one."""
    asked = Asked(zone, first_day, end_day, as_of, axis, group_by, parameters=parameters or {})
    return answer(connection, kpi, asked, schema)


def ask_as_of(
    store: Store,
    kpi: Kpi,
    zone: str | None = None,
    first_day: date | None = None,
    end_day: date | None = None,
    as_of: datetime | None = None,
    axis: Axis | None = None,
    group_by: str | None = None,
) -> KpiResult:
    """The same on either axis."""
    asked = Asked(zone or store.settings.zone, first_day, end_day, as_of, axis, group_by)
    return answer_as_of(store, kpi, asked)


def settle(connection: Connection, kpi: Kpi, asked: Asked) -> Settled:
    """Fill in what was left open. Raises BadParameter for what cannot be asked."""
    version, variant = must_be_askable(kpi, asked)
    now = log.now(connection)
    if asked.as_of and asked.as_of > now:
        raise BadParameter("as_of lies in the future; nobody knows that yet.")
    parameters: dict[str, Value] = {name: parameter.default for name, parameter in version.parameters.items()}
    parameters |= values(version, asked.parameters)
    question = Question(*asked.period, asked.as_of or now, asked.zone, parameters, asked.where)
    return Settled(asked, version, variant, question)


def total_of(connection: Connection, settled: Settled, question: Question, schema: str) -> Row:
    """The figure in total; where nothing was counted, what its definition says of nothing."""
    rows = rows_of(connection, settled, question, None, schema)
    found = rows[0] if rows else _NOTHING | {"value": settled.kpi.of_nothing}
    return {name: value for name, value in found.items() if not name.startswith("group_")}


def rows_of(
    connection: Connection, settled: Settled, question: Question, group_by: str | None, schema: str
) -> list[Row]:
    """The figure's rows, by the variant that was asked for."""
    rows = figures.figure(connection, settled.kpi, question, group_by, schema)
    return [_by_variant(row, settled.variant) for row in rows] if settled.variant else rows


def _by_variant(row: Row, variant: str) -> Row:
    part = row["details"].get(variant, {})
    return row | {name: _decimal(part.get(name)) for name in ("value", "numerator", "denominator")}


def _decimal(number: Any) -> Decimal | None:  # Any: of JSON
    return None if number is None else Decimal(str(number))


def _group(row: Row) -> KpiGroup:
    named = {"group": row["group_key"], "label": row["group_label"]}
    return KpiGroup(**named, **{name: value for name, value in row.items() if not name.startswith("group_")})


def _text(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else value


def at(question: Question, kpi: Kpi, start: datetime, end: datetime) -> Question:
    """The same of another period; a figure of a moment is judged at the end of it, or at as_of if that comes first."""
    as_of = min(end, question.as_of) if kpi.is_of_a_moment else question.as_of
    return replace(question, period_from=start, period_to=end, as_of=as_of)
