"""How values look on a page: amounts, moments, ages, figures and flags, for people to read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

_FLAGS = {
    "no_capture_date": "the file gave no date of capture",
    "no_close_date": "the file gave no date of closing",
    "closed_before_captured": "closed before it was captured, says the file",
    "simulated": "this is simulated",
}


def number(value: Decimal | int | float | None, places: int = 0) -> str:
    """With commas between thousands: 12,345.6."""
    return "–" if value is None else f"{value:,.{places}f}"


def amount(value: Decimal | None) -> str:
    """An amount without its currency, with cents only where there are any."""
    if value is None:
        return "–"
    return number(value, 0 if value == value.to_integral_value() else 2)


def whole(value: Decimal | None) -> str:
    """An amount without its cents, for sums at a glance."""
    return number(value)


def money(value: Decimal | None, currency: str | None) -> str:
    """An amount with its currency."""
    return f"{amount(value)}\N{NO-BREAK SPACE}{currency or ''}".strip()


def percent(value: Decimal | None, places: int = 0) -> str:
    """A ratio as a percentage."""
    return "–" if value is None else f"{number(value * 100, places)}\N{NO-BREAK SPACE}%"


def figure(value: Decimal | None, unit: str, currency: str | None = None) -> str:
    """A KPI's value in its unit, and the currency that it is of or was counted in."""
    if currency:
        return f"{figure(value, unit)}\N{NO-BREAK SPACE}{currency}"
    if value is None:
        return "–"
    match unit:
        case "ratio":
            return percent(value, 1)
        case "days" | "hours":
            return f"{number(value, 1)}\N{NO-BREAK SPACE}{unit}"
        case _:
            return amount(Decimal(value))


def target(value: Decimal | None, target_is: str | None, unit: str) -> str | None:
    """What a figure shall come to, in words; None where nobody said so."""
    return None if value is None else f"{words(target_is or '')} {figure(value, unit)}".strip()


def tick(value: Decimal, unit: str) -> str:
    """A value on an axis."""
    return percent(value) if unit == "ratio" else amount(value)


@pass_context
def day(context: Context, value: date | datetime) -> str:
    """A day, of a moment the day that it lies in where the viewer is: 3 March 2026."""
    at = value.astimezone(context["viewers_zone"]) if isinstance(value, datetime) else value
    return f"{at.day} {at:%B %Y}"


@pass_context
def minute(context: Context, value: datetime) -> str:
    """A moment where the viewer is: 2026-03-03 09:30."""
    return f"{value.astimezone(context['viewers_zone']):%Y-%m-%d %H:%M}"


@pass_context
def minutely(context: Context, text: str, zone: str = "") -> str:
    """A moment from an address as a field for moments takes it, in the viewer's zone or in this one: 2026-03-03T09:30.
    Empty where it is none."""
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(ZoneInfo(zone) if zone else context["viewers_zone"]) if at.tzinfo else at
    except (ValueError, OverflowError):
        return ""
    return f"{at:%Y-%m-%dT%H:%M}"


def exact(value: datetime) -> str:
    """A moment to the second, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago or until, in the largest unit that says enough: a moment, 5 min, 3 h, 12 days, 4 months."""
    if since is None:
        return "–"
    passed = abs(now - since)
    if passed < timedelta(minutes=1):
        return "a moment"
    for unit, length in (("min", timedelta(hours=1)), ("h", timedelta(days=2))):
        if passed < length:
            return f"{passed // timedelta(minutes=1) if unit == 'min' else passed // timedelta(hours=1)} {unit}"
    if passed < timedelta(days=60):
        return f"{passed.days} days"
    return f"{passed.days // 30} months" if passed < timedelta(days=730) else f"{passed.days // 365} years"


def decimal(value: Decimal | int | float | str) -> Decimal:
    """An amount as JSON has it."""
    return Decimal(str(value))


def hours(seconds: int) -> str:
    """A time of work in minutes or, from two hours on, in hours: 45 min, 12 h."""
    return f"{number(seconds // 60)} min" if seconds < 7_200 else f"{number(seconds // 3_600)} h"


def flag(name: str) -> str:
    """An oddity of an import in words."""
    return _FLAGS.get(name, words(name))


def size(value: int) -> str:
    """Bytes in the largest unit that says enough: 5 kB, 1.2 MB."""
    for unit, length in (("GB", 10**9), ("MB", 10**6)):
        if value >= length:
            return f"{value / length:,.1f}\N{NO-BREAK SPACE}{unit}"
    return f"{value / 1000:,.0f}\N{NO-BREAK SPACE}kB"


def seconds(value: float) -> str:
    """How long something takes, about: 5 s, 3 min, 2.5 h."""
    if value < 90:
        return f"{max(1, round(value))}\N{NO-BREAK SPACE}s"
    return f"{value / 60:.0f}\N{NO-BREAK SPACE}min" if value < 5400 else f"{value / 3600:.1f}\N{NO-BREAK SPACE}h"


def words(name: str) -> str:
    """A name of the code as words: `closed_at` as "closed at"."""
    return name.replace("_", " ")


def marked(text: str) -> Markup:
    """Text with its `names of code` set as such."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
