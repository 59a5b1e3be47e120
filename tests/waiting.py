"""Waiting for a condition, and not for a time."""

import time
from collections.abc import Callable


def comes(condition: Callable[[], bool], within: float = 20.0) -> bool:
    """Whether the condition comes true; gives up after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
