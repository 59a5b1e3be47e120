"""What was known at a moment: everything before the first event that was recorded later."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from eventstore import moments
from eventstore.database import Connection

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
ROWS = """
INSERT INTO log.event
SELECT
    position, gen_random_uuid(), gen_random_uuid(), 'lead', 1, gen_random_uuid(), 'lead.captured', 1, '{}', NULL, '{}',
    NULL, NULL, NULL, '{}', NULL, recorded_at, recorded_at, '\\x00'
FROM unnest(%s::bigint[], %s::timestamptz[]) AS e (position, recorded_at)
"""


def fill(connection: Connection, recorded: dict[int, datetime]) -> None:
    """A log with events at these positions, recorded at these moments."""
    connection.execute(ROWS, [list(recorded), list(recorded.values())])
    connection.execute("SELECT setval('log.event_position', %s)", [max(recorded)])


def known(recorded: dict[int, datetime], moment: datetime) -> int:
    """The same by looking at every event."""
    later = [position for position, at in recorded.items() if at > moment]
    return min(later) - 1 if later else max(recorded)


def test_positions_are_those_that_a_look_at_every_event_finds(emptied_log: Connection) -> None:
    chance = random.Random(7)
    positions = [position for position in range(100, 6_000) if chance.random() < 0.8 and not 2_400 < position < 4_200]
    # clocks differ by up to two minutes, and once somebody's was ten minutes fast
    recorded = {
        position: BEGIN + timedelta(seconds=position + chance.uniform(-120, 120) + 600 * (position == 1_500))
        for position in positions
    }
    half = {position: at for position, at in recorded.items() if position <= 1_700}
    fill(emptied_log, half)
    asked = [BEGIN + timedelta(seconds=seconds) for seconds in range(-200, 6_400, 37)]
    assert [moments.position_at(emptied_log, at) for at in asked[:50]] == [known(half, at) for at in asked[:50]]
    fill(emptied_log, {position: at for position, at in recorded.items() if position > 1_700})
    assert [moments.position_at(emptied_log, at) for at in asked] == [known(recorded, at) for at in asked]


def test_a_moment_to_come_is_refused(connection: Connection) -> None:
    with pytest.raises(moments.NotYet, match="has not come yet"):
        moments.position_at(connection, datetime.now(UTC) + timedelta(hours=1))


def test_the_application_may_ask_but_not_change_what_is_kept(emptied_log: Connection) -> None:
    fill(emptied_log, {position: BEGIN for position in range(1, 2_001)})
    emptied_log.execute("SET ROLE everfold_app")
    assert moments.position_at(emptied_log, BEGIN) == 2_000
    assert moments.position_at(emptied_log, BEGIN - timedelta(seconds=1)) == 0
    rights = "SELECT has_table_privilege('log.recorded_until', 'INSERT, UPDATE, DELETE') AS may"
    row = emptied_log.execute(rights).fetchone()
    assert row == {"may": False}


def test_an_empty_log_knew_nothing(emptied_log: Connection) -> None:
    emptied_log.execute("SELECT setval('log.event_position', 1, false)")
    assert moments.position_at(emptied_log, datetime(2026, 1, 1, tzinfo=UTC)) == 0
