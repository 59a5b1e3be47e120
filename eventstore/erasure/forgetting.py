"""Forgets a customer or one of her contact persons: what is personal is deleted, that something happened stays."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.types.json import Jsonb

from domain.customer import CustomerForgotten, CustomerPersonForgotten
from domain.event import CustomerId
from eventstore import log
from eventstore.database import Connection, query
from eventstore.trouble import Trouble


class UnknownSubject(Trouble):
    """The log knows nothing of this customer, or nothing personal of this contact person. Check the id."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class ReasonNamesSubject(Trouble):
    """The reason holds something personal of whom it is to forget, and it is kept. Say it in other words."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class LoginMayNotErase(Trouble):
    """The login that this server uses for the database may not erase. Nothing was done. Whoever runs the installation
    can: ./crm forget"""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True, slots=True)
class Erased:
    """A customer who was forgotten, or one of whose people was: where the log says so, and whether it says so anew."""

    customer_id: CustomerId
    position: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class PersonalValues:
    """What copies outside the database are searched for: all texts, and which of them are names. Never stored."""

    texts: frozenset[str]
    names: frozenset[str]


def merge_group(connection: Connection, customer_id: UUID) -> list[UUID]:
    """The customer and all who were merged with her."""
    row = connection.execute("SELECT log.merge_group(%s) AS members", [customer_id]).fetchone()
    assert row is not None
    members: list[UUID] = row["members"]
    return members


def personal_values(
    connection: Connection, customer_ids: Sequence[UUID], person_id: UUID | None = None
) -> PersonalValues:
    """Everything personal that the log holds of these customers, or of one person of theirs."""
    parameters = {"customer_ids": list(customer_ids), "person_id": person_id}
    rows = connection.execute(query("eventstore.erasure", "personal_values"), parameters).fetchall()
    texts = [(name, text) for row in rows for name, text in _texts("", row["data"])]
    return PersonalValues(
        frozenset(text for _, text in texts), frozenset(text for name, text in texts if name == "name")
    )


def forgotten_among(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are of a customer who was forgotten, or of a stream of hers."""
    rows = connection.execute(query("eventstore.erasure", "forgotten_among"), {"ids": list(ids)})
    return {row["id"] for row in rows}


def open_requests(connection: Connection, customer_ids: Collection[UUID] | None = None) -> list[log.Recorded]:
    """The requests to forget these customers, or anybody, or one of their people, on which nobody has decided yet."""
    wanted = {"customer_ids": None if customer_ids is None else list(customer_ids)}
    # planned for each: of all customers the few requests are read, of one or two their own
    rows = connection.execute(query("eventstore.erasure", "open_requests"), wanted, prepare=False).fetchall()
    return log.read_positions(connection, [row["position"] for row in rows]) if rows else []


def hold(connection: Connection, customer_id: UUID) -> None:
    """Keep everybody from writing to this customer until the transaction ends. Raises LoginMayNotErase."""
    row = connection.execute(query("eventstore.erasure", "hold"), {"customer_id": customer_id}).fetchone()
    if not (row and row["may_erase"]):
        raise LoginMayNotErase()


def forget(
    connection: Connection,
    customer_id: CustomerId,
    event: CustomerForgotten | CustomerPersonForgotten,
    envelope: log.Envelope,
    claim: log.Claim | None = None,
) -> list[Erased]:
    """Erase what is personal and append `event` for the customer and each of her merge group who has not got it yet.

    Waits for the appends to her that are under way and for all imports. The event's reason is filed as the words of the
    actor: it outlives this erasure and later ones. A command that is claimed has done this for ever; that needs a
    transaction around it. Raises UnknownSubject, CommandAlreadyCarriedOut. Inside a transaction it is part of that.
    """
    new = log.NewEvent(customer_id, "customer", customer_id, None, event, subject_id=envelope.actor_id)
    parameters = {
        "customer_id": customer_id,
        "person_id": event.person_id if isinstance(event, CustomerPersonForgotten) else None,
        "event": Jsonb(log.row_of(new, envelope)),
    }

    try:
        rows = connection.execute(query("eventstore.erasure", "forget"), parameters).fetchall()
    except errors.NoDataFound:
        raise UnknownSubject() from None
    if not rows:
        raise UnknownSubject()
    erased = [Erased(**row) for row in rows]
    if claim:
        (position,) = (one.position for one in erased if one.customer_id == customer_id)
        with log.conflicts():
            connection.execute(query("eventstore.erasure", "claim"), {**asdict(claim), "position": position})
    return erased


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:  # Any: JSON
    """All texts in a JSON value, each with the name of the field it stands in."""
    match value:
        case str():
            yield name, value
        case dict():
            for inner, item in value.items():
                yield from _texts(inner, item)
        case list():
            for item in value:
                yield from _texts(name, item)
