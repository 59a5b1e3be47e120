"""A fold that would give other rows in a replay than live is refused, with what to change; ours all pass."""

from random import Random
from uuid import uuid4, uuid5

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.catalogue import EVENT_TYPES
from domain.event import CustomerId, Event
from domain.lead import LeadQualified
from domain.workspace import WORKSPACE_ID
from eventstore import log
from eventstore.database import Connection
from projections.read_models import ReadModel, parse, read_models
from replay.check import FoldRefused, check
from tests.domain.histories import examples_of
from tests.facts import NOBODY, captured, given
from tests.replay.histories import Company

_OF_THE_COMPANY = ("workspace", "campaign", "import")
TABLE = "CREATE TABLE planted (customer_id uuid PRIMARY KEY, answer text)"
HEADER = "-- question: Which?\n-- key: customer_id AS customer_id\n-- types: lead.* customer.*\n"
SOUND = "SELECT customer_id, string_agg(type, ' ' ORDER BY position) AS answer FROM history GROUP BY customer_id"


@pytest.fixture
def history(connection: Connection) -> Connection:
    """A log in which much has happened."""
    company = Company(connection)
    company.begin()
    for step in [("call", 0, 0), ("merge", 0, 1), ("call", 1, 1), ("move", 2, 1), ("qualify", 3, 0), ("part", 0, 0)]:
        company.take(*step)
    for _ in range(20):
        given(connection, captured(), LeadQualified())
    return connection


def planted(select: str, table: str = TABLE) -> ReadModel:
    return parse("planted", table, HEADER + select)


def test_a_sound_fold_passes_and_leaves_nothing_behind(history: Connection) -> None:
    schemas = "SELECT nspname FROM pg_namespace ORDER BY nspname"
    before = history.execute(schemas.encode()).fetchall()
    assert check(history, planted(SOUND)) == 24
    assert history.execute(schemas.encode()).fetchall() == before


@for_all(events=st.tuples(*(examples_of(event) for event in EVENT_TYPES.values())), order=st.randoms())
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_our_folds_pass_whatever_has_happened(history: Connection, events: tuple[Event, ...], order: Random) -> None:
    customers = [CustomerId(uuid4()) for _ in range(3)]
    told = [(noun.partition(".")[0], event) for noun, event in zip(EVENT_TYPES, events, strict=True)]
    order.shuffle(told)
    for noun, event in told:
        customer_id = WORKSPACE_ID if noun in _OF_THE_COMPANY else order.choice(customers)
        stream_id = WORKSPACE_ID if noun == "workspace" else uuid5(customer_id, noun)
        new = log.NewEvent(customer_id, noun, customer_id if noun == "customer" else stream_id, None, event)
        log.append(history, [new], NOBODY)
    for model in read_models().values():
        check(history, model)


GROUPED = "FROM history GROUP BY customer_id"


@pytest.mark.parametrize(
    ("select", "sentence"),
    [
        (f"SELECT customer_id, string_agg(type, ' ') AS answer {GROUPED}", "ORDER BY position"),
        (f"SELECT customer_id, (array_agg(type))[1] AS answer {GROUPED}", "ORDER BY position"),
        (
            "SELECT DISTINCT ON (customer_id) customer_id, type AS answer FROM history ORDER BY customer_id",
            "ORDER BY position",
        ),
        (f"SELECT customer_id, now()::text AS answer {GROUPED}", "now depends on when"),
        (f"SELECT customer_id, CURRENT_DATE::text AS answer {GROUPED}", "depends on when"),
        (f"SELECT customer_id, current_setting('TimeZone') AS answer {GROUPED}", "depends on when"),
        (f"SELECT customer_id, random()::text AS answer {GROUPED}", "another answer each time"),
        (f"SELECT customer_id, nextval('log.event_position')::text AS answer {GROUPED}", "it reads log.event_position"),
        (f"SELECT customer_id, min(occurred_at)::date::text AS answer {GROUPED}", "Say which"),
        (f"SELECT customer_id, date_trunc('day', min(occurred_at))::text AS answer {GROUPED}", "Say which"),
        (f"SELECT customer_id, min(occurred_at)::text AS answer {GROUPED}", "Name the zone"),
        (f"SELECT customer_id, (SELECT min(status) FROM lead) AS answer {GROUPED}", 'relation "lead" does not exist'),
        (f"SELECT customer_id, (SELECT min(status) FROM public.lead) AS answer {GROUPED}", "it reads public.lead"),
        (f"SELECT customer_id, (SELECT min(type) FROM log.event) AS answer {GROUPED}", "it reads log.event"),
        (
            "WITH gone AS (DELETE FROM history RETURNING customer_id) SELECT customer_id, '' AS answer FROM gone",
            "data-modifying",
        ),
        (f"SELECT customer_id, rank() OVER (ORDER BY min(position))::text AS answer {GROUPED}", "events of other keys"),
        (f"SELECT customer_id, (SELECT count(*) FROM history)::text AS answer {GROUPED}", "events of other keys"),
        (f"SELECT customer_id {GROUPED}", 'column "answer" does not exist'),
        ("SELECT customer_id, type AS answer FROM history", "fails with UniqueViolation"),
    ],
)
def test_a_fold_that_would_not_replay_is_refused(history: Connection, select: str, sentence: str) -> None:
    with pytest.raises(FoldRefused, match="The fold of planted is refused") as refused:
        check(history, planted(select))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("CREATE TABLE other (customer_id uuid PRIMARY KEY, answer text)", "makes no table planted"),
        ("CREATE TABLE planted (customer_id uuid, answer text)", "no primary key"),
        ("CREATE TABLE planted (customer uuid PRIMARY KEY, answer text)", "no column customer_id"),
        ("CREATE TABLE planted (customer_id uuid PRIMARY KEY, answer text, sum real)", "Make it numeric"),
        ("CREATE TABEL planted ()", "does not run"),
    ],
)
def test_a_table_that_cannot_be_replayed_into_is_refused(history: Connection, table: str, sentence: str) -> None:
    with pytest.raises(FoldRefused, match=sentence):
        check(history, planted(SOUND, table))


def test_what_is_personal_is_not_quoted(history: Connection) -> None:
    secret = f"Ann {uuid4()}"
    given(history, captured(secret))
    with pytest.raises(FoldRefused, match="InvalidTextRepresentation") as refused:
        check(history, planted(f"SELECT customer_id, min((personal->>'title')::uuid::text) AS answer {GROUPED}"))
    assert secret not in str(refused.value)
