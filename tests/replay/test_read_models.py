"""Read models follow the log, equal their replay, and say when they do not."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event as Signal
from threading import Thread
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from domain.event import Event, Forgotten, MemberId
from domain.lead import (
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    Lead,
    LeadAssigned,
    LeadCaptureCorrected,
    LeadContacted,
    LeadConversionReverted,
    LeadConverted,
    LeadDisqualified,
    LeadEvent,
    LeadExpectedCloseMoved,
    LeadForecastCategoryChosen,
    LeadLost,
    LeadMovedToStage,
    LeadProbabilityOverridden,
    LeadProductAdded,
    LeadProductRemoved,
    LeadQualified,
    LeadRecycled,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
    evolve,
)
from domain.money import Money
from domain.undo import undone
from eventstore import fence, log
from eventstore.database import Connection, connect, migrate
from projections.read_models import read_models
from replay import follow
from replay.differences import Report
from replay.fold import rows_at
from replay.rebuild import prepare, rebuild
from replay.swap import InUse
from replay.verification import replay_customer, verify
from replay.versions import OtherDefinition
from tests.domain.histories import any_lead_event
from tests.facts import captured, given

DAY = datetime(2026, 3, 1, tzinfo=UTC)
OWNER = MemberId(uuid4())
LEAD = read_models()["lead"]
INTERVAL = read_models()["lead_stage_interval"]


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def moved(to_stage: str) -> LeadMovedToStage:
    return LeadMovedToStage(
        from_stage="new", to_stage=to_stage, pipeline="default", pipeline_version=1, probability=Decimal("0.4")
    )


def lead_row(connection: Connection, *events: Event, flags: tuple[str, ...] = ()) -> dict[str, object]:
    """The read model's row of a lead to which these events happened, a day apart."""
    lead_id, _ = given(connection, *events, at=[day(number) for number in range(len(events))], flags=flags)
    follow.catch_up(connection)
    row = connection.execute("SELECT * FROM lead WHERE lead_id = %s", [lead_id]).fetchone()
    assert row is not None
    return row


