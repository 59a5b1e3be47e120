"""A database for all tests of a module, each of which tells and asks of records of its own."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from eventstore.database import Connection, connect


@pytest.fixture(scope="module")
def shared(cluster: str, template: str) -> Iterator[Connection]:
    """A connection to it, on which read models may be named without their schema."""
    name = f"shared_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    with connect(make_conninfo(cluster, dbname=name)) as opened:
        opened.execute("SET search_path TO public")
        yield opened
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
