"""What a customer may be expected to buy, by the models as they were fitted last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from api.fitting import BUYING, SPENDING, Fitted, Range, buyer, days_of, renewing_name, spender
from api.past import tables
from api.store import Store
from eventstore.analytics import must_have_analytics
from eventstore.database import Connection
from projections import worth
from projections.reading import LIVE
from projections.sight import EVERYTHING
from projections.worth import ContractRenewals, PurchaseDays

Parameters = Mapping[str, float]

_CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Buying:
    """What is expected of a customer who buys without a contract; amounts are of the weeks to come, in `currency`."""

    customer_id: UUID
    currency: str
    repeat_days: int
    last_bought_on: date
    alive: float
    expected_days: float
    expected_spending_a_day: Decimal | None
    expected_spending: Decimal | None


@dataclass(frozen=True, slots=True)
class Renewing:
    """What is expected of a customer with a contract; None of the periods of one who has left."""

    customer_id: UUID
    term_months: int
    renewals: int
    has_left: bool
    renews_next: float
    expected_renewals: float


@dataclass(frozen=True, slots=True)
class Models:
    """The parameters of each model that was fitted, by name."""

    fitted: Mapping[str, Parameters]

    @classmethod
    def known(cls, connection: Connection, schema: str = LIVE) -> "Models":
        """As they were fitted last."""
        return cls(
            {
                row["name"]: {name: float(value) for name, value in row["definition"]["parameters"].items()}
                for row in worth.fits(connection, schema, sight=EVERYTHING)
            }
        )

    def currencies(self) -> list[str]:
        """In which it was fitted how customers buy."""
        return [name.removeprefix(f"{BUYING}_") for name in self.fitted if name.startswith(f"{BUYING}_")]

    def buying(self, customer: PurchaseDays, currency: str, until_day: date, weeks: float) -> Buying:
        """Of a customer without a subscription, as of the end of the day before `until_day`."""
        must_have_analytics()
        from projections.models import bg_nbd, gamma_gamma

        parameters = self.fitted[f"{BUYING}_{currency}"]
        spending = self.fitted.get(f"{SPENDING}_{currency}")
        known = buyer(customer, until_day)
        days = bg_nbd.expected(parameters, known, weeks)
        mean = gamma_gamma.expected_mean(spending, spender(customer)) if spending else None
        return Buying(
            customer_id=customer.customer_id,
            currency=currency,
            repeat_days=known.repeats,
            last_bought_on=customer.last_day,
            alive=bg_nbd.alive(parameters, known),
            expected_days=days,
            expected_spending_a_day=_amount(mean),
            expected_spending=None if mean is None else _amount(mean * days),
        )

    def renewing(self, customer: ContractRenewals, discount: float) -> Renewing | None:
        """Of a customer with a contract, a later period being worth less by `discount`, by the model of her segment
        where there is one; None where no model is fitted for contracts of her term."""
        of_segment = self.fitted.get(renewing_name(customer.term_months, customer.segment))
        parameters = of_segment or self.fitted.get(renewing_name(customer.term_months))
        if parameters is None:
            return None
        must_have_analytics()
        from projections.models import sbg

        made = customer.renewals
        left = customer.has_left
        return Renewing(
            customer_id=customer.customer_id,
            term_months=customer.term_months,
            renewals=made,
            has_left=left,
            renews_next=0.0 if left else sbg.survival(parameters, made + 1) / sbg.survival(parameters, made),
            expected_renewals=0.0 if left else sbg.residual_lifetime(parameters, made, discount),
        )


def known_models(fitted: Sequence[Fitted]) -> Models:
    """Those that were fitted just now."""
    return Models({model.model: model.fit.parameters for model in fitted})


def expected_of_all(store: Store, asked: Range, models: Models, weeks: float) -> list[Buying]:
    """What is expected of every customer without a subscription, in the weeks from the end of the days on."""
    with tables(store, worth.PURCHASES, asked.as_of) as (connection, schema):
        days = days_of(store, connection, asked)
        return [
            models.buying(customer, currency, days.until_day, weeks)
            for currency in models.currencies()
            for customer in worth.purchase_days(connection, days, currency, None, schema, sight=EVERYTHING)
            if not customer.is_contractual
        ]


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(_CENTS)
