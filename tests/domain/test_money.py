"""Money: the digits of a currency, rounding to them, sums."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    AmountNegative,
    AmountNotPayable,
    AmountTooLarge,
    Money,
    UnknownCurrency,
    digits,
    must_be_payable,
    must_be_price,
    product,
    sums,
    written,
)
from tests.domain.histories import patient

any_money = st.builds(
    Money,
    amount=st.decimals("-99999999999999", "99999999999999", places=6),
    currency=st.sampled_from(["EUR", "JPY", "BHD", "CLF"]),
)


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(amount=Decimal(amount), currency=currency)


@pytest.mark.parametrize(
    ("currency", "expected"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("BHD", 3), ("CLF", 4), ("DEM", 2)]
)
def test_a_currency_has_its_digits(currency: str, expected: int) -> None:
    assert digits(currency) == expected


@pytest.mark.parametrize("text", ["1.50 EUR", "1.500000 EUR", "0 EUR", "0 JPY", "1E+3 JPY", "1.0 JPY", "0.125 BHD"])
def test_an_amount_with_the_digits_of_its_currency_can_be_paid(text: str) -> None:
    must_be_payable(money(text))


@pytest.mark.parametrize("text", ["1.505 EUR", "0.001 EUR", "1.5 JPY", "0.1255 BHD"])
def test_an_amount_with_too_many_digits_is_a_price_and_cannot_be_paid_but_is_kept(text: str) -> None:
    must_be_price(money(text))
    with pytest.raises(AmountNotPayable, match="digits after the point. Round the amount"):
        must_be_payable(money(text))
    assert Money.model_validate_json(money(text).model_dump_json()) == money(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.005 EUR", "1.01"),
        ("1.0049 EUR", "1.00"),
        ("-1.005 EUR", "-1.01"),
        ("2.5 JPY", "3"),
        ("0.0005 BHD", "0.001"),
        ("7 EUR", "7.00"),
        ("0.125 EUR", "0.13"),
    ],
)
def test_half_of_the_last_digit_is_rounded_away_from_zero(text: str, expected: str) -> None:
    assert str(product(money(text), Decimal(1), money(text).currency).amount) == expected


def test_rounding_out_of_what_an_amount_can_hold_is_refused() -> None:
    assert product(money("99999999999999.99 EUR"), Decimal(1), "EUR") == money("99999999999999.99 EUR")
    with pytest.raises(AmountTooLarge, match=r"An amount of EUR must stay below a hundred thousand billion\."):
        product(money("99999999999999.995 EUR"), Decimal(1), "EUR")


def test_an_amount_of_less_than_nothing_is_neither_a_price_nor_paid() -> None:
    for ask in (must_be_price, must_be_payable):
        with pytest.raises(AmountNegative, match="less than nothing"):
            ask(money("-0.01 EUR"))


def test_a_currency_that_does_not_exist_is_refused_by_a_sentence_but_stays_loadable() -> None:
    odd = money("1.00 ZZZ")
    for ask in (lambda: digits("ZZZ"), lambda: must_be_payable(odd), lambda: must_be_price(odd)):
        with pytest.raises(UnknownCurrency, match=r"There is no currency ZZZ\. Use a code of ISO 4217"):
            ask()
    assert Money.model_validate_json(odd.model_dump_json()) == odd
    assert written(odd) == "1.00 ZZZ"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1054 USD", "1,054.00 USD"),
        ("1054 JPY", "1,054 JPY"),
        ("1054.5 JPY", "1,054.5 JPY"),
        ("0.5 BHD", "0.500 BHD"),
        ("-0.125 EUR", "-0.125 EUR"),
        ("1E+6 EUR", "1,000,000.00 EUR"),
    ],
)
def test_money_for_people(text: str, expected: str) -> None:
    assert written(money(text)) == expected


def test_sums_are_kept_apart_by_currency() -> None:
    amounts = [money("1.10 EUR"), money("5 JPY"), money("2.20 EUR"), money("-5 JPY")]
    assert sums(amounts) == {"EUR": Decimal("3.30"), "JPY": Decimal(0)}
    assert sums([]) == {}


@patient
@given(st.lists(any_money, max_size=6))
def test_sums_are_exact_whatever_precision_the_program_works_with(amounts: list[Money]) -> None:
    with localcontext(prec=3):
        totals = sums(amounts)
    for currency, total in totals.items():
        parts = [each.amount for each in amounts if each.currency == currency]
        assert int(total.scaleb(6)) == sum(int(part.scaleb(6)) for part in parts)


@patient
@given(any_money)
def test_a_rounded_amount_can_be_paid_and_lies_within_half_a_digit(amount: Money) -> None:
    near = product(amount, Decimal(1), amount.currency)
    must_be_payable(near.model_copy(update={"amount": abs(near.amount)}))
    assert product(near, Decimal(1), near.currency) == near
    assert abs(near.amount - amount.amount) * 2 <= Decimal(1).scaleb(-digits(amount.currency))
