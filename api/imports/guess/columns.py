"""The columns of a table by what they are for, and the entries of a mapping that kinds have in common."""

from collections.abc import Iterator, Mapping, Sequence

from api.imports.guess.looks import Column, Table
from api.imports.guess.written import Entry, Section, named

UNSURE = "Not sure."

_LONGEST_WORD = 100


class Columns:
    """Hands out the columns, by role and by what stands in them."""

    def __init__(self, table: Table, roles: Mapping[str, Sequence[str]]) -> None:
        self.all = {column.name: column for column in table.columns}
        self._roles = roles

    def of(self, *roles: str) -> Column | None:
        """The likeliest column of these roles that has a cell at all."""
        return next(iter(self.each(*roles)), None)

    def each(self, *roles: str) -> Iterator[Column]:
        """The columns of these roles, the likelier first, without those that have no cell."""
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
                remark = f"{UNSURE} Every row has another: does the other system know it so?"
                return column, None if named_so else remark
        column = self.of("external_id", "email", "name") or next(iter(self.all.values()))
        return column, f"{UNSURE} No column has another value in every row: rows with the same one are the same."


def plain_fields(columns: Columns, fields: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
    """Fields that are a short text, each with the roles of the columns that may feed it."""
    for name, roles in fields.items():
        column = next((one for one in columns.each(*roles) if max(map(len, one.words)) <= _LONGEST_WORD), None)
        if column and "owner" in roles and column.is_id:
            remark = f"{UNSURE} {named([column.name])} holds no names, and members are invited by name."
            yield Entry(name, column.name, [remark], is_off=True)
        elif column:
            yield Entry(name, column.name)


def moments(columns: Columns, fields: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
    """Fields that are a day or a moment, each with its roles; no column feeds two."""
    found = dict[str, Column]()
    for name, roles in fields.items():
        free = (one for one in columns.each(*roles) if one.date_formats and one not in found.values())
        if column := next(free, None):
            found[name] = column
    # where one column proves which of day and month comes first, the others are written so too
    first = [(one, one.date_formats[0]) for one in found.values()]
    proven = {form[:2] for one, form in first if not one.other_order and "/" in form}
    for name, column in found.items():
        formats, remarks = list(column.date_formats), list[str]()
        if other := column.other_order:
            if proven == {other[:2]}:
                formats[0], other = other, formats[0]
            if not proven:
                remarks.append(f"{UNSURE} No day above 12 proves that it is {formats[0]}, and not {other}.")
        yield Entry(name, {"column": column.name, "formats": formats}, remarks)


def amount(columns: Columns, name: str, *roles: str) -> Iterator[Section]:
    """A field that is an amount of money, and its currency."""
    value = next((one for one in columns.each(*roles) if one.written), None)
    if value is None or value.written is None:
        return
    entries = [Entry("column", value.name), Entry("written", value.written)]
    if value.may_be_thousands:
        entries[1].remarks = [f'{UNSURE} A point before three digits may part thousands: then it is "1.234,56".']
    yield Section(f"fields.{name}", entries)
    currency = columns.of("currency") or next((one for one in columns.all.values() if one.is_currency), None)
    if currency and currency.is_currency:
        yield Section("fields.currency", [Entry("column", currency.name)])
    else:
        usual = "USD" if value.written in ("1234.56", "1,234.56") else "EUR"
        remark = f"{UNSURE} The file does not tell the currency."
        yield Section("fields.currency", [Entry("constant", usual, [remark])])


def whose(columns: Columns, kind: str) -> Iterator[Entry]:
    """The customer of a row: by name, else by what another column says of her."""
    names = next((one for one in columns.each("organisation", "name") if not one.is_id), None)
    if names:
        yield Entry("customer", {"column": names.name, "kind": kind})
    elif by_id := columns.of("organisation_id", "organisation"):
        remark = f'{UNSURE} If it is what another system calls her, add that: system = "...".'
        yield Entry("customer", {"column": by_id.name, "by": "external_id", "kind": kind}, [remark])
    elif email := next((one for one in columns.all.values() if one.is_email), None):
        yield Entry("customer", {"column": email.name, "by": "email"}, ["She must be on record already."])
    else:
        yield Entry("customer", {"column": "..."}, ["Which column tells whose it is? This one has to be told."])
