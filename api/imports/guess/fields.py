"""The fields of a kind, each with the column that probably feeds it, and what is not sure about that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from api.imports.guess.looks import Column, Table
from api.imports.guess.outcomes import STAGES, stage_of, status_of, won_if
from api.imports.guess.roles import plain
from api.imports.guess.written import Entry, Section, Value, named, toml

Roles = Mapping[str, Sequence[str]]

_UNSURE = "Not sure."
_LONGEST_WORD = 100


def fields_of(kind: Literal["leads", "customers"], table: Table, roles: Roles) -> list[Section]:
    """The sections of the mapping from [fields] on."""
    columns = _Columns(table, roles)
    return _leads(columns) if kind == "leads" else _customers(columns)


def is_taken(column: str, sections: Sequence[Section]) -> bool:
    """Whether some entry reads the column."""
    written = toml(column)
    return any(
        entry.value == column or written in toml(entry.value) or f"{{{column}}}" in toml(entry.value)
        for section in sections
        if section.name.startswith("fields")
        for entry in section.entries
        if not entry.is_off
    )


class _Columns:
    """Hands out the columns, by role and by what stands in them."""

    def __init__(self, table: Table, roles: Roles) -> None:
        self.all = {column.name: column for column in table.columns}
        self._roles = roles

    def of(self, *roles: str) -> Column | None:
        """The likeliest column of these roles that has a cell at all."""
        return next(iter(self.each(*roles)), None)

    def each(self, *roles: str) -> Iterator[Column]:
        for role in roles:
            for name in self._roles.get(role, ()):
                if (column := self.all.get(name)) and column.cells:
                    yield column

    @property
    def key(self) -> tuple[Column, str | None]:
        """The column that tells the rows apart, and a remark."""
        for column in (*self.each("external_id"), *self.each("email"), *self.all.values()):
            if column.is_key and not column.date_formats:
                named_so = column in self.each("external_id")
                return (
                    column,
                    None if named_so else f"{_UNSURE} Every row has another: does the other system know it so?",
                )
        column = self.of("external_id", "email", "name") or next(iter(self.all.values()))
        return column, f"{_UNSURE} No column has another value in every row: rows with the same one are the same."


def _leads(columns: _Columns) -> list[Section]:
    key, remark = columns.key
    title = next((column for column in columns.each("title") if column is not key), None)
    if title and title in columns.each("organisation"):
        title = None
    fields = [
        Entry("external_id", key.name, [remark] if remark else []),
        Entry("title", title.name if title else {"templates": _titles(columns, key)}),
        *_customer(columns, title),
        *_plain_fields(columns, ("owner", "source", "product", "lost_reason")),
        *_moments(columns, ("captured_at", "closed_at")),
    ]
    sections = [Section("fields", fields), *_outcome(columns)]
    return [*sections, *_value(columns)]


def _titles(columns: _Columns, key: Column) -> list[str]:
    product, customer = columns.of("product"), columns.of("organisation")
    of_product = [f"{{{product.name}}}"] if product else []
    both = [f"{{{product.name}}} for {{{customer.name}}}"] if product and customer else []
    return [*both, *of_product, f"Lead {{{key.name}}}"]


def _customer(columns: _Columns, title: Column | None) -> Iterator[Entry]:
    names = (column for column in columns.each("organisation") if column is not title and not column.is_id)
    if column := next(names, None):
        yield Entry("customer", {"column": column.name, "kind": "organisation"})
    elif by_id := columns.of("organisation_id", "organisation"):
        remarks = [
            f"{_UNSURE} {named([by_id.name])} is what the other system calls the customer. If her record comes from"
        ]
        remarks.append("there too, take this in; else every row is the lead of an unnamed prospect.")
        yield Entry("customer", {"column": by_id.name, "by": "external_id"}, remarks, is_off=True)


def _plain_fields(columns: _Columns, roles: Sequence[str]) -> Iterator[Entry]:
    for role in roles:
        column = next((one for one in columns.each(role) if max(map(len, one.words)) <= _LONGEST_WORD), None)
        if column and role == "owner" and column.is_id:
            remark = f"{_UNSURE} {named([column.name])} holds no names, and members are invited by name."
            yield Entry(role, column.name, [remark], is_off=True)
        elif column:
            yield Entry(role, column.name)


def _moments(columns: _Columns, roles: Sequence[str]) -> Iterator[Entry]:
    found = [(role, next((one for one in columns.each(role) if one.date_formats), None)) for role in roles]
    # where one column proves which of day and month comes first, the others are written so too
    proven = {one.date_formats[0][:2] for _, one in found if one and not one.other_order and "/" in one.date_formats[0]}
    for role, column in found:
        if column is None:
            continue
        formats, remarks = list(column.date_formats), list[str]()
        if other := column.other_order:
            if proven == {other[:2]}:
                formats[0], other = other, formats[0]
            if not proven:
                remarks.append(f"{_UNSURE} No day above 12 proves that it is {formats[0]}, and not {other}.")
        yield Entry(role, {"column": column.name, "formats": formats}, remarks)


def _outcome(columns: _Columns) -> Iterator[Section]:
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
    entries = [Entry(word, one.meaning, () if one.is_sure else [_UNSURE]) for word, one in guesses]
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
    entries = [Entry(word, one.meaning, () if one.is_sure else [_UNSURE]) for word, one in where]
    yield Section("fields.stage.values", [*entries, Entry("", "")] if len(stage.cells) < stage.rows else entries)


def _value(columns: _Columns) -> Iterator[Section]:
    value = next((one for one in columns.each("value") if one.written), None)
    if value is None or value.written is None:
        return
    entries = [Entry("column", value.name), Entry("written", value.written)]
    if value.may_be_thousands:
        entries[1].remarks = [f'{_UNSURE} A point before three digits may part thousands: then it is "1.234,56".']
    yield Section("fields.value", entries)
    currency = columns.of("currency") or next((one for one in columns.all.values() if one.is_currency), None)
    if currency and currency.is_currency:
        yield Section("fields.currency", [Entry("column", currency.name)])
    else:
        usual = "USD" if value.written in ("1234.56", "1,234.56") else "EUR"
        yield Section(
            "fields.currency", [Entry("constant", usual, [f"{_UNSURE} The file does not tell the currency."])]
        )


def _customers(columns: _Columns) -> list[Section]:
    key, remark = columns.key
    given, family = columns.of("given_name"), columns.of("family_name")
    company = columns.of("organisation")
    full = next((one for one in columns.each("name", "title") if one is not key and one is not company), None)
    is_person = bool(given or family) or (full is not None and any(one.is_email for one in columns.each("email")))
    name: Value | None = full.name if full else company.name if company else None
    if given and family and not (full and len(full.cells) == full.rows):
        name = {"templates": [f"{{{given.name}}} {{{family.name}}}", f"{{{family.name}}}", f"{{{given.name}}}"]}
    fields = [Entry("external_id", key.name, [remark] if remark else [])]
    if name:
        fields.append(Entry("name", name))
    kind = "person" if is_person else "organisation"
    fields.append(Entry("kind", {"constant": kind}, ["person or organisation"]))
    fields += _plain_fields(columns, ("segment", "industry", "size", "owner", "source", "tags"))
    fields += _moments(columns, ("captured_at",))
    for entry in fields:
        entry.key = {"captured_at": "registered_at"}.get(entry.key, entry.key)
    if points := _points(columns):
        fields.append(Entry("contact_points", points, ["Numbers without a country code need its country: region."]))
    return [Section("fields", fields)]


def _points(columns: _Columns) -> list[Value]:
    emails = [one for one in columns.each("email", "more_email") if one.is_email]
    emails += [one for one in columns.all.values() if one.is_email and one not in emails]
    phones = [one for one in columns.each("phone") if one.is_phone or one.words]
    points: list[Value] = [{"column": one.name, "kind": "email"} for one in emails]
    points += [{"column": one.name, "kind": "phone"} for one in phones]
    if address := columns.of("postal"):
        points.append({"column": address.name, "kind": "postal"})
    elif street := columns.of("street"):
        parts = (columns.of("postal_code"), columns.of("city"), columns.of("country"))
        below = [f"{{{part.name}}}" for part in parts if part]
        whole = ", ".join([f"{{{street.name}}}", *below])
        points.append({"templates": list(dict.fromkeys([whole, f"{{{street.name}}}"])), "kind": "postal"})
    if site := columns.of("website"):
        points.append({"column": site.name, "kind": "social"})
    return points
