"""A read model that tests may change: how many leads of each customer there are, by what their titles say."""

from projections.read_models import ReadModel, parse

TABLE = "CREATE TABLE lead_count (customer_id uuid PRIMARY KEY, leads bigint NOT NULL)"
FOLD = """-- question: How many leads are there of each customer?
-- key: root_customer_id AS customer_id
-- types: lead.captured lead.retitled lead.valued
SELECT root_customer_id AS customer_id, {leads} AS leads
FROM history
GROUP BY root_customer_id
"""


def lead_count(leads: str = "count(*) FILTER (WHERE type = 'lead.captured')", table: str = TABLE) -> ReadModel:
    """The read model, by this definition of its figure."""
    return parse("lead_count", table, FOLD.format(leads=leads))


TENFOLD = "10 * count(*) FILTER (WHERE type = 'lead.captured')"
DIVIDED = "sum(12 / coalesce((data->'value'->>'amount')::numeric, 1))::bigint"
"""Fails on a lead of which the value is 0."""
