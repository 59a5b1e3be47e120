"""Roles belong to a whole server: databases race to make them, and a login may not be allowed to."""

import logging
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from api.settings import Settings
from api.store import open_store
from eventstore import premises, roles, server
from eventstore.database import DatabaseUnavailable, connect, migrate
from replay.follow import catch_up
from tests.conftest import settings_for
from tests.eventstore.roles import documented, in_force
from tests.facts import captured, given

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "100"}
INSTALLED = [Settings().pg_bin] if Settings().pg_bin else list(premises.installed())


def major(binaries: Path | None) -> str:
    return "chosen" if binaries is None else binaries.parent.name


@pytest.fixture(scope="module", params=sorted({INSTALLED[0], INSTALLED[-1]}, key=str), ids=major)
def cluster_of_its_own(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server whose roles no other test uses: the usual PostgreSQL's, and another's that is installed."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o755)
        with server.running(Path(data), binaries=request.param, settings=FAST) as conninfo:
            yield make_conninfo(conninfo, dbname="postgres")


class Fresh:
    """A server without our roles, on which databases and logins can be made."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self._made: list[tuple[str, str]] = []

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as admin:
            admin.execute(statement.encode())

    def database(self, owner: str = "postgres") -> str:
        """The conninfo of a new database, as its owner."""
        name = f"fresh_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} OWNER {owner}")
        self._made.append(("DATABASE", name))
        return make_conninfo(self.conninfo, dbname=name, user=owner)

    def login(self, attributes: str = "") -> str:
        """The name of a new login."""
        name = f"login_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE ROLE {name} LOGIN {attributes}")
        self._made.append(("ROLE", name))
        return name

    def clear(self) -> None:
        """Remove the databases, the logins and our roles."""
        for kind, name in sorted(self._made):
            self.execute(f"DROP {kind} {name}{' WITH (FORCE)' if kind == 'DATABASE' else ''}")
        self._made.clear()
        self.execute(f"DROP ROLE IF EXISTS {', '.join(roles.ROLES)}")


@pytest.fixture
def fresh(cluster_of_its_own: str) -> Iterator[Fresh]:
    made = Fresh(cluster_of_its_own)
    try:
        yield made
    finally:
        made.clear()


def works(conninfo: str, data: Path, *, with_roles: bool) -> None:
    """Open, append, follow and read."""
    with open_store(settings_for(conninfo, data)) as store:
        assert store.usable_roles == (frozenset(roles.ROLES) if with_roles else frozenset())
        with store.pool.connection() as connection:
            lead_id, _ = given(connection, captured())
        with store.following() as connection:
            catch_up(connection)
        with store.pool.connection() as connection:
            row = connection.execute("SELECT title FROM public.lead WHERE lead_id = %s", [lead_id]).fetchone()
        assert row == {"title": "Ten seats"}
        if with_roles:
            with connect(conninfo) as connection:
                found = in_force(connection)
                assert {key: rights for key, rights in found.items() if key[1].startswith("everfold_")} == documented()
                assert "PUBLIC" not in {role for _, role in found}


def test_databases_that_are_migrated_at_the_same_moment_share_the_roles(fresh: Fresh) -> None:
    for _ in range(4):
        databases = [fresh.database() for _ in range(3)]
        ready = Barrier(6)

        def one(conninfo: str, ready: Barrier = ready) -> None:
            with connect(conninfo) as connection:
                ready.wait(timeout=30)
                migrate(connection)

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, databases * 2))
        for conninfo in databases:
            with connect(conninfo) as connection:
                assert roles.usable(connection) == frozenset(roles.ROLES)
        fresh.clear()


def test_a_login_that_may_make_roles_needs_no_superuser(fresh: Fresh, tmp_path: Path) -> None:
    login = fresh.login("CREATEROLE")
    works(fresh.database(login), tmp_path, with_roles=True)


def test_without_roles_everything_works_and_one_warning_says_what_to_do(
    fresh: Fresh, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conninfo = fresh.database(fresh.login())
    with caplog.at_level(logging.WARNING, "everfold.roles"):
        works(conninfo, tmp_path, with_roles=False)
        works(conninfo, tmp_path, with_roles=False)
    (warning,) = caplog.messages
    assert "permission denied to create role" in warning
    with psycopg.connect(fresh.conninfo, autocommit=True) as admin:
        for statement in re.findall(r"(?:CREATE|GRANT|ALTER) [^;]+;", warning):
            admin.execute(statement.encode())
    works(conninfo, tmp_path, with_roles=True)


def test_the_owner_so_far_loses_nothing_when_an_administrator_comes_first(fresh: Fresh, tmp_path: Path) -> None:
    conninfo = fresh.database(fresh.login())
    works(conninfo, tmp_path, with_roles=False)
    works(make_conninfo(conninfo, user="postgres"), tmp_path, with_roles=True)
    works(conninfo, tmp_path, with_roles=True)


def test_roles_that_another_login_made_are_not_taken_without_leave(
    fresh: Fresh, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    works(fresh.database(), tmp_path / "first", with_roles=True)
    works(fresh.database(fresh.login()), tmp_path / "second", with_roles=False)
    assert "ALTER DATABASE" in caplog.text


def test_roles_that_cannot_be_set_up_in_a_database_are_not_used_there(
    fresh: Fresh, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    works(fresh.database(), tmp_path / "first", with_roles=True)
    login, conninfo = fresh.login(), fresh.database()
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    fresh.execute(f"GRANT {', '.join(roles.ROLES)} TO {login}")
    fresh.execute(f"GRANT CREATE ON DATABASE {name} TO {login}")
    with connect(conninfo) as admin:
        admin.execute(f"GRANT ALL ON SCHEMA public TO {login}".encode())
    works(make_conninfo(conninfo, user=login), tmp_path / "second", with_roles=False)
    assert f"OWNER TO {login}" in caplog.text


def test_a_login_of_little_right_is_told_who_has_to_migrate(fresh: Fresh) -> None:
    login, conninfo = fresh.login(), fresh.database()
    own = make_conninfo(conninfo, user=login)
    with connect(conninfo) as admin:
        migrate(admin)
        fresh.execute(f"GRANT everfold_app, everfold_follower TO {login}")
        with connect(own) as connection:
            assert migrate(connection) == []
            assert roles.usable(connection) == {roles.APP, roles.FOLLOWER}
        admin.execute("UPDATE public.everfold_migration SET sha256 = 'older' WHERE name = 'roles'")
        with connect(own) as connection, pytest.raises(DatabaseUnavailable, match="once with the login that owns"):
            migrate(connection)


def test_a_copy_of_a_database_gets_back_what_a_copy_loses(fresh: Fresh, tmp_path: Path) -> None:
    original = fresh.database()
    with open_store(settings_for(original, tmp_path)):
        pass
    name = psycopg.conninfo.conninfo_to_dict(original)["dbname"]
    copy = f"copy_{uuid.uuid4().hex[:12]}"
    fresh.execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
    fresh._made.append(("DATABASE", copy))
    works(make_conninfo(original, dbname=copy), tmp_path, with_roles=True)
