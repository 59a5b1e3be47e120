"""What a figure said stays what it said: nothing that is recorded later changes what was known at a moment."""

from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.catalogue import EVENT_TYPES
from domain.event import CustomerId, Event
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection
from eventstore.fence import horizon
from projections.kpi import Question, figure, kpis
from projections.read_models import ReadModel
from projections.reading import LIVE, Row
from projections.sight import EVERYTHING
from replay import asof
from replay.follow import advance
from tests.domain.histories import IDS, examples_of
from tests.facts import NOBODY
from tests.projections.leads import FACTS, Told, histories
from tests.projections.records import hour, tell

MODELS: list[ReadModel] = asof.models_of({table for kpi in kpis().values() for table in kpi.relation.reads})
TYPES = sorted({type_ for model in MODELS for type_ in model.types if not type_.startswith("lead.")})
told: SearchStrategy[tuple[str, Event, UUID, int]] = st.sampled_from(TYPES).flatmap(
    lambda type_: st.tuples(
        st.just(type_), examples_of(EVENT_TYPES[type_]), st.sampled_from(IDS[:3]), st.integers(0, 60)
    )
)
"""Any event about something else than a lead that a figure reads, with its type, whose it is, and its hour."""


def tell_any(connection: Connection, type_: str, event: Event, customer_id: UUID, at: int) -> None:
    noun = type_.partition(".")[0]
    if noun in ("campaign", "workspace"):
        tell(connection, WORKSPACE_ID, event, noun=noun, stream_id=IDS[3] if noun == "campaign" else None)
    else:
        stream_id = UUID(int=customer_id.int + 100) if noun == "ticket" else customer_id
        tell(connection, customer_id, event, noun=noun, stream_id=stream_id, at=[hour(at)])


def tell_lead(connection: Connection, lead_id: UUID, event: Event, at: float) -> None:
    new = log.NewEvent(CustomerId(UUID(int=lead_id.int ^ 1)), "lead", lead_id, None, event, hour(at))
    log.append(connection, [new], NOBODY)


def said(connection: Connection, schema: str, group: int) -> dict[str, list[list[Row]]]:
    """What every figure says, in total and by one of its groupings."""
    question = Question(hour(0), hour(1000), hour(1000), "UTC")
    return {
        slug: [
            figure(connection, kpi, question, group_by, schema, sight=EVERYTHING)
            for group_by in (None, kpi.relation.groups[group % len(kpi.relation.groups)])
        ]
        for slug, kpi in kpis().items()
    }


@for_all(
    leads=histories(),
    others=st.lists(told, max_size=12),
    later_leads=st.lists(st.tuples(st.integers(0, 3), FACTS, st.integers(0, 60)), min_size=3, max_size=8),
    later_others=st.lists(told, min_size=3, max_size=12),
    group=st.integers(0, 20),
)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_figure_changes_by_what_is_recorded_later(
    shared: Connection,
    leads: list[list[Told]],
    others: list[tuple[str, Event, UUID, int]],
    later_leads: list[tuple[int, Event, int]],
    later_others: list[tuple[str, Event, UUID, int]],
    group: int,
) -> None:
    ids = [uuid4() for _ in leads]
    for lead_id, history in zip(ids, leads, strict=True):
        for step in history:
            tell_lead(shared, lead_id, step.event, step.at)
    for one in others:
        tell_any(shared, *one)
    position = horizon(shared)
    for model in MODELS:
        advance(shared, model, position)
    first = said(shared, LIVE, group)
    for number, event, at in later_leads:
        tell_lead(shared, ids[number % len(ids)], event, at)
    for one in later_others:
        tell_any(shared, *one)
    past = asof.known_at(shared, position, MODELS, asof.Limits(schemas=1))
    assert said(shared, past.schema, group) == first
