"""What a function takes in a process that does nothing else."""

import re
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path


def alone(work: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Seconds, and megabytes at most, the interpreter included. `work` is a function of a module."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_measured, args=(work, arguments, theirs))
    process.start()
    theirs.close()  # so that a process that ends without an answer is noticed
    taken: tuple[float, float] = ours.recv()
    process.join()
    return taken


def _measured(work: Callable[..., object], arguments: tuple[object, ...], pipe: Pipe) -> None:
    with suppress(OSError):  # without it the process that began this one counts too; only Linux has it
        Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    work(*arguments)
    pipe.send((time.perf_counter() - began, _most()))


def _most() -> float:
    with suppress(OSError):
        return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
