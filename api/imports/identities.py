"""For whom and what the names in a file stand: the same names for the same ids, in every file of the system."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from api.imports.lines import Source
from api.imports.mapping_file import ImportMapping, Said, Whose
from api.imports.rows import Wanted
from api.store import Store
from domain.contact_point import LONGEST, contact_point
from domain.event import CustomerId, MemberId
from eventstore import log
from eventstore.database import Connection
from projections.customers import customers_reached_at

Names = Mapping[tuple[str, str], log.ExternalId]


class Identities:
    """Finds what the rows of one import are about."""

    def __init__(self, store: Store, connection: Connection, mapping: ImportMapping) -> None:
        self._store, self._connection, self._mapping = store, connection, mapping

    def identified(self, rows: Sequence[tuple[Said, int]]) -> list[Wanted]:
        """The rows with the ids that their names stand for, each with how many have said the same."""
        names = self._named([said for said, _ in rows])
        reached = self._reached([said.customer for said, _ in rows if said.customer])
        return [self._identified(said, nth, names, reached) for said, nth in rows]

    def thing_id(self, key: str, *more: str) -> UUID:
        """Of what the system calls so."""
        return self._store.derived_id(f"imported {self._mapping.thing}", self._mapping.system, key, *more)

    def _campaign_id(self, name: str) -> UUID:
        return self._store.derived_id("imported campaign", self._mapping.system, name)

    def ids_in(self, cells: Sequence[str], file: Source) -> set[UUID]:
        """Of all customers and records that a row may be about, whichever of its cells can be read as their names."""
        pieces = {piece.strip(' "') for cell in cells for piece in (cell, *cell.split(file.delimiter))}
        for field in filter(None, (self._mapping.whose, self._mapping.key)):
            pieces |= {field.values.get(piece, piece) for piece in pieces} | {field.constant or ""}
        names = pieces | {" ".join(piece.split()) for piece in pieces} | set(self._addresses(pieces))
        whose = self._mapping.whose
        systems = {self._mapping.system, whose.system or "" if whose else ""} - {""}
        return {
            self._store.derived_id(kind, system, name)
            for name in names - {""}
            for system in systems
            for kind in ("imported customer", "prospect of", f"imported {self._mapping.thing}")
        }

    def _addresses(self, pieces: Collection[str]) -> Iterator[str]:
        whose = self._mapping.whose
        if whose and (whose.by == "email" or whose.by == "phone"):
            for piece in filter(None, pieces):
                if len(piece) <= LONGEST and (read := contact_point(whose.by, piece, whose.region).comparable):
                    yield read

    def _identified(self, said: Said, nth: int, names: Names, reached: Mapping[str, set[UUID]]) -> Wanted:
        mapping, whose = self._mapping, said.customer
        thing_id = self.thing_id(said.key)
        trouble, customer_named = None, None
        if mapping.thing == "customer":
            customer_id = thing_id
        elif whose is None:
            customer_id = self._store.derived_id("prospect of", mapping.system, said.key)
            trouble = None if mapping.has_history else _NO_CUSTOMER
        else:
            customer_id = self._store.derived_id("imported customer", whose.system, whose.key)
            found = reached.get(whose.key, set())
            if whose.by == "external_id" and (customer_named := names.get((whose.system, whose.key))):
                is_customer = customer_named.stream_id == customer_named.customer_id
                customer_id = customer_named.customer_id if is_customer else customer_id
            elif len(found) > 1:
                trouble = f"{len(found)} customers are reached there. Merge them if they are the same one."
            elif found:
                (customer_id,) = found
        return Wanted(
            said=said,
            nth=nth,
            stream_id=thing_id if mapping.has_history else customer_id,
            customer_id=CustomerId(customer_id),
            owner_id=MemberId(self._store.derived_id("member", said.owner)) if said.owner else None,
            campaign_id=self._campaign_id(said.campaign) if said.campaign else None,
            named=names.get((mapping.system, said.key)) if mapping.has_history else None,
            customer_named=customer_named,
            trouble=trouble,
        )

    def _named(self, rows: Sequence[Said]) -> Names:
        asked = {(self._mapping.system, said.key) for said in rows if self._mapping.has_history}
        asked |= {
            (said.customer.system, said.customer.key)
            for said in rows
            if said.customer and said.customer.by == "external_id"
        }
        return {(name.system, name.key): name for name in log.find_external_ids(self._connection, asked)}

    def _reached(self, customers: Sequence[Whose]) -> Mapping[str, set[UUID]]:
        found: dict[str, set[UUID]] = {}
        for kind in ("email", "phone"):
            if addresses := {whose.key for whose in customers if whose.by == kind}:
                found |= customers_reached_at(self._connection, kind, addresses)
        return found


_NO_CUSTOMER = "The row does not say whose it is. Give its customer, or map the column that names her."
