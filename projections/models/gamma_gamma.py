"""Gamma-Gamma: what a customer spends on a day on which she buys, when a few days only are known.

Fader, Hardie: The Gamma-Gamma Model of Monetary Value (2013). It takes what customers spend to be independent of how
often they buy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from projections.models import Fit, TooFewToFit
from projections.models.likelihood import Floats, maximised

NAMES = ("p", "q", "v")
FEWEST = 20
CORRELATED = 0.3
"""From this correlation of how often and how much on, the model's premise does not hold."""


@dataclass(frozen=True, slots=True)
class Spender:
    """On how many days she spent something, the first apart, and how much on the average of them."""

    days: int
    mean: float


def fit(spenders: Sequence[Spender]) -> Fit:
    """p, q and v; v is in the currency of what was spent. Raises TooFewToFit, NotConverged."""
    if len(spenders) < FEWEST:
        raise TooFewToFit(
            f"Gamma-Gamma needs at least {FEWEST} customers who spent something on a day after their first. There are "
            f"{len(spenders)}. Take in more days."
        )
    x, mean = (np.array(numbers, dtype=float) for numbers in zip(*map(_numbers, spenders), strict=True))
    log_mean, log_x = np.log(mean), np.log(x)

    def log_likelihood(parameters: Floats) -> float:
        p, q, v = parameters
        known = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + p * x * log_x
        return float(np.sum(known + (p * x - 1) * log_mean - (p * x + q) * np.log(v + x * mean)))

    starts = ((1.0, 6.0), (2.0, 4.0), (float(np.median(mean)),))
    return maximised("Gamma-Gamma", NAMES, log_likelihood, starts, len(spenders))


def correlation(spenders: Sequence[Spender]) -> float | None:
    """Of how often and how much they buy (Pearson); None where one of the two is the same for all."""
    x, mean = (np.array(numbers, dtype=float) for numbers in zip(*map(_numbers, spenders), strict=True))
    return float(np.corrcoef(x, mean)[0, 1]) if x.std() > 0 and mean.std() > 0 else None


def expected_mean(parameters: Mapping[str, float], spender: Spender | None) -> float | None:
    """What she may be expected to spend on a day on which she buys; None where the model has no such mean."""
    p, q, v = (parameters[name] for name in NAMES)
    x, mean = (spender.days, spender.mean) if spender else (0, 0.0)
    return p * (v + x * mean) / (p * x + q - 1) if p * x + q > 1 else None


def _numbers(spender: Spender) -> tuple[float, float]:
    return (spender.days, spender.mean)
