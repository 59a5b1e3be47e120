"""The fields of leads, with the columns that probably feed them."""

from collections.abc import Iterator

from api.imports.guess.columns import UNSURE, Columns, amount, moments, plain_fields
from api.imports.guess.looks import Column
from api.imports.guess.outcomes import STAGES, stage_of, status_of, won_if
from api.imports.guess.roles import plain
from api.imports.guess.written import Entry, Section, Value, named, templates


def leads(columns: Columns) -> list[Section]:
    """All sections of the fields."""
    key, remark = columns.key
    title = next((column for column in columns.each("title") if column is not key), None)
    if title and title in columns.each("organisation"):
        title = None
    fields = [
        Entry("external_id", key.name, [remark] if remark else []),
        Entry("title", title.name if title else _titles(columns, key)),
        *_customer(columns, title),
        *plain_fields(columns, {name: [name] for name in ("owner", "source", "product", "lost_reason")}),
        *moments(columns, {"captured_at": ["captured_at"], "closed_at": ["closed_at"]}),
    ]
    sections = [Section("fields", fields), *_outcome(columns)]
    return [*sections, *amount(columns, "value", "value")]


def _titles(columns: Columns, key: Column) -> Value:
    product, customer = columns.of("product"), columns.of("organisation")
    whole = [["Lead ", key.cell]]
    if product:
        whole.insert(0, [product.cell])
    if product and customer:
        whole.insert(0, [product.cell, " for ", customer.cell])
    found = templates(*whole)
    return {"templates": found} if found else {"constant": "Lead"}


def _customer(columns: Columns, title: Column | None) -> Iterator[Entry]:
    names = (column for column in columns.each("organisation") if column is not title and not column.is_id)
    if column := next(names, None):
        yield Entry("customer", {"column": column.name, "kind": "organisation"})
    elif by_id := columns.of("organisation_id", "organisation"):
        remarks = [
            f"{UNSURE} {named([by_id.name])} is what the other system calls the customer. If her record comes from"
        ]
        remarks.append("there too, take this in; else every row is the lead of an unnamed prospect.")
        yield Entry("customer", {"column": by_id.name, "by": "external_id"}, remarks, is_off=True)


def _outcome(columns: Columns) -> Iterator[Section]:
    """Status and stage, from the column that tells stages, or a status of its own."""
    stage = next((one for one in columns.each("stage") if one.few_words), None)
    status = next((one for one in columns.each("status") if one.few_words), None)
    told = status if status and any(status_of(word).meaning != "open" for word in status.words) else stage or status
    is_won = columns.of("is_won")
    meaning = status_of
    if told is None and is_won and is_won.few_words:
        told, meaning = is_won, won_if
    if told is None:
        closed = columns.of("closed_at")
        if closed and plain(closed.name).startswith(("won", "gewonnen")):
            yield Section("fields.status", [Entry("constant", "won", [f"By the name of {named([closed.name])}."])])
        return
    yield Section(
        "fields.status",
        [Entry("column", told.name)],
        ["open, won, lost or disqualified. A word that is not listed is refused."],
    )
    guesses = [(word, meaning(word)) for word in told.few_words]
    entries = [Entry(word, one.meaning, () if one.is_sure else [UNSURE]) for word, one in guesses]
    if len(told.cells) < told.rows:
        entries.append(Entry("", "open", ["Where nothing is said."]))
    yield Section("fields.status.values", entries)
    stage = stage or (None if told is is_won else told)
    if stage is None:
        return
    open_words = [word for word in stage.few_words if stage is not told or status_of(word).meaning == "open"]
    if not open_words:
        return
    yield Section(
        "fields.stage",
        [Entry("column", stage.name), Entry("only_for", ["open"])],
        [f"The stages of the default pipeline are: {', '.join(STAGES)}."],
    )
    where = [(word, stage_of(word)) for word in open_words]
    entries = [Entry(word, one.meaning, () if one.is_sure else [UNSURE]) for word, one in where]
    yield Section("fields.stage.values", [*entries, Entry("", "")] if len(stage.cells) < stage.rows else entries)
