"""The parameters under which what was observed is likeliest."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from projections.models import Fit, NotConverged

Floats = NDArray[np.float64]

_FURTHEST = 12.0
"""How far the logarithm of a parameter may go: beyond e^12 the data do not tell it from infinity, or from nothing."""
_STEP = 1e-4
_FIRST_STEPS, _ALL_STEPS, _LAST_STEPS = 8, 200, 1000
"""How long every start is followed, the best of them, and the search for the last digits."""


def maximised(
    model: str,
    names: Sequence[str],
    log_likelihood: Callable[[Floats], float],
    starts: Sequence[Sequence[float]],
    observations: int,
) -> Fit:
    """The fit of parameters that are positive; standard errors from the curvature there.

    `starts` gives values of each parameter to begin with: every combination is tried. Raises NotConverged.
    """

    def cost(logs: Floats) -> float:
        with np.errstate(all="ignore"):
            found = -log_likelihood(np.exp(logs))
        return found if np.isfinite(found) else 1e300

    tried = [_descended(cost, np.log(np.array(start, dtype=float)), _FIRST_STEPS) for start in product(*starts)]
    nearest = min(tried, key=lambda result: float(result.fun))
    best = _ended(cost, _descended(cost, nearest.x, _ALL_STEPS).x)
    logs: Floats = best.x
    curvature = _curvature(cost, logs)
    if not best.success or np.abs(logs).max() > _FURTHEST - 0.1 or np.linalg.eigvalsh(curvature).min() <= 0:
        found = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, np.exp(logs), strict=True))
        raise NotConverged(
            f"No best parameters of {model} could be found: the search ended at {found}. The customers may be too "
            "few, or too much alike, to tell. Try a longer range of days."
        )
    values = np.exp(logs)
    errors = values * np.sqrt(np.diag(np.linalg.inv(curvature)))
    return Fit(
        parameters=dict(zip(names, values.tolist(), strict=True)),
        standard_errors=dict(zip(names, errors.tolist(), strict=True)),
        log_likelihood=-float(best.fun),
        observations=observations,
    )


def _descended(cost: Callable[[Floats], float], start: Floats, steps: int) -> OptimizeResult:
    return minimize(cost, start, method="L-BFGS-B", bounds=_within(start), options={"maxiter": steps})


def _ended(cost: Callable[[Floats], float], near: Floats) -> OptimizeResult:
    # gradients are differences: the last digits need a search that takes none
    options = {"xatol": 1e-7, "fatol": 1e-8, "maxiter": _LAST_STEPS}
    return minimize(cost, near, method="Nelder-Mead", bounds=_within(near), options=options)


def _within(logs: Floats) -> list[tuple[float, float]]:
    return [(-_FURTHEST, _FURTHEST)] * len(logs)


def _curvature(cost: Callable[[Floats], float], at: Floats) -> Floats:
    """The second derivatives, by central differences."""
    steps = np.eye(len(at)) * _STEP
    rows = [
        [cost(at + i + j) - cost(at + i - j) - cost(at - i + j) + cost(at - i - j) for j in steps] for i in steps
    ]  # fmt: skip
    return np.array(rows) / (4 * _STEP**2)
