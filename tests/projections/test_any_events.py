"""Whatever is recorded, in whatever batches it is followed: the rows are those of a replay."""

from datetime import datetime
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.catalogue import EVENT_TYPES
from domain.event import Event
from domain.workspace import WORKSPACE_ID
from eventstore import fence
from eventstore.database import Connection
from projections.read_models import read_models
from replay import follow, verification
from tests.domain.histories import IDS, examples_of, moments
from tests.projections.records import tell, undone

MODELS = [
    "campaign",
    "campaign_contact",
    "campaign_member",
    "campaign_spending",
    "custom_field",
    "exchange_rate",
    "pipeline_stage",
    "purchase",
    "subscription",
    "subscription_movement",
    "survey_answer",
    "workspace_member",
    "workspace_setting",
]
MERGES = ["customer.merged_into", "customer.merge_reverted", "ticket.reattributed"]
TYPES = sorted({type_ for name in MODELS for type_ in read_models()[name].types} | {*MERGES})
told: SearchStrategy[tuple[str, Event]] = st.one_of(
    [st.tuples(st.just(type_), examples_of(EVENT_TYPES[type_])) for type_ in TYPES]
)
"""Any event of a type that these models read, or that moves them from one customer to another; with the type."""


@for_all(told=st.lists(st.tuples(told, st.sampled_from(IDS[:3]), st.booleans()), max_size=14))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_following_in_any_batches_equals_a_replay(
    connection: Connection, told: list[tuple[tuple[str, Event], UUID, bool]]
) -> None:
    for (type_, event), customer_id, is_cut in told:
        noun = type_.partition(".")[0]
        if noun in ("campaign", "workspace"):
            tell(connection, WORKSPACE_ID, event, noun=noun, stream_id=IDS[3] if noun == "campaign" else None)
        else:
            # a ticket has a stream of its own, always the same for a customer
            stream_id = UUID(int=customer_id.int + 100) if noun == "ticket" else customer_id
            tell(connection, customer_id, event, noun=noun, stream_id=stream_id)
        if is_cut:
            follow_all(connection)
    follow_all(connection)
    for name in MODELS:
        assert verification.verify(connection, read_models()[name]).differing == 0, name


customers_told = st.sampled_from(TYPES).filter(lambda type_: type_.startswith("customer.") and type_ not in MERGES)


@for_all(
    told=st.lists(
        st.tuples(customers_told.flatmap(lambda type_: examples_of(EVENT_TYPES[type_])), moments, st.booleans()),
        min_size=1,
        max_size=10,
    )
)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_undone_was_never_recorded(connection: Connection, told: list[tuple[Event, datetime, bool]]) -> None:
    ann, bob = uuid4(), uuid4()
    for event, at, _ in told:
        tell(connection, ann, event, at=[at])
    follow_all(connection)
    if versions := [version for version, (_, _, is_undone) in enumerate(told, start=1) if is_undone]:
        undone(connection, "customer", ann, *versions)
    for event, at, is_undone in told:
        if not is_undone:
            tell(connection, bob, event, at=[at])
    follow_all(connection)
    for name in MODELS:
        assert about(connection, name, ann) == about(connection, name, bob), name


def about(connection: Connection, name: str, customer_id: UUID) -> list[dict[str, object]]:
    """What a read model says of a customer, but for her id and the places in the log."""
    statement = f"SELECT * FROM public.{name} WHERE customer_id = %s"
    rows = [
        {column: None if value == customer_id else value for column, value in row.items() if "position" not in column}
        for row in connection.execute(statement.encode(), [customer_id])
    ]
    return sorted(rows, key=repr)


def follow_all(connection: Connection) -> None:
    head = fence.horizon(connection)
    for name in MODELS:
        follow.advance(connection, read_models()[name], head)
