"""BG/NBD: how often customers who are bound by no contract buy, and whether they still do.

While a customer buys, her purchases come at random at a rate of her own; after each she may leave unnoticed. Rates and
chances of leaving differ between customers as gamma and beta distributions say. Fader, Hardie, Lee: "Counting Your
Customers" the Easy Way (2005); equations (6), (7) and (10) are the likelihood, P(alive) and the expectation here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, hyp2f1

from projections.models import Fit, TooFewToFit
from projections.models.likelihood import Floats, maximised

NAMES = ("r", "alpha", "a", "b")
FEWEST, FEWEST_REPEATING = 50, 20


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the model needs to know of a customer; times are weeks since the day of her first purchase."""

    repeats: int
    """Days after the first on which she bought."""
    last: float
    """When she bought last; 0 where she did once only."""
    watched: float
    """For how long she has been watched."""


def fit(buyers: Sequence[Buyer]) -> Fit:
    """r and alpha of the rates (a week), a and b of the chances of leaving. Raises TooFewToFit, NotConverged."""
    repeating = sum(buyer.repeats > 0 for buyer in buyers)
    if len(buyers) < FEWEST or repeating < FEWEST_REPEATING:
        raise TooFewToFit(
            f"BG/NBD needs at least {FEWEST} customers without a subscription, {FEWEST_REPEATING} of whom bought on "
            f"more than one day. There are {len(buyers)}, and {repeating} of them did. Take in more days."
        )
    # customers of whom the same is known are equally likely, and there are many of those
    known, counts = np.unique(np.array([_numbers(buyer) for buyer in buyers]), axis=0, return_counts=True)
    x, t, watched = (np.ascontiguousarray(numbers) for numbers in known.T)
    repeats, which = np.unique(x, return_inverse=True)

    def log_likelihood(parameters: Floats) -> float:
        return float(counts @ _log_likelihoods(parameters, repeats, which, t, watched))

    starts = ((0.3, 1.0), (1.0, 10.0), (0.5,), (0.5, 3.0))
    return maximised("BG/NBD", NAMES, log_likelihood, starts, len(buyers))


def alive(parameters: Mapping[str, float], buyer: Buyer) -> float:
    """The probability that she still is a customer."""
    if buyer.repeats == 0:
        return 1.0  # she leaves after a repeat purchase only, as the model has it
    return float(1 / (1 + _odds_of_having_left(parameters, buyer)))


def expected(parameters: Mapping[str, float], buyer: Buyer, weeks: float) -> float:
    """How many purchases she may be expected to make in so many weeks from now on."""
    r, alpha, a, b = (parameters[name] for name in NAMES)
    a += 1e-7 * (abs(a - 1) < 1e-7)  # both sides of the fraction vanish at 1
    x, now = buyer.repeats, alpha + buyer.watched
    shrunk = np.exp((r + x) * np.log(now / (now + weeks))) * hyp2f1(r + x, b + x, a + b + x - 1, weeks / (now + weeks))
    return float((a + b + x - 1) / (a - 1) * (1 - shrunk)) * alive(parameters, buyer)


def _odds_of_having_left(parameters: Mapping[str, float], buyer: Buyer) -> float:
    r, alpha, a, b = (parameters[name] for name in NAMES)
    x = buyer.repeats
    with np.errstate(over="ignore"):
        silence = np.exp((r + x) * np.log((alpha + buyer.watched) / (alpha + buyer.last)))
    return float(a / (b + x - 1) * silence)


def _log_likelihoods(
    parameters: Floats, repeats: Floats, which: NDArray[np.intp], t: Floats, watched: Floats
) -> Floats:
    """Of each customer, who bought again as often as her place among the numbers of `repeats` says."""
    r, alpha, a, b = parameters
    rates = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    leaving = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
    last = np.where(repeats > 0, np.log(a) - np.log(np.maximum(b + repeats - 1, 1e-300)), -np.inf)
    often = (r + repeats)[which]
    stays, left = -often * np.log(alpha + watched), last[which] - often * np.log(alpha + t)
    found: Floats = (rates + leaving)[which] + np.logaddexp(stays, left)
    return found


def _numbers(buyer: Buyer) -> tuple[float, float, float]:
    return (buyer.repeats, buyer.last, buyer.watched)
