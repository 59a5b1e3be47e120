"""Answers an audit's question from the log, and notes first that somebody sees what is personal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from api.audit.question import Axis, Question, cut_at, must_be_customer, must_be_in_order
from api.store import Store
from api.visible import sees
from domain.changes import Change, FieldHistory
from domain.event import CustomerId
from eventstore.audit.accesses import Access, Note, accesses, note_accesses
from eventstore.audit.shown import Shown, change_shown, shown
from eventstore.audit.trail import Cut, Trail, Whose, whose
from eventstore.fence import horizon
from projections import leads
from projections.sight import EVERYTHING, Sight

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, by which route or command, whether she may see what is personal, and whether she may know names."""

    kind: str
    id: UUID
    way: str
    personal: bool
    names: bool
    sight: Sight


class Seen:
    """Which of a customer's records the reader may see: a lead of hers may be another team's."""

    def __init__(self, store: Store, sight: Sight) -> None:
        self._store, self._sight = store, sight
        self._known: dict[UUID, bool] = {}

    def is_seen(self, noun: str, stream_id: UUID) -> bool:
        """Each record is looked up once."""
        if self._sight.records == "all":
            return True
        if stream_id not in self._known:
            with self._store.pool.connection() as connection:
                self._known[stream_id] = sees(connection, self._sight, noun, stream_id)
        return self._known[stream_id]


@dataclass(frozen=True, slots=True)
class Answer:
    """An audit under way: whose events they are, which count, and the request under which the access was noted."""

    store: Store
    question: Question
    people: Whose
    cut: Cut
    request_id: UUID
    personal: bool
    names: Mapping[str, str]
    seen: "Seen"

    def entries(self, after: int = 0, first: int | None = None) -> Iterator[Shown]:
        """The events that are asked for, from behind a position on, ready to be written; `first` for a page."""
        question, names, personal = self.question, self.names, self.personal
        for entry in Trail(self.store.pool.connection, self.people, self.cut, after, first):
            wanted = question.wanted(entry)
            if wanted is not None and self.seen.is_seen(entry.row.stream_type, entry.row.stream_id):
                yield shown(entry, names, wanted, personal=personal)


def answer(store: Store, reader: Reader, question: Question, known: int | None = None) -> Answer:
    """Begin to answer; what is personal may be shown from then on. `known` is the position of an answer begun before.

    Raises UnknownCustomer, BadParameter.
    """
    must_be_in_order(question.start, question.end)
    with store.pool.connection() as connection:
        must_be_customer(connection, question.customer_id, reader.sight)
        if known is None:
            cut = cut_at(connection, question.as_of, question.axis)
        else:
            cut = Cut(known, question.as_of if question.axis == "occurred" else None)
        people = whose(connection, question.customer_id, cut.horizon)
        request_id = uuid7()
        if reader.personal:
            note_accesses(connection, [Note(people.members, request_id, reader.kind, reader.id, reader.way)])
        names = _names(leads.list_members(connection, sight=EVERYTHING)) if reader.names else {}
    return Answer(store, question, people, cut, request_id, reader.personal, names, Seen(store, reader.sight))


def difference(
    store: Store, reader: Reader, customer_id: CustomerId, first: datetime, second: datetime, axis: Axis
) -> tuple[UUID, list[Shown]]:
    """The fields whose values differ between two moments, in whoever is one with the customer at the second; and the
    request under which the access was noted. Raises UnknownCustomer, BadParameter."""
    must_be_in_order(first, second)
    with store.pool.connection() as connection:
        must_be_customer(connection, customer_id, reader.sight)
        cuts = [cut_at(connection, moment, axis) for moment in (first, second)]
        people = whose(connection, customer_id, cuts[1].horizon)
        request_id = uuid7()
        if reader.personal:
            note_accesses(connection, [Note(people.members, request_id, reader.kind, reader.id, reader.way)])
    before, after = (Trail(store.pool.connection, people, cut).standing() for cut in cuts)
    found, seen = [], Seen(store, reader.sight)
    for stream_id in {**before, **after}:
        noun = (after.get(stream_id) or before[stream_id])[0]
        if not seen.is_seen(noun, stream_id):
            continue
        for change in _between(noun, before.get(stream_id), after.get(stream_id)):
            found.append({"stream_type": noun, "stream_id": stream_id} | change_shown(change, personal=reader.personal))
    return request_id, found


def all_accesses(store: Store, customer_id: CustomerId, sight: Sight) -> Iterator[Access]:
    """Every access to the customer, and to those who are one with her, the newest first. Raises UnknownCustomer."""
    with store.pool.connection() as connection:
        must_be_customer(connection, customer_id, sight)
        members = whose(connection, customer_id, horizon(connection)).members
    before: tuple[UUID, UUID] | None = None
    while True:
        with store.pool.connection() as connection:
            found = accesses(connection, members, _AT_ONCE, before)
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].request_id, found[-1].customer_id


def _between(
    noun: str, before: tuple[str, FieldHistory] | None, after: tuple[str, FieldHistory] | None
) -> Sequence[Change]:
    nothing = FieldHistory(noun, remembers=None)
    return (before[1] if before else nothing).changes_to(after[1] if after else nothing)


def _names(members: Sequence[Mapping[str, object]]) -> dict[str, str]:
    return {str(member["member_id"]): str(member["name"]) for member in members if member["name"]}
