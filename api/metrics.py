"""`GET /metrics`: how far log, seals and read models are, and who holds them up, in Prometheus' text format."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Response, Security
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from api.access import OpenStore, Principal, principal
from api.problems import documented
from api.store import Store
from eventstore.fence import drawn, writers
from eventstore.sealing.seals import sealed_position
from replay.upkeep import health

router = APIRouter(tags=["health"])

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", response_class=Response, responses=documented() | {200: {"content": {_TEXT: {}}}})
def metrics(store: OpenStore, caller: Annotated[Principal, Security(principal, scopes=["metrics:read"])]) -> Response:
    """Gauges and counters for Prometheus. Nothing in them is about a person."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(store))
    return Response(generate_latest(registry), media_type=_TEXT)


class _Gauges:
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Asks the database once; as the follower, who may see the age of other sessions."""
        with self._store.following() as connection:
            head, sealed = drawn(connection), sealed_position(connection)
            models = health(connection)
            holders = writers(connection)
        yield GaugeMetricFamily("everfold_log_position", "The last position drawn", value=head)
        yield GaugeMetricFamily("everfold_sealed_position", "The last position under a seal", value=sealed)
        told = (
            ("behind", "Positions not folded yet", [max(0, head - model.position) for model in models]),
            ("parked_keys", "Keys that a fold fails on", [model.parked_keys for model in models]),
            (
                "unverified_seconds",
                "Since it was last compared with a replay",
                [model.unverified_seconds for model in models],
            ),
            (
                "rows_differing",
                "Rows that were not those of a replay then",
                [model.rows_differing or 0 for model in models],
            ),
        )
        for name, said, values in told:
            gauge = GaugeMetricFamily(f"everfold_read_model_{name}", said, labels=["read_model"])
            for model, value in zip(models, values, strict=True):
                gauge.add_metric([model.read_model], value)
            yield gauge
        ages = GaugeMetricFamily(
            "everfold_writer_age_seconds", "Unfinished writes that readers wait for", labels=["pid"]
        )
        for writer, age in holders.items():
            ages.add_metric([str(writer.pid)], age.total_seconds())
        yield ages
        attempts = CounterMetricFamily(
            "everfold_sign_ins",
            "Sign-ins, sign-outs, refusals since the start",
            labels=["way", "outcome"],
        )
        for (way, outcome), times in sorted(self._store.attempts.counts().items()):
            attempts.add_metric([way, outcome], times)
        yield attempts
        follower = self._store.follower
        if follower:
            follows = follower.is_alive() and follower.problem is None
            yield GaugeMetricFamily(
                "everfold_follower_up", "Whether this process follows the log", value=float(follows)
            )
