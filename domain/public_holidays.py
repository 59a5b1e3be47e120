"""Public holidays of a country or a part of it, as the `holidays` library knows them.

They are looked up once, when a business calendar is published, and copied into its event: a later version of the
library, which may know better, changes no deadline of the past.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from domain.business_time import Holiday
from domain.event import Frozen, Refusal, Word

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1, such as DE or GB."""

_LONGEST_NAME = 100


class PublicHolidays(Frozen):
    """Whose public holidays are taken over, and of which years."""

    country: CountryCode
    subdivision: Word | None = None
    years: Annotated[tuple[Annotated[int, Field(ge=1950, le=2100)], ...], Field(min_length=1, max_length=50)]


class UnknownCountry(Refusal):
    """The public holidays of {country} are not known. Use a code of ISO 3166 such as DE or GB, or name the days."""


class UnknownSubdivision(Refusal):
    """{country} has no subdivision {subdivision} with public holidays of its own. It has: {subdivisions}."""


def holidays_of(asked: PublicHolidays) -> tuple[Holiday, ...]:
    """The days on which the country is closed, named in its own language; raises UnknownCountry, UnknownSubdivision."""
    import holidays  # here, because it would make every start of the program longer by a twentieth of a second

    subdivisions = holidays.list_supported_countries(include_aliases=False)
    if asked.country not in subdivisions:
        raise UnknownCountry(country=asked.country)
    if asked.subdivision is not None and asked.subdivision not in subdivisions[asked.country]:
        raise UnknownSubdivision(
            country=asked.country,
            subdivision=asked.subdivision,
            subdivisions=", ".join(subdivisions[asked.country]) or "none",
        )
    # asked for no language, the library would take the one of the machine's environment
    language = holidays.country_holidays(asked.country).default_language
    days = holidays.country_holidays(asked.country, asked.subdivision, years=asked.years, language=language)
    return tuple(Holiday(day=day, name=name[:_LONGEST_NAME]) for day, name in sorted(days.items()))
