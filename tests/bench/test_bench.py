"""The benchmarks measure what they say: every contender works, the filled log is a true one, ratios are medians."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli import benchmarks
from bench import append, asof, audit, bulk, export, follow, ground, growth, hot, kpis, many, projected, tail
from bench import replay as bench_replay
from bench import rows as bench_rows
from bench import verify as bench_verify
from bench.ground import Contender, Measured, NotDurable, Result, compared
from eventstore import log
from eventstore.database import Connection, connect
from eventstore.fence import horizon
from projections import kpi
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import catch_up
from replay.verification import verify
from tests.facts import captured, given
from tests.projections.records import registered

pytestmark = pytest.mark.full

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


@pytest.fixture
def small_log(conninfo: str, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> str:
    """Forty events of two leads' lives, on a server that need not be durable here."""
    monkeypatch.setattr(ground, "_NEEDED", ())
    growth.fill(conninfo, 40)
    return conninfo


def test_a_logs_end_is_appended_again_as_it_was(small_log: str, connection: Connection) -> None:
    with tail.without_end(small_log, 15) as (other, appends), connect(other) as copy:
        head = horizon(connection)
        split = head - 15
        assert horizon(copy) == split
        assert sum(map(len, appends)) == 15
        with tail.writing(other, appends, rate=1_000) as writer:
            writer.write(0.01)
            done = writer.done()
            writer.write(60)
            done += writer.done()
        assert (done[-1].position, sum(each.events for each in done)) == (head, 15)
        told = "SELECT customer_id, stream_id, version, type, data, personal FROM log.history ORDER BY position"
        assert copy.execute(told).fetchall() == connection.execute(told).fetchall()


def test_what_followers_have_folded_is_seen(small_log: str) -> None:
    appends = hot.fill(small_log, 60, 300)
    tail.get_ready(small_log)
    found = list(follow.measured("busy", small_log, appends, 50, 0.5, at_most=100, cores=0.5))
    assert [each.unit for each in found] == ["events/s", "ms", "ms", "cores"]
    assert 0 < found[1].value <= found[2].value
    assert found[3].value > 0


def test_a_follower_that_sees_nothing_is_told() -> None:
    with pytest.raises(ChildProcessError, match="do not follow"):
        follow.wait_for([], [tail.Appended(1, 0, 0, 1)], patience=0.01)


def test_replays_are_measured_beside_the_librarys_runner(
    small_log: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows in hot.fill(small_log, 60, 150):
        log.append_rows(connection, rows, None)
    monkeypatch.setattr(bench_replay, "ROUNDS", 1)
    models = {name: read_models()[name] for name in ("lead", "customer_360")}
    monkeypatch.setattr(bench_replay, "read_models", lambda: models)
    found = list(bench_replay.run(small_log, 0.1))
    (replayed,) = (each for each in found if each.figure.startswith("replay of lead,"))
    assert isinstance(replayed, Result)
    assert replayed.details["differing"] == 0
    assert replayed.peer_rate > 0
    assert {each.unit for each in found if isinstance(each, Measured)} == {
        "s",
        "passes",
        "s of both",
        "rows",
        "ms",
        "x",
    }


def test_the_librarys_runner_makes_the_same_rows(small_log: str, connection: Connection) -> None:
    with ground.database(small_log) as library, connect(library) as there:
        assert projected.rate(library, small_log, 1_000) > 0
        theirs = there.execute(
            "SELECT lead_id, version, status, stage FROM public.projected_lead ORDER BY lead_id"
        ).fetchall()
    catch_up(connection)
    ours = connection.execute("SELECT lead_id, version, status, stage FROM public.lead ORDER BY lead_id").fetchall()
    assert theirs == ours
    assert len(ours) == 2


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert [tail.percentile([3, 1, 2, 4], share) for share in (0, 0.5, 0.51, 0.99, 1)] == [1, 2, 3, 4, 4]


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


def test_exports_are_measured_beside_a_copy_of_the_same_rows(
    small_log: str, connection: Connection, tmp_path: Path
) -> None:
    found = list(export.run(small_log, 400))
    copied = export._copied(small_log, tmp_path)
    assert copied == count(connection, "log.event") > 400
    ndjson, parquet, *taken = found
    assert isinstance(ndjson, Result)
    assert isinstance(parquet, Result)
    assert min(ndjson.ratio, parquet.ratio) > 0
    assert [each.unit for each in taken if isinstance(each, Measured)] == ["MB"] * 4


def test_a_file_is_taken_in_whole_and_its_events_are_copied(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_NEEDED", ())
    with ground.database(cluster) as empty, connect(empty) as connection:
        end_to_end, *taken = bench_rows.run(empty, 40, benchmarks._import_leads)
        assert isinstance(end_to_end, Result)
        assert f"{count(connection, 'log.event')} events" in end_to_end.figure
        assert count(connection, "public.lead") == 40
    assert end_to_end.ratio > 0
    assert [each.unit for each in taken if isinstance(each, Measured)] == ["MB"] * 2


def test_every_figure_is_measured_live_and_as_of_a_moment(small_log: str) -> None:
    measured = {each.figure.partition(",")[0]: each.value for each in kpis.run(small_log) if isinstance(each, Measured)}
    assert kpi.kpis().keys() < measured.keys()
    assert measured["all figures as of a past moment"] > 0


def test_many_customers_have_so_many_events_each(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_NEEDED", ())
    until = datetime(2026, 11, 1, tzinfo=UTC)
    with ground.database(cluster) as empty, connect(empty) as connection:
        assert many.fill(empty, 60, until) == 60 * many.EVENTS_EACH + 1
        each = connection.execute("SELECT count(*) AS n FROM log.event GROUP BY customer_id").fetchall()
        assert sorted(row["n"] for row in each) == [1, *[many.EVENTS_EACH] * 60]
        wrong = [report for model in read_models().values() if (report := verify(connection, model)).differing]
        assert wrong == []
        counted = {
            slug: len(kpi.figure(connection, one, _ever(until), sight=EVERYTHING)) for slug, one in kpi.kpis().items()
        }
        told = {"clv_simple", "cohort_retention", "customer_churn_rate", "win_rate", "csat", "mrr", "nps"}
        assert all(counted[slug] == 1 for slug in told)


def _ever(until: datetime) -> kpi.Question:
    return kpi.Question(datetime(2020, 1, 1, tzinfo=UTC), until, until, "UTC")
