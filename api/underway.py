"""What is known of the request under way, wherever it is dealt with: its id, and whose it is."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from projections.showing import gather


@dataclass(slots=True)
class Underway:
    """A request from its first byte to the last of its answer."""

    request_id: str
    admit: Callable[[UUID], None] = lambda _: None
    """Called once it is known whose request it is. Raises TooManyRequests."""
    principal: UUID | None = None
    kind: str = ""
    """What the principal is: a user, or an API key."""
    shown: set[UUID] = field(default_factory=gather)
    """The customers of whom the answer shows something personal, as far as it is put together."""
    is_head: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    """What the answer says beside what its route does."""


_now: ContextVar[Underway | None] = ContextVar("everfold_request", default=None)


def begin(request: Underway) -> None:
    """From now on, and in every thread that this one hands work to, this is the request."""
    _now.set(request)


def request_id() -> str | None:
    """Its id, also told in the answer and in every line of the log; None outside of a request."""
    request = _now.get()
    return request.request_id if request else None


def is_head() -> bool:
    """Whether only the answer's head is wanted."""
    request = _now.get()
    return request is not None and request.is_head


def belongs_to(principal: UUID, kind: str, *, limited: bool = True) -> None:
    """Whose request it is, as it turns out; `limited` where it counts against what that one may ask for.

    Raises TooManyRequests.
    """
    request = _now.get()
    if request and request.principal != principal:
        request.principal, request.kind = principal, kind
        if limited:
            request.admit(principal)
