"""How far an import is, shown on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

Advance: TypeAlias = Callable[[int], None]
"""Is told the line that the import has come to."""


@contextmanager
def progress(console: Console, lines: int) -> Iterator[Advance]:
    """Shows how far the import is, on a terminal only."""
    columns = (
        TextColumn("{task.completed:,} of {task.total:,} lines"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task("import", total=lines)
        yield lambda line: shown.update(task, completed=line)


class _Rate(ProgressColumn):
    """Lines a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} lines/s" if speed else "")