INTERACTION, OTHER_INTERACTION = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], {"status": "open", "stage": "new", "probability": Decimal("0.1"), "closed_at": None, "version": 1}),
        ([moved("qualified")], {"stage": "qualified", "probability": Decimal("0.4")}),
        ([LeadProbabilityOverridden(probability=Decimal("0.7"))], {"probability": Decimal("0.7"), "stage": "new"}),
        ([LeadValued(value=euros("10"))], {"amount": Decimal(10), "currency": "EUR"}),
        ([LeadValued(value=euros("10")), LeadWon()], {"status": "won", "amount": Decimal(10), "closed_at": day(2)}),
        ([LeadValued(value=euros("10")), LeadWon(value=euros("8"))], {"amount": Decimal(8)}),
        ([LeadLost(reason="price", competitor="Other")], {"lost_reason": "price", "competitor": "Other"}),
        ([LeadLost(reason="price"), LeadReopened()], {"status": "open", "lost_reason": None, "closed_at": None}),
        ([LeadDisqualified()], {"status": "disqualified", "closed_at": day(1)}),
        ([LeadLost(), LeadRecycled(until=day(9).date())], {"status": "open", "recycled_until": day(9).date()}),
        ([LeadAssigned(owner_id=OWNER, team="north")], {"owner_id": OWNER, "team": "north"}),
        ([LeadAssigned(owner_id=OWNER), LeadAssigned()], {"owner_id": None, "team": None}),
        ([LeadQualified()], {"qualified_at": day(1)}),
        ([LeadRetitled(title="Twenty seats")], {"title": "Twenty seats"}),
        ([LeadForecastCategoryChosen(category="commit")], {"forecast_category": "commit"}),
        ([LeadExpectedCloseMoved(expected_close=day(40).date())], {"expected_close": day(40).date()}),
        ([LeadConverted()], {"converted_at": day(1)}),
        ([LeadConverted(), LeadConversionReverted()], {"converted_at": None}),
        (
            [
                LeadProductAdded(product_id="seat", quantity=Decimal(2)),
                LeadProductAdded(product_id="desk", quantity=Decimal(1)),
                LeadProductRemoved(product_id="seat"),
            ],
            {"product_ids": ["desk"]},
        ),
        (
            [
                InteractionLogged(interaction_id=INTERACTION, kind="call", direction="outbound"),
                LeadContacted(interaction_id=INTERACTION),
            ],
            {"contacted_at": day(1)},
        ),
        (
            [LeadContacted(interaction_id=INTERACTION), InteractionRetracted(interaction_id=INTERACTION)],
            {"contacted_at": None},
        ),
        (
            [
                LeadContacted(interaction_id=INTERACTION),
                InteractionCorrected(interaction_id=INTERACTION, kind="call", direction="inbound"),
            ],
            {"contacted_at": None},
        ),
        (
            [
                LeadContacted(interaction_id=INTERACTION),
                InteractionCorrected(interaction_id=INTERACTION, kind="call", direction="inbound"),
                InteractionCorrected(interaction_id=INTERACTION, kind="call", direction="outbound"),
                LeadContacted(interaction_id=INTERACTION),
            ],
            {"contacted_at": day(1)},
        ),
        (
            [
                InteractionLogged(interaction_id=INTERACTION, kind="call", direction="outbound"),
                LeadContacted(interaction_id=INTERACTION),
                InteractionLogged(interaction_id=OTHER_INTERACTION, kind="call", direction="outbound"),
                InteractionRetracted(interaction_id=INTERACTION),
                InteractionCorrected(interaction_id=OTHER_INTERACTION, kind="call", direction="outbound"),
            ],
            {"contacted_at": day(3)},
        ),
        ([InteractionLogged(interaction_id=INTERACTION, kind="note", direction="outbound")], {"contacted_at": None}),
        ([LeadContacted(), InteractionRetracted(interaction_id=INTERACTION)], {"contacted_at": day(1)}),
        ([LeadCaptureCorrected(source="event")], {"captured_at": day(1), "source": "event"}),
    ],
)
def test_the_lead_row_says_what_the_events_say(
    connection: Connection, events: list[Event], expected: dict[str, object]
) -> None:
    row = lead_row(connection, captured(source="web"), *events)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("won_on", "closed_at"),
    [
        (day(9).date(), day(9) + timedelta(hours=12)),
        (day(19).date(), day(20)),
        (day(20).date(), day(20)),
        (None, day(20)),
    ],
)
def test_a_lead_was_won_on_the_day_that_is_said_and_not_on_that_on_which_it_was_told(
    connection: Connection, won_on: date | None, closed_at: datetime
) -> None:
    lead_id, _ = given(connection, captured(), LeadWon(won_on=won_on), at=[day(0), day(20)])
    follow.catch_up(connection)
    assert connection.execute("SELECT closed_at FROM lead WHERE lead_id = %s", [lead_id]).fetchall() == [
        {"closed_at": closed_at}
    ]
    intervals = connection.execute(
        "SELECT valid_from FROM lead_stage_interval WHERE lead_id = %s AND status = 'won'", [lead_id]
    )
    assert intervals.fetchall() == [{"valid_from": closed_at}]


def test_a_mail_that_is_learned_of_late_may_be_the_first_contact(connection: Connection) -> None:
    call = InteractionLogged(interaction_id=INTERACTION, kind="call", direction="outbound")
    mail = InteractionLogged(interaction_id=OTHER_INTERACTION, kind="email", direction="outbound")
    contacted = LeadContacted(interaction_id=INTERACTION)
    lead_id, _ = given(connection, captured(), call, contacted, mail, at=[day(0), day(3), day(3), day(1)])
    follow.catch_up(connection)
    row = connection.execute("SELECT contacted_at FROM lead WHERE lead_id = %s", [lead_id]).fetchone()
    assert row == {"contacted_at": day(1)}


