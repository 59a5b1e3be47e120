"""What the verbs of `crm kpi` have in common: their options, and an installation whose read models are up to date."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import Data, day_or_moment_of, fail, opened

if TYPE_CHECKING:
    from api.kpis.buckets import Every as Bucketed
    from api.kpis.question import Asked
    from api.store import Store
    from projections.kpi import Kpi

FirstDay = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")]
EndDay = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.")]
AsOf = Annotated[str | None, typer.Option(help="A day or a moment, such as 2026-03-03T09:00:00Z.")]
OnAxis = Annotated[str | None, typer.Option(help="recorded or occurred.")]
GroupBy = Annotated[str | None, typer.Option(help="owner, product, source …")]
Zone = Annotated[str | None, typer.Option(help="The time zone whose days count.")]
Definition = Annotated[str | None, typer.Option(help="Such as win_rate@1 or stripe; all: side by side.")]
Where = Annotated[list[str] | None, typer.Option("--where", help="Count one group alone: source=web.")]
Chosen = Annotated[list[str] | None, typer.Option("--param", help="A parameter of the figure: within_days=60.")]
Every = Annotated[str | None, typer.Option(help="A series by day, week, month, quarter or year.")]
Previous = Annotated[bool, typer.Option("--previous", help="Beside it, the period of the same length before.")]
Plot = Annotated[
    Path | None, typer.Option(help="Draw it into this file, .png or .svg: a series, groups or cohorts.", dir_okay=False)
]


@dataclass(frozen=True, slots=True)
class Options:
    """What was said of a figure, as it was written."""

    first_day: datetime | None = None
    end_day: datetime | None = None
    as_of: str | None = None
    axis: str | None = None
    group_by: str | None = None
    zone: str | None = None
    definition: str | None = None
    where: Sequence[str] | None = None
    chosen: Sequence[str] | None = None

    def asked(self, zone: str) -> "Asked":
        """The same as it is asked, in this zone if no other was said; ends with a sentence when it makes no sense."""
        from api.kpis.question import Asked
        from projections.sight import EVERYTHING

        if self.axis not in (None, "recorded", "occurred"):
            fail("--axis is recorded (what was known) or occurred (what had happened).")
        where: dict[str, tuple[str, ...]] = {}
        for group, name in _pairs("--where", "source=web", self.where):
            where[group] = (*where.get(group, ()), name)
        return Asked(
            zone=self.zone or zone,
            first_day=self.first_day and self.first_day.date(),
            end_day=self.end_day and self.end_day.date(),
            as_of=day_or_moment_of(self.as_of, "--as-of takes") if self.as_of else None,
            axis=self.axis,  # type: ignore[arg-type]  # checked above
            group_by=self.group_by,
            definition=self.definition,
            where=where,
            parameters=dict(_pairs("--param", "within_days=60", self.chosen)),
            sight=EVERYTHING,
        )


@contextmanager
def up_to_date(data: Data) -> "Iterator[Store]":
    """The installation with its read models up to date. What cannot be asked ends with a sentence."""
    from api.problems import RequestProblem
    from replay.follow import catch_up

    with opened(data) as store:
        with store.following() as connection:
            catch_up(connection)
        try:
            yield store
        except RequestProblem as problem:
            fail(str(problem))


def kpi_of(slug: str) -> "Kpi":
    """The figure of that slug; ends with those there are when there is none."""
    from api.kpis.question import find
    from api.problems import NotFound

    try:
        return find(slug)
    except NotFound as unknown:
        fail(str(unknown))


def _pairs(option: str, example: str, said: Sequence[str] | None) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, equals, value in (one.partition("=") for one in said or ()) if equals]
    if len(pairs) < len(said or ()):
        fail(f"{option} takes a name and a value, such as {example}.")
    return pairs


def every_of(text: str) -> "Bucketed":
    """How long each bucket of a series is; ends with what there is."""
    from api.kpis.buckets import EVERY

    if text not in EVERY:
        fail(f"--every is one of {', '.join(EVERY)}.")
    return text
