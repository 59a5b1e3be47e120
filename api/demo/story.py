"""The demo company's story: what happened to the company itself, and to each of its customers.

Each story is a function of the seed, its number and the moment up to which it is told: so stories can be told in any
order and side by side, and customer 7 is the same however many are wanted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from api.demo.account import account
from api.demo.campaigns import begin_campaigns, begin_imports
from api.demo.home import Home
from api.demo.office import Office
from api.demo.settings import office
from api.demo.told import Told
from domain.customer import CustomerForgotten, CustomerPersonForgotten


def workspace_story(seed: int, until: datetime, customers: int) -> Iterator[Told]:
    """Office, members, rates, campaigns, imports: in the order of recording within each stream."""
    yield from office(seed, until).told
    beside = Office(seed, until)
    begin_campaigns(beside, customers)
    begin_imports(beside, customers)
    beside.play()
    yield from beside.told


def customer_story(seed: int, number: int, until: datetime, customers: int) -> Iterator[Told]:
    """Everything of the customer of that number, from 0 on, her leads and tickets; in the order of recording."""
    home = Home(seed, number, until)
    home.begin(account(home))
    home.play()
    yield from _with_erasures(home.told)


def _with_erasures(told: Sequence[Told]) -> Iterator[Told]:
    """Marked where the personal part was erased: all of a customer who was forgotten, some of a contact person's."""
    customers = {one.customer_id for one in told if isinstance(one.event, CustomerForgotten)}
    people = {one.event.person_id for one in told if isinstance(one.event, CustomerPersonForgotten)}
    for one in told:
        is_forgotten = one.customer_id in customers or one.subject_id in people
        yield replace(one, is_forgotten=True) if is_forgotten else one
