"""One server per run, one database per test worker, cloned from a migrated template; no test skips for want of them."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.settings import Settings
from api.store import Store, open_store
from eventstore import server
from eventstore.database import Connection, connect
from replay.follow import catch_up

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
_ROOM = 8 << 30
"""In bytes, and far more than a run has used."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="add the long tier")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: belongs to the long tier, ./crm test --full")
    # before the tests are read, whose own settings rest on these
    hypothesis.settings.register_profile("everfold", max_examples=300 if config.getoption("--full") else 40)
    hypothesis.settings.load_profile("everfold")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        long = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """A server for the whole run, shared by its workers: DATABASE_URL, else an embedded one without durability."""
    settings = Settings()
    with ExitStack() as stack:
        if settings.database_url:
            yield settings.database_url.get_secret_value()
        else:
            own = tmp_path_factory.getbasetemp()
            run = own if worker_id == "master" else own.parent  # the workers share what lies above their own
            # not below `run`: that is closed to the account that root lends the server
            data = roomy() / f"everfold-{run.name}-{run.stat().st_ino}"
            data.mkdir(mode=0o755, exist_ok=True)
            stack.callback(remove, data)
            yield stack.enter_context(server.running(data, binaries=settings.pg_bin, settings=_FAST))


def roomy() -> Path:
    """Where thousands of databases are made and dropped: in memory, where there is plenty of it, which halves the time
    that a test takes."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else Path(tempfile.gettempdir())


def remove(data: Path) -> None:
    """Remove a server's folder, unless another worker still uses the server."""
    if not (data / "postgres" / "data" / "postmaster.pid").exists():
        shutil.rmtree(data, ignore_errors=True)


def settings_for(conninfo: str, data: Path) -> Settings:
    """Settings that name a database and not the environment's."""
    return Settings.model_validate({"DATABASE_URL": conninfo, "secret": "test", "data": data})


@pytest.fixture(scope="session")
def template(cluster: str) -> Iterator[str]:
    """A database with the schema and the read models, which are up to date, made once per worker."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    settings = settings_for(make_conninfo(cluster, dbname=name), Path("unused"))
    with open_store(settings) as store, store.following() as connection:
        catch_up(connection)
    yield name
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def conninfo(cluster: str, template: str) -> Iterator[str]:
    """A fresh database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    yield make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _databases(cluster: str) -> Iterator[Callable[[], str]]:
    """Makes databases that are not set up, and removes them."""
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex[:12]}")
        with psycopg.connect(cluster, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(made[-1])))
        return make_conninfo(cluster, dbname=made[-1])

    yield make
    with psycopg.connect(cluster, autocommit=True) as admin:
        for name in made:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


new_database = pytest.fixture(_databases, name="new_database")
new_database_of_a_module = pytest.fixture(_databases, name="new_database_of_a_module", scope="module")


@pytest.fixture
def emptied(new_database: Callable[[], str], tmp_path: Path) -> Settings:
    """A database that is made but not set up, as a restore finds it, in the same installation."""
    return settings_for(new_database(), tmp_path / "new")


@pytest.fixture
def connection(conninfo: str) -> Iterator[Connection]:
    """A connection to it, on which read models may be named without their schema."""
    with connect(conninfo) as opened:
        opened.execute("SET search_path TO public")
        yield opened


@pytest.fixture
def emptied_log(connection: Connection) -> Connection:
    """The same without any event, also without those that set a workspace up, and with nothing folded."""
    connection.execute("UPDATE replay.checkpoint SET position = 0")
    connection.execute("ALTER TABLE log.event DISABLE TRIGGER ALL")
    connection.execute("DELETE FROM log.event")
    connection.execute("ALTER TABLE log.event ENABLE TRIGGER ALL")
    connection.execute("DELETE FROM log.personal_data")
    return connection


@pytest.fixture
def settings(conninfo: str, tmp_path: Path) -> Settings:
    """Settings that name it."""
    return settings_for(conninfo, tmp_path / "data")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An open installation with a running follower."""
    with open_store(settings, follow=True) as opened:
        yield opened


@pytest.fixture
def oracle_data() -> Path:
    """The folder of published data with known figures, which is not part of the project."""
    beside = Settings().oracle_data or Path(__file__).resolve().parents[2] / "shared" / "data"
    if not beside.is_dir():
        if Settings().oracle_data:
            pytest.fail(f"EVERFOLD_ORACLE_DATA names {beside}, which is not there")
        pytest.skip(
            "the published data sets do not stand beside the checkout; name their folder in EVERFOLD_ORACLE_DATA"
        )
    return beside
