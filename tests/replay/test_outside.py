"""Read models of one's own stand in a folder outside the program, and are followed, replayed and checked like ours."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

import eventstore
from api.forget import forget
from api.settings import Settings
from api.store import open_store
from domain.event import CustomerId
from eventstore.database import Connection
from projections.read_models import FoldHeaderError, begin, outside, read_also, read_models
from replay.check import FoldRefused
from replay.follow import catch_up
from replay.rebuild import rebuild
from replay.verification import verify
from replay.versions import OtherDefinition, lock_checkpoint
from tests.facts import captured, given


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings that name a folder with one read model, as it is made."""
    begin(tmp_path / "own", "lead_count")
    yield settings.model_copy(update={"projections": tmp_path / "own"})
    read_also(None)


def change(settings: Settings, old: str, new: str) -> None:
    assert settings.projections is not None
    file = settings.projections / "lead_count" / "fold.sql"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def rows(connection: Connection) -> list[tuple[UUID, int]]:
    found = connection.execute("SELECT customer_id, leads FROM lead_count ORDER BY leads").fetchall()
    return [(row["customer_id"], row["leads"]) for row in found]


def test_a_new_one_works_at_once_and_a_changed_one_takes_its_place(own: Settings, connection: Connection) -> None:
    _, customer_id = given(connection, captured())
    with open_store(own):
        catch_up(connection)
        assert rows(connection) == [(customer_id, 1)]
        given(connection, captured(), customer_id=customer_id)
        catch_up(connection)
        assert rows(connection) == [(customer_id, 2)]
        assert rebuild(connection, read_models()["lead_count"]).differing == 0
    change(own, "count(*)", "10 * count(*)")
    with open_store(own):
        assert rows(connection) == [(customer_id, 20)]
        assert verify(connection, read_models()["lead_count"]).differing == 0
    assert set(outside()) == {"lead_count"}


def test_one_that_would_not_replay_is_not_taken(own: Settings, connection: Connection) -> None:
    given(connection, captured())
    change(own, "min(occurred_at)", "now()")
    with pytest.raises(FoldRefused, match="Take the moment from the events"), open_store(own):
        pass
    assert connection.execute("SELECT to_regclass('public.lead_count') AS made").fetchall() == [{"made": None}]


def test_one_that_nobody_names_any_more_goes_when_somebody_is_forgotten(
    own: Settings, settings: Settings, connection: Connection
) -> None:
    _, customer_id = given(connection, captured())
    with open_store(own):
        catch_up(connection)
        model = read_models()["lead_count"]
    with open_store(settings) as store:
        assert "lead_count" not in read_models()
        assert forget(store, CustomerId(customer_id)).left == ()
    assert connection.execute("SELECT to_regclass('public.lead_count') AS made").fetchall() == [{"made": None}]
    with pytest.raises(OtherDefinition):
        lock_checkpoint(connection, model)


def test_a_name_that_is_taken_or_no_tables_is_refused(own: Settings, tmp_path: Path) -> None:
    for name in ("lead", "Leads", "2nd", "lead-count", ""):
        with pytest.raises(FoldHeaderError):
            begin(tmp_path / "own", name)
    with pytest.raises(FileExistsError):
        begin(tmp_path / "own", "lead_count")
    (tmp_path / "own" / "lead_count").rename(tmp_path / "own" / "lead")
    with pytest.raises(FoldHeaderError, match="already"):
        read_also(tmp_path / "own")
    with pytest.raises(FoldHeaderError, match="EVERFOLD_PROJECTIONS"):
        read_also(tmp_path / "nowhere")


GONE = Path(eventstore.__file__).parent / "migrations" / "0017_gone.sql"


@pytest.mark.parametrize(
    ("definition", "beside", "is_there"),
    [
        (OURS := "bfb786ae7e522210c134e1f8936ddc6771dd96b4151195cd6215ed86346309b9", "SELECT", False),
        ("somebody's own", "SELECT", True),
        (OURS, "CREATE VIEW public.names AS SELECT * FROM public.customer", True),
    ],
)
def test_the_read_model_customer_of_earlier_versions_is_dropped_and_nobody_elses(
    connection: Connection, definition: str, beside: str, is_there: bool
) -> None:
    held = """
        SELECT to_regclass('public.customer') IS NOT NULL AS has_table, count(*) AS checkpoints
        FROM replay.checkpoint WHERE projection = 'customer'
    """
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE public.customer (customer_id uuid PRIMARY KEY)")
        connection.execute(
            "INSERT INTO replay.checkpoint (projection, definition, position, rebuilt_at, tables)"
            " VALUES ('customer', %s, 0, now(), '{customer}')",
            [definition],
        )
        connection.execute(beside.encode())
        connection.execute(GONE.read_bytes())
        assert connection.execute(held).fetchone() == {"has_table": is_there, "checkpoints": int(is_there)}
