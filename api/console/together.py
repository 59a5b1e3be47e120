"""One wish for many customers: a tag or an owner for all that are ticked, under one id, to be undone at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.access import Principal
from api.commands.customer import CUSTOMERS
from api.commands.rows import row
from api.console.doing import do_row, writer
from api.console.frame import Notice, Typed
from api.problems import BadParameter
from api.store import Store
from api.undo import NothingToUndo, UndoRequest, undo_for
from domain import customer as rules
from eventstore.database import Connection
from eventstore.undoing import did_all, done_together, last_together

_MOST = 500
_ROWS = {
    "tag": row("tag", rules.TagCustomer, rules.tag),
    "untag": row("untag", rules.UntagCustomer, rules.untag),
    # the page asks for an owner alone, so the team stays
    "assign": row(
        "assign-owner",
        rules.AssignCustomerOwner,
        lambda customer, wish: rules.assign_owner(customer, wish.model_copy(update={"team": customer.team})),
    ),
}
_WORDS = {
    "customer.tagged": "tagged",
    "customer.untagged": "without the tag",
    "customer.owner_assigned": "assigned",
    "customer.events_undone": "as before",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish: the id of all that it did, up to which position that was recorded, and what to say where
    not all of it could be done."""

    id: UUID | None
    position: int | None
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class Told:
    """What was done together, for the page that says so: in how many records, and what."""

    id: UUID
    records: int
    words: str
    is_undo: bool
    by_viewer: bool


def acted(store: Store, member: Principal, act: str, form_key: str, ids: Sequence[str], typed: Typed) -> Outcome:
    """Carry it out on each of the customers. Raises BadParameter for what the page cannot have sent."""
    customers = _ids(ids)
    if not customers:
        return Outcome(None, None, Notice(422, "Nothing was done: tick the customers that are meant.", act, typed))
    address = "/console/customers"
    together_id = store.derived_id(member.id.hex, "POST", address, form_key)
    position, refused = 0, Counter[str]()
    with store.pool.connection() as connection:
        for customer_id in customers:
            key = (address, act, form_key, customer_id.hex)
            write = writer(store, member, key, connection, together_id)
            done = do_row(write, CUSTOMERS, _ROWS[act], customer_id, _fields(act, typed), typed)
            if isinstance(done, Notice):
                refused[done.text] += 1
            else:
                position = max(position, done.position)
    count = len(customers) - refused.total()
    notice = _partly(count, refused, act, typed) if refused else None
    return Outcome(together_id if count else None, position or None, notice)


def undone(store: Store, member: Principal, together_id: str) -> Outcome:
    """Take it back, as far as nothing that others did since builds upon it. Raises NotAllowed for what another did,
    and NothingToUndo."""
    try:
        request = UndoRequest(id=UUID(together_id))
    except ValueError:
        raise NothingToUndo() from None
    with store.pool.connection() as connection:
        if not did_all(connection, request.id, member.id):
            member.must("undo")
    report = undo_for(member, store, "console", request)
    if not report.in_conflict:
        return Outcome(report.undo_id if report.records else None, _last(store, report.undo_id), None)
    text = (
        f"{report.records} are as they were before. In {report.in_conflict} something stays, because others changed"
        " the same since then: look at their histories."
    )
    return Outcome(None, _last(store, report.undo_id), Notice(200, text))


def told(connection: Connection, together_id: str, viewer: Principal) -> Told | None:
    """What was done under this id; None where there is no such thing."""
    try:
        found_id = UUID(together_id)
    except ValueError:
        return None
    with done_together(connection, found_id, is_command=False) as chunks:
        types = Counter(type_ for chunk in chunks for one in chunk for type_ in set(one.types))
    if not types:
        return None
    ((type_, records),) = types.most_common(1)
    by_viewer = did_all(connection, found_id, viewer.id)
    return Told(found_id, records, _WORDS.get(type_, "changed"), type_.endswith("events_undone"), by_viewer)


def _fields(act: str, typed: Typed) -> dict[str, object]:
    return {"owner_id": typed["owner_id"] or None} if act == "assign" else {"tag": typed["tag"].strip()}


def _partly(count: int, refused: Counter[str], act: str, typed: Typed) -> Notice:
    """What was done, and why the rest was not."""
    why = " ".join(f"{times} × {sentence}" for sentence, times in refused.most_common())
    return Notice(409, f"Done for {count}. Not done for {refused.total()}: {why}", act, typed)


def _last(store: Store, together_id: UUID) -> int | None:
    """Up to where the log must be read to see what was done under this id."""
    with store.pool.connection() as connection:
        return last_together(connection, together_id)


def _ids(ids: Sequence[str]) -> list[UUID]:
    try:
        found = list(dict.fromkeys(UUID(one) for one in ids))
    except ValueError:
        raise BadParameter("One of the customers is not named by an id.") from None
    if len(found) > _MOST:
        raise BadParameter(f"At most {_MOST} customers at once. Tick fewer.")
    return found
