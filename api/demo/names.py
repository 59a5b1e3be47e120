"""Names of growers, places and people in the demo company's world. Nobody and nothing in it exists."""

from dataclasses import dataclass
from random import Random

PLACES = (
    "Harrowfield Oldenmoor Tessaby Lindenau-Ost Brackwell Quillhaven Marlowsund Ferndrup Ashgrove-on-Wye Kestrelford "
    "Dunmarrow Silberbach Vallonne Northwick-Lea Ostravane Pellworth Thornbury-Vale Emberly Wexcombe Rosenkoog "
    "Calderholm Yarrowgate Birkensee Montfleur Saltmere Hollowdale Greifental Stonnick Larkhurst Wintermoor "
    "Applegarth-Hill Corvane Dellbrook Eschenried Foxhollow-Green Gullsey Heathermill Ivelstone Juniper-Rise Kaltbrunn"
).split()
TRADES = (
    "Nursery|Orchards|Vineyard|Botanic Garden|Seed Bank|Hop Yard|Farm Shop|Research Station|Flower Market|Herb Gardens|"
    "Rose Breeders|School Gardens|Mushroom Cellars|Tea House|Garden Centre|Tree School|Tomato House|Salad Farm|"
    "Berry Fields|Orchid House"
).split("|")
INDUSTRIES = {
    "Nursery": "ornamentals",
    "Rose Breeders": "ornamentals",
    "Flower Market": "ornamentals",
    "Orchid House": "ornamentals",
    "Tree School": "ornamentals",
    "Garden Centre": "retail",
    "Farm Shop": "retail",
    "Tea House": "retail",
    "Botanic Garden": "public",
    "Research Station": "public",
    "School Gardens": "public",
    "Seed Bank": "public",
}
"""Of the other trades it is food."""

_FIRST_NAMES = (
    "Adela Anselm Bettina Bruno Carla Casper Dorit Edgar Elin Fabian Flora Gesa Gregor Hedda Henrik Ida Ilja Jasmin "
    "Jonte Karin Kilian Leonie Lorenz Magda Marek Nadja Noel Olga Oskar Paula Piet Rosa Ruth Selma Simon Tamar Till "
    "Ursula Valentin Vera Wanda Wim Yara Zeno"
).split()
_LAST_NAMES = (
    "Abendroth Bellamy Brandvold Castellan Dornbusch Ekelund Farnham Gallowglass Hasselbring Ingersoll Jaworski "
    "Kettering Lavergne Middelhoek Nightingale Oxenford Pfefferkorn Quast Ravensdale Sundermann Tanglewood Uhlenhorst "
    "Vandermeer Wetherby Xanten Yellowlees Zumbach Ackermoor Birtwhistle Colquhoun Drosselbart Eisenfuchs"
).split()
_FICTIONAL_NUMBERS = {
    "EUR": ("+49 30 23125 ", "+49 69 90009 ", "+49 40 66969 ", "+49 221 4710 ", "+49 89 99998 "),
    "GBP": ("+44 20 7946 0", "+44 161 496 0", "+44 113 496 0"),
    "USD": ("+1 212 555 0", "+1 303 555 0", "+1 415 555 0"),
}
"""Ranges that the authorities of the countries keep free for films and books."""


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first} {self.last}"


def person_name(random: Random) -> Name:
    """Somebody's name."""
    return Name(random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES))


def mail_host(company: str, number: int) -> str:
    """A host of its own for each customer, in a domain that nobody can have."""
    return f"{company.casefold().replace(' ', '-')}-{number}.example.{('com', 'org', 'net')[number % 3]}"


def phone_number(random: Random, currency: str) -> str:
    """A number that belongs to nobody."""
    begin = random.choice(_FICTIONAL_NUMBERS[currency])
    return f"{begin}{random.randint(100, 199) if currency == 'USD' else random.randint(0, 999):03}"
