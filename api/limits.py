"""How much one client may ask for: a bucket each that fills steadily, kept in this process alone.

Two processes allow twice as much. A bucket that nobody has used for long is forgotten, which is as if it were full.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from threading import Lock
from uuid import UUID

from api.problems import RequestProblem
from api.settings import Settings

_WINDOW = 60.0
_MOST = 10_000
"""So many clients are remembered at once, by each policy."""


class TooManyRequests(RequestProblem):
    """This is more than one client may ask for in a minute. Wait for as many seconds as Retry-After says."""

    status, title = 429, "Too many requests"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(max(1, math.ceil(seconds)))}


@dataclass(frozen=True, slots=True)
class Left:
    """What a client has left under a policy: whole requests, and the seconds until all of its quota is there again."""

    policy: str
    quota: int
    remaining: int
    reset: int
    wait: float
    """Seconds until the next request is allowed; 0 where this one was."""


class Buckets:
    """One bucket for each client: holds `quota` requests, and fills in a minute. A quota of 0 is no limit."""

    def __init__(self, policy: str, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.policy, self.quota = policy, quota
        self._clock = clock
        self._turn = Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, client: str, requests: int = 1) -> Left | None:
        """Take so many out, if they are there; 0 only looks. None where there is no limit."""
        if not self.quota:
            return None
        now, pace = self._clock(), self.quota / _WINDOW
        with self._turn:
            level, seen = self._levels.get(client, (float(self.quota), now))
            level = min(float(self.quota), level + (now - seen) * pace)
            wait = max(0.0, (max(1, requests) - level) / pace)
            if not wait:
                level -= requests
            self._levels[client] = (level, now)
            self._levels.move_to_end(client)
            if len(self._levels) > _MOST:
                self._levels.popitem(last=False)
        return Left(self.policy, self.quota, int(level), math.ceil((self.quota - level) / pace), wait)


class Limits:
    """The policies: what any principal may ask for, what is costly, and what strangers may try from one address."""

    def __init__(self, settings: Settings) -> None:
        self._usual = Buckets("default", settings.requests_per_minute)
        self._costly = Buckets("costly", settings.costly_requests_per_minute)
        self._strangers = Buckets("strangers", settings.strangers_requests_per_minute)
        self._refused = Buckets("refused", settings.strangers_requests_per_minute)

    def admit(self, principal: UUID, *, costly: bool) -> dict[str, str]:
        """Count a request of somebody known; returns headers for the answer. Raises TooManyRequests."""
        buckets = (self._costly, self._usual) if costly else (self._usual,)
        return _told([bucket.take(str(principal)) for bucket in buckets])

    def admit_stranger(self, address: str) -> dict[str, str]:
        """The same of a request that does not say whose it is."""
        return _told([self._strangers.take(_network(address))])

    def must_not_have_guessed(self, address: str) -> None:
        """Raises TooManyRequests for an address from which too many keys came that are not in force."""
        _told([self._refused.take(_network(address), 0)])

    def has_guessed(self, address: str) -> None:
        """Count a key that is not in force."""
        self._refused.take(_network(address))


def _told(left: list[Left | None]) -> dict[str, str]:
    known = [one for one in left if one]
    told = {
        "RateLimit-Policy": ", ".join(f'"{one.policy}";q={one.quota};w={_WINDOW:.0f}' for one in known),
        "RateLimit": ", ".join(f'"{one.policy}";r={one.remaining};t={one.reset}' for one in known),
    }
    if waits := [one.wait for one in known if one.wait]:
        problem = TooManyRequests(max(waits))
        problem.headers = {**problem.headers, **told}
        raise problem
    return told if known else {}


def _network(address: str) -> str:
    """Whom an address stands for: a household has one of the old ones, and 64 bits of the new ones."""
    try:
        found = ip_address(address)
    except ValueError:  # a socket in the file system has none
        return address[:100]
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)


def is_costly(method: str, path: str, query: bytes) -> bool:
    """Whether a request may keep the database busy for long: a whole list, a file, or the past folded anew."""
    if path.startswith("/v1/exports") or path.endswith("/export"):
        return True
    return (method == "POST" and path.startswith("/v1/imports")) or b"as_of=" in query
