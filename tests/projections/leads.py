"""Leads as they are told in tests of figures, and how these are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import strategies as st

from domain.event import CustomerId, Event
from domain.lead import (
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadDisqualified,
    LeadExpectedCloseMoved,
    LeadLost,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadValued,
    LeadWon,
)
from domain.merge import MergedInto, MergeReverted
from domain.money import Money
from eventstore import log
from eventstore.database import Connection
from projections.kpi import Question, counted_positions, figure, kpis
from projections.reading import Row
from projections.sight import EVERYTHING
from tests.facts import PIPELINE, captured
from tests.projections.records import hour, rows

DAY = 24.0
MERGE = uuid4()
ELSEWHERE = "elsewhere"
"""A stage that the pipeline does not have any more."""


@dataclass(frozen=True)
class Told:
    """An event of a lead, with the hour in which it happened, and what kind of actor told it."""

    event: Event
    at: float
    by: str = "user"


History = Sequence[Told]


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def moved(stage: str) -> LeadMovedToStage:
    chance = PIPELINE.stage(stage).probability if stage != ELSEWHERE else Decimal(0)
    return LeadMovedToStage(to_stage=stage, pipeline="default", pipeline_version=1, probability=chance)


def expected(day: int) -> LeadExpectedCloseMoved:
    """To be closed on a day of March 2026, whose second is the Monday of hour 0, or of the months after it."""
    return LeadExpectedCloseMoved(expected_close=date.fromordinal(date(2026, 3, 1).toordinal() + day - 1))


WON, LOST, REOPENED = LeadWon(value=money("80")), LeadLost(reason="price"), LeadReopened()
DISQUALIFIED, RECYCLED, QUALIFIED = LeadDisqualified(), LeadRecycled(), LeadQualified()
MERGED, PARTED = MergedInto(survivor_id=MERGE, merge_id=MERGE), MergeReverted(merge_id=MERGE)
STAGES = [stage.name for stage in PIPELINE.stages]


def lead(
    connection: Connection, *steps: tuple[Event, float], at: float = 0, source: str | None = None, **fields: object
) -> UUID:
    """A lead captured like this in that hour, to which these events happened, each in its hour."""
    return tell(
        connection, [Told(captured("Roof", source=source, **fields), at), *(Told(event, then) for event, then in steps)]
    )


def tell(connection: Connection, history: History) -> UUID:
    """Append a lead's history as it was told; returns its id."""
    lead_id, customer_id = uuid4(), CustomerId(uuid4())
    for told in history:
        new = log.NewEvent(customer_id, "lead", lead_id, None, told.event, hour(told.at))
        log.append(connection, [new], log.Envelope(told.by, UUID(int=1), "test"))
    return lead_id


def asked(
    connection: Connection,
    slug: str,
    first: float = 0,
    end: float = 1000,
    as_of: float = 1000,
    group_by: str | None = None,
    within_days: int | None = None,
) -> list[Row]:
    """The figure's rows over the read models brought up to date; moments in hours after Monday morning."""
    kpi = kpis()[slug]
    for table in kpi.relation.reads:
        key = "member_id" if table == "workspace_member" else "customer_id"
        rows(connection, table, **{key: UUID(int=1)})
    question = Question(
        hour(first), hour(end), hour(as_of), "UTC", {"within_days": Decimal(within_days)} if within_days else {}
    )
    return figure(connection, kpi, question, group_by, sight=EVERYTHING)


def only(
    connection: Connection,
    slug: str,
    first: float = 0,
    end: float = 1000,
    as_of: float = 1000,
    within_days: int | None = None,
) -> Row:
    """The only row, where something is counted."""
    (row,) = asked(connection, slug, first, end, as_of, within_days=within_days)
    return row


def groups(connection: Connection, slug: str, group_by: str) -> Row:
    """The figure's values by group."""
    return {row["group_key"]: row["value"] for row in asked(connection, slug, group_by=group_by)}


def behind(connection: Connection, slug: str) -> list[int]:
    """The positions of the events behind it."""
    return counted_positions(
        connection, kpis()[slug], Question(hour(0), hour(1000), hour(1000), "UTC"), 0, 1000, sight=EVERYTHING
    )


def of_source(
    connection: Connection,
    slug: str,
    source: str,
    first: float,
    end: float,
    as_of: float,
    within_days: int | None = None,
) -> Row:
    """The row of one source, or an empty one."""
    found = asked(connection, slug, first, end, as_of, "source", within_days)
    return next((row for row in found if row["group_key"] == source), {})


FACTS = st.sampled_from(
    [
        *(WON, LeadWon(), LOST, LeadLost(), REOPENED, REOPENED, RECYCLED, DISQUALIFIED, QUALIFIED, QUALIFIED, MERGED),
        *(LeadValued(value=money("10")), LeadValued(value=money("30")), LeadValued(value=money("7.50", "USD"))),
        *map(moved, [*STAGES, "qualified", ELSEWHERE]),
        *(LeadProbabilityOverridden(probability=Decimal("0.75")), LeadAssigned(team="north"), LeadCaptureCorrected()),
        *map(expected, (1, 2, 3, 35)),
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Told]]:
    """Some leads of which facts are told in any order, perhaps with a merge that is reverted."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        facts = [Told(event, at) for event, at in draw(st.lists(st.tuples(FACTS, st.integers(0, 60)), max_size=7))]
        parted = [Told(PARTED, 61)] if draw(st.booleans()) else []
        found.append([Told(captured(), draw(st.integers(0, 9))), *facts, *parted])
    return found


TIMES = st.lists(st.sampled_from([0.0, 1.0, 5.5, 9.0, 20.0, 30.5, 48.0, 60.0, 90.0]), min_size=3, max_size=3)


def from_source(histories: Sequence[History], source: str) -> list[list[Told]]:
    """The same leads, all of that source, so that they are a group of their own."""
    sourced = (LeadCaptured, LeadCaptureCorrected)
    return [
        [
            replace(told, event=told.event.model_copy(update={"source": source}))
            if isinstance(told.event, sourced)
            else told
            for told in history
        ]
        for history in histories
    ]
