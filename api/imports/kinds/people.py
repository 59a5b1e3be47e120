"""People: one row a person, who speaks for a customer or, where the mapping names no customer, is one herself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from api.imports.kinds.customers import CustomerFields, Customers, points_of
from api.imports.mapping import SHORT, Cell, CustomerCell, RowRefused
from api.imports.mapping_file import Deciding, Said, Texts, name_of
from domain.customer import CustomerContactPersonAdded, CustomerRegistered
from domain.customer.contact_persons import BuyingRole
from domain.customer.imported import ImportedCustomer
from domain.customer.imported_person import ImportedPerson, reconcile
from domain.imported import ImportedFact, Past

_ROLES: tuple[BuyingRole, ...] = get_args(BuyingRole)


class RoleCell(Cell):
    """What part somebody has in the buying committee."""

    values: Mapping[str, BuyingRole | Literal[""]] = Field(default_factory=dict)


class PeopleFields(CustomerFields):
    """The fields of a person that a file can feed; beside a customer only name, role and contact points."""

    kind: Annotated[Cell, SHORT] = Cell(constant="person")
    customer: Annotated[CustomerCell, SHORT] | None = None
    role: Annotated[RoleCell, SHORT] | None = None


class People(Customers):
    """A mapping file of people."""

    begins: ClassVar[tuple[type, ...]] = (CustomerRegistered, CustomerContactPersonAdded)

    kind: Literal["people"]  # type: ignore[assignment]  # a kind of customers by another name
    fields: PeopleFields

    @property
    def thing(self) -> str:
        return "person" if self.fields.customer else "customer"

    def said(self, texts: Texts, key: str) -> Said:
        if not self.fields.customer:
            return super().said(texts, key)
        name = name_of(texts.get("name"))
        if name is None:
            raise RowRefused("The row does not say what the person is called.")
        record = ImportedPerson(
            name=name, role=_role(texts.get("role")), points=points_of(self.fields.contact_points, texts)
        )
        return Said(key=key, record=record, customer=self.customer_of(texts), source=texts.get("source"))

    def decide(
        self, record: ImportedCustomer | ImportedPerson, history: Sequence[Past], deciding: Deciding
    ) -> Sequence[ImportedFact]:
        if isinstance(record, ImportedCustomer):
            return super().decide(record, history, deciding)
        point_ids = {point.slot: deciding.new_id(point.slot) for point in record.points}
        return reconcile(history, deciding.thing_id, record, point_ids, deciding.now)

    def moments(self, record: ImportedCustomer | ImportedPerson) -> Sequence[tuple[str, datetime | None]]:
        return super().moments(record) if isinstance(record, ImportedCustomer) else ()


def _role(text: str | None) -> BuyingRole | None:
    for role in _ROLES:
        if role == text:
            return role
    if text is None:
        return None
    raise RowRefused(f"{text!r} is no part in a buying committee. There are: {', '.join(_ROLES)}.")
