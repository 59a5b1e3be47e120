"""The benchmarks measure what they say: every contender works, the filled log is a true one, ratios are medians."""

import pytest

from bench import append, asof, audit, bulk, ground, growth
from bench import verify as bench_verify
from bench.ground import Contender, NotDurable, compared
from eventstore.database import Connection
from projections.read_models import read_models
from replay.follow import catch_up
from replay.verification import verify
from tests.facts import captured, given
from tests.projections.records import registered

CONTENDERS = {
    "save": append.EVERFOLD,
    "stock save": append.STOCK,
    "bare insert": append.BARE,
    "save 50": append.EVERFOLD_50,
    "stock save 50": append.STOCK_50,
    "load": append.EVERFOLD_LOAD,
    "stock load": append.STOCK_LOAD,
    "bulk": bulk.EVERFOLD,
    "raw copy": bulk.RAW,
}


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_contender_does_its_step_again_and_again(name: str, conninfo: str, connection: Connection) -> None:
    connection.execute(ground.statement("bare_table"))
    with CONTENDERS[name].ready(conninfo) as step:
        for _ in range(3):
            step()


def test_an_append_leaves_what_production_leaves(conninfo: str, connection: Connection) -> None:
    before = {table: count(connection, table) for table in ("log.event", "log.personal_data", "log.command")}
    with append.EVERFOLD.ready(conninfo) as step:
        step()
    after = {table: count(connection, table) for table in before}
    assert {table: after[table] - before[table] for table in before} == dict.fromkeys(before, 1)


def test_the_scripts_for_pgbench_append_one_event_each(connection: Connection) -> None:
    connection.execute(ground.statement("bare_table"))
    before = count(connection, "log.event")
    connection.execute(ground.statement("append_script"))
    connection.execute(ground.statement("bare_script"))
    assert (count(connection, "log.event") - before, count(connection, "bare")) == (1, 1)


def test_a_tailing_reader_misses_nothing(conninfo: str) -> None:
    seen, missed = append.missed(conninfo, 0.5, processes=4)
    assert seen > 10
    assert missed == 0


def test_a_filled_log_is_a_true_log(conninfo: str, connection: Connection) -> None:
    growth.fill(conninfo, 400)
    row = connection.execute(
        "SELECT bool_and(e.digest = log.digest(e)) AS intact,"
        " bool_and(e.personal_digest IS NOT DISTINCT FROM log.personal_digest(p.data, p.salt)) AS covered"
        " FROM log.event e LEFT JOIN log.personal_data p USING (customer_id, position)"
        " WHERE e.stream_type = 'lead'"
    ).fetchone()
    assert row == {"intact": True, "covered": True}
    catch_up(connection)
    assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
    assert count(connection, "lead") == 20


def test_processes_take_turns_and_are_counted(conninfo: str) -> None:
    rates = ground.race(conninfo, [append.EVERFOLD, append.STOCK], 2, 0.5)
    assert {name: len(of_rounds) for name, of_rounds in rates.items()} == {"everfold": 5, "stock recorder": 5}
    assert all(rate > 0 for of_rounds in rates.values() for rate in of_rounds)


def test_a_process_that_dies_is_told(conninfo: str, capfd: pytest.CaptureFixture[str]) -> None:
    def ready(_: str) -> object:
        raise RuntimeError("cannot get ready")

    with pytest.raises(ChildProcessError):
        ground.race(conninfo, [Contender("broken", ready)], 1, 0.5)  # type: ignore[arg-type]  # that is the point
    assert "cannot get ready" in capfd.readouterr().err


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    result = compared("figure", {"ours": [1.0, 2.0, 30.0], "theirs": [1.0, 1.0, 1.0]}, 3)
    assert (result.ratio, result.rate, result.peer_rate, result.peer) == (2.0, 2.0, 1.0, "theirs")


def test_a_server_that_may_lose_writes_is_not_measured(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_NEEDED", ("zero_damaged_pages",))  # off on every server
    with pytest.raises(NotDurable, match="is not on"), ground.database(cluster):
        pass


def test_verification_is_measured_on_an_intact_log(conninfo: str) -> None:
    (result,) = bench_verify.run(conninfo, 400)
    assert result.ratio > 0


def test_an_audit_is_measured_on_the_same_events_and_its_memory_is_told(conninfo: str, connection: Connection) -> None:
    customer_id = audit.fill(connection, 450)
    assert audit._audited(connection, customer_id) == audit._fetched(connection, customer_id) == 450 + 2 * 5
    found = audit.run(conninfo, 100)
    assert found.result.ratio > 0
    assert found.peak > found.peak_of_a_tenth > 0


def test_the_past_is_measured_on_customers_with_a_past(conninfo: str, connection: Connection) -> None:
    for _ in range(8):
        customer_id = registered(connection)
        given(connection, captured(), customer_id=customer_id)
    one, with_parts, whole = asof.run(conninfo, 0.5)
    assert min(one.ratio, with_parts.ratio, whole.ratio) > 0
    assert "p95" in one.figure
    assert connection.execute("SELECT FROM replay.asof").fetchall() == []
