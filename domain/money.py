"""Amounts of money: an exact decimal and a currency, never a float."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated

from babel.numbers import get_currency_precision, is_currency
from pydantic import Field, StringConstraints

from domain.event import Frozen, Refusal

Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

_EXACT = Context(prec=60)
"""Precise enough to add up any number of amounts without rounding, whatever precision the program works with."""


class Money(Frozen):
    """An amount in a currency (ISO 4217)."""

    amount: Amount
    currency: Currency


class UnknownCurrency(Refusal):
    """There is no currency {currency}. Use a code of ISO 4217, such as EUR or USD."""


class AmountNegative(Refusal):
    """An amount cannot be less than nothing here. Give it without a sign."""


class AmountNotPayable(Refusal):
    """Amounts of {currency} are paid with {digits} digits after the point. Round the amount."""


class AmountTooLarge(Refusal):
    """An amount of {currency} must stay below a hundred thousand billion. Record it in parts."""


def digits(currency: Currency) -> int:
    """How many digits after the point are in use: EUR 2, JPY 0, BHD 3 (Unicode CLDR); raises UnknownCurrency."""
    if not is_currency(currency):
        raise UnknownCurrency(currency=currency)
    return get_currency_precision(currency)


def must_be_price(money: Money) -> None:
    """What one of something costs: it may have more digits than can be paid, as 0.0035 EUR a letter.

    Raises UnknownCurrency, AmountNegative.
    """
    digits(money.currency)
    if money.amount < 0:
        raise AmountNegative()


def must_be_payable(money: Money) -> None:
    """What somebody can pay: 1.50 EUR, and neither 1.505 EUR nor 1.5 JPY.

    Raises UnknownCurrency, AmountNegative, AmountNotPayable.
    """
    must_be_price(money)
    if _rounded(money.amount, money.currency) != money.amount:
        raise AmountNotPayable(currency=money.currency, digits=digits(money.currency))


def product(money: Money, factor: Decimal, currency: Currency) -> Money:
    """So many times the amount, as an amount of that currency with its digits: a price in another currency.

    Multiplied exactly, then rounded once. Raises UnknownCurrency, AmountTooLarge.
    """
    amount = _rounded(_EXACT.multiply(money.amount, factor), currency)
    if amount.adjusted() >= 14:
        raise AmountTooLarge(currency=currency)
    return Money(amount=amount, currency=currency)


def sums(amounts: Iterable[Money]) -> Mapping[Currency, Decimal]:
    """The exact sum of each currency, in the order in which they first appear; amounts are not converted."""
    totals: dict[Currency, Decimal] = {}
    for money in amounts:
        totals[money.currency] = _EXACT.add(totals.get(money.currency, Decimal()), money.amount)
    return totals


def written(money: Money) -> str:
    """For people: 1,054.00 USD, 1,054 JPY; with more digits where there are more, so that nothing is rounded away."""
    places = max(get_currency_precision(money.currency), -int(money.amount.normalize().as_tuple().exponent))
    return f"{money.amount:,.{places}f} {money.currency}"


def _rounded(amount: Decimal, currency: Currency) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits(currency)), ROUND_HALF_UP, _EXACT)
