"""The fields of what customers answered and were sent: surveys, and members of campaigns."""

from collections.abc import Mapping
from decimal import Decimal

from api.imports.guess.columns import UNSURE, Columns, moments, plain_fields, whose
from api.imports.guess.facts import key_of, words_of
from api.imports.guess.looks import Column
from api.imports.guess.roles import plain
from api.imports.guess.written import Entry, Section
from domain.customer.survey import SCALES

_SURVEY: Mapping[str, str] = {
    "nps": r"nps|promot|recommend|empfehl|recomend",
    "ces": r"ces|effort|aufwand|esforco",
    "csat": r"csat|satisf|zufrieden",
}
_YES: Mapping[str, str] = {
    "no": r"^(no|n|nein|nao|false|0|none|keine?)$|bounce|fail|undeliver|not |unzustell|sent$",
    "yes": r"^(yes|y|ja|j|sim|s|true|1|x)$|respon|repl|convert|accept|deliver|interest|antwort|zugestellt",
}


def surveys(columns: Columns) -> list[Section]:
    """Which survey it is, a column says; or that of the score is called so; or the highest score tells."""
    key, remark = columns.key
    (customer,) = whose(columns, "person")
    when = list(moments(columns, {"answered_at": ["answered_at", "happened_at", "captured_at"]}))
    score = next((one for one in columns.each("score") if one.written), None)
    fields = [
        key_of(key, remark, customer, when),
        customer,
        *when,
        Entry("score", score.name)
        if score
        else Entry("score", {"column": "..."}, ["Which column has the answer? This one has to be told."]),
        *plain_fields(columns, {"comment": ["comment", "summary"]}),
    ]
    kind = next((one for one in columns.each("survey") if one.few_words), None)
    if kind is None:
        fields.append(_survey_of(score))
    return [Section("fields", fields), *words_of("survey", kind, _SURVEY, "csat")]


def campaign_members(columns: Columns) -> list[Section]:
    """Whom a campaign reached, and whether they answered."""
    key, remark = columns.key
    (customer,) = whose(columns, "person")
    told = {"sent_at": ["sent_at"], "delivered_at": ["delivered_at"], "opened_at": ["read_at"]}
    when = list(moments(columns, {**told, "responded_at": ["responded_at", "answered_at"]}))
    named = next(columns.each("campaign"), None)
    channel = next((one for one in columns.each("channel") if one.few_words), None)
    fields = [
        key_of(key, remark, customer, when),
        customer,
        Entry("campaign", named.name)
        if named
        else Entry("campaign", {"constant": "campaign"}, [f"{UNSURE} The file names no campaign: what is it called?"]),
        Entry("channel", channel.name)
        if channel
        else Entry("channel", {"constant": "email"}, [f"{UNSURE} The file does not say by which channel."]),
        *when,
        *plain_fields(columns, {"response": ["response"]}),
    ]
    arrived, answered = (
        next((one for one in columns.each(role) if one.few_words and not one.date_formats), None)
        for role in ("delivered", "responded")
    )
    return [
        Section("fields", fields),
        *words_of("delivered", arrived, _YES, "no"),
        *words_of("responded", answered, _YES, "no"),
    ]


def _survey_of(score: Column | None) -> Entry:
    named = next((survey for survey in SCALES if score and survey in plain(score.name)), None)
    if named:
        return Entry("survey", {"constant": named})
    highest = max(map(Decimal, score.words), default=Decimal(0)) if score and score.written == "1234.56" else Decimal(0)
    fitting = min((survey for survey in SCALES if highest <= SCALES[survey][1]), key=lambda one: SCALES[one][1])
    return Entry("survey", {"constant": fitting}, [f"{UNSURE} nps is from 0 to 10, csat from 1 to 5, ces from 1 to 7."])
