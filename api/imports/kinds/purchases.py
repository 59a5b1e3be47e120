"""Purchases: one row what a customer bought at once, or one line of it in a file of its own lines."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from api.imports.mapping import SHORT, AmountCell, Cell, CustomerCell, DateCell, RowRefused
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts
from domain.customer import CustomerPurchaseRecorded, CustomerPurchaseRefunded, PurchaseLine
from domain.customer.imported_purchase import ImportedPurchase, reconcile
from domain.event import Word
from domain.imported import ImportedFact, Past
from domain.money import Money, digits


class PurchaseFields(Fields):
    """The fields of a purchase that a file can feed. A total below nothing is what she got back."""

    customer: Annotated[CustomerCell, SHORT]
    purchased_at: Annotated[DateCell, SHORT] | None = None
    total: Annotated[AmountCell, SHORT]
    currency: Annotated[Cell, SHORT]
    product: Annotated[Cell, SHORT] | None = None
    quantity: Annotated[AmountCell, SHORT] | None = None
    unit_price: Annotated[AmountCell, SHORT] | None = None
    refunded: Annotated[AmountCell, SHORT] | None = None
    refunded_at: Annotated[DateCell, SHORT] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.quantity or self.unit_price) and not self.product:
            raise ValueError('quantity and unit_price need a product, such as product = { constant = "goods" }')
        return self


class Purchases(ImportMapping):
    """A mapping file of purchases."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "purchase"
    begins: ClassVar[tuple[type, ...]] = (CustomerPurchaseRecorded, CustomerPurchaseRefunded)

    kind: Literal["purchases"]
    source: Word | None = None
    fields: PurchaseFields

    def said(self, texts: Texts, key: str) -> Said:
        fields, currency = self.fields, texts.get("currency")
        total = self.money(fields.total, texts.get("total"), currency)
        if total is None:
            raise RowRefused("There is no total.")
        digits(total.currency)
        purchased_at = self.moment(fields.purchased_at, texts.get("purchased_at"))
        refunded = self.money(fields.refunded, texts.get("refunded"), currency)
        refunded_at = self.moment(fields.refunded_at, texts.get("refunded_at"))
        if total.amount < 0:
            refunded, refunded_at = Money(amount=-total.amount, currency=total.currency), refunded_at or purchased_at
        elif refunded is not None:
            refunded = Money(amount=abs(refunded.amount), currency=refunded.currency)
        record = ImportedPurchase(
            total=None if total.amount < 0 else total,
            lines=self._lines(texts) if total.amount >= 0 else (),
            purchased_at=purchased_at,
            refunded=refunded,
            refunded_at=refunded_at,
            external_id=key,
        )
        return Said(key=key, record=record, customer=self.customer_of(texts), source=self.source)

    def decide(self, record: ImportedPurchase, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        return reconcile(deciding.part, deciding.thing_id, record, deciding.now)

    def moments(self, record: ImportedPurchase) -> Sequence[tuple[str, datetime | None]]:
        return (("purchased", record.purchased_at), ("refunded", record.refunded_at))

    def _lines(self, texts: Texts) -> tuple[PurchaseLine, ...]:
        product, fields = texts.get("product"), self.fields
        if product is None:
            return ()
        quantity = texts.get("quantity")
        return (
            PurchaseLine(
                product_id=product,
                quantity=fields.quantity.amount(quantity) if quantity and fields.quantity else Decimal(1),
                unit_price=self.money(fields.unit_price, texts.get("unit_price"), texts.get("currency")),
            ),
        )