def test_the_row_names_oddities_and_the_last_event(connection: Connection) -> None:
    row = lead_row(connection, captured(), LeadWon(), flags=("no_close_date",))
    assert row["flags"] == ["no_close_date", "no_close_date"]
    assert (row["version"], row["last_event_at"]) == (2, day(1))


def intervals(connection: Connection, lead_id: UUID) -> list[tuple[object, ...]]:
    follow.catch_up(connection)
    rows = connection.execute(
        "SELECT status, stage, amount, valid_from, valid_to FROM lead_stage_interval WHERE lead_id = %s"
        " ORDER BY valid_from",
        [lead_id],
    )
    return [tuple(row.values()) for row in rows]


def test_intervals_say_what_held_when(connection: Connection) -> None:
    events = [captured(), LeadValued(value=euros("10")), moved("qualified"), LeadWon(value=euros("8"))]
    lead_id, _ = given(connection, *events, at=[day(0), day(0), day(2), day(3)])
    assert intervals(connection, lead_id) == [
        ("open", "new", Decimal(10), day(0), day(2)),
        ("open", "qualified", Decimal(10), day(2), day(3)),
        ("won", "qualified", Decimal(8), day(3), None),
    ]


def test_a_closing_moved_to_another_day_leaves_no_trace_of_the_wrong_one(connection: Connection) -> None:
    for right, wrong in ((5, 8), (8, 5)):
        lead_id, customer_id = given(connection, captured(), LeadWon(), at=[day(0), day(wrong)])
        given(
            connection,
            LeadReopened(),
            LeadWon(),
            lead_id=lead_id,
            customer_id=customer_id,
            version=2,
            at=[day(min(right, wrong)), day(right)],
        )
        found = intervals(connection, lead_id)
        assert [(status, since) for status, _, _, since, _ in found if status == "won"] == [("won", day(right))]
        assert [valid_to for status, _, _, _, valid_to in found if status == "open"][-1] == day(right)


def test_a_capture_corrected_to_another_day_begins_there(connection: Connection) -> None:
    for corrected in (-3, 3):
        lead_id, _ = given(
            connection, captured(), LeadWon(), LeadCaptureCorrected(), at=[day(0), day(5), day(corrected)]
        )
        assert intervals(connection, lead_id) == [
            ("open", "new", None, day(corrected), day(5)),
            ("won", "new", None, day(5), None),
        ]


def test_a_lead_closed_before_it_was_captured_keeps_its_outcome(connection: Connection) -> None:
    lead_id, _ = given(connection, captured(), LeadLost(), at=[day(5), day(2)])
    found = intervals(connection, lead_id)
    assert [row[0] for row in found] == ["lost", "lost"]
    assert found[-1][1:2] == ("new",)


MOMENTS = st.integers(0, 6).map(day)
CHANGES = st.sampled_from(
    [
        LeadWon(value=euros("8")),
        LeadLost(reason="price"),
        LeadReopened(),
        moved("qualified"),
        moved("proposal"),
        LeadValued(value=euros("10")),
        LeadAssigned(owner_id=OWNER),
        LeadCaptureCorrected(source="event"),
        LeadProductAdded(product_id="seat", quantity=Decimal(1)),
        LeadProductRemoved(product_id="seat"),
    ]
)
HISTORIES = st.lists(st.tuples(CHANGES, MOMENTS), max_size=8)


