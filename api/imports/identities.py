"""For whom and what the names in a file stand: the same names for the same ids, in every file of the system."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
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
from projections.sight import EVERYTHING

_OFTEN = 4096
"""Of so many names that come again the ids are kept."""

Names = Mapping[tuple[str, str], log.ExternalId]


class Identities:
    """Finds what the rows of one import are about."""

    def __init__(self, store: Store, connection: Connection, mapping: ImportMapping) -> None:
        self._store, self._connection, self._mapping = store, connection, mapping
        self._id_often_asked = lru_cache(_OFTEN)(store.derived_id)

    def identified(self, rows: Sequence[tuple[Said, int]]) -> list[Wanted]:
        """The rows with the ids that their names stand for, each with how many have said the same."""
        names = self._named([said for said, _ in rows])
        reached = self._reached([said.customer for said, _ in rows if said.customer])
        return [self._identified(said, nth, names, reached) for said, nth in rows]

    def thing_id(self, key: str, *more: str) -> UUID:
        """Of what the system calls so."""
        return self._store.derived_id(f"imported {self._mapping.thing}", self._mapping.system, key, *more)

    def _campaign_id(self, name: str) -> UUID:
        return self._id_often_asked("imported campaign", self._mapping.system, name)

    def ids_in(self, cells: Sequence[str], file: Source) -> set[UUID]:
        """Of all customers and records that a row may be about, whichever of its cells can be read as their names."""
        pieces = {piece.strip(' "') for cell in cells for piece in (cell, *cell.split(file.delimiter))}
        which = self._mapping.which_lead
        for field in filter(None, (self._mapping.whose, self._mapping.key, which)):
            pieces |= {field.values.get(piece, piece) for piece in pieces} | {field.constant or ""}
        names = pieces | {" ".join(piece.split()) for piece in pieces} | set(self._addresses(pieces))
        whose = self._mapping.whose
        others = {other.system for other in (whose, which) if other and other.system}
        systems = {self._mapping.system, *others}
        return {
            self._store.derived_id(kind, system, name)
            for name in names - {""}
            for system in systems
            for kind in {"imported customer", "prospect of", "imported lead", f"imported {self._mapping.thing}"}
        }

    def _addresses(self, pieces: Collection[str]) -> Iterator[str]:
        whose = self._mapping.whose
        if whose and (whose.by == "email" or whose.by == "phone"):
            for piece in filter(None, pieces):
                if len(piece) <= LONGEST and (read := contact_point(whose.by, piece, whose.region).comparable):
                    yield read

    def _identified(self, said: Said, nth: int, names: Names, reached: Mapping[str, set[UUID]]) -> Wanted:
        mapping, whose = self._mapping, said.customer
        if said.lead:
            return self._on_lead(said, nth, names.get((said.lead.system, said.lead.key)))
        thing_id = self.thing_id(said.key)
        trouble, customer_named = None, None
        if mapping.thing == "customer":
            customer_id = thing_id
        elif whose is None:
            customer_id = self._store.derived_id("prospect of", mapping.system, said.key)
            trouble = None if mapping.has_history else _NO_CUSTOMER
        else:
            customer_id = self._id_often_asked("imported customer", whose.system, whose.key)
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
            owner_id=MemberId(self._id_often_asked("member", said.owner)) if said.owner else None,
            campaign_id=self._campaign_id(said.campaign) if said.campaign else None,
            named=names.get((mapping.system, said.key)) if mapping.has_history else None,
            noun=mapping.noun,
            customer_named=customer_named,
            trouble=trouble,
        )

    def _on_lead(self, said: Said, nth: int, lead: log.ExternalId | None) -> Wanted:
        """It goes where the lead is, and whoever's the lead is."""
        assert said.lead
        if lead is None:
            nobody = CustomerId(self._store.derived_id("prospect of", said.lead.system, said.lead.key))
            return Wanted(said, nth, nobody, nobody, None, noun="lead", trouble=NO_LEAD)
        said = said.model_copy(update={"customer": None})
        return Wanted(said, nth, lead.stream_id, lead.customer_id, None, noun="lead")

    def _named(self, rows: Sequence[Said]) -> Names:
        asked = {(self._mapping.system, said.key) for said in rows if self._mapping.has_history}
        asked |= {(said.lead.system, said.lead.key) for said in rows if said.lead}
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
                found |= customers_reached_at(self._connection, kind, addresses, sight=EVERYTHING)
        return found


NO_LEAD = "There is no lead with this external id on record. Take the leads in first, or correct the lead's system."
_NO_CUSTOMER = "The row does not say whose it is. Give its customer, or map the column that names her."
