"""Whether customers of one kind stay longer than those of another, or only happened to (log-rank test)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc


@dataclass(frozen=True, slots=True)
class Watched:
    """Of one group after so many months: how many were still watched, and how many of them left then."""

    month: int
    at_risk: int
    churned: int


@dataclass(frozen=True, slots=True)
class LogRank:
    """The statistic with its degrees of freedom, and the probability of one as great where all stay equally long."""

    chi_square: float
    degrees_of_freedom: int
    p_value: float


def log_rank(groups: Sequence[Sequence[Watched]]) -> LogRank | None:
    """Compare groups of customers, each over every month from the first; None where there is nothing to compare.

    Several who left in one month are ties, with the variance of drawing without replacement. Mantel (1966).
    """
    at_risk, churned = _counts([group for group in groups if group])
    of_all, lost = at_risk.sum(axis=0), churned.sum(axis=0)
    told = (lost > 0) & (of_all > 1)
    if len(at_risk) < 2 or not told.any():
        return None
    at_risk, of_all, lost = at_risk[:, told], of_all[told], lost[told]
    share = at_risk / of_all
    difference = (churned[:, told] - lost * share).sum(axis=1)
    spread = lost * (of_all - lost) / (of_all - 1)
    variance = np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T
    chi_square = float(difference @ np.linalg.pinv(variance, hermitian=True) @ difference)
    degrees = len(at_risk) - 1
    return LogRank(chi_square, degrees, float(chdtrc(degrees, chi_square)))


def _counts(groups: Sequence[Sequence[Watched]]) -> tuple[np.ndarray[tuple[int, int]], np.ndarray[tuple[int, int]]]:
    months = 1 + max((watched.month for group in groups for watched in group), default=-1)
    at_risk, churned = np.zeros((len(groups), months)), np.zeros((len(groups), months))
    for number, group in enumerate(groups):
        for watched in group:
            at_risk[number, watched.month] = watched.at_risk
            churned[number, watched.month] = watched.churned
    return at_risk, churned
