"""A figure about money is told in each currency, that of most records first."""

from decimal import Decimal
from typing import Any

import pytest

from api.kpis.answer import KpiGroup
from api.kpis.currencies import currencies, main_currency, value_in


def worth(by_currency: Any) -> KpiGroup:
    return KpiGroup(
        group=None,
        label=None,
        value=None,
        numerator=None,
        denominator=None,
        sample_size=0,
        excluded=0,
        details={"by_currency": by_currency},
    )


@pytest.mark.parametrize(
    ("told", "values"),
    [
        ({"EUR": {"value": 5, "deals": 1}, "USD": {"mean": 7.5, "value": 1, "deals": 3}}, {"USD": "7.5", "EUR": "5"}),
        ({"EUR": {"value": 5, "customers": 2}, "CHF": {"value": None, "customers": 2}}, {"CHF": None, "EUR": "5"}),
        (
            {"EUR": {"value": 5, "qualified_open": 2}, "USD": {"value": 9, "qualified_open": 7}},
            {"USD": "9", "EUR": "5"},
        ),
        ({"EUR": 5, "USD": 9.25, "GBP": None}, {"USD": "9.25", "EUR": "5", "GBP": None}),
        ({"USD": {"value": 1}, "EUR": {"value": 2}}, {"EUR": "2", "USD": "1"}),
        ({}, {}),
        (None, {}),
    ],
)
def test_each_has_its_value(told: Any, values: dict[str, str | None]) -> None:
    group = worth(told)
    assert currencies(group) == [*values]
    assert main_currency(group) == next(iter(values), None)
    assert {currency: value_in(group, currency) for currency in values} == {
        currency: None if value is None else Decimal(value) for currency, value in values.items()
    }
    assert value_in(group, "JPY") is None
