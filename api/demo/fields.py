"""The company's own fields in the story: what is known of some customers, leads and tickets beyond the usual."""

from pydantic import JsonValue

from api.demo.company import HEATINGS, Size
from api.demo.home import Home
from api.demo.told import Actor
from api.demo.work import Worked
from domain.field_value import RecordCustomField, record_custom_field

_AREAS: dict[Size, tuple[int, int]] = {
    "solo": (8, 60),
    "small": (60, 400),
    "medium": (400, 2_000),
    "large": (2_000, 9_000),
}
"""From how much to how much such a customer has under glass, in ten square metres."""

_VISITS = ("Ring at the second gate", "The dog is friendly", "Mondays they are at the market", "Boots are needed")


def fill_in(home: Home, history: Worked, actor: Actor, channel: str, field_id: str, value: JsonValue) -> None:
    """Say what a field of the record holds now; every field that is used here has held the same kind ever since."""
    command = RecordCustomField(field_id=field_id, value=value)
    history.tell(record_custom_field(history.state, command, home.office.now_held), actor, channel)


def measure(home: Home, actor: Actor, channel: str) -> None:
    """How much she has under glass."""
    area = 10 * home.random.randint(*_AREAS[home.traits.size])
    fill_in(home, home.customer, actor, channel, "glass_area", area)


def look_around(home: Home, actor: Actor) -> None:
    """What one sees on a visit."""
    if home.chance(0.6):
        fill_in(home, home.customer, actor, "console", "heating", home.random.choice(HEATINGS))
    else:
        fill_in(home, home.customer, actor, "console", "visit_notes", home.random.choice(_VISITS))
