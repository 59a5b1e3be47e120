"""The texts of figures, put together: counting some groups alone, and for many periods at once."""


def kept(relation: str, groupings: int) -> str:
    """The relation's rows that are in the wanted groups of each of so many groupings.

    A relation tells one grouping at a time. So it is read once more by each of the groupings, and those rows are kept
    that are there too, whatever their group is called here: a row counts once, also where it is in several groups.
    """
    same = "to_jsonb(one) - ARRAY['group_key', 'group_label']"
    conditions = " AND ".join(
        f"{same} IN (SELECT {same} FROM ({relation.replace('%(group_by)s', f'%(group_{number})s')}) AS one"
        f" WHERE coalesce(one.group_key, '') = ANY(%(groups_{number})s))"
        for number in range(groupings)
    )
    return f"SELECT one.* FROM ({relation}) AS one WHERE {conditions}" if conditions else relation


def by_bucket(figure: str) -> str:
    """The figure of each of the periods in `starts` and `ends`, judged at its moment in `moments`, in one statement.

    The text stays as it is, but reads period and moment from the bucket: it is planned once for all of them.
    """
    for name in ("period_from", "period_to", "as_of"):
        figure = figure.replace(f"%({name})s", f"bucket.{name}")
    buckets = "unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[], %(moments)s::timestamptz[])"
    columns = "(period_from, period_to, as_of, bucket_number)"
    return (
        f"SELECT bucket.bucket_number, answered.* FROM {buckets} WITH ORDINALITY AS bucket {columns} "
        f"CROSS JOIN LATERAL ({figure}) AS answered"
    )
