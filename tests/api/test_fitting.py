"""Models fitted to what customers did: of whom they are, to which days, as it was known when."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.fitting import Range, fit_clv, fit_retention
from api.problems import BadParameter
from api.store import Store
from api.worth import known_models
from domain.customer import CustomerClassified, CustomerPurchaseRefunded
from eventstore import log
from eventstore.database import Connection
from projections.models import Fit, ModelDoesNotApply, TooFewToFit
from projections.worth import ContractRenewals
from replay.follow import catch_up
from tests.api.customer_base import END, YEAR, Life, bought, buyers, contract, lived, subscribed, tell_more
from tests.projections.customer_facts import merge


@pytest.fixture
def shop(store: Store, connection: Connection) -> Store:
    lived(connection, *buyers())
    return store


def test_what_is_fitted_is_days_of_purchase_of_those_who_are_free_to_leave(
    store: Store, connection: Connection
) -> None:
    lives = buyers()
    plain = lived(connection, *lives)
    fitted = fit_clv(store, YEAR)
    assert [model.model for model in fitted] == ["bg_nbd_EUR", "gamma_gamma_EUR"]
    assert (fitted[0].fit.observations, fitted[0].excluded) == (len(plain), 0)
    # a second purchase of a day, one of a later year, one in dollars, and a customer with a subscription
    again = [(number, event) for number, event in lives[0]]
    twice = [(number + 0.001, bought("0")) for number, _ in again]
    tell_more(connection, plain[0], [*twice, (400, bought()), (3, bought("7", "USD"))])
    lived(connection, [(0, bought()), (9, bought()), (10, subscribed(uuid4(), 10))])
    (buying, spending) = fit_clv(store, YEAR, "EUR")
    assert (buying.fit, buying.excluded) == (fitted[0].fit, 1)
    assert spending.fit == fitted[1].fit
    assert buying.until_day == END


def test_what_was_given_back_is_not_spent(shop: Store, connection: Connection) -> None:
    (ann,) = lived(connection, [(2, bought()), (20, bought())])
    before = fit_clv(shop, YEAR)
    (_, second) = connection.execute("SELECT * FROM purchase WHERE customer_id = %s ORDER BY purchased_at", [ann])
    back = CustomerPurchaseRefunded(purchase_id=second["purchase_id"], amount=bought().total)
    tell_more(connection, ann, [(390, back)])
    after = fit_clv(shop, YEAR)
    assert after[0].fit == before[0].fit, "she bought nevertheless"
    assert after[1].fit != before[1].fit
    assert after[1].fit.observations == before[1].fit.observations - 1


def test_a_fit_is_of_what_was_known_at_a_moment(shop: Store, connection: Connection) -> None:
    moment = log.now(connection)
    before = fit_clv(shop, YEAR)
    later: list[Life] = [[(5, bought()), (25, bought())] for _ in range(60)]
    lived(connection, *later)
    assert fit_clv(shop, Range(until_day=END, as_of=moment)) == before
    assert fit_clv(shop, YEAR)[0].fit.observations == before[0].fit.observations + 60


def test_days_and_currencies_that_cannot_be_are_refused(shop: Store, connection: Connection) -> None:
    lived(connection, [(5, bought("3", "USD"))])
    for asked, currency, says in (
        (Range(until_day=date(2999, 1, 1)), None, "which has not come yet"),
        (Range(from_day=END, until_day=END), None, "There are no such days"),
        (YEAR, "CHF", "Nobody paid in CHF in these days. There are: EUR, USD"),
        (YEAR, None, "Customers paid in EUR, USD. Name one: --currency EUR"),
    ):
        with pytest.raises(BadParameter, match=says):
            fit_clv(shop, asked, currency)
    with pytest.raises(TooFewToFit, match="There are 1, and 0 of them did"):
        fit_clv(shop, YEAR, "USD")
    with pytest.raises(TooFewToFit, match="No purchases are recorded"):
        fit_clv(shop, Range(until_day=date(2024, 1, 1)))
    with pytest.raises(TooFewToFit, match="at least 50 customers"):
        fit_clv(shop, Range(from_day=date(2025, 12, 1), until_day=END), "EUR")


def test_customers_with_contracts_are_sent_to_the_model_that_is_theirs(store: Store, connection: Connection) -> None:
    both: list[Life] = [[(0, subscribed(uuid4(), 0)), (1, bought()), (8, bought())] for _ in range(3)]
    lived(connection, *both)
    with pytest.raises(ModelDoesNotApply, match="All 3 customers .* have had a subscription.*crm fit retention"):
        fit_clv(store, YEAR)
    with pytest.raises(ModelDoesNotApply, match="No customer has a contract with a term of 12 months.*: 1"):
        fit_retention(store, YEAR, 12)


def test_contracts_are_fitted_by_how_often_they_were_renewed(store: Store, connection: Connection) -> None:
    left = [*[1] * 30, *[2] * 14, *[3] * 8, 5, 6, 7, 9]
    lives = [contract(months) for months in left] + [contract(None) for _ in range(40)]
    ids = lived(connection, *lives, contract(12, 12), [(0, subscribed(uuid4(), 360))])
    (fitted,) = fit_retention(store, YEAR)
    assert fitted.model == "sbg_1"
    assert (fitted.fit.observations, fitted.excluded) == (len(lives), 2), "of another term, and too new"
    expected = [as_contract(months) for months in left] + [as_contract(None)] * 40
    assert fitted.fit == fit_of(expected)
    merge(connection, ids[0], ids[-3])
    catch_up(connection)
    (merged,) = fit_retention(store, YEAR)
    assert merged.fit == fit_of(expected[1:]), "she who goes on under another name has not left"


def test_contracts_are_fitted_by_segment_where_it_has_enough(store: Store, connection: Connection) -> None:
    late = [5, 6, 7, 9]
    short = [*[1] * 30, *[2] * 14, *[3] * 8, *late, *[None] * 20]
    long = [*[1] * 12, *[2] * 6, *[3] * 4, *late, *[None] * 40]
    lives = [
        [*contract(months), (401.0, CustomerClassified(segment=segment))]
        for segment, parts in (("small", short), ("large", long), ("rare", [3]))
        for months in parts
    ]
    ids = lived(connection, *lives, *[contract(2) for _ in range(5)])
    whole, large, small = fit_retention(store, YEAR, by_segment=True)
    assert [one.model for one in (whole, large, small)] == ["sbg_1", "sbg_1_large", "sbg_1_small"]
    assert large.fit == fit_of([as_contract(months) for months in long])
    assert small.fit == fit_of([as_contract(months) for months in short])
    assert (small.fit.observations, small.excluded) == (len(short), len(ids) - len(short))
    assert [note.partition(":")[0] for note in whole.notes] == ["Segment rare"]
    models = known_models([whole, large, small])
    by_segment = {segment: models.renewing(of(segment), 0.1) for segment in ("large", "rare", None)}
    assert by_segment["rare"] == by_segment[None], "without a model of its own, that of all holds"
    assert by_segment["large"] != by_segment[None]


def of(segment: str | None) -> ContractRenewals:
    """A customer of that segment who has renewed twice."""
    return ContractRenewals(UUID(int=1), END, 1, segment, has_left=False, renewals=2)


def as_contract(months: int | None) -> Any:
    from projections.models.sbg import Contract

    # to the last day of the year, eleven renewals are known
    return Contract(11, False) if months is None else Contract(months, True)


def fit_of(contracts: list[Any]) -> Fit:
    from projections.models import sbg

    return sbg.fit(contracts)
