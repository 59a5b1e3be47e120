"""A list as Parquet, which is written as a whole."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from api.audit.answer import Reader
from api.exports.answer import Asked, happened_by, noted
from api.past import tables
from api.store import Store
from eventstore.analytics import must_have_analytics
from eventstore.parquet import exported_snapshot, parquet_writer
from projections.exporting import EXPORTS
from projections.reading import LIVE, of_one_moment


def write_parquet(store: Store, reader: Reader, asked: Asked, file: IO[bytes], beside: Path) -> None:
    """Write the rows to a file, by way of a folder `beside` it, once it is noted who sees what is personal in them.

    Raises as `rows_of`, and AnalyticsMissing.
    """
    asked.must_be_possible()
    must_have_analytics()
    assert asked.kind.relation
    export = EXPORTS[asked.kind.relation]
    with (
        TemporaryDirectory(dir=beside, prefix=".everfold-") as folder,
        tables(store, export.tables, asked.as_of, asked.axis) as (connection, schema),
    ):
        moment, path = happened_by(connection, asked), Path(folder) / "list.parquet"
        # the rows are read twice, and must be the same; those of the past stay as they are
        with of_one_moment(connection, schema):
            snapshot = exported_snapshot(connection) if schema == LIVE else None
            with export.rows(connection, schema, moment, sight=reader.sight, patient=True) as cursor:
                for _ in noted(store, reader, iter(lambda: cursor.fetchmany(1_000), [])):
                    continue
            with parquet_writer(store.follower_conninfo, snapshot) as writer:
                writer.write(export.statement(connection, schema, moment, sight=reader.sight), path)
        with path.open("rb") as written:
            shutil.copyfileobj(written, file)
