"""Models of how long customers stay and what they will buy: functions of numbers alone, fitted by maximum likelihood.

Its other modules need numpy and scipy, the extra `analytics`: call `must_have_analytics` before they are imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from eventstore.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model was found to be: its parameters, with the standard error of each, and how well they explain."""

    parameters: Mapping[str, float]
    standard_errors: Mapping[str, float]
    log_likelihood: float
    observations: int


class TooFewToFit(Trouble):
    """There are too few observations to tell the parameters of a model from chance."""


class ModelDoesNotApply(Trouble):
    """The model's premises do not hold for these customers."""


class NotConverged(Trouble):
    """No parameters were found that are better than all others."""
