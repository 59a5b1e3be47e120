"""Works figures out: over the live read models, or over what was known at a moment."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from api import past
from api.kpis import log_rank
from api.kpis.answer import KpiGroup, KpiResult, Period
from api.kpis.question import Asked, must_be_askable, values
from api.past import Axis
from api.problems import BadParameter
from api.store import Store
from domain.workspace import TargetIs
from eventstore import log
from eventstore.database import Connection
from projections import kpi as figures
from projections.kpi import Kpi, Question
from projections.kpi_parameters import BadValue, Value
from projections.kpi_settings import published
from projections.reading import LIVE, Row
from projections.sight import Sight

_NOTHING: Row = {"numerator": None, "denominator": None, "sample_size": 0, "excluded": 0, "details": {}}


@dataclass(frozen=True, slots=True)
class Settled:
    """What was asked, with all that was left open filled in; `as_of` is the moment that it was asked as of."""

    asked: Asked
    kpi: Kpi
    variant: str | None
    question: Question
    as_of: datetime
    target: Decimal | None
    target_is: TargetIs | None

    @property
    def definition(self) -> str:
        """The name of what the figure is worked out by."""
        return self.kpi.named(self.variant)

    def said(self, asked: Asked) -> dict[str, str | None]:
        """What it was asked with, and all parameters of the figure, as text."""
        return {
            "from": asked.first_day.isoformat() if asked.first_day else None,
            "to": asked.end_day.isoformat() if asked.end_day else None,
            "zone": asked.zone,
            "group_by": asked.group_by,
            **{f"filter[{group}]": ", ".join(names) for group, names in asked.where.items()},
            **self._parameters(),
        }

    def events_url(self, asked: Asked) -> str:
        """Where the events behind it are."""
        return f"/v1/kpis/{self.kpi.slug}/events?{asked.link(self.as_of, self._parameters())}"

    def _parameters(self) -> dict[str, str]:
        return {
            name: f"{value:f}" if isinstance(value, Decimal) else value
            for name, value in self.question.parameters.items()
        }


def answer_as_of(store: Store, kpi: Kpi, asked: Asked) -> KpiResult:
    """Work a figure out, on either axis; what was known at a past moment is folded for it first. Raises as both do."""
    with tables(store, kpi, asked) as (connection, schema):
        return answer(connection, kpi, asked, schema)


@contextmanager
def tables(store: Store, kpi: Kpi, asked: Asked) -> Iterator[tuple[Connection, str]]:
    """A connection, and the schema to ask the figure in. Raises BadParameter, before anything is folded, and as
    `past.tables` does."""
    version, _ = must_be_askable(kpi, asked)
    with past.tables(store, (*version.relation.reads, *figures.SETTINGS), asked.as_of, asked.axis) as found:
        yield found


def answer(connection: Connection, kpi: Kpi, asked: Asked, schema: str = LIVE) -> KpiResult:
    """Work a figure out over the tables of a schema: as of a past moment on the recorded axis, those of `tables`.

    Raises BadParameter for what cannot be asked.
    """
    settled = settle(connection, kpi, asked, schema)
    (total,) = answers_of(connection, settled, [asked.period], schema)
    groups = _groups(connection, settled, schema) if asked.group_by else None
    total["details"] = log_rank.beside(kpi.slug, total["details"], groups)
    start, end = asked.period
    return KpiResult(
        slug=kpi.slug,
        unit=settled.kpi.unit,
        definition=settled.definition,
        params=settled.said(asked),
        period=Period(start=start if asked.first_day else None, end=end if asked.end_day else None),
        as_of=settled.as_of,
        axis=asked.axis or "recorded",
        groups=groups,
        target=settled.target,
        target_is=settled.target_is,
        is_met=is_met(total["value"], settled.target, settled.target_is),
        comparison=None,
        events_url=settled.events_url(asked),
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
    sight: Sight,
    parameters: Mapping[str, str] | None = None,
) -> KpiResult:
    """The same of what is given one by one."""
    asked = Asked(zone, first_day, end_day, as_of, axis, group_by, parameters=parameters or {}, sight=sight)
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
    *,
    sight: Sight,
) -> KpiResult:
    """The same on either axis."""
    asked = Asked(zone or store.settings.zone, first_day, end_day, as_of, axis, group_by, sight=sight)
    return answer_as_of(store, kpi, asked)


def is_met(value: Decimal | int | None, target: Decimal | None, target_is: TargetIs | None) -> bool | None:
    """Whether a value is what it shall be; None where nobody said so, or there is none."""
    if value is None or target is None or target_is is None:
        return None
    return value >= target if target_is == "at_least" else value <= target


def settle(connection: Connection, kpi: Kpi, asked: Asked, schema: str) -> Settled:
    """Fill in what was left open, with what the workspace had published by then. Raises BadParameter."""
    version, variant = must_be_askable(kpi, asked)
    now = log.now(connection)
    if asked.as_of and asked.as_of > now:
        raise BadParameter("as_of lies in the future; nobody knows that yet.")
    as_of = asked.as_of or now
    said = published(connection, kpi.slug, as_of, schema)
    parameters = _defaults(version, said["parameters"]) | values(version, asked.parameters)
    question = Question(*asked.period, as_of, asked.zone, parameters, asked.where)
    return Settled(asked, version, variant, question, as_of, said["target"], said["target_is"])


def answers_of(
    connection: Connection, settled: Settled, periods: Sequence[tuple[datetime, datetime]], schema: str
) -> list[Row]:
    """The figure in total for each period; where nothing was counted, what its definition says of nothing."""
    found = rows_of(connection, settled, periods, None, schema)
    return [answered(settled, next(iter(rows), None)) for rows in found]


def rows_of(
    connection: Connection,
    settled: Settled,
    periods: Sequence[tuple[datetime, datetime]],
    group_by: str | None,
    schema: str,
) -> list[list[Row]]:
    """The rows of the figure for each period, one for each group."""
    questions = [_question(settled, *period) for period in periods]
    sight = settled.asked.sight
    if len(questions) == 1:
        return [figures.figure(connection, settled.kpi, questions[0], group_by, schema, sight=sight)]
    return figures.series(connection, settled.kpi, questions, group_by, schema, sight=sight)


def answered(settled: Settled, row: Row | None) -> Row:
    """A row as it is answered; where nothing was counted, what the figure's definition says of nothing."""
    nothing = _NOTHING | {"value": settled.kpi.of_nothing}
    return _ungrouped(_by_variant(row or nothing, settled.variant))


