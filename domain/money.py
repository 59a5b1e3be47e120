"""Amounts of money: an exact decimal and a currency, never a float."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.event import Frozen

Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Money(Frozen):
    """An amount in a currency (ISO 4217)."""

    amount: Amount
    currency: Currency
