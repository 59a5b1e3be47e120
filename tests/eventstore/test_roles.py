"""The rights in the database are those of docs/roles.md: all else is refused, and the product works with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo

from api.access import SCOPES, create_api_key
from api.app import create_app
from api.store import Store, open_store
from eventstore.database import Connection, connect, migrate
from eventstore.fence import horizon
from eventstore.sealing.seals import seal_and_export
from projections.read_models import read_models
from replay.asof import drop, known_at
from replay.follow import catch_up
from replay.rebuild import rebuild
from replay.verification import verify
from tests.conftest import settings_for
from tests.eventstore.roles import ROLES, TABLES, documented, in_force, logged_in, login, refused
from tests.facts import captured, given

MEMBERS = [f"everfold_{role}" for role in ROLES if role != "owner"]
READ_MODELS = set(TABLES)


@pytest.fixture
def opened(store: Store) -> Iterator[Connection]:
    """A connection of the administrator to a database that was opened."""
    with connect(store.conninfo) as connection:
        yield connection


def test_the_catalogue_holds_what_the_page_says(opened: Connection) -> None:
    assert in_force(opened) == documented()


def test_each_right_given_behind_the_pages_back_is_seen(opened: Connection) -> None:
    for statement in (
        "GRANT SELECT ON log.personal_data TO everfold_analyst",
        "GRANT SELECT (data) ON log.personal_data TO everfold_analyst",
        "GRANT EXECUTE ON FUNCTION log.refuse_change() TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "CREATE TABLE log.other ()",
        "CREATE FUNCTION log.other() RETURNS integer RETURN 1",
        "CREATE SEQUENCE access.other",
        "CREATE VIEW replay.other AS SELECT 1",
        "REVOKE SELECT ON log.event FROM everfold_app",
        "ALTER TABLE log.event OWNER TO CURRENT_USER",
        "ALTER DEFAULT PRIVILEGES FOR ROLE everfold_follower REVOKE SELECT ON TABLES FROM everfold_analyst",
    ):
        with opened.transaction(force_rollback=True):
            opened.execute(statement.encode())
            assert in_force(opened) != documented(), statement


def test_the_roles_are_plain_groups(opened: Connection) -> None:
    rows = opened.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'everfold\\_%' AND NOT (rolcanlogin OR rolsuper"
        " OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
    ).fetchall()
    assert {row["rolname"] for row in rows} == {f"everfold_{role}" for role in ROLES}
    memberships = opened.execute(
        "SELECT member::regrole::text AS member, roleid::regrole::text AS role FROM pg_auth_members"
        " WHERE member::regrole::text LIKE 'everfold\\_%'"
    ).fetchall()
    assert {(row["member"], row["role"]) for row in memberships} == {
        ("everfold_app", "pg_read_all_stats"),
        ("everfold_follower", "pg_read_all_stats"),
    }


def test_nothing_lends_its_owners_rights_carelessly(opened: Connection) -> None:
    lending = opened.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'log'::regnamespace"
    ).fetchall()
    assert {row["proname"] for row in lending} == {"forget", "personal_digests", "position_at", "release_external_id"}
    assert all("search_path=pg_catalog, pg_temp" in row["proconfig"] for row in lending)
    views = opened.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'log'::regnamespace"
        " AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'"
    ).fetchall()
    assert views == []


def tries(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Object, privilege and a statement that needs it and little else."""
    yield "the database", "CREATE", "CREATE SCHEMA tried"
    yield "the database", "TEMPORARY", "CREATE TEMPORARY TABLE tried ()"
    for schema in ("public", "log", "access", "replay"):
        yield f"schema {schema}", "CREATE", f"CREATE TABLE {schema}.tried ()"
    relations = connection.execute(
        "SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, min(a.attname) AS column"
        " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = 1"
        " WHERE n.nspname IN ('log', 'access', 'replay', 'public') AND c.relkind IN ('r', 'v', 'S') GROUP BY 1, 2, 3"
    ).fetchall()
    for row in relations:
        name = f"{row['schema']}.{row['name']}"
        shown = row["name"] if row["name"] in READ_MODELS and row["schema"] == "public" else name
        yield shown, "SELECT", f"SELECT * FROM {name} LIMIT 0"
        if row["kind"] == "S":
            yield shown, "USAGE", f"SELECT nextval('{name}')"
            yield shown, "UPDATE", f"SELECT setval('{name}', 1)"
        if row["kind"] == "r":
            yield shown, "INSERT", f"INSERT INTO {name} DEFAULT VALUES"
            yield shown, "UPDATE", f'UPDATE {name} SET "{row["column"]}" = DEFAULT'
            yield shown, "DELETE", f"DELETE FROM {name}"
            yield shown, "TRUNCATE", f"TRUNCATE {name}"
            yield shown, "owns", f"ALTER TABLE {name} DISABLE TRIGGER ALL"
            yield shown, "owns", f"DROP TABLE {name}"
    functions = connection.execute(
        "SELECT n.nspname || '.' || p.proname || '()' AS shown, n.nspname || '.' || p.proname || '('"
        " || (SELECT coalesce(string_agg('NULL::' || format_type(t, NULL), ', '), '')"
        " FROM unnest(p.proargtypes) AS t) || ')' AS call"
        " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('log', 'access', 'replay')"
    ).fetchall()
    for row in functions:
        yield row["shown"], "EXECUTE", f"SELECT {row['call']}"