def _question(settled: Settled, start: datetime, end: datetime) -> Question:
    at_end = settled.asked.at_end and settled.kpi.is_of_a_moment
    as_of = min(end, settled.as_of) if at_end else settled.as_of
    return replace(settled.question, period_from=start, period_to=end, as_of=as_of)


def question_of(settled: Settled) -> Question:
    """What was asked, of the period that it was asked of."""
    return _question(settled, *settled.asked.period)


def _groups(connection: Connection, settled: Settled, schema: str) -> list[KpiGroup]:
    asked = settled.asked
    rows = figures.figure(connection, settled.kpi, question_of(settled), asked.group_by, schema, sight=asked.sight)
    found = [_by_variant(row, settled.variant) for row in rows]
    return [KpiGroup(group=row["group_key"], label=row["group_label"], **_ungrouped(row)) for row in found]


def _defaults(kpi: Kpi, published: Mapping[str, str]) -> dict[str, Value]:
    """Those of the workspace where it has published some that the figure has, and can have, still."""
    found = {}
    for name, parameter in kpi.parameters.items():
        try:
            found[name] = parameter.value(published[name]) if name in published else parameter.default
        except BadValue:
            found[name] = parameter.default
    return found


def _by_variant(row: Row, variant: str | None) -> Row:
    if variant is None:
        return row
    part = row["details"].get(variant, {})
    return row | {name: _decimal(part.get(name)) for name in ("value", "numerator", "denominator")}


def _ungrouped(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("group_")}


def _decimal(number: Any) -> Decimal | None:  # Any: of JSON
    return None if number is None else Decimal(str(number))
