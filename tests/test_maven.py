"""A published sales pipeline of 8,800 deals, imported whole: the figures are those that others count from the file."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import fmean, median
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from rich.console import Console

from api.imports.run import ImportReport, import_file
from api.kpis import KpiGroup, KpiResult, ask
from api.settings import Settings
from api.store import Store, open_store
from eventstore import server
from eventstore.database import connect
from projections.kpi import kpis
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import catch_up
from replay.verification import verify

MAPPING = Path(__file__).resolve().parents[1] / "docs" / "examples" / "maven_leads.toml"
LEADS = 8_800
RATIO = Decimal("1e-9")

Deal = dict[str, str]


@pytest.fixture
def pipeline_file(oracle_data: Path) -> Path:
    return oracle_data / "maven_crm" / "sales_pipeline.csv"


@pytest.fixture
def deals(pipeline_file: Path) -> list[Deal]:
    with open(pipeline_file, encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def database(cluster: str, template: str) -> Iterator[str]:
    """A database that the tests of this module share: the file is imported into it once."""
    name = f"maven_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    yield make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def maven(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = Settings.model_validate(
        {"DATABASE_URL": database, "secret": "test", "data": tmp_path_factory.mktemp("maven")}
    )
    with open_store(settings) as store:
        yield store


@pytest.fixture
def empty_store(settings: Settings) -> Iterator[Store]:
    """An empty installation without a follower."""
    with open_store(settings) as store:
        yield store


@pytest.fixture
def imported(maven: Store, pipeline_file: Path) -> Store:
    """The file is in, and the read models are up to date."""
    with connect(maven.conninfo) as connection:
        if not connection.execute("SELECT FROM log.event WHERE type = 'lead.captured' LIMIT 1").rowcount:
            assert counts(take_in(maven, pipeline_file)) == (LEADS, 0, 0, 0)
            catch_up(connection)
    return maven


def take_in(store: Store, file: Path, mapping: Path = MAPPING) -> ImportReport:
    return import_file(store, "leads", file, mapping, Console(quiet=True))


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.changed, report.unchanged, report.refused


def asked(store: Store, slug: str, first: date | None = None, end: date | None = None, **options: Any) -> KpiResult:
    with store.pool.connection() as connection:
        return ask(connection, kpis()[slug], "UTC", first, end, sight=EVERYTHING, **options)


def share(figure: KpiResult | KpiGroup) -> tuple[int, int]:
    """Numerator and denominator."""
    return int(figure.numerator or 0), int(figure.denominator or 0)


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(deal: Deal) -> int:
    return (day(deal["close_date"]) - day(deal["engage_date"])).days


def months() -> list[tuple[date, date]]:
    return [
        (date(2017, month, 1), date(2017, month + 1, 1) if month < 12 else date(2018, 1, 1)) for month in range(1, 13)
    ]


def check_figures(store: Store, deals: list[Deal]) -> None:
    """Figures 1 to 6 and 9 of ORACLE.md: as published there, and as counted here from the file."""
    by_stage = Counter(deal["deal_stage"] for deal in deals)
    assert by_stage == {"Won": 4_238, "Lost": 2_473, "Engaging": 1_589, "Prospecting": 500}
    details = asked(store, "pipeline_as_of").details
    assert {status: group["leads"] for status, group in details.items()} == {"won": 4_238, "lost": 2_473, "open": 2_089}
    stages = {group.group: group.details for group in asked(store, "pipeline_as_of", group_by="stage").groups or []}
    assert stages["contacted"] == {"open": {"leads": 1_589, "value": {}}}
    assert stages["new"]["open"]["leads"] == 500

    rate = asked(store, "win_rate")
    assert rate.value is not None
    assert abs(rate.value - Decimal("0.6315005215")) < RATIO
    assert share(rate) == (4_238, 6_711)

    won = [deal for deal in deals if deal["deal_stage"] == "Won"]
    values = [int(deal["close_value"]) for deal in won]
    size = asked(store, "average_deal_size")
    assert size.numerator == sum(values) == 10_005_534
    assert size.details["by_currency"]["USD"]["median"] == median(values) == 1_117
    assert size.value is not None
    assert abs(float(size.value) - 2360.909391) < 1e-6

    cycle = asked(store, "sales_cycle").details
    for name, stages_of, mean, middle in (
        ("won", ("Won",), 51.781973, 57),
        ("lost", ("Lost",), 41.479175, 14),
        ("both", ("Won", "Lost"), 47.985397, 45),
    ):
        lengths = [days(deal) for deal in deals if deal["deal_stage"] in stages_of]
        assert float(cycle[name]["mean"]) == pytest.approx(fmean(lengths), abs=1e-6) == pytest.approx(mean, abs=1e-6)
        assert cycle[name]["median"] == median(lengths) == middle
        assert cycle[name]["count"] == len(lengths)

    quarters = [(1, 531, 1_134_672), (4, 1_254, 3_086_111), (7, 1_257, 2_982_255), (10, 1_196, 2_802_496)]
    for month, count, value in quarters:
        end = date(2017, month + 3, 1) if month < 10 else date(2018, 1, 1)
        quarter = asked(store, "average_deal_size", date(2017, month, 1), end)
        assert share(quarter) == (value, count)

    products = {group.group: group for group in asked(store, "win_rate", group_by="product").groups or []}
    published = {
        "GTK 500": (15, 25),
        "GTX Basic": (915, 1_436),
        "GTX Plus Basic": (653, 1_051),
        "GTX Plus Pro": (479, 745),
        "GTXPro": (729, 1_147),
        "MG Advanced": (654, 1_084),
        "MG Special": (793, 1_223),
    }
    assert {name: share(group) for name, group in products.items()} == published

    by_month = {3: 1_134_672, 4: 721_932, 5: 1_025_713, 6: 1_338_466, 7: 696_932, 8: 1_050_059}
    by_month |= {9: 1_235_264, 10: 731_980, 11: 938_943, 12: 1_131_573}
    for first, end in months():
        in_month = [int(deal["close_value"]) for deal in won if first <= day(deal["close_date"]) < end]
        figure = asked(store, "average_deal_size", first, end)
        assert share(figure) == (sum(in_month), len(in_month))
        assert sum(in_month) == by_month.get(first.month, 0)


def test_the_figures_are_the_published_ones(imported: Store, deals: list[Deal]) -> None:
    check_figures(imported, deals)


def test_top_agents_sold_what_is_published(imported: Store, deals: list[Deal]) -> None:
    groups = asked(imported, "average_deal_size", group_by="owner").groups or []
    found = {group.label: share(group) for group in groups}
    assert found["Darcel Schlecht"] == (1_153_214, 349)
    assert set(found) == {deal["sales_agent"] for deal in deals if deal["deal_stage"] == "Won"}


def test_managers_offices_and_months_sold_what_is_published(imported: Store, pipeline_file: Path) -> None:
    with open(pipeline_file.with_name("sales_teams.csv"), encoding="utf-8", newline="") as text:
        teams = {row["sales_agent"]: row for row in csv.DictReader(text)}
    sold: Counter[str] = Counter()
    for group in asked(imported, "average_deal_size", group_by="owner").groups or []:
        team = teams[group.label or ""]
        sold.update({team["manager"]: int(group.numerator or 0), team["regional_office"]: int(group.numerator or 0)})
    assert sold == {
        "Melvin Marxen": 2_251_930,
        "Summer Sewald": 1_964_750,
        "Rocco Neubert": 1_960_545,
        "Celia Rouche": 1_603_897,
        "Cara Losch": 1_130_049,
        "Dustin Brinkmann": 1_094_363,
        "West": 3_568_647,
        "Central": 3_346_293,
        "East": 3_090_594,
    }
    months = {
        group.group: share(group) for group in asked(imported, "average_deal_size", group_by="month").groups or []
    }
    assert months["2017-03"] == (1_134_672, 531)
    assert months["2017-12"] == (1_131_573, 511)
    assert len(months) == 10


def test_what_is_open_won_and_lost_adds_up_through_the_figures(imported: Store, deals: list[Deal]) -> None:
    funnel = asked(imported, "stage_conversion")
    assert share(funnel) == (4_238, LEADS)
    passed = [step["leads"] for step in funnel.details["stages"]]
    assert passed == [LEADS, 4_238 + 1_589, 4_238, 4_238, 4_238, 4_238], "who was won has passed all stages"
    worth = asked(imported, "pipeline_value")
    assert (worth.value, worth.sample_size, worth.excluded) == (None, 0, 1_589 + 500), "the file values no open deal"
    rate = asked(imported, "lead_conversion_rate", parameters={"within_days": "60"})
    won = sum(days(deal) <= 60 for deal in deals if deal["deal_stage"] == "Won")
    assert share(rate) == (won, LEADS)
    assert asked(imported, "lead_response_time").sample_size == 0, "nobody waits for an answer"


def test_the_pipeline_of_a_past_evening_is_what_the_file_says_it_was(imported: Store, deals: list[Deal]) -> None:
    evening = datetime(2017, 6, 30, 23, 59, 59, tzinfo=UTC)
    counted: Counter[str] = Counter()
    sold = 0
    for deal in deals:
        if not deal["engage_date"] or day(deal["engage_date"]) > evening.date():
            continue  # without a date they came in at the import
        closed = deal["close_date"] and day(deal["close_date"]) <= evening.date()
        counted[deal["deal_stage"].lower() if closed else "open"] += 1
        sold += int(deal["close_value"]) if closed and deal["deal_stage"] == "Won" else 0
    figure = asked(imported, "pipeline_as_of", as_of=evening, axis="occurred")
    assert {status: group["leads"] for status, group in figure.details.items()} == counted
    assert figure.details["won"]["value"] == {"USD": sold}
    assert figure.value == counted["open"]


def test_rows_with_the_same_account_share_a_customer(imported: Store, deals: list[Deal]) -> None:
    with imported.pool.connection() as connection:
        counting = "SELECT count(*) AS customers, count(name) AS named FROM public.customer_360"
        found = connection.execute(counting).fetchone()
        leads = connection.execute("SELECT count(DISTINCT customer_id) AS customers FROM public.lead").fetchone()
    accounts = {deal["account"] for deal in deals if deal["account"]}
    unnamed = sum(not deal["account"] for deal in deals)
    assert found == {"customers": len(accounts) + unnamed, "named": len(accounts)}
    assert len(accounts) == 85
    assert leads == {"customers": len(accounts) + unnamed}


def test_live_rows_are_what_a_replay_gives(imported: Store) -> None:
    with connect(imported.conninfo) as connection:
        assert {name: verify(connection, model).differing for name, model in read_models().items()} == dict.fromkeys(
            read_models(), 0
        )


@pytest.mark.full
def test_the_first_time_everything_is_new_and_then_only_what_is(
    empty_store: Store, pipeline_file: Path, deals: list[Deal], oracle_data: Path, tmp_path: Path
) -> None:
    first = take_in(empty_store, pipeline_file)
    assert counts(first) == (LEADS, 0, 0, 0)
    assert first.flagged == {"no_capture_date": 500}
    assert counts(take_in(empty_store, pipeline_file)) == (0, 0, LEADS, 0)

    mapping = tmp_path / "us_dates.toml"
    mapping.write_text(MAPPING.read_text(encoding="utf-8").replace('["%Y-%m-%d"]', '["%m/%d/%Y"]'), encoding="utf-8")
    us_dates = oracle_data / "maven_crm" / "sales_pipeline_us_dates_variant.csv"
    assert counts(take_in(empty_store, us_dates, mapping)) == (0, 0, LEADS, 0)

    newer = tmp_path / "newer.csv"
    write_newer(newer, deals, changed=10, added=10)
    assert counts(take_in(empty_store, newer)) == (10, 10, LEADS - 10, 0)
    assert counts(take_in(empty_store, newer)) == (0, 0, LEADS + 10, 0)
    with connect(empty_store.conninfo) as connection:
        catch_up(connection)
        assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
    # five that were open and ten that are new; another value changes no outcome
    assert asked(empty_store, "win_rate").numerator == 4_238 + 5 + 10


def write_newer(file: Path, deals: list[Deal], changed: int, added: int) -> None:
    """A newer export: half of the changed rows were won meanwhile, the others were worth more; new rows at the end."""
    open_deals = [deal for deal in deals if deal["deal_stage"] == "Engaging"]
    won_deals = [deal for deal in deals if deal["deal_stage"] == "Won"]
    won_meanwhile = {deal["opportunity_id"] for deal in open_deals[:: len(open_deals) // 5][: changed // 2]}
    worth_more = {deal["opportunity_id"] for deal in won_deals[:: len(won_deals) // 5][: changed // 2]}
    with open(file, "w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, deals[0])
        writer.writeheader()
        for deal in deals:
            if deal["opportunity_id"] in won_meanwhile:
                writer.writerow(deal | {"deal_stage": "Won", "close_date": "2018-01-05", "close_value": "999"})
            elif deal["opportunity_id"] in worth_more:
                writer.writerow(deal | {"close_value": str(int(deal["close_value"]) + 1)})
            else:
                writer.writerow(deal)
        for number in range(added):
            writer.writerow(won_deals[number] | {"opportunity_id": f"NEW{number:05}"})


# Killed in the middle


@pytest.mark.full
def test_an_import_that_is_killed_ten_times_is_complete_in_the_end(
    tmp_path: Path, pipeline_file: Path, deals: list[Deal]
) -> None:
    data = tmp_path / "data"
    with server.running(data):  # made beforehand, so that each kill falls into an import
        pass
    # what a thousand rows become is recorded at once, so a run may go that far beyond its target
    targets = sorted(random.sample(range(round(0.05 * LEADS), round(0.6 * LEADS)), 5))
    there = 0
    try:
        for number in range(10):
            running = start_import(data, pipeline_file)
            # of two runs one has recorded more when it is killed, and the other has just begun
            wanted = max(targets[number // 2], there + 100) if number % 2 == 0 else there
            there = leads_reach(data, running, wanted, runs=number + 1)
            is_import = number % 4 < 2
            os.kill(running.pid if is_import else postmaster(data), signal.SIGKILL)
            _, errors = running.communicate(timeout=60)
            assert 0 < there < LEADS, "the kill was to fall strictly into the middle"
            assert running.returncode != 0
            assert "Traceback" not in errors
            assert is_import or "run the same import again" in errors
        last = start_import(data, pipeline_file)
        output, errors = last.communicate(timeout=300)
        assert last.returncode == 0, errors
        assert output.startswith("8,800 leads: ")
        again, _ = start_import(data, pipeline_file).communicate(timeout=300)
        assert again.startswith("8,800 leads: 0 new, 0 changed, 8,800 unchanged; 0 rows refused.")
        checked = crm("verify", "--data", str(data))
        checked_output, _ = checked.communicate(timeout=300)
        assert checked.returncode == 0, checked_output
        with open_store(Settings(data=data)) as store:
            check_figures(store, deals)
    finally:
        with server.running(data):
            pass  # the last to leave stops it


def crm(*arguments: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-m", "api", *arguments],
        cwd=Path(__file__).resolve().parents[1],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_import(data: Path, file: Path) -> "subprocess.Popen[str]":
    return crm("import", "leads", str(file), "--mapping", str(MAPPING), "--data", str(data))


def leads_reach(data: Path, running: "subprocess.Popen[str]", wanted: int, runs: int) -> int:
    """Wait until that many leads are recorded, and that many runs have begun; returns how many leads there are then."""
    found = eventually(lambda: count_leads(data, running, wanted, runs), 120)
    assert found is not None, "the import ended, or did not come that far"
    return found


def count_leads(data: Path, running: "subprocess.Popen[str]", wanted: int, runs: int) -> int | None:
    assert running.poll() is None, running.communicate()
    try:
        with psycopg.connect(conninfo(data), autocommit=True) as watching:
            while running.poll() is None:
                [(leads, begun)] = watching.execute(
                    "SELECT count(*) FILTER (WHERE stream_type = 'lead' AND version = 1),"
                    " count(*) FILTER (WHERE type = 'import.started') FROM log.event"
                ).fetchall()
                if leads >= wanted and begun >= runs:
                    return int(leads)
    except (OSError, StopIteration, psycopg.Error):
        return None  # not up yet
    return None


def eventually(probe: Callable[[], int | None], seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := probe()) is not None:
            return found
        time.sleep(0.01)
    return None


def postmaster(data: Path) -> int:
    return int(record(data)[0])


def conninfo(data: Path) -> str:
    lines = record(data)
    return make_conninfo(host=lines[4], port=lines[3], user="postgres", dbname="everfold")


def record(data: Path) -> list[str]:
    """postmaster.pid: process id, folder, start, port, socket folder …"""
    lines = next(data.glob("*/data/postmaster.pid")).read_text().splitlines()
    if len(lines) < 5:
        raise FileNotFoundError("it is being written")
    return lines
