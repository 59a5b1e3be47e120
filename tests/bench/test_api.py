"""The benchmark of the API asks what it says it asks, of both contenders, and counts answers."""

from collections.abc import Callable

import pytest

from api.cli.bench_server import serving
from bench import api
from eventstore.database import connect

pytestmark = pytest.mark.full


def test_both_contenders_do_what_is_counted(new_database: Callable[[], str]) -> None:
    conninfo = new_database()
    with serving(conninfo, 10) as served:
        results = [*api.run(served, 0.5), api.export(served)]
        with connect(conninfo) as connection:
            rows = connection.execute("SELECT count(*) AS n FROM public.bare").fetchone()
        assert rows is not None
        assert rows["n"] > 0
        assert [result.to_reach for result in results] == [0.4, 0.5, 0.4, 0.3]
        assert all(result.rate > 0 and result.peer_rate > 0 for result in results)
        with pytest.raises(ValueError, match="not_found"):
            api.asked(served, "GET", "/v1/nothing", "", 0.1, connections=1)
