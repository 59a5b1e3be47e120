"""Whether the groups of a survival curve differ: the log-rank test, beside the figure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from api.kpis.answer import KpiGroup
from eventstore.analytics import AnalyticsMissing, must_have_analytics


def beside(slug: str, details: Mapping[str, Any], groups: Sequence[KpiGroup] | None) -> dict[str, Any]:  # Any: JSON
    """What a figure reports, with the test where there are curves of several groups; null where it can tell nothing,
    and a sentence where the packages that it needs are missing."""
    if slug != "survival_curve" or not groups or len(groups) < 2:
        return dict(details)
    try:
        must_have_analytics()
    except AnalyticsMissing as missing:
        return {**details, "log_rank": str(missing)}
    from projections.models.survival import Watched, log_rank

    curves = [
        [Watched(row["month"], row["at_risk"], row["churned"]) for row in group.details["curve"]] for group in groups
    ]
    found = log_rank(curves)
    return {**details, "log_rank": found and asdict(found)}
