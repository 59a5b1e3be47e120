"""An invented company that makes software for growers: who works there, what it sells, and to whom.

Nobody and nothing in it exists.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Team: TypeAlias = Literal["sales", "support", "success", "office"]
Size: TypeAlias = Literal["solo", "small", "medium", "large"]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works there, with her habits."""

    name: str
    team: Team
    answers_within: float
    """Business hours until she first answers, on average."""
    skill: float
    """How much better than others she is at winning deals, or at solving tickets for good."""
    diligence: float
    """How often she writes things down when they happen and does what she planned to do, from 0 to 1."""
    joins: int = 0
    """Days after the story's beginning."""
    leaves: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where prospects come from, how many of a hundred do, and how much better than the rest they are."""

    name: str
    share: int
    quality: float
    inbound: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is subscribed to, for so much a month."""

    name: str
    monthly: int


@dataclass(frozen=True, slots=True)
class Drive:
    """A campaign: its days after the story's beginning, what it costs, and how well it does."""

    name: str
    kind: str
    starts: int
    lasts: int
    budget: int
    appeal: float
    """How often what it sends is opened and answered, compared with the others."""


MEMBERS = (
    Member("Beatrix Vonderau", "office", 6.0, 1.0, 0.9),
    Member("Mara Lindqvist", "sales", 1.2, 1.25, 0.95),
    Member("Tobias Achterberg", "sales", 6.0, 0.95, 0.8),
    Member("Ines Caldeira", "sales", 2.0, 1.15, 0.9),
    Member("Colm Hanratty", "sales", 11.0, 1.05, 0.55),
    Member("Priya Raghunath", "sales", 2.5, 1.1, 0.9),
    Member("Jonas Weidmann", "sales", 16.0, 0.7, 0.45, leaves=556),
    Member("Elif Sandalci", "sales", 3.5, 1.0, 0.85, joins=598),
    Member("Ruben Oyelaran", "support", 2.2, 1.0, 0.85),
    Member("Hanne Solberg", "support", 1.5, 1.2, 0.95),
    Member("Mateo Villanueva", "support", 3.6, 0.85, 0.7),
    Member("Agnieszka Wrobel", "support", 2.4, 1.1, 0.9, joins=310),
    Member("Linnea Falk", "success", 4.0, 1.15, 0.9),
    Member("Omar Haddad", "success", 7.0, 0.9, 0.7),
)
OFFICE = MEMBERS[0]

SOURCES = (
    Source("web", 30, 1.0, True),
    Source("referral", 15, 1.6, True),
    Source("event", 13, 0.9, True),
    Source("partner", 12, 1.3, True),
    Source("cold call", 14, 0.45, False),
    Source("ad", 16, 0.65, True),
)
EXPANSION = Source("customer", 0, 1.25, True)
WIN_BACK = Source("win-back", 0, 0.9, False)
CAMPAIGN = Source("campaign", 0, 0.9, True)

PLANS: dict[Size, tuple[Plan, ...]] = {
    "solo": (Plan("seedling", 49), Plan("seedling", 59)),
    "small": (Plan("greenhouse", 190), Plan("greenhouse", 240), Plan("greenhouse", 290)),
    "medium": (Plan("estate", 540), Plan("estate", 690), Plan("estate", 880)),
    "large": (Plan("conservatory", 1450), Plan("conservatory", 1900), Plan("conservatory", 2600)),
}
ADD_ONS: dict[Size, tuple[Plan, ...]] = {
    "solo": (Plan("frost-alerts", 15),),
    "small": (Plan("frost-alerts", 39), Plan("irrigation-planner", 65)),
    "medium": (Plan("irrigation-planner", 140), Plan("crop-forecast", 190)),
    "large": (Plan("crop-forecast", 420), Plan("energy-optimiser", 560)),
}
SIZES: dict[Size, int] = {"solo": 22, "small": 42, "medium": 26, "large": 10}
"""How many of a hundred customers are of that size."""
PRODUCTS = {
    "sensor-kit": 420,
    "climate-gateway": 980,
    "onboarding": 900,
    "training-day": 1_200,
    "data-migration": 1_500,
    "integration": 2_800,
}
"""What is bought once, with its price."""

SEASONS = (0.95, 1.1, 1.2, 1.15, 1.05, 0.95, 0.85, 0.7, 1.0, 1.05, 1.0, 0.75)
"""How many prospects come in each month: growers buy before spring, and rest in August and at Christmas."""

DRIVES = (
    Drive("Frost-free spring", "newsletter", 24, 30, 2_400, 1.0),
    Drive("Glasshouse fair", "fair", 75, 14, 14_500, 1.3),
    Drive("Water well spent", "webinar", 130, 21, 3_200, 1.2),
    Drive("Summer check", "newsletter", 182, 30, 1_800, 0.8),
    Drive("Energy in winter", "webinar", 240, 28, 4_100, 1.25),
    Drive("Year's end offer", "promotion", 296, 24, 5_600, 0.9),
    Drive("Sow early", "newsletter", 345, 30, 2_600, 1.1),
    Drive("Growers' day", "fair", 402, 10, 16_800, 1.4),
    Drive("Irrigation week", "webinar", 455, 14, 3_600, 1.1),
    Drive("Second house", "promotion", 512, 30, 4_900, 0.7),
    Drive("Harvest figures", "newsletter", 566, 30, 2_200, 0.9),
    Drive("Energy in winter II", "webinar", 612, 28, 4_400, 1.3),
    Drive("Come back", "win-back", 650, 40, 3_000, 0.8),
    Drive("Frost-free again", "newsletter", 705, 30, 2_700, 1.05),
    Drive("Glasshouse fair II", "fair", 768, 14, 15_900, 1.35),
    Drive("Sensors for all", "promotion", 820, 28, 5_200, 1.0),
    Drive("Autumn letter", "newsletter", 872, 60, 2_300, 0.95),
)
CALLED_OFF = Drive("Rooftop gardens", "fair", 500, 14, 9_000, 0.0)

HEATINGS = ("gas", "heat pump", "wood", "none")
CROPS = ("vegetables", "fruit", "flowers", "trees")
"""What they heat with, and what they grow."""

REGIONS = {"EUR": "continent", "GBP": "islands", "USD": "overseas"}
COMPETITORS = ("Glashaus Nordlicht", "Verdanta Works", "Halmstad Growth", "spreadsheets")
CATEGORIES = {
    "bug": 26,
    "how-to": 30,
    "billing": 14,
    "sensor": 16,
    "account": 8,
    "feature-request": 6,
}
"""What tickets are about, and how many of a hundred."""
