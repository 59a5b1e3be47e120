"""Forgets somebody everywhere: in the log, in what was folded from it, in error files, and on the disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast, get_args
from uuid import UUID

from api.imports.error_files import hints_at, no_import, remove_rows
from api.store import SYSTEM_ID, Store
from domain import customer
from domain.customer import (
    Customer,
    CustomerAlreadyForgotten,
    CustomerEvent,
    CustomerForgotten,
    CustomerPersonForgotten,
    ForgetCustomer,
    ForgetPerson,
    LegalBasis,
    PersonAlreadyForgotten,
)
from domain.event import CustomerId
from eventstore import log
from eventstore.database import UNAVAILABLE, Connection, connect
from eventstore.erasure import disk, erasures, forgetting
from eventstore.trouble import Trouble
from replay.follow import catch_up
from replay.scratch import drop_leftovers, tables_about

_PATIENCE: LiteralString = "SET lock_timeout = '30s'"
_PATIENCE_WITH_IMPORTS = 30.0
BY_COMMAND_LINE = log.Envelope("system", SYSTEM_ID, "cli")
_TROUBLES: tuple[type[Exception], ...] = (Trouble, *UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done, and what is left for somebody to do."""

    customer_ids: tuple[UUID, ...]
    """The customer and those who were merged with her."""
    person_id: UUID | None
    positions: tuple[int, ...]
    """Where the log says so."""
    was_forgotten: bool
    """Whether she had been forgotten before, so that only traces were looked for."""
    error_rows: int
    steps: tuple[str, ...]
    left: tuple[str, ...]


def forget(
    store: Store,
    customer_id: CustomerId,
    person_id: UUID | None = None,
    *,
    reason: str | None = None,
    legal_basis: LegalBasis = "request",
    by: log.Envelope = BY_COMMAND_LINE,
    confirmed: Callable[[Connection], object] | None = None,
    claim: log.Claim | None = None,
) -> Forgotten:
    """Forget a customer, or one of her contact persons; a repetition completes what was interrupted.

    `by` is who does, and `claim` the command that says so. `confirmed` is asked under her lock, before anything is
    done, whether it still stands; what it raises is raised. Then nobody was forgotten, as when this raises
    UnknownSubject, ReasonNamesSubject, LoginMayNotErase, ErasureListDamaged or OSError, ImportRunning when an import
    takes too long, or one of UNAVAILABLE when a write to her does.
    """
    with connect(store.conninfo) as connection:  # the login itself: the disk is not for the roles of every day
        connection.execute(_PATIENCE)
        # Imports are kept out until the mark is there: what they set aside before is looked through, and after that
        # they write nothing of her.
        with no_import(store.settings.data, _PATIENCE_WITH_IMPORTS), connection.transaction():
            if confirmed:
                forgetting.hold(connection, customer_id)
                confirmed(connection)
            event, was_forgotten = _decided(connection, customer_id, person_id, reason, legal_basis)
            members = forgetting.merge_group(connection, customer_id)
            values = forgetting.personal_values(connection, members, person_id)
            if event.reason is not None and hints_at(values, str(event.reason)):
                raise forgetting.ReasonNamesSubject()
            if person_id and not values.texts and not was_forgotten:
                raise forgetting.UnknownSubject()

            # outside the database first: whoever is on the list stays forgotten, whatever happens from here on
            listed = erasure_list(store.settings.data)
            erasures.add(listed, [erasures.Erasure(member, person_id) for member in members])
            cleaned = remove_rows(connection, store.settings.data, values)
            erased = forgetting.forget(connection, customer_id, event, by, claim)
        steps = [
            *_listed_too(listed, [erasures.Erasure(found.customer_id, person_id) for found in erased]),
            *sweep(store, connection, [found.customer_id for found in erased]),
        ]
    return Forgotten(
        customer_ids=tuple(found.customer_id for found in erased),
        person_id=person_id,
        positions=tuple(found.position for found in erased),
        was_forgotten=was_forgotten,
        error_rows=cleaned.rows,
        steps=tuple(step.name for step in steps if step.left is None),
        left=(*cleaned.left, *(f"{step.name}: {step.left}" for step in steps if step.left)),
    )


def sweep(store: Store, connection: Connection, customer_ids: list[UUID]) -> list[disk.Step]:
    """Fold anew what was folded from the data of these customers, and write anew every file that holds it.

    Raises nothing that somebody can do something about: they are forgotten already, and the steps say what is left.
    """
    steps: list[disk.Step] = []
    try:
        with store.following() as following:
            catch_up(following)
            drop_leftovers(following)
    except _TROUBLES as error:
        steps.append(disk.Step("fold the read models anew", _left(error)))
    try:
        steps += disk.purge(connection, [*disk.BESIDE_THE_LOG, *tables_about(connection, customer_ids)])
    except UNAVAILABLE as error:
        steps.append(disk.Step("write the tables anew", _left(error)))
    return steps


def _listed_too(path: Path, found: list[erasures.Erasure]) -> list[disk.Step]:
    """Those who were merged with her at that very moment go on the list as well; a step only when they could not."""
    try:
        erasures.add(path, found)
    except (OSError, Trouble) as error:
        return [disk.Step("add to the list of erasures", _left(error))]
    return []


def _left(error: Exception) -> str:
    """Of other errors only the kind: their text may quote a statement."""
    said = str(error) if isinstance(error, Trouble) else f"It could not be done ({type(error).__name__})."
    return f"{said} Mend that; then forget again."


def legal_basis(text: str) -> LegalBasis:
    """The legal basis of that name. Raises ValueError with those there are."""
    for known in get_args(LegalBasis):
        if known == text:
            return cast(LegalBasis, known)
    raise ValueError(f"There is no legal basis {text!r}. There are: {', '.join(get_args(LegalBasis))}.")


def erasure_list(data: Path) -> Path:
    """Where the list of erasures lies."""
    return data / "erasures.ndjson"


def _decided(
    connection: Connection,
    customer_id: CustomerId,
    person_id: UUID | None,
    reason: str | None,
    legal_basis: LegalBasis,
) -> tuple[CustomerForgotten | CustomerPersonForgotten, bool]:
    """What is to be recorded, and whether that was recorded before."""
    state = _customer(connection, customer_id)
    try:
        if person_id is None:
            return customer.forget(state, ForgetCustomer(legal_basis=legal_basis, reason=reason)), False
        command = ForgetPerson(person_id=person_id, legal_basis=legal_basis, reason=reason)
        return customer.forget_person(state, command), False
    except CustomerAlreadyForgotten:
        return CustomerForgotten(legal_basis=legal_basis), True
    except PersonAlreadyForgotten:
        assert person_id is not None
        return CustomerPersonForgotten(person_id=person_id, legal_basis=legal_basis), True


def _customer(connection: Connection, customer_id: CustomerId) -> Customer | None:
    state: Customer | None = None
    # what was undone too: it is still there to be erased
    for recorded in log.load(connection, customer_id).history:
        if not isinstance(recorded.event, CustomerEvent):
            raise forgetting.UnknownSubject()
        state = customer.evolve(state, recorded.event)
    if not log.has_customer(connection, customer_id):
        raise forgetting.UnknownSubject()
    return state
