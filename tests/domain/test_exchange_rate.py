"""Exchange rates: which one holds when, and what an amount becomes."""

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.business_time import UnknownZone
from domain.exchange_rate import ExchangeRate, ExchangeRates, UnknownExchangeRate, convert, with_rate
from domain.money import AmountTooLarge, Money, UnknownCurrency
from domain.workspace import (
    PublishExchangeRate,
    RateOfOneCurrency,
    WorkspaceExchangeRatePublished,
    publish_exchange_rate,
)
from tests.domain.histories import days, patient
from tests.domain.test_workspace import given

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def rate(number: str, day: int, from_currency: str = "USD", to_currency: str = "EUR") -> ExchangeRate:
    return ExchangeRate(
        from_currency=from_currency, to_currency=to_currency, rate=Decimal(number), valid_on=date(2026, 3, day)
    )


def published(*rates: ExchangeRate) -> ExchangeRates:
    return given(*(WorkspaceExchangeRatePublished(exchange_rate=each) for each in rates)).exchange_rates


def dollars(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def command(**fields: object) -> PublishExchangeRate:
    return PublishExchangeRate.model_validate({**rate("0.9", 2).model_dump(), **fields})


def test_a_rate_is_published_as_it_was_given() -> None:
    assert publish_exchange_rate(command()) == WorkspaceExchangeRatePublished(exchange_rate=rate("0.9", 2))


def test_a_rate_is_one_of_two_currencies_that_exist() -> None:
    with pytest.raises(RateOfOneCurrency, match="USD in USD is always 1"):
        publish_exchange_rate(command(to_currency="USD"))
    for odd in ({"from_currency": "ZZZ"}, {"to_currency": "ZZZ"}):
        with pytest.raises(UnknownCurrency, match="ZZZ"):
            publish_exchange_rate(command(**odd))


@pytest.mark.parametrize("number", ["0", "-1", "NaN", "Infinity", "0.12345678901"])
def test_a_rate_is_a_positive_exact_number(number: str) -> None:
    with pytest.raises(ValidationError):
        command(rate=number)


@pytest.mark.parametrize(("day", "expected"), [(2, "0.9"), (4, "0.9"), (5, "0.8"), (31, "0.8")])
def test_a_rate_holds_from_its_day_until_the_next(day: int, expected: str) -> None:
    for rates in (published(rate("0.9", 2), rate("0.8", 5)), published(rate("0.8", 5), rate("0.9", 2))):
        assert rates.at("USD", "EUR", datetime(2026, 3, day, 12, tzinfo=UTC)).rate == Decimal(expected)


def test_of_two_rates_for_one_day_the_later_published_one_holds() -> None:
    rates = published(rate("0.9", 2), rate("0.7", 3), rate("0.95", 2))
    assert rates == published(rate("0.95", 2), rate("0.7", 3))


def test_before_the_first_rate_there_is_none() -> None:
    with pytest.raises(UnknownExchangeRate, match="from USD to EUR for 2026-03-10 or before. Publish one."):
        published(rate("0.9", 11)).at("USD", "EUR", NOON)


def test_a_rate_says_nothing_about_the_way_back_or_a_third_currency() -> None:
    rates = published(rate("0.9", 2), rate("150", 2, "EUR", "JPY"))
    for pair in (("EUR", "USD"), ("USD", "JPY")):
        with pytest.raises(UnknownExchangeRate):
            rates.at(*pair, NOON)


def test_the_day_of_a_moment_is_the_one_of_the_zone() -> None:
    rates = published(rate("0.9", 2), rate("0.8", 3))
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert rates.at("USD", "EUR", late).rate == Decimal("0.9")
    assert rates.at("USD", "EUR", late, "Europe/Berlin").rate == Decimal("0.8")
    with pytest.raises(UnknownZone):
        rates.at("USD", "EUR", late, "Nowhere")
    assert convert(rates, dollars("1"), "EUR", late, "Europe/Berlin").rate.rate == Decimal("0.8")


def test_an_amount_is_converted_once_rounded_and_both_are_kept() -> None:
    conversion = convert(published(rate("0.91235", 2)), dollars("10.10"), "EUR", NOON)
    assert conversion.original == dollars("10.10")
    assert str(conversion.converted.amount) == "9.21"
    assert conversion.converted.currency == "EUR"
    assert conversion.rate == rate("0.91235", 2)


def test_an_amount_has_the_digits_of_its_new_currency() -> None:
    rates = published(rate("149.5", 2, "USD", "JPY"), rate("0.3765432101", 2, "USD", "BHD"))
    assert str(convert(rates, dollars("-0.01"), "JPY", NOON).converted.amount) == "-1"
    assert str(convert(rates, dollars("1"), "BHD", NOON).converted.amount) == "0.377"


def test_an_amount_in_its_own_currency_stays_as_it_is() -> None:
    same = convert(ExchangeRates(), dollars("1.505"), "USD", NOON)
    assert (same.original, same.converted, same.rate.rate) == (dollars("1.505"), dollars("1.505"), Decimal(1))
    assert same.rate.valid_on == NOON.date()


def test_an_amount_that_becomes_too_large_is_refused() -> None:
    with pytest.raises(AmountTooLarge, match="JPY"):
        convert(published(rate("150", 2, "USD", "JPY")), dollars("99999999999999"), "JPY", NOON)


def test_a_program_of_little_precision_converts_the_same() -> None:
    rates, amount = published(rate("0.9123456789", 2)), dollars("12345678901.23")
    usual = convert(rates, amount, "EUR", NOON)
    with localcontext(prec=3):
        assert convert(rates, amount, "EUR", NOON) == usual


@patient
@drawn(st.lists(st.tuples(days, st.integers(1, 9)), max_size=8), days)
def test_the_rate_of_a_day_is_the_last_one_that_is_valid(history: list[tuple[date, int]], day: date) -> None:
    rates = ExchangeRates()
    for valid_on, number in history:
        rates = with_rate(rates, rate(str(number), 1).model_copy(update={"valid_on": valid_on}))
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    by_day = dict(history)  # of one day the later one
    valid = [known for known in by_day if known <= day]
    if valid:
        assert rates.at("USD", "EUR", moment).rate == by_day[max(valid)]
        return
    with pytest.raises(UnknownExchangeRate):
        rates.at("USD", "EUR", moment)
