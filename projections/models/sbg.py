"""Shifted beta-geometric (sBG): how many customers who are bound by a contract renew it, and for how long they will.

At each renewal a customer leaves with a probability of her own, which differs between customers as a beta distribution
says. Fader, Hardie: How to Project Customer Retention (2007); Customer-Base Valuation in a Contractual Setting (2010).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, hyp2f1

from projections.models import Fit, TooFewToFit
from projections.models.likelihood import Floats, maximised

NAMES = ("alpha", "beta")
FEWEST = 50


@dataclass(frozen=True, slots=True)
class Contract:
    """How many renewals came up; at the last of them she left, or has not been seen to leave at any."""

    renewals: int
    has_left: bool


def fit(contracts: Sequence[Contract]) -> Fit:
    """alpha and beta. Raises TooFewToFit, NotConverged."""
    left = np.array([contract.renewals for contract in contracts if contract.has_left], dtype=float)
    if len(contracts) < FEWEST or len(set(left)) < 2:
        raise TooFewToFit(
            f"The sBG model needs at least {FEWEST} customers whose contract came up for renewal, and some who left at "
            f"two renewals or more. There are {len(contracts)}, who left at {len(set(left))} of them. "
            "Take in more days."
        )
    left, losses = np.unique(left, return_counts=True)
    stays = np.array([contract.renewals for contract in contracts if not contract.has_left], dtype=float)
    stays, kept = np.unique(stays, return_counts=True)

    def log_likelihood(parameters: Floats) -> float:
        alpha, beta = parameters
        of_left = betaln(alpha + 1, beta + left - 1) - betaln(alpha, beta)
        of_stays = betaln(alpha, beta + stays) - betaln(alpha, beta)
        return float(losses @ of_left + kept @ of_stays)

    return maximised("the sBG model", NAMES, log_likelihood, ((0.5, 2.0), (1.0, 5.0)), len(contracts))


def survival(parameters: Mapping[str, float], renewals: int) -> float:
    """The share of customers who are still there after so many renewals."""
    alpha, beta = (parameters[name] for name in NAMES)
    return float(np.exp(betaln(alpha, beta + renewals) - betaln(alpha, beta)))


def residual_lifetime(parameters: Mapping[str, float], renewals: int, discount: float) -> float:
    """How many more periods a customer who renewed so often will pay for, each later one worth less by `discount`
    (DERL): the next counts whole if she renews for it."""
    alpha, beta = (parameters[name] for name in NAMES)
    share = (beta + renewals) / (alpha + beta + renewals)
    return float(share * hyp2f1(1, beta + renewals + 1, alpha + beta + renewals + 1, 1 / (1 + discount)))
