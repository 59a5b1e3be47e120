"""Snapshots and the cache of aggregates save reading, and give nothing back of those who were forgotten."""

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application, Cache
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, NotSupportedError

from eventstore.database import Connection, as_role, connect
from eventstore.library.cache import ForgetfulCache, LogApplication
from tests.eventstore.test_server import until


class Person(Aggregate):
    """One of the library's own aggregates."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name

    @event("Renamed")
    def rename(self, name: str) -> None:
        self.name = name


Open = Callable[..., Application[UUID]]


@pytest.fixture
def opened(conninfo: str) -> Iterator[Open]:
    """Opens applications on the test's database, with the rights of the application's role alone."""
    with ExitStack() as stack:
        here = as_role(conninfo, "everfold_app")
        env = {"PERSISTENCE_MODULE": "eventstore.library:LogFactory", "EVERFOLD_CONNINFO": here}

        def make(kind: type[Application[UUID]] = Application, **more: str) -> Application[UUID]:
            return stack.enter_context(kind(env | more))

        yield make


def snapshots(connection: Connection) -> list[tuple[int, Any]]:
    rows = connection.execute("SELECT version, state FROM log.snapshot ORDER BY stream_id, version")
    return [(row["version"], row["state"]) for row in rows]


def mark_forgotten(connection: Connection, customer_id: UUID, subject_id: UUID) -> None:
    """As forgetting does, as far as it matters here."""
    connection.execute("SELECT pg_advisory_xact_lock(uuid_hash_extended(%s, 0))", [customer_id])
    connection.execute("DELETE FROM log.snapshot WHERE customer_id = %s", [customer_id])
    connection.execute("INSERT INTO log.forgotten VALUES (%s, %s, 1)", [customer_id, subject_id])


def name_in(application: Application[UUID], person: Person) -> str:
    found: Person = application.repository.get(person.id)
    return found.name


def cached(application: Application[UUID], person: Person) -> Any:
    assert application.repository.cache is not None
    return application.repository.cache.get(person.id)


def test_an_aggregate_is_loaded_from_its_last_snapshot(opened: Open, connection: Connection) -> None:
    class Snapshotting(Application[UUID]):
        snapshotting_intervals = {Person: 2}

    application = opened(Snapshotting)
    person = Person("Ann")
    for name in ("Bea", "Cleo", "Dora", "Eve"):
        person.rename(name)
    application.save(person)
    assert [version for version, _ in snapshots(connection)] == [2, 4]
    connection.execute("UPDATE log.snapshot SET state = jsonb_set(state, '{state,mark}', '\"read\"')")
    again: Any = application.repository.get(person.id)
    assert (again.name, again.version, again.mark) == ("Eve", 5, "read")
    before: Any = application.repository.get(person.id, version=3)
    assert (before.name, before.version, before.mark) == ("Cleo", 3, "read")


def test_a_snapshot_belongs_to_the_customer_of_its_stream(opened: Open, connection: Connection) -> None:
    application, customer_id = opened(IS_SNAPSHOTTING_ENABLED="y"), uuid4()
    person = Person("Ann")
    application.save(person, customer_id=customer_id)
    application.take_snapshot(person.id)
    (row,) = connection.execute("SELECT stream_id, customer_id, type FROM log.snapshot")
    assert (row["stream_id"], row["customer_id"]) == (person.id, customer_id)
    assert row["type"] == "eventsourcing.domain:Snapshot"
    with pytest.raises(IntegrityError):
        application.take_snapshot(person.id)


def test_a_version_that_a_stream_has_not_reached_has_no_snapshot(opened: Open, connection: Connection) -> None:
    application = opened(IS_SNAPSHOTTING_ENABLED="y")
    person = Person("Ann")
    application.save(person)
    person.rename("Bea")
    assert application.snapshots is not None
    with pytest.raises(IntegrityError, match="snapshot_of_event"):
        application.snapshots.put([Person.Snapshot.take(person)])
    assert snapshots(connection) == []


@pytest.mark.parametrize("whole", [True, False])
def test_no_snapshot_is_kept_where_somebody_was_forgotten(opened: Open, connection: Connection, whole: bool) -> None:
    application, customer_id = opened(IS_SNAPSHOTTING_ENABLED="y"), uuid4()
    person, other = Person("Ann"), Person("Bea")
    application.save(person, customer_id=customer_id)
    application.save(other)
    mark_forgotten(connection, customer_id, customer_id if whole else uuid4())
    application.take_snapshot(person.id)
    assert snapshots(connection) == []
    application.take_snapshot(other.id)
    assert len(snapshots(connection)) == 1


def test_a_snapshot_that_waits_for_a_forgetting_is_not_kept(
    opened: Open, connection: Connection, conninfo: str
) -> None:
    application = opened(IS_SNAPSHOTTING_ENABLED="y")
    person = Person("Ann")
    application.save(person)
    with connect(conninfo) as watching, ThreadPoolExecutor(1) as pool:
        with connection.transaction():
            mark_forgotten(connection, person.id, person.id)
            taking = pool.submit(application.take_snapshot, person.id)
            until(lambda: watching.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount == 1)
        taking.result(timeout=10)
    assert snapshots(connection) == []


def test_forgetting_empties_the_caches_of_other_processes(opened: Open, connection: Connection) -> None:
    writer, reader = opened(), opened(LogApplication, AGGREGATE_CACHE_MAXSIZE="10")
    people = [Person("Ann"), Person("Bea")]
    writer.save(*people)
    for person in people:
        assert name_in(reader, person) == person.name
        assert cached(reader, person).name == person.name
    in_memory = weakref.ref(cached(reader, people[0]))
    mark_forgotten(connection, people[0].id, people[0].id)
    # stands for a personal part that is gone: the cached aggregate would not notice
    connection.execute("SET session_replication_role = replica")
    connection.execute('UPDATE log.event SET data = data || \'{"name": ""}\' WHERE stream_id = %s', [people[0].id])
    assert name_in(reader, people[1]) == "Bea"
    gc.collect()
    assert in_memory() is None
    assert name_in(reader, people[0]) == ""


def test_the_cache_is_fast_forwarded_by_what_others_append(opened: Open) -> None:
    writer, reader = opened(), opened(LogApplication, AGGREGATE_CACHE_MAXSIZE="0")
    person = Person("Ann")
    writer.save(person)
    first: Person = reader.repository.get(person.id, deepcopy_from_cache=False)
    person.rename("Bea")
    writer.save(person)
    again: Person = reader.repository.get(person.id, deepcopy_from_cache=False)
    assert again is first
    assert again.name == "Bea"


def in_thread(act: Callable[[], object]) -> None:
    thread = Thread(target=act)
    thread.start()
    thread.join()


def test_what_was_loaded_before_a_forgetting_does_not_come_out_after_it() -> None:
    cache, key = ForgetfulCache(Cache), uuid4()
    cache.known(0)
    in_thread(lambda: cache.known(1))
    cache.put(key, "loaded before the forgetting, put in after it was known")
    told = []

    def ask() -> None:
        cache.known(1)
        try:
            told.append(cache.get(key))
        except KeyError:
            cache.put(key, "loaded after it")

    in_thread(ask)
    assert told == []
    assert cache.get(key) == "loaded after it"


def test_a_plain_application_gets_no_cache(opened: Open) -> None:
    with pytest.raises(NotSupportedError, match="cache.LogApplication"):
        opened(AGGREGATE_CACHE_MAXSIZE="10")
    with pytest.raises(NotSupportedError, match="FASTFORWARD on"):
        opened(LogApplication, AGGREGATE_CACHE_MAXSIZE="10", AGGREGATE_CACHE_FASTFORWARD="n")
    assert opened(LogApplication).repository.cache is None
