"""`crm kpi`: definitions, moments and periods side by side, series, pictures, files, and targets that are published."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from api.cli.kpi_tables import sparkline
from domain.customer import CustomerActivated, CustomerChurned, CustomerRegistered
from eventstore.database import Connection
from tests.api.customer_base import bought, lived
from tests.api.test_cli import Crm, crm
from tests.projections.records import tell

__all__ = ["crm"]

pytestmark = pytest.mark.full

QUARTER = ("--from", "2026-07-01", "--to", "2026-10-01")


@pytest.fixture
def customers(connection: Connection) -> None:
    """Four from May on, one of whom left in August; and one of July, who left in August too."""
    for month, leaves in ((5, True), (5, False), (5, False), (5, False), (7, True)):
        here = [datetime(2026, month, number, 12, tzinfo=UTC) for number in (2, 3)]
        left = datetime(2026, 8, 5, 12, tzinfo=UTC)
        gone = [CustomerChurned(kind="said", effective_on=left.date())] if leaves else []
        facts = CustomerRegistered(kind="person", name="Ann"), CustomerActivated(cause="said so"), *gone
        tell(connection, uuid4(), *facts, at=[*here, *([left] if leaves else [])])


@pytest.mark.usefixtures("customers")
def test_definitions_stand_side_by_side(crm: Crm) -> None:
    lines = crm("kpi", "run", "customer_churn_rate", *QUARTER, "--definition", "all").splitlines()
    names = next(line for line in lines if "start_base" in line).split()
    assert [name for name in names if name.isidentifier()] == ["start_base", "stripe", "cohort"]
    assert next(line for line in lines if "│ value" in line).split() == "│ value │ 50.0 % │ 40.0 % │ 25.0 % │".split()
    one = crm("kpi", "run", "customer_churn_rate", *QUARTER, "--definition", "stripe")
    assert "customer_churn_rate@1 (stripe)" in one


@pytest.mark.usefixtures("customers")
def test_a_series_is_a_line_a_table_and_a_picture(crm: Crm, tmp_path: Path) -> None:
    picture = tmp_path / "active.svg"
    asked = ("run", "active_customers", *QUARTER, "--every", "month", "--axis", "occurred", "--plot", str(picture))
    said = crm("kpi", *asked)
    assert "█▅▅" in said
    assert "2026-08-01" in said
    assert f"The picture is in {picture}." in said
    assert "Active customers" in picture.read_text()
    found = json.loads(crm("kpi", *asked, "--json"))
    assert [bucket["value"] for bucket in found["buckets"]] == [5, 3, 3]


def test_what_a_figure_reports_is_told_in_words_and_tables(crm: Crm, connection: Connection) -> None:
    lived(connection, [(0, bought()), (35, bought())], *[[(day, bought())] for day in range(0, 10 * 30, 30)])
    said = crm("kpi", "run", "cohort_retention")
    assert "{" not in said
    head, *rows = said.partition("since they came:\n")[2].splitlines()
    assert head.split() == ["cohort", "size", *map(str, range(13))]
    assert rows[0].split()[:4] == ["2025-01", "3", "100", "33"]
    found = json.loads(crm("kpi", "run", "cohort_retention", "--json"))["details"]["cells"]
    assert [row.split()[0] for row in rows] == sorted({cell["cohort"] for cell in found})
    curve = crm("kpi", "run", "survival_curve")
    assert "at risk" in curve and "customers: 11" in curve


@pytest.mark.usefixtures("customers")
def test_moments_and_periods_are_compared(crm: Crm) -> None:
    said = crm("kpi", "compare", "customer_churn_rate", *QUARTER, "--axis", "occurred", "--as-of", "2026-08-01",
               "--as-of", "2026-09-01")  # fmt: skip
    assert "┃ 2026-08-01 ┃ 2026-09-01 ┃" in said
    assert "│ 0.0 %      │ 50.0 %     │" in said
    periods = ("--period", "2026-04-01..2026-07-01", "--period", "2026-07-01..2026-10-01")
    found = json.loads(crm("kpi", "compare", "new_customers", *periods, "--json"))
    assert [result["value"] for result in found] == [4, 1]
    both = json.loads(crm("kpi", "compare", "customer_churn_rate", *periods, "--definition", "stripe", "--definition",
                          "customer_churn_rate@1", "--json"))  # fmt: skip
    assert [result["value"] for result in both] == [0, None, 0.4, 0.5]
    assert "The period before" in crm("kpi", "run", "new_customers", *QUARTER, "--previous")


@pytest.mark.usefixtures("customers")
def test_all_figures_of_a_period_go_to_a_file(crm: Crm, tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    assert "figures are in" in crm("kpi", "export", *QUARTER, "--csv", "--output", str(file))
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    new = [(row["start"][:10], row["value"]) for row in rows if row["slug"] == "new_customers"]
    assert new == [("2026-07-01", "1"), ("2026-08-01", "0"), ("2026-09-01", "0")]
    assert {"win_rate", "mrr"} <= {row["slug"] for row in rows}
    (found,) = json.loads(crm("kpi", "export", "new_customers", *QUARTER, "--every", "quarter"))
    assert [bucket["value"] for bucket in found["buckets"]] == [1]
    assert "No such file" in crm("kpi", "export", "win_rate", "--output", str(tmp_path / "no" / "a.json"), code=2)


def test_a_target_is_published_and_shown(crm: Crm) -> None:
    assert crm("kpi", "publish", "win_rate", "--target", "0.3") == (
        "KPI win_rate, version 1: no parameters, target at least 0.3.\n"
    )
    assert "Target: at least 30.0 %" in crm("kpi", "run", "win_rate")
    assert "is already defined so" in crm("kpi", "publish", "win_rate", "--target", "0.30", code=2)
    assert "has no parameter of that name" in crm("kpi", "publish", "win_rate", "--param", "days=3", code=2)
    assert "target at most 0.3." in crm("kpi", "publish", "win_rate", "--target", "0.3", "--at-most")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "win_rate", "--every", "fortnight"), "--every is one of day, week, month, quarter, year."),
        (("run", "win_rate", "--every", "month", "--previous"), "A series is of one definition: leave"),
        (("run", "win_rate", "--where", "web"), "--where takes a name and a value, such as source=web."),
        (("run", "win_rate", "--where", "colour=red"), "win_rate can be asked of one group by: owner"),
        (("run", "win_rate", "--param", "days=3"), "win_rate has no parameter of that name. It has: none."),
        (("run", "win_rate", "--definition", "mine"), "win_rate has no such definition. There are: win_rate@1."),
        (("run", "win_rate", "--previous"), "There is a period before only where 'from' and 'to' are given."),
        (("run", "win_rate", "--plot", "a.svg"), "One number is no picture."),
        (("compare", "win_rate", "--as-of", "2026-01-01"), "Nothing to compare with."),
        (("compare", "win_rate", "--period", "2026"), "--period takes its first day"),
        (("publish", "win_rate"), "Say what to publish"),
        (("publish", "win_rate", "--param", "a=1", "--at-most"), "say how a target is meant: give --target NUMBER"),
        (("publish", "win_rate", "--target", "much"), "--target takes a number"),
        (("export", "win_rate", "--csv", "--json"), "Give --csv or --json, not both."),
        (("export", "nonsense"), "There is no KPI of that name."),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(crm: Crm, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in crm("kpi", *arguments, code=2)


def test_a_sparkline_goes_from_zero_to_the_highest() -> None:
    assert sparkline([Decimal(0), None, Decimal(7), Decimal("3.6")]) == "▁ █▅"
    assert sparkline([Decimal(-7), Decimal(0)]) == "▁█"
    assert sparkline([Decimal(0), Decimal(0)]) == "▁▁"
    assert sparkline([]) == ""
