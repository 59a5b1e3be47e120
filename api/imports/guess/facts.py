"""The fields of what happened: purchases, subscriptions, tickets, their events, and interactions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from api.imports.guess.columns import UNSURE, Columns, amount, moments, plain_fields, whose
from api.imports.guess.looks import Column
from api.imports.guess.outcomes import plain_words
from api.imports.guess.written import Entry, Section, Value, templates

_MOST_WORDS = 100
_SUBSCRIPTION: Mapping[str, str] = {
    "cancelled": r"^(yes|y|ja|sim|true|1)$|cancel|churn|ended|expired|inacti|inakti|gekundigt|beendet",
    "paused": r"paus|suspend|on hold|ruht|ruhend|unterbroch",
    "active": r"^(no|n|nein|nao|false|0)$|activ|aktiv|ativ|current|running|trial|renew",
}
_TICKET: Mapping[str, str] = {
    "closed": r"clos|geschlossen|fechad",
    "solved": r"solv|resolv|done|completed|gelost|erledigt|resolvid",
    "pending": r"pending|waiting|wait|wartet|pendente|aguardando",
    "on_hold": r"hold|upgrade|external|zuruckgestellt|suspens",
    "new": r"^new|neu|novo|unassigned|submitted",
    "open": r"open|offen|abert|progress|bearbeitung|andamento|assigned",
}
_ACTIVITY: Mapping[str, str] = {
    "reopened": r"reopen|wiedereroffnet|reabert",
    "opened": (
        r"^open|(insert|creat|open|submit|register)\w* ticket|^(creat|submitt|register)ed$|eroffnet|erstellt|criad"
    ),
    "assigned": r"assign(?! serious)|take in charge|zugewiesen|atribu",
    "customer_replied": r"customer (repl|answer)|kunde antwort|cliente respond",
    "replied": r"repl|respon|answer|antwort",
    "priority": r"priorit|escalat",
    "pending": r"pending|wait|wartet|aguard",
    "on_hold": r"hold|upgrade|suspend",
    "resumed": r"resum|continue|fortgesetzt|retomad",
    "solved": r"^(re)?solv(e|ed)( ticket)?$|gelost|erledigt|resolvid",
    "closed": r"clos|geschlossen|fechad",
}
_PRIORITY: Mapping[str, str] = {
    "urgent": r"urgent|critical|highest|dringend|kritisch|blocker|sehr hoch",
    "high": r"high|hoch|alta|major",
    "low": r"low|niedrig|baixa|minor|trivial",
    "normal": r"normal|medium|mittel|media|standard",
}
_INTERACTION: Mapping[str, str] = {
    "call": r"call|phone|anruf|telefon|ligacao",
    "email": r"mail",
    "meeting": r"meeting|visit|appointment|termin|besuch|reuni|task|event",
    "chat": r"chat|whatsapp|message",
    "social": r"social|linkedin|twitter",
    "web": r"web|form|site",
    "note": r"note|notiz|nota|comment",
}


def purchases(columns: Columns) -> list[Section]:
    """Where no column tells the rows apart, the customer and the day do, and the order in the file."""
    key, remark = columns.key
    (customer,) = whose(columns, "person")
    when = list(moments(columns, {"purchased_at": ["purchased_at", "captured_at", "happened_at"]}))
    fields = [key_of(key, remark, customer, when), customer, *when]
    product = list(plain_fields(columns, {"product": ["product"]}))
    quantity = next((one for one in columns.each("quantity") if one.written), None)
    if quantity and quantity.written:
        fields += product or [Entry("product", {"constant": "goods"}, [f"{UNSURE} The file names no product."])]
        fields.append(Entry("quantity", {"column": quantity.name, "written": quantity.written}))
    else:
        fields += product
    paid = list(amount(columns, "total", "total", "value"))
    return [Section("fields", fields if paid else [*fields, *_no_amount("total")]), *paid]


def subscriptions(columns: Columns) -> list[Section]:
    """An amount that is called annual is paid once in twelve months."""
    key, remark = columns.key
    (customer,) = whose(columns, "person")
    plan = columns.of("plan", "product")
    mentioned: Value = plan.name if plan else {"constant": "standard"}
    fields = [
        key_of(key, remark, customer, []),
        customer,
        Entry("plan", mentioned, () if plan else [f"{UNSURE} The file names no plan."]),
        *moments(
            columns,
            {
                "started_at": ["started_at", "captured_at"],
                "paused_at": ["paused_at"],
                "resumed_at": ["resumed_at"],
                "ended_at": ["ended_at", "closed_at"],
            },
        ),
        *plain_fields(columns, {"reason": ["lost_reason"]}),
    ]
    paid = list(amount(columns, "mrr", "mrr", "arr", "value"))
    if not paid:
        fields += _no_amount("mrr")
    elif columns.of("arr") and not columns.of("mrr"):
        paid[0].entries.append(Entry("per", "year"))
    status = next((one for one in columns.each("churned", "status") if one.few_words), None)
    words = words_of("status", status, _SUBSCRIPTION, "active") if status else []
    return [Section("fields", fields), *words, *paid]


def tickets(columns: Columns) -> list[Section]:
    """One row a ticket, as it stands."""
    key, remark = columns.key
    subject = next((one for one in columns.each("title", "summary") if one is not key), None)
    opened = {"opened_at": ["captured_at", "happened_at"], "solved_at": ["solved_at"], "closed_at": ["closed_at"]}
    fields = [
        Entry("external_id", key.name, [remark] if remark else []),
        *([Entry("subject", subject.name)] if subject else []),
        *_hers(columns),
        *plain_fields(columns, {"assignee": ["owner"], "category": ["category"], "channel": ["channel"]}),
        *moments(columns, opened),
    ]
    status = next((one for one in columns.each("status", "stage") if one.few_words), None)
    return [Section("fields", fields), *words_of("status", status, _TICKET, "open"), *_priority(columns)]


def ticket_events(columns: Columns) -> list[Section]:
    """One row what happened to a ticket, whose id all its rows have."""
    key = columns.of("ticket_id") or columns.key[0]
    activity = columns.of("activity", "status", "interaction_kind")
    resource = columns.of("resource", "owner")
    fields = [
        Entry("external_id", key.name, ["The ticket's: its first row opens it."]),
        *moments(columns, {"happened_at": ["happened_at", "captured_at"]}),
        *_hers(columns),
        *([Entry("resource", resource.name)] if resource and resource is not activity else []),
        *([Entry("text", activity.name, ["Their own words are kept where ours have none."])] if activity else []),
    ]
    if activity is None:
        return [
            Section("fields", [*fields, Entry("activity", {"column": "..."}, ["Which column tells what happened?"])])
        ]
    return [Section("fields", fields), *words_of("activity", activity, _ACTIVITY, "note"), *_priority(columns)]


def interactions(columns: Columns) -> list[Section]:
    """Meetings of a calendar and e-mails are interactions too."""
    key, remark = columns.key
    kind = next((one for one in columns.each("interaction_kind") if one.few_words), None)
    is_mail = "message_id" in columns.all
    summary = columns.of("summary", "title")
    fields = [
        Entry("external_id", key.name, [remark] if remark else []),
        *whose(columns, "person"),
        *moments(columns, {"happened_at": ["happened_at", "captured_at", "started_at"]}),
        *([Entry("summary", summary.name)] if summary else []),
    ]
    if kind is None:
        usual = "email" if is_mail else "note"
        fields.append(Entry("kind", {"constant": usual}, ["call, email, meeting, note, chat, social or web"]))
    return [Section("fields", fields), *words_of("kind", kind, _INTERACTION, "note")]


def _hers(columns: Columns) -> Iterator[Entry]:
    """A ticket may be nobody's that we know."""
    (customer,) = whose(columns, "person")
    if customer.value != {"column": "..."}:
        yield customer


