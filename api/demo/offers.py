"""What the company offers in a deal: a plan, something on top of it, and things that are bought once."""

from dataclasses import dataclass
from decimal import Decimal

from api.demo.company import ADD_ONS, PLANS, PRODUCTS, Plan, Size
from api.demo.home import Home
from domain.money import Money

_LARGER: dict[Size, Size] = {"solo": "small", "small": "medium", "medium": "large", "large": "large"}
_PER_SIZE: dict[Size, int] = {"solo": 1, "small": 2, "medium": 5, "large": 12}
_DEVICES = ("sensor-kit", "climate-gateway")
_SERVICES = ("onboarding", "training-day", "data-migration", "integration")
_FACTORS = {"EUR": Decimal(1), "GBP": Decimal("0.9"), "USD": Decimal("1.1")}


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a product, for so much each."""

    product_id: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a deal is about. `is_upgrade`: the plan takes the place of the one she has."""

    title: str
    plan: Plan | None
    is_upgrade: bool
    lines: tuple[Line, ...]

    @property
    def worth(self) -> int:
        """A year of the plan and all that is bought once."""
        yearly = 12 * self.plan.monthly if self.plan else 0
        return yearly + sum(line.quantity * line.price for line in self.lines)


def money(home: Home, amount: int | Decimal) -> Money:
    """That price in the customer's currency."""
    currency = home.traits.currency
    return Money(amount=(Decimal(amount) * _FACTORS[currency]).quantize(Decimal(1)), currency=currency)


def first_offer(home: Home) -> Offer:
    """What somebody is offered who has nothing from us."""
    if home.traits.buys_only:
        return things(home)
    plan = home.random.choice(PLANS[home.traits.size])
    lines = [_line(home, "sensor-kit")] if home.chance(0.45) else []
    lines += [_line(home, "onboarding")] if home.traits.size != "solo" and home.chance(0.6) else []
    return Offer(f"{_titled(plan.name)} for {home.traits.name}", plan, False, tuple(lines))


def more(home: Home, monthly: Decimal) -> Offer:
    """What a subscriber is offered who pays so much a month for her plan."""
    size, wish = home.traits.size, home.random.random()
    if wish < 0.35:
        plan = home.random.choice(ADD_ONS[size])
        return Offer(f"{_titled(plan.name)} on top for {home.traits.name}", plan, False, ())
    if wish < 0.6:
        larger = [plan for plan in (*PLANS[size], *PLANS[_LARGER[size]]) if plan.monthly > monthly * Decimal("1.1")]
        if larger:
            return Offer(f"A larger plan for {home.traits.name}", larger[0], True, ())
    return things(home)


def things(home: Home) -> Offer:
    """Devices and services."""
    lines = [_line(home, home.random.choice(_DEVICES))]
    if home.chance(0.5):
        lines.append(_line(home, home.random.choice(_SERVICES)))
    return Offer(f"{_titled(lines[0].product_id)} for {home.traits.name}", None, False, tuple(lines))


def _line(home: Home, product_id: str) -> Line:
    quantity = home.random.randint(1, _PER_SIZE[home.traits.size]) if product_id in _DEVICES else 1
    return Line(product_id, quantity, PRODUCTS[product_id])


def _titled(name: str) -> str:
    return name.replace("-", " ").capitalize()
