"""What of a figure takes more than to read figures: the names of members, and the words that people gave as reasons."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.access import Principal
from api.kpis.answer import Bucket, KpiResult, KpiSeries

_MEMBERS = ("owner", "assignee")
"""The groupings whose labels are names of people who work here."""
_WORDS = "by_reason"
"""The part of the details that holds what people wrote about leads."""


def seen_by(caller: Principal, result: KpiResult, group_by: str | None) -> KpiResult:
    """The figure without names of members unless the caller may read them, and without reasons unless she may read
    leads."""
    hidden = _hides(caller, group_by)
    groups = [
        group.model_copy(
            update={"label": None if hidden else group.label, "details": _details_seen_by(caller, group.details)}
        )
        for group in result.groups or ()
    ]
    return result.model_copy(
        update={
            "details": _details_seen_by(caller, result.details),
            "groups": None if result.groups is None else groups,
        }
    )


def series_seen_by(caller: Principal, series: KpiSeries, group_by: str | None = None) -> KpiSeries:
    """The same of a figure over time."""
    hidden = _hides(caller, group_by)
    groups = [
        group.model_copy(
            update={
                "label": None if hidden and not group.is_rest else group.label,
                "buckets": _buckets_seen_by(caller, group.buckets),
            }
        )
        for group in series.groups or ()
    ]
    return series.model_copy(
        update={
            "buckets": _buckets_seen_by(caller, series.buckets),
            "groups": None if series.groups is None else groups,
        }
    )


def _hides(caller: Principal, group_by: str | None) -> bool:
    return group_by in _MEMBERS and "members:read" not in caller.scopes


def _buckets_seen_by(caller: Principal, buckets: Sequence[Bucket]) -> list[Bucket]:
    return [bucket.model_copy(update={"details": _details_seen_by(caller, bucket.details)}) for bucket in buckets]


def _details_seen_by(caller: Principal, details: Mapping[str, Any]) -> dict[str, Any]:  # Any: as in KpiResult
    return {name: part for name, part in details.items() if name != _WORDS or "leads:read" in caller.scopes}
