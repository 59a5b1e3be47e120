"""What the workspace has published of its figures: parameters that hold where nobody says otherwise, and targets."""

from datetime import datetime

from eventstore.database import Connection, query
from projections.kpi import SETTINGS
from projections.reading import LIVE, Row, read
from projections.sight import EVERYTHING


def published(connection: Connection, slug: str, as_of: datetime, schema: str = LIVE) -> Row:
    """`parameters`, as text by name, and `target` that the workspace wants of a figure, as published by then;
    `target_is` says whether it is the least or the most."""
    parameters = {"slug": slug, "as_of": as_of}
    text = query("projections.workspace_setting", "kpi_definition")
    # what the company has published of its figures is about nobody
    found = read(connection, text, SETTINGS, parameters, schema, sight=EVERYTHING)
    return found[0] if found else {"parameters": {}, "target": None, "target_is": None}
