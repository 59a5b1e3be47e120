"""The fields of customers and people, with the columns that probably feed them."""

from api.imports.guess.columns import UNSURE, Columns, moments, plain_fields
from api.imports.guess.written import Entry, Section, Value, templates


def customers(columns: Columns) -> list[Section]:
    """All sections of the fields."""
    key, remark = columns.key
    company, own = columns.of("organisation"), _own_name(columns)
    has_email = any(one.is_email for one in columns.each("email"))
    is_person = columns.of("given_name", "family_name") is not None or (own is not None and has_email)
    fields = [Entry("external_id", key.name, [remark] if remark else [])]
    if name := own or (company.name if company else None):
        fields.append(Entry("name", name))
    kind = "person" if is_person else "organisation"
    fields.append(Entry("kind", {"constant": kind}, ["person or organisation"]))
    plain = ("segment", "industry", "size", "owner", "source", "tags")
    fields += plain_fields(columns, {name: [name] for name in plain})
    fields += moments(columns, {"registered_at": ["captured_at"]})
    return [Section("fields", [*fields, *_contact_points(columns)])]


def people(columns: Columns) -> list[Section]:
    """Persons who speak for an organisation; without one, customers themselves."""
    company = next((one for one in columns.each("organisation") if not one.is_id), None)
    if company is None:
        return customers(columns)
    key, remark = columns.key
    fields = [Entry("external_id", key.name, [remark] if remark else [])]
    fields.append(Entry("name", _own_name(columns) or key.name))
    remarks = [f"{UNSURE} A row that names no organisation is refused: such rows are customers of kind person."]
    is_everywhere = len(company.cells) == company.rows
    fields.append(Entry("customer", {"column": company.name, "kind": "organisation"}, () if is_everywhere else remarks))
    return [Section("fields", [*fields, *_contact_points(columns)])]


def _own_name(columns: Columns) -> "Value | None":
    """The column that the rows are called by, or those that its parts stand in."""
    given, family, company = columns.of("given_name"), columns.of("family_name"), columns.of("organisation")
    full = next((one for one in columns.each("name", "title") if one is not company and not one.is_id), None)
    is_full = full is not None and len(full.cells) == full.rows
    parts = [[given.cell, " ", family.cell], [family.cell], [given.cell]] if given and family else []
    if parts and not is_full and (whole := templates(*parts)):
        return {"templates": whole}
    return full.name if full else None


def _contact_points(columns: Columns) -> list[Entry]:
    remark = "Numbers without a country code need its country: region."
    points = _points(columns)
    return [Entry("contact_points", points, [remark])] if points else []


def _points(columns: Columns) -> list[Value]:
    emails = [one for one in columns.each("email", "more_email") if one.is_email]
    emails += [one for one in columns.all.values() if one.is_email and one not in emails]
    phones = [one for one in columns.each("phone") if one.is_phone or one.words]
    points: list[Value] = [{"column": one.name, "kind": "email"} for one in emails]
    points += [{"column": one.name, "kind": "phone"} for one in phones]
    if address := columns.of("postal"):
        points.append({"column": address.name, "kind": "postal"})
    elif street := columns.of("street"):
        parts = (columns.of("postal_code"), columns.of("city"), columns.of("country"))
        below = [piece for part in parts if part for piece in (", ", part.cell)]
        if whole := templates([street.cell, *below], *([[street.cell]] if below else [])):
            points.append({"templates": whole, "kind": "postal"})
    if site := columns.of("website"):
        points.append({"column": site.name, "kind": "social"})
    return points
