"""Appends and loads, through the library's `save()` and in SQL alone, against its stock recorder and a bare INSERT."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from functools import partial
from threading import Event as Signal
from threading import Thread
from uuid import UUID, uuid4

from eventsourcing.application import Application
from psycopg import conninfo as dsn
from psycopg.types.json import Jsonb

from bench.ground import Contender, Result, Step, compared, pgbench, race, statement
from domain import lead
from domain.event import CustomerId
from domain.lead import CaptureLead, LeadEvent, LeadMovedToStage
from domain.workspace import DEFAULT_PIPELINE, Workspace, publish_pipeline
from eventstore import codec, fence, log
from eventstore.database import connect
from eventstore.library import StreamEvent

PROCESSES = (1, 8, 32)
_PIPELINE = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
ENVELOPE = log.Envelope("api_key", UUID(int=2), "api")
_BODY_HASH = b"0123456789abcdef0123456789abcdef"


def captured() -> LeadEvent:
    """The event that all contenders append: a lead with a title, which is personal."""
    (event,) = lead.capture(CaptureLead(title="Ten seats for the workshop", source="web"), _PIPELINE, Workspace())
    return event


def life(events: int) -> list[LeadEvent]:
    """A lead's first events: it is captured, and goes from stage to stage."""
    stages = [stage.name for stage in _PIPELINE.stages]
    moves = [
        LeadMovedToStage(
            from_stage=stages[n % len(stages)],
            to_stage=stages[(n + 1) % len(stages)],
            pipeline=_PIPELINE.name,
            pipeline_version=_PIPELINE.version,
            probability=Decimal("0.4"),
        )
        for n in range(events - 1)
    ]
    return [captured(), *moves]


def run(conninfo: str, seconds: float) -> Iterator[Result]:
    """All figures, one by one; `seconds` is how long each contender runs for each of them in all."""
    with connect(conninfo) as connection:
        connection.execute(statement("bare_table"))
    for processes in PROCESSES:
        rates = race(conninfo, [EVERFOLD, STOCK, BARE], processes, seconds)
        said = f"1-event appends, {processes} processes"
        yield compared(said, _pair(rates, "everfold", "stock recorder"), 3 if processes == 8 else None)
        yield compared(said, _pair(rates, "everfold", "bare INSERT"), 0.35 if processes == 8 else None)
    scripts = {"log.append": statement("append_script").decode(), "bare INSERT": statement("bare_script").decode()}
    if in_sql := pgbench(conninfo, scripts, 8, seconds):
        yield compared("the append function in SQL alone, 8 clients", in_sql, 0.55)
    yield compared("50-event appends, 8 processes", race(conninfo, [EVERFOLD_50, STOCK_50], 8, seconds), 3)
    yield compared("load an aggregate of 20 events", race(conninfo, [EVERFOLD_LOAD, STOCK_LOAD], 1, seconds), 1)


def missed(conninfo: str, seconds: float, processes: int = 8) -> tuple[int, int]:
    """How many events a reader behind the fence saw while that many processes appended, and how many it missed."""
    seen, done = set[int](), Signal()
    with connect(conninfo) as reader:
        start = fence.drawn(reader)

        def tail() -> None:
            after, finishing = start, False
            while not finishing:
                finishing = done.is_set()
                head = fence.horizon(reader)
                while found := log.read(reader, after=after, horizon=head, limit=1_000):
                    seen.update(event.position for event in found)
                    after = found[-1].position
                after = head

        thread = Thread(target=tail)
        thread.start()
        race(conninfo, [EVERFOLD], processes, seconds)
        done.set()
        thread.join()
        rows = reader.execute("SELECT position FROM log.event WHERE position > %s", [start])
        committed = {row["position"] for row in rows}
    return len(seen), len(committed - seen)


@contextmanager
def everfold(conninfo: str) -> Iterator[Application[UUID]]:
    """The library's application on the log."""
    env = {"PERSISTENCE_MODULE": "eventstore.library:LogFactory", "EVERFOLD_CONNINFO": conninfo}
    with Application[UUID](env) as application:
        yield application


def stock_environment(conninfo: str) -> dict[str, str]:
    """The library's own recorder, given the same events by the same mapper."""
    parts = {key: str(value) for key, value in dsn.conninfo_to_dict(conninfo).items()}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "MAPPER_TOPIC": "eventstore.library:LogMapper",
        "POSTGRES_DBNAME": parts["dbname"],
        "POSTGRES_HOST": parts["host"],
        "POSTGRES_PORT": parts.get("port", "5432"),
        "POSTGRES_USER": parts.get("user", ""),
        "POSTGRES_PASSWORD": parts.get("password", ""),
    }


@contextmanager
def _stock(conninfo: str) -> Iterator[Application[UUID]]:
    one_connection = {"POSTGRES_POOL_SIZE": "1"}  # each process has one thread, as the others do
    with Application[UUID](stock_environment(conninfo) | one_connection) as application:
        yield application


@contextmanager
def saves_everfold(events: int, conninfo: str) -> Iterator[Step]:
    """The first events of a new lead at a time, with what production leaves: a command, and what is personal beside."""
    happened = life(events)
    with everfold(conninfo) as application:

        def step() -> None:
            customer_id, stream_id = CustomerId(uuid4()), uuid4()
            application.save(
                *(StreamEvent(stream_id, number, "lead", event) for number, event in enumerate(happened, start=1)),
                customer_id=customer_id,
                envelope=ENVELOPE,
                claim=log.Claim(customer_id, uuid4(), _BODY_HASH),
            )

        yield step


@contextmanager
def _saves_stock(events: int, conninfo: str) -> Iterator[Step]:
    happened = life(events)
    with _stock(conninfo) as application:

        def step() -> None:
            stream_id = uuid4()
            application.save(
                *(StreamEvent(stream_id, number, "lead", event) for number, event in enumerate(happened, start=1))
            )

        yield step


@contextmanager
def _inserts_bare(conninfo: str) -> Iterator[Step]:
    """One row of the log's own shape and indexes, every value at hand, nothing checked, claimed or kept beside."""
    data, personal = codec.split(captured())
    insert = statement("bare_insert")
    before = [Jsonb(data | (personal or {})), _BODY_HASH, Jsonb({"kind": "api_key", "id": str(UUID(int=2))})]
    behind = [Jsonb({"channel": "api"}), _BODY_HASH]
    with connect(conninfo) as connection:
        yield lambda: connection.execute(insert, [uuid4(), uuid4(), uuid4(), *before, uuid4(), *behind], prepare=True)


@contextmanager
def _loads(opened: Callable[[str], AbstractContextManager[Application[UUID]]], conninfo: str) -> Iterator[Step]:
    lead_id = uuid4()
    events = [StreamEvent(lead_id, number, "lead", event) for number, event in enumerate(life(20), start=1)]
    with opened(conninfo) as application:
        application.save(*events)
        yield lambda: list(application.events.get(lead_id))


def _pair(rates: dict[str, list[float]], ours: str, peer: str) -> dict[str, list[float]]:
    return {ours: rates[ours], peer: rates[peer]}


EVERFOLD = Contender("everfold", partial(saves_everfold, 1))
STOCK = Contender("stock recorder", partial(_saves_stock, 1))
BARE = Contender("bare INSERT", _inserts_bare)
EVERFOLD_50 = Contender("everfold", partial(saves_everfold, 50))
STOCK_50 = Contender("stock recorder", partial(_saves_stock, 50))
EVERFOLD_LOAD = Contender("everfold", partial(_loads, everfold))
STOCK_LOAD = Contender("stock recorder", partial(_loads, _stock))