@pytest.mark.parametrize("role", MEMBERS)
def test_what_the_page_does_not_allow_is_refused_and_what_it_allows_is_not(
    opened: Connection, store: Store, role: str
) -> None:
    given(opened, captured())
    all_tries = list(tries(opened))
    assert {name for name, _, _ in all_tries} >= {name for name, _ in documented() if "." in name}
    with logged_in(store.conninfo, role) as connection:
        for name, privilege, statement in all_tries:
            rights = documented().get((name, role), set())
            allowed = bool(rights & {privilege, "owns"})
            assert refused(connection, statement) is not allowed, statement


@pytest.mark.parametrize("role", MEMBERS)
def test_nobody_gets_beyond_a_role(opened: Connection, store: Store, role: str) -> None:
    with logged_in(store.conninfo, role) as connection:
        for other in {*MEMBERS, "everfold_owner", opened.info.user} - {role}:
            assert refused(connection, f'SET ROLE "{other}"')
        for statement in (
            f'SET SESSION AUTHORIZATION "{opened.info.user}"',
            "SET session_replication_role = replica",
            f"GRANT everfold_owner TO {connection.info.user}",
            f"ALTER ROLE {connection.info.user} SUPERUSER",
            "CREATE ROLE tried",
            "SELECT pg_reload_conf()",
            "ALTER TABLE log.event DISABLE TRIGGER event_is_append_only",
            "CREATE TRIGGER tried BEFORE INSERT ON log.event FOR EACH ROW EXECUTE FUNCTION log.refuse_change()",
            "CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "ALTER VIEW log.history RESET (security_invoker)",
            "ALTER TABLE log.personal_data OWNER TO CURRENT_USER",
            "CREATE FUNCTION public.tried() RETURNS integer LANGUAGE c AS 'tried'",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "COPY (SELECT 1) TO '/tmp/tried'",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT pg_ls_dir('.')",
            "SELECT lo_import('/etc/hostname')",
        ):
            assert refused(connection, statement), statement


@pytest.mark.parametrize("role", ["everfold_analyst", "everfold_auditor", "everfold_privacy"])
def test_no_way_through_the_log_leads_to_personal_data(opened: Connection, store: Store, role: str) -> None:
    given(opened, captured("Unspeakable"))
    readable = 0
    with logged_in(store.conninfo, role) as connection:
        for name, _, statement in tries(opened):
            if (
                statement.startswith("SELECT * FROM ")
                and name not in READ_MODELS
                and not refused(connection, statement)
            ):
                readable += 1
                rows = connection.execute(f"SELECT t::text AS row FROM ({statement[:-8]}) AS t".encode()).fetchall()
                assert not any("Unspeakable" in row["row"] for row in rows), statement
    assert readable


def test_the_product_works_with_a_login_that_may_do_little(store: Store, opened: Connection, tmp_path: Path) -> None:
    with (
        login(store.conninfo, "everfold_app", "everfold_follower") as own,
        logged_in(store.conninfo, "everfold_analyst") as analyst,
        open_store(settings_for(own, tmp_path), follow=True) as little,
    ):
        assert little.usable_roles == {"everfold_app", "everfold_follower"}
        with TestClient(create_app(little)) as client:
            client.headers["Authorization"] = f"Bearer {create_api_key(little, 'tests', tuple(SCOPES))}"
            made = client.post("/v1/leads", json={"title": "Ten seats", "customer_name": "Ann Example"})
            assert made.status_code == 201, made.text
            lead = f"/v1/leads/{made.json()['lead_id']}"
            won = client.post(f"{lead}/win", json={}, headers={"Idempotency-Key": "one"})
            assert won.status_code == 200, won.text
            fresh = {"Min-Position": str(won.json()["position"])}
            assert client.get(lead, headers=fresh).json()["status"] == "won"
            for path in ("/v1/leads", f"{lead}/history", "/v1/events", "/v1/kpis/win_rate", "/readyz"):
                assert client.get(path).status_code == 200, path
        with little.pool.connection() as connection:
            assert connection.execute("SELECT current_user AS name").fetchone() == {"name": "everfold_app"}
        with little.following() as connection:
            assert connection.execute("SELECT current_user AS name").fetchone() == {"name": "everfold_follower"}
            catch_up(connection)
            for model in read_models().values():
                assert rebuild(connection, model).differing == 0
                assert verify(connection, model).differing == 0
        assert in_force(opened) == documented(), "a swap leaves the rights as they were"
        assert analyst.execute("SELECT title FROM public.lead").fetchall() == [{"title": "Ten seats"}]