def key_of(key: Column, remark: str | None, customer: Entry, when: Sequence[Entry]) -> Entry:
    """What tells the rows apart: a column; else the customer and the moment, in the order of the file."""
    if remark is None or key.is_key:
        return Entry("external_id", key.name, [remark] if remark else [])
    parts = [entry.value["column"] for entry in (customer, *when) if isinstance(entry.value, Mapping)]
    if "..." in parts:
        return Entry("external_id", key.name, [remark])
    whole = [piece for part in parts for piece in (" ", f"{{{part}}}")][1:]
    if not (found := templates(whole)):
        return Entry("external_id", key.name, [remark])
    together: Value = {"templates": found, "numbered": True}
    return Entry(
        "external_id", together, [f"{UNSURE} No column tells the rows apart, so these do, in the file's order."]
    )


def _no_amount(name: str) -> list[Entry]:
    missing = Entry(name, {"column": "..."}, ["Which column has the amount? This one has to be told."])
    return [missing, Entry("currency", {"constant": "EUR"}, [UNSURE])]


def _priority(columns: Columns) -> Iterator[Section]:
    column = next((one for one in columns.each("priority") if one.few_words), None)
    known = "|".join(_PRIORITY.values())
    if column and any(re.search(known, plain_words(word)) for word in column.words):
        yield from words_of("priority", column, _PRIORITY, "normal")


def words_of(name: str, column: Column | None, meanings: Mapping[str, str], otherwise: str) -> list[Section]:
    """A field that is one of a few words of ours, with what theirs probably mean."""
    if column is None:
        return []
    entries = []
    for word in column.few_words or list(column.words)[:_MOST_WORDS]:
        text = plain_words(word)
        found = next((ours for ours, pattern in meanings.items() if re.search(pattern, text)), None)
        entries.append(Entry(word, found or otherwise, () if found else [UNSURE]))
    if len(column.cells) < column.rows:
        entries.append(Entry("", otherwise, ["Where nothing is said."]))
    return [Section(f"fields.{name}", [Entry("column", column.name)]), Section(f"fields.{name}.values", entries)]