def held_at(history: list[tuple[Event, datetime]], moment: datetime) -> tuple[object, object, object]:
    """Status, stage and amount at a moment, folded in plain Python from what DOMAIN says of each event."""
    corrections = [at for event, at in history if isinstance(event, LeadCaptureCorrected)]
    status: str | None = None
    stage: str | None = None
    amount: Decimal | None = None
    for event, happened_at in history:
        at = corrections[-1] if event is history[0][0] and corrections else happened_at
        if at > moment:
            continue
        match event:
            case LeadWon():
                status = "won"
                amount = event.value.amount if event.value else amount
            case LeadLost():
                status = "lost"
            case LeadReopened():
                status = "open"
            case LeadMovedToStage():
                stage = event.to_stage
            case LeadValued():
                amount = event.value.amount
            case _ if event is history[0][0]:
                status, stage = "open", "new"
    return status, stage, amount


@pytest.fixture
def moments(connection: Connection) -> Iterator[Callable[[UUID, datetime], tuple[object, ...] | None]]:
    def at(lead_id: UUID, moment: datetime) -> tuple[object, ...] | None:
        rows = connection.execute(
            "SELECT status, stage, amount FROM lead_stage_interval WHERE lead_id = %s AND valid_from <= %s"
            " AND (valid_to IS NULL OR valid_to > %s)",
            [lead_id, moment, moment],
        ).fetchall()
        assert len(rows) <= 1, "intervals of one lead overlap"
        return tuple(rows[0].values()) if rows else None

    yield at


