"""Exchange rates: what an amount of one currency is in another, at the rate that was published for the day."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

from domain.business_time import time_zone
from domain.event import Frozen, Refusal, Word
from domain.money import Currency, Money, product

Rate: TypeAlias = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=10, allow_inf_nan=False)]


class ExchangeRate(Frozen):
    """So many units of `to_currency` for one of `from_currency`, from the day `valid_on` until the next rate."""

    from_currency: Currency
    to_currency: Currency
    rate: Rate
    valid_on: date


class Conversion(Frozen):
    """An amount as it was said and as it was converted, with the rate between them: all three are kept."""

    original: Money
    converted: Money
    rate: ExchangeRate


class UnknownExchangeRate(Refusal):
    """There is no exchange rate from {from_currency} to {to_currency} for {day} or before. Publish one."""


@dataclass(frozen=True)
class ExchangeRates:
    """All rates of each pair of currencies, by day; of two for one day the later published one holds."""

    by_pair: Mapping[tuple[Currency, Currency], tuple[ExchangeRate, ...]] = field(default_factory=dict)

    def at(self, from_currency: Currency, to_currency: Currency, moment: datetime, zone: Word = "UTC") -> ExchangeRate:
        """The rate that holds at an aware moment: of its day in that time zone, else of the last day before.

        A rate says nothing about the way back and nothing about a third currency: each way is published on its own.
        A currency in itself is 1. Raises UnknownExchangeRate, UnknownZone.
        """
        day = moment.astimezone(time_zone(zone)).date()
        if from_currency == to_currency:
            return ExchangeRate(from_currency=from_currency, to_currency=to_currency, rate=Decimal(1), valid_on=day)
        rates = self.by_pair.get((from_currency, to_currency), ())
        before = bisect_right(rates, day, key=_day)
        if not before:
            raise UnknownExchangeRate(from_currency=from_currency, to_currency=to_currency, day=day)
        return rates[before - 1]


def with_rate(rates: ExchangeRates, rate: ExchangeRate) -> ExchangeRates:
    """The rates once this one is published as well."""
    pair = (rate.from_currency, rate.to_currency)
    known = rates.by_pair.get(pair, ())
    begin, end = bisect_left(known, rate.valid_on, key=_day), bisect_right(known, rate.valid_on, key=_day)
    return replace(rates, by_pair={**rates.by_pair, pair: (*known[:begin], rate, *known[end:])})


def convert(
    rates: ExchangeRates, money: Money, to_currency: Currency, moment: datetime, zone: Word = "UTC"
) -> Conversion:
    """The amount in that currency, at the rate that holds at the moment, with the digits of the new currency.

    An amount that is in that currency already stays as it is. Raises UnknownExchangeRate, UnknownZone, UnknownCurrency,
    AmountTooLarge.
    """
    rate = rates.at(money.currency, to_currency, moment, zone)
    if money.currency == to_currency:
        return Conversion(original=money, converted=money, rate=rate)
    return Conversion(original=money, converted=product(money, rate.rate, to_currency), rate=rate)


def _day(rate: ExchangeRate) -> date:
    return rate.valid_on
