"""How the command line shows what it found out: lines for people, JSON for programs."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from replay.rebuild import Report


def print_reports(reports: "Sequence[Report]", as_json: bool) -> None:
    """A line per read model, or JSON; the rows that differ are named beneath."""
    if as_json:
        print_json(
            [
                {
                    "read_model": report.read_model,
                    "events": report.events,
                    "seconds": round(report.seconds, 3),
                    "events_per_second": round(report.events / report.seconds) if report.seconds else None,
                    "rows": report.rows,
                    "rows_differ": report.differing,
                    "differences": [str(difference) for difference in report.differences],
                }
                for report in reports
            ]
        )
        return
    width = max(len(report.read_model) for report in reports)
    for report in reports:
        rate = report.events / report.seconds if report.seconds else 0
        print(
            f"{report.read_model:<{width}}  {report.events:>9,} events  {report.seconds:>8.3f} s"
            f"  {rate:>11,.0f} events/s  {report.rows:>9,} rows  {report.differing} rows differ"
        )
        for difference in report.differences:
            print(f"  {difference}")


def print_json(value: object) -> None:
    """For programs: what JSON does not know, such as an id, as text."""
    print(json.dumps(value, default=str, indent=2))


def shown(value: object) -> str:
    """A figure for people: exact, with thousands apart; a dash where there is none."""
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return "–" if value is None else str(value)
