"""Rebuilds several read models, some at a time, each on a connection of its own."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Lock

from eventstore.database import Connection
from eventstore.fence import horizon
from eventstore.server import give_way
from projections.read_models import ReadModel, read_models
from replay.differences import Report
from replay.progress import Counts, Progress, Stopped, Tell, announce, ask, count_types, plan, under_way
from replay.rebuild import rebuild, resume

Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several rebuilds: those that ended, and those that were paused or cancelled."""

    reports: list[Report]
    stopped: list[Progress]


def replay_together(connect: Connect, models: Sequence[ReadModel], tell: Tell, *, at_once: int) -> Outcome:
    """Rebuild these, the longest first. Interrupted by the keyboard, they pause; whoever calls is told by the outcome.

    Raises what a rebuild raises, once those at hand have paused.
    """
    with connect() as connection:
        announce(connection, models)
    return _each(connect, models, rebuild, tell, at_once)


def resume_together(connect: Connect, tell: Tell, *, at_once: int) -> Outcome:
    """Go on with all rebuilds that were paused or cut off, or did not begin."""
    with connect() as connection:
        names = [each.read_model for each in under_way(connection)]
        ask(connection, names, "run")
    models = [read_models()[name] for name in names if name in read_models()]
    return _each(connect, models, resume, tell, at_once)


def _each(
    connect: Connect,
    models: Sequence[ReadModel],
    work: Callable[[Connection, ReadModel, Tell, Counts], Report | None],
    tell: Tell,
    at_once: int,
) -> Outcome:
    with connect() as connection:
        counts = count_types(connection, horizon(connection))
        seconds = {each.read_model: each.seconds for each in plan(connection, models, counts)}

    def do(model: ReadModel) -> Report | Progress | None:
        with connect() as own:
            give_way(own)
            if model.name not in {each.read_model for each in under_way(own) if each.wanted == "run"}:
                return None  # it was paused or cancelled before its turn came
            try:
                return work(own, model, tell, counts)
            except Stopped as stopped:
                return stopped.progress

    longest_first = sorted(models, key=lambda model: -seconds[model.name])
    with ThreadPoolExecutor(at_once) as pool:
        tasks = [pool.submit(do, model) for model in longest_first]
        try:
            for task in tasks:
                task.result()
        except BaseException as error:
            with connect() as connection:
                ask(connection, list(seconds), "pause")
            pool.shutdown(cancel_futures=True)
            if not isinstance(error, KeyboardInterrupt):
                raise
    done = [task.result() for task in tasks if not task.cancelled()]
    with connect() as connection:
        left = under_way(connection)
    ended = {each.read_model: each for each in done if isinstance(each, Report)}
    cancelled = [each for each in done if isinstance(each, Progress) and each.wanted == "cancel"]
    return Outcome([ended[model.name] for model in models if model.name in ended], [*cancelled, *left])


def share_out(
    hands: Sequence[Connection], models: Collection[ReadModel], work: Callable[[Connection, ReadModel], None]
) -> None:
    """Do it for each model, the widest first, on whichever connection is free. After an error nothing more is begun;
    it is raised when what was under way has ended."""
    waiting = sorted(models, key=lambda model: len(model.folds) * len(model.types))
    turns = Lock()

    def go_on(own: Connection) -> None:
        while waiting:
            with turns:
                model = waiting.pop() if waiting else None
            try:
                if model:
                    work(own, model)
            except BaseException:
                waiting.clear()
                raise

    with ThreadPoolExecutor(len(hands)) as pool:
        for _ in pool.map(go_on, hands):
            pass