@for_all(history=HISTORIES, cuts=st.sets(st.integers(1, 8)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_followed_in_any_batches_equals_its_replay_and_a_plain_fold(
    connection: Connection,
    moments: Callable[[UUID, datetime], tuple[object, ...] | None],
    history: list[tuple[Event, datetime]],
    cuts: set[int],
) -> None:
    whole: list[tuple[Event, datetime]] = [(captured(), day(1)), *history]
    lead_id, customer_id = uuid4(), uuid4()
    for version, (event, at) in enumerate(whole):
        given(connection, event, lead_id=lead_id, customer_id=customer_id, version=version, at=[at])
        if version in cuts:
            follow.catch_up(connection)
    follow.catch_up(connection)
    for moment in map(day, range(-1, 8)):
        held = moments(lead_id, moment)
        assert (held or (None, None, None)) == held_at(whole, moment)
    for model in (LEAD, INTERVAL):
        assert replay_customer(connection, model, customer_id).differing == 0


def test_following_twice_changes_nothing(connection: Connection) -> None:
    given(connection, captured(), LeadWon())
    follow.catch_up(connection)
    before = connection.execute("SELECT * FROM lead").fetchall()
    for model in read_models().values():
        connection.execute("UPDATE replay.checkpoint SET position = 0 WHERE projection = %s", [model.name])
    follow.catch_up(connection)
    assert connection.execute("SELECT * FROM lead").fetchall() == before


def test_a_lead_is_folded_at_any_position(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    head = follow.catch_up(connection)
    given(connection, LeadWon(), lead_id=lead_id, customer_id=customer_id, version=1)
    (then,), (now,) = (rows_at(connection, LEAD, lead_id, position) for position in (head, head + 1))
    assert (then["status"], now["status"]) == ("open", "won")


def test_a_hand_made_change_is_found_named_and_healed(connection: Connection) -> None:
    good, _ = given(connection, captured(), LeadWon())
    changed, customer_id = given(connection, captured())
    gone, _ = given(connection, captured())
    follow.catch_up(connection)
    assert verify(connection, LEAD).differing == 0
    connection.execute("UPDATE lead SET status = 'won', amount = 5 WHERE lead_id = %s", [changed])
    connection.execute("DELETE FROM lead WHERE lead_id = %s", [gone])
    connection.execute("UPDATE lead SET lead_id = gen_random_uuid() WHERE lead_id = %s", [good])
    found = verify(connection, LEAD)
    assert found.differing == 4
    named = {difference.key["lead_id"]: difference.columns for difference in found.differences}
    assert set(named[str(changed)]) == {"status", "amount"}
    assert named[str(gone)] == ("missing in the live table",)
    assert replay_customer(connection, LEAD, customer_id).differing == 1
    assert verify(connection, LEAD).differing == 3
    assert rebuild(connection, LEAD).differing == 3
    assert verify(connection, LEAD).differing == 0


def test_verify_leaves_nothing_behind(connection: Connection) -> None:
    schemas = "SELECT nspname FROM pg_namespace ORDER BY 1"
    before = connection.execute(schemas.encode()).fetchall()
    for model in read_models().values():
        verify(connection, model)
        rebuild(connection, model)
    assert connection.execute(schemas.encode()).fetchall() == before


def test_a_replay_of_one_customer_leaves_the_others_alone(connection: Connection) -> None:
    one, customer_id = given(connection, captured())
    other, _ = given(connection, captured())
    follow.catch_up(connection)
    connection.execute("UPDATE lead SET status = 'lost'")
    replay_customer(connection, LEAD, customer_id)
    rows = connection.execute("SELECT lead_id, status FROM lead").fetchall()
    assert {row["lead_id"]: row["status"] for row in rows} == {one: "open", other: "lost"}


def test_rows_folded_by_another_definition_are_rebuilt_at_the_start(connection: Connection) -> None:
    given(connection, captured())
    follow.catch_up(connection)
    connection.execute("ALTER TABLE lead DROP COLUMN competitor")
    connection.execute("UPDATE replay.checkpoint SET definition = 'older' WHERE projection = 'lead'")
    prepare(connection)
    assert verify(connection, LEAD).differing == 0
    assert connection.execute("SELECT competitor FROM lead").fetchall() == [{"competitor": None}]


def test_a_follower_started_on_an_empty_log_reads_the_first_event(cluster: str) -> None:
    name = f"empty_{uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    conninfo = make_conninfo(cluster, dbname=name)
    with connect(conninfo) as connection:
        migrate(connection)
        prepare(connection)
        follower = follow.Follower(conninfo)
        follower.start()
        try:
            deadline = time.monotonic() + 30
            lead_id, _ = given(connection, captured())
            while follow.position(connection, LEAD) < 1:
                assert time.monotonic() < deadline, "the follower never read the first event"
            rows = connection.execute("SELECT lead_id, position FROM public.lead").fetchall()
            assert rows == [{"lead_id": lead_id, "position": 1}]
        finally:
            follower.stop()
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_under_load_no_row_lies_beyond_its_checkpoint_and_a_rebuild_loses_nothing(
    conninfo: str, connection: Connection
) -> None:
    done = Signal()

    def write() -> None:
        with connect(conninfo) as own:
            while not done.is_set():
                lead_id, customer_id = given(own, captured())
                given(own, LeadWon(), lead_id=lead_id, customer_id=customer_id, version=1)

    writers = [Thread(target=write) for _ in range(2)]
    follower = follow.Follower(conninfo)
    for thread in (*writers, follower):
        thread.start()
    try:
        seen = 0
        while seen < 200:
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                checkpoint = follow.position(connection, LEAD)
                row = connection.execute(
                    "SELECT coalesce(max(position), 0) AS newest, count(*) AS leads FROM public.lead"
                ).fetchone()
            assert row is not None
            assert row["newest"] <= checkpoint
            seen = row["leads"]
        for model in read_models().values():
            assert rebuild(connection, model).differing == 0
            assert verify(connection, model).differing == 0
    finally:
        done.set()
        for thread in writers:
            thread.join()
    deadline = time.monotonic() + 30
    head = fence.horizon(connection)
    while follow.position(connection, LEAD) < head:
        assert time.monotonic() < deadline, "the follower does not get to the end of the log"
    follower.stop()
    for model in read_models().values():
        assert verify(connection, model).differing == 0


def test_a_long_way_is_followed_in_chunks_to_its_end(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_CHUNK", 3)
    for _ in range(10):
        given(connection, captured())
    head = follow.catch_up(connection)
    assert {follow.position(connection, model) for model in read_models().values()} == {head}
    assert connection.execute("SELECT count(*) AS n FROM lead").fetchall() == [{"n": 10}]


@for_all(events=st.lists(any_lead_event, max_size=10))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_lead_row_and_the_rules_see_the_same_lead(connection: Connection, events: list[LeadEvent]) -> None:
    lead_id, customer_id = given(connection, captured(), *events)
    rows = rows_at(connection, LEAD, lead_id, 10**9)
    state: Lead | None = None
    loaded = log.load(connection, lead_id)
    assume(all(past.event.can_be_undone for past in loaded.history if past.version in undone(loaded.history)))
    for event in loaded.standing:
        assert isinstance(event.event, LeadEvent)
        state = evolve(state, event.event)
    if state is None:
        assert rows == []
        return
    (row,) = rows
    assert row["version"] == 1 + len(events)
    assert row["status"] == ("merged" if state.merges.into else state.status)
    assert row["merged_into"] == (state.merges.into.survivor_id if state.merges.into else None)
    assert row["customer_id"] == (state.reattributed_to or customer_id)
    assert row["title"] == (None if isinstance(state.title, Forgotten) else state.title)
    assert (row["source"], row["pipeline"], row["stage"]) == (state.source, state.pipeline, state.stage)
    assert (row["owner_id"], row["team"]) == (state.owner_id, state.team)
    assert (row["amount"], row["currency"]) == (
        (state.value.amount, state.value.currency) if state.value else (None, None)
    )
    assert set(row["product_ids"]) == state.products
    assert row["recycled_until"] == state.recycled_until
    assert (row["contacted_at"] is not None) == state.contacted
    assert (row["qualified_at"] is not None) == state.qualified
    assert (row["converted_at"] is not None) == (state.conversion is not None)
    assert row["open_follow_ups"] == list(state.work.follow_ups.values()).count("scheduled")


def test_another_versions_follower_keeps_off_a_model_that_was_folded_anew(connection: Connection) -> None:
    lead_id, customer_id = given(connection, captured())
    head = follow.catch_up(connection)
    connection.execute("UPDATE replay.checkpoint SET definition = 'newer' WHERE projection = 'lead'")
    given(connection, LeadWon(), lead_id=lead_id, customer_id=customer_id, version=1)
    with pytest.raises(OtherDefinition, match="another version"):
        follow.catch_up(connection)
    with pytest.raises(OtherDefinition):
        replay_customer(connection, LEAD, customer_id)
    assert follow.position(connection, LEAD) == head
    assert connection.execute("SELECT status FROM lead").fetchall() == [{"status": "open"}]


def test_rebuilds_and_verifications_at_once_find_no_difference_where_there_is_none(conninfo: str) -> None:
    with connect(conninfo) as connection:
        for _ in range(5):
            given(connection, captured(), LeadWon())
        follow.catch_up(connection)

    def work(task: Callable[[Connection], Report]) -> list[int]:
        with connect(conninfo) as own:
            return [task(own).differing for _ in range(8)]

    tasks: list[Callable[[Connection], Report]] = [lambda own: rebuild(own, LEAD)] * 2
    tasks += [lambda own: verify(own, LEAD)] * 2
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, tasks)) == [[0] * 8] * 4


def test_a_column_of_another_type_is_rebuilt_without_a_comparison(connection: Connection) -> None:
    given(connection, captured())
    follow.catch_up(connection)
    connection.execute("ALTER TABLE lead ALTER COLUMN version TYPE bigint")
    assert rebuild(connection, LEAD).differing == 0
    assert verify(connection, LEAD).differing == 0


def test_a_table_that_something_else_is_built_on_is_not_replaced(connection: Connection) -> None:
    given(connection, captured())
    connection.execute("CREATE VIEW analyst_view AS SELECT status FROM lead")
    with pytest.raises(InUse, match="drop it, replay again"):
        rebuild(connection, LEAD)
    assert connection.execute("SELECT * FROM analyst_view").fetchall() == [{"status": "open"}]
    assert verify(connection, LEAD).differing == 0