def test_the_parts_of_the_program_act_as_their_roles(store: Store) -> None:
    assert store.follower is not None
    assert store.follower._conninfo == store.follower_conninfo
    with store.following() as connection:
        assert connection.execute("SELECT current_user AS role").fetchone() == {"role": "everfold_follower"}
    with store.pool.connection() as connection:
        row = connection.execute("SELECT current_user AS role, current_setting('lock_timeout') AS patience").fetchone()
        assert row == {"role": "everfold_app", "patience": "5s"}
    with connect(store.conninfo) as connection:
        assert connection.execute("SELECT current_user = session_user AS is_login").fetchone() == {"is_login": True}


def test_a_stuck_writer_is_named_with_its_age(store: Store) -> None:
    age = "SELECT age > '0' AS is_known FROM log.fence_holder"
    with connect(store.conninfo) as stuck, stuck.transaction():
        given(stuck, captured())
        with store.pool.connection() as app, store.following() as follower:
            assert app.execute(age).fetchall() == [{"is_known": True}]
            assert follower.execute(age).fetchall() == [{"is_known": True}]


def test_the_follower_may_seal(store: Store, tmp_path: Path) -> None:
    with store.following() as connection:
        assert seal_and_export(connection, tmp_path / "seals", None, force=True)
        assert connection.execute("SELECT number FROM log.seal").fetchall() == [{"number": 1}]


def test_options_of_the_address_stay_beside_the_role(store: Store) -> None:
    address = make_conninfo(store.conninfo, options="-c work_mem=5MB")
    with connect(address, "everfold_app") as connection:
        row = connection.execute("SELECT current_user AS role, current_setting('work_mem') AS memory").fetchone()
    assert row == {"role": "everfold_app", "memory": "5MB"}


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE log.event OWNER TO CURRENT_USER",
        "ALTER TABLE public.lead OWNER TO CURRENT_USER; REVOKE ALL ON public.lead FROM everfold_app, everfold_analyst",
        "ALTER FUNCTION log.digest OWNER TO CURRENT_USER; GRANT EXECUTE ON FUNCTION log.digest TO PUBLIC",
        "CREATE SCHEMA rebuild_lead; CREATE TABLE rebuild_lead.lead (LIKE public.lead)",
        "UPDATE public.everfold_migration SET sha256 = 'older' WHERE name = 'roles';"
        " GRANT SELECT ON log.personal_data TO everfold_analyst; GRANT CREATE ON SCHEMA public TO PUBLIC",
    ],
)
def test_an_older_or_changed_database_is_set_right(opened: Connection, drift: str, store: Store) -> None:
    opened.execute(drift.encode())
    migrate(opened)
    with store.following() as connection:
        assert rebuild(connection, read_models()["lead"]).differing == 0
    assert in_force(opened) == documented()


def test_a_table_that_the_login_swapped_in_is_handed_over(opened: Connection, store: Store) -> None:
    rebuild(opened, read_models()["customer_360"])
    assert in_force(opened) != documented()
    migrate(opened)
    assert in_force(opened) == documented()


def test_a_schema_of_the_past_that_the_login_made_is_handed_over(opened: Connection, store: Store) -> None:
    given(opened, captured())
    past = known_at(opened, horizon(opened), [read_models()["lead"]])
    opened.execute("UPDATE public.everfold_migration SET sha256 = 'older' WHERE name = 'roles'")
    migrate(opened)
    with logged_in(store.conninfo, "everfold_analyst") as analyst:
        assert analyst.execute(f"SELECT title FROM {past.schema}.lead".encode()).fetchall() == [{"title": "Ten seats"}]
        assert refused(analyst, f"CREATE TABLE {past.schema}.tried ()")
        assert refused(analyst, f"DELETE FROM {past.schema}.lead")
    with store.following() as follower:
        assert drop(follower, past.position)


def test_nothing_is_done_when_nothing_changed(opened: Connection) -> None:
    migrate(opened)
    before = opened.execute("SELECT applied_at FROM public.everfold_migration WHERE name = 'roles'").fetchone()
    migrate(opened)
    assert opened.execute("SELECT applied_at FROM public.everfold_migration WHERE name = 'roles'").fetchone() == before
