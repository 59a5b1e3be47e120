"""Fitted models find the parameters that customers were made with, say what is published, and refuse too little."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from projections.models import Fit, NotConverged, TooFewToFit, bg_nbd, gamma_gamma, sbg
from projections.models.bg_nbd import Buyer
from projections.models.gamma_gamma import Spender
from projections.models.sbg import Contract
from projections.models.survival import Watched, log_rank

BUYING = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPENDING = {"p": 6.25, "q": 3.74, "v": 15.44}
RENEWING = {"alpha": 0.668, "beta": 3.806}


def recovers(fit: Fit, parameters: dict[str, float]) -> bool:
    """Whether each parameter lies within four standard errors of what the customers were made with."""
    return all(
        abs(fit.parameters[name] - value) < 4 * fit.standard_errors[name] < 4 * value
        for name, value in parameters.items()
    )


# BG/NBD


def bought(random: np.random.Generator, rate: float, leaving: float, weeks: float) -> Buyer:
    """A customer as the model has her."""
    now, repeats, last = 0.0, 0, 0.0
    while (now := now + random.exponential(1 / rate)) <= weeks:
        repeats, last = repeats + 1, now
        if random.random() < leaving:
            break
    return Buyer(repeats, last, weeks)


def buyers(number: int) -> list[Buyer]:
    random = np.random.default_rng(4)
    rates, leaving = random.gamma(1.2, 1 / 6, number), random.beta(1.5, 3, number)
    return [bought(random, max(rate, 1e-9), p, 60) for rate, p in zip(rates, leaving, strict=True)]


def test_buying_is_found_as_the_customers_were_made() -> None:
    fit = bg_nbd.fit(buyers(2000))
    assert recovers(fit, {"r": 1.2, "alpha": 6, "a": 1.5, "b": 3})
    assert fit.observations == 2000


def test_what_a_customer_will_buy_is_as_published() -> None:
    ann = Buyer(2, 30.43, 38.86)
    assert round(bg_nbd.expected(BUYING, ann, 39), 3) == 1.226
    assert round(bg_nbd.alive(BUYING, ann), 4) == 0.7266


def test_the_longer_the_silence_the_less_likely_she_is_still_there() -> None:
    assert bg_nbd.alive(BUYING, Buyer(0, 0, 500)) == 1
    chances = [bg_nbd.alive(BUYING, Buyer(5, 20, watched)) for watched in (20, 30, 60, 5000)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.85
    assert chances[-1] < 0.001


@for_all(st.integers(0, 60), st.floats(0, 100), st.floats(0, 100), st.floats(0.1, 200))
@settings(max_examples=40, deadline=None)
def test_what_is_expected_is_what_a_path_of_small_steps_adds_up_to(
    repeats: int, last: float, silent: float, weeks: float
) -> None:
    buyer = Buyer(repeats, last if repeats else 0.0, last + silent)
    half = bg_nbd.expected(BUYING, buyer, weeks / 2)
    whole = bg_nbd.expected(BUYING, buyer, weeks)
    assert 0 <= half <= whole + 1e-9
    assert whole <= 2 * half + 1e-9, "who may leave buys no more later than now"
    assert 0 <= bg_nbd.alive(BUYING, buyer) <= 1


def test_expectation_has_no_hole_where_a_is_one() -> None:
    found = [bg_nbd.expected(BUYING | {"a": a}, Buyer(2, 10, 20), 10) for a in (0.9999, 1.0, 1.0001)]
    assert found == sorted(found, reverse=True)
    assert math.isclose(found[0], found[2], rel_tol=1e-3)


# Gamma-Gamma


def test_spending_is_found_as_the_customers_were_made() -> None:
    random = np.random.default_rng(5)
    days = random.integers(1, 12, 3000)
    scales = random.gamma(SPENDING["q"], 1 / SPENDING["v"], 3000)
    means = random.gamma(SPENDING["p"] * days, 1 / (scales * days))
    made = [Spender(int(x), float(mean)) for x, mean in zip(days, means, strict=True)]
    fit = gamma_gamma.fit(made)
    assert recovers(fit, SPENDING)
    found = gamma_gamma.correlation(made)
    assert found is not None
    assert abs(found) < 0.1


def test_of_who_bought_little_the_usual_is_expected_and_of_who_bought_much_her_own() -> None:
    usual = gamma_gamma.expected_mean(SPENDING, None)
    assert usual is not None
    assert round(usual, 2) == 35.22
    means = [gamma_gamma.expected_mean(SPENDING, Spender(days, 100)) or 0 for days in (1, 5, 1000)]
    assert usual < means[0] < means[1] < means[2] < 100
    assert means[2] > 99
    assert gamma_gamma.expected_mean(SPENDING | {"q": 0.9}, None) is None, "such a mean is without bound"


def test_who_buys_more_often_and_more_each_time_breaks_the_premise() -> None:
    made = [Spender(days, 10.0 * days) for days in (1, 2, 3, 4, 5)]
    assert math.isclose(gamma_gamma.correlation(made) or 0, 1)
    assert gamma_gamma.correlation([Spender(1, 5), Spender(1, 6)]) is None


# sBG


def test_renewing_is_found_as_the_customers_were_made() -> None:
    random = np.random.default_rng(6)
    left = random.geometric(random.beta(RENEWING["alpha"], RENEWING["beta"], 4000))
    fit = sbg.fit([Contract(int(min(t, 7)), bool(t <= 7)) for t in left])
    assert recovers(fit, RENEWING)


def test_how_long_a_customer_goes_on_is_the_sum_of_what_is_left_of_her_kind() -> None:
    kept = sbg.survival(RENEWING, 7)
    summed = sum(sbg.survival(RENEWING, t) / kept / 1.1 ** (t - 8) for t in range(8, 2000))
    assert math.isclose(sbg.residual_lifetime(RENEWING, 7, 0.1), summed, rel_tol=1e-9)
    assert round(summed, 5) == 7.52995, "as published"
    assert sbg.survival(RENEWING, 0) == 1
    assert math.isclose(sbg.survival(RENEWING, 1), RENEWING["beta"] / (RENEWING["alpha"] + RENEWING["beta"]))


# Refusals


@pytest.mark.parametrize(
    ("fit", "observed", "says"),
    [
        (bg_nbd.fit, [Buyer(1, 3, 9)] * 49, "at least 50 customers without a subscription"),
        (bg_nbd.fit, [Buyer(0, 0, 9)] * 100 + [Buyer(1, 3, 9)] * 19, "There are 119, and 19 of them did"),
        (gamma_gamma.fit, [Spender(1, 5.0)] * 19, "at least 20 customers"),
        (sbg.fit, [Contract(1, True), Contract(2, True)] * 24, "at least 50 customers"),
        (sbg.fit, [Contract(1, True)] * 60, "who left at 1 of them"),
    ],
)  # fmt: skip
def test_too_few_are_refused_with_what_is_needed(
    fit: Callable[[Sequence[object]], Fit], observed: Sequence[object], says: str
) -> None:
    with pytest.raises(TooFewToFit) as refused:
        fit(observed)
    assert says in str(refused.value)


def test_customers_who_are_all_alike_give_no_parameters() -> None:
    with pytest.raises(NotConverged, match="No best parameters of Gamma-Gamma could be found"):
        gamma_gamma.fit([Spender(3, 20.0)] * 50)


# Log-rank

TREATED = ([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
UNTREATED: tuple[list[int], list[int]] = ([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [])
"""Weeks of remission that ended, and that were still going on (Freireich and others, 1963)."""


def watched(lives: tuple[Sequence[int], Sequence[int]]) -> list[Watched]:
    ended, going_on = lives
    everything = [*ended, *going_on]
    return [
        Watched(month, sum(life >= month for life in everything), ended.count(month))
        for month in range(max(everything) + 1)
    ]


def test_the_log_rank_test_says_of_a_published_trial_what_is_published() -> None:
    found = log_rank([watched(TREATED), watched(UNTREATED)])
    assert found is not None
    assert (round(found.chi_square, 2), found.degrees_of_freedom) == (16.79, 1)
    assert math.isclose(found.p_value, math.erfc(math.sqrt(found.chi_square / 2)), rel_tol=1e-9)
    turned = log_rank([watched(UNTREATED), [], watched(TREATED)])
    assert turned is not None
    assert math.isclose(turned.chi_square, found.chi_square), "their order says nothing"


def test_groups_that_stay_alike_do_not_differ() -> None:
    same = log_rank([watched(TREATED)] * 3)
    assert same is not None
    assert (round(same.chi_square, 9), same.degrees_of_freedom, round(same.p_value, 9)) == (0, 2, 1)
    assert log_rank([watched(TREATED)]) is None
    assert log_rank([watched(([], [3])), watched(([], [4, 5]))]) is None, "nobody left"
    assert log_rank([]) is None
