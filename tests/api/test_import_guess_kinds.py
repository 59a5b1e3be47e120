"""A guess for the other kinds: purchases, subscriptions, tickets and their events, interactions, people,
surveys, campaigns."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from api.imports import kinds
from api.imports.guess import KINDS, GuessedKind, guess
from tests.api.importing import House, house

__all__ = ["house"]


def parsed(folder: Path, content: str, name: str = "rows.csv", kind: GuessedKind | None = None) -> tuple[str, Any]:
    """Kind and fields of the guess. Any: it is TOML."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    found = tomllib.loads(guess(path, kind))
    return found["kind"], found["fields"]


def test_purchases(tmp_path: Path) -> None:
    content = "Order ID;Kunde;Bestelldatum;Produkt;Menge;Gesamtbetrag\n1;Ann;13.01.2026;Tulips;3;1.012,50\n"
    assert parsed(tmp_path, content) == (
        "purchases",
        {
            "external_id": "Order ID",
            "customer": {"column": "Kunde", "kind": "person"},
            "purchased_at": {"column": "Bestelldatum", "formats": ["%d.%m.%Y"]},
            "product": "Produkt",
            "quantity": {"column": "Menge", "written": "1234.56"},
            "total": {"column": "Gesamtbetrag", "written": "1.234,56"},
            "currency": {"constant": "EUR"},
        },
    )


def test_purchases_that_nothing_tells_apart_are_their_customers_of_a_day(tmp_path: Path) -> None:
    row = "Ann;2026-01-03;12.50\n"
    _, fields = parsed(tmp_path, f"Customer;Order date;Total\n{row}{row}")
    assert fields["external_id"] == {"templates": ["{Customer} {Order date}"], "numbered": True}
    _, fields = parsed(tmp_path, "a{b;Order date\nx;2026-01-03\nx;2026-01-03\n", kind="purchases")
    assert (fields["external_id"], fields["customer"], fields["total"]) == ("a{b", {"column": "..."}, {"column": "..."})


def test_subscriptions_that_are_paid_by_the_year(tmp_path: Path) -> None:
    rows = "1,ann@a.example,gold,1200,2026-01-01,,active\n2,bo@a.example,gold,1200,2026-01-01,2026-03-01,cancelled\n"
    content = (
        "id,email,plan,arr,start date,end date,status\n" + rows + rows.replace("1,ann", "3,cy").replace("2,bo", "4,d")
    )
    assert parsed(tmp_path, content) == (
        "subscriptions",
        {
            "external_id": "id",
            "customer": {"column": "email", "by": "email"},
            "plan": "plan",
            "started_at": {"column": "start date", "formats": ["iso"]},
            "ended_at": {"column": "end date", "formats": ["iso"]},
            "status": {"column": "status", "values": {"active": "active", "cancelled": "cancelled"}},
            "mrr": {"column": "arr", "written": "1234.56", "per": "year"},
            "currency": {"constant": "USD"},
        },
    )


def test_tickets(tmp_path: Path) -> None:
    rows = "{0},No heat,Ann Lee,Offen,Hoch,2026-01-02,\n{1},Leak,Bo Day,Gelöst,Niedrig,2026-01-02,2026-01-04\n"
    content = "Ticket ID,Subject,Requester,Status,Priority,Created,Solved at\n" + rows.format(1, 2) + rows.format(3, 4)
    assert parsed(tmp_path, content) == (
        "tickets",
        {
            "external_id": "Ticket ID",
            "subject": "Subject",
            "customer": {"column": "Requester", "kind": "person"},
            "opened_at": {"column": "Created", "formats": ["iso"]},
            "solved_at": {"column": "Solved at", "formats": ["iso"]},
            "status": {"column": "Status", "values": {"Offen": "open", "Gelöst": "solved"}},
            "priority": {"column": "Priority", "values": {"Hoch": "high", "Niedrig": "low"}},
        },
    )


def test_answers_to_a_survey(tmp_path: Path) -> None:
    rows = "1,ann@a.example,9,2026-01-03,Fine\n2,bo@a.example,10,2026-01-04,\n"
    content = f"Response ID,Email,NPS,Submitted at,Feedback\n{rows}"
    assert parsed(tmp_path, content) == (
        "surveys",
        {
            "external_id": "Response ID",
            "customer": {"column": "Email", "by": "email"},
            "answered_at": {"column": "Submitted at", "formats": ["iso"]},
            "score": "NPS",
            "comment": "Feedback",
            "survey": {"constant": "nps"},
        },
    )


@pytest.mark.parametrize(("scores", "survey"), [((1, 5), "csat"), ((2, 7), "ces"), ((0, 9), "nps")])
def test_which_survey_it_is_the_highest_score_tells(tmp_path: Path, scores: tuple[int, int], survey: str) -> None:
    first, second = scores
    _, fields = parsed(tmp_path, f"id,name,score,comment\n1,Ann,{first},\n2,Bo,{second},\n")
    assert fields["survey"] == {"constant": survey}


def test_which_survey_it_is_a_column_tells(tmp_path: Path) -> None:
    rows = "".join(f"{n},Ann,{n},{('Net promoter', 'Effort')[n % 2]}\n" for n in range(6))
    kind, fields = parsed(tmp_path, f"id,name,score,survey\n{rows}")
    assert (kind, fields["survey"]["values"]) == ("surveys", {"Net promoter": "nps", "Effort": "ces"})


def test_members_of_a_campaign(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},p{n}@a.example,Spring,email,{n + 1:02}.02.2026,{('yes', 'bounced')[n % 2]},{'JN'[n % 2]}\n"
        for n in range(4)
    )
    content = f"id,email,Kampagne,Kanal,Gesendet am,Delivered,Geantwortet\n{rows}"
    assert parsed(tmp_path, content) == (
        "campaign-members",
        {
            "external_id": "id",
            "customer": {"column": "email", "by": "email"},
            "campaign": "Kampagne",
            "channel": "Kanal",
            "sent_at": {"column": "Gesendet am", "formats": ["%d.%m.%Y"]},
            "delivered": {"column": "Delivered", "values": {"yes": "yes", "bounced": "no"}},
            "responded": {"column": "Geantwortet", "values": {"J": "yes", "N": "no"}},
        },
    )


def test_calendars_and_mails_are_interactions(tmp_path: Path) -> None:
    meeting = (
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Kick-off\nDTSTART:20260303T090000Z\nORGANIZER:mailto:a@b.example\nEND:VEVENT\n"
    )
    assert parsed(tmp_path, f"BEGIN:VCALENDAR\n{meeting}END:VCALENDAR\n", "a.ics") == (
        "interactions",
        {
            "external_id": "uid",
            "customer": {"column": "organizer", "by": "email"},
            "happened_at": {"column": "starts_at", "formats": ["iso"]},
            "summary": "summary",
            "kind": {"column": "kind", "values": {"meeting": "meeting"}},
        },
    )
    kind, fields = parsed(tmp_path, "From: a@b.example\nMessage-ID: <1>\n\nhello\n", "a.eml")
    assert (kind, fields["external_id"], fields["kind"]) == ("interactions", "message_id", {"constant": "email"})


def test_people_speak_for_an_organisation_where_the_file_names_one(tmp_path: Path) -> None:
    content = "id,First Name,Last Name,Company,Email\n1,Ann,Lee,Acme,a@a.example\n2,Bo,Day,Acme,b@a.example\n"
    assert parsed(tmp_path, content) == (
        "people",
        {
            "external_id": "id",
            "name": {"templates": ["{First Name} {Last Name}", "{Last Name}", "{First Name}"]},
            "customer": {"column": "Company", "kind": "organisation"},
            "contact_points": [{"column": "Email", "kind": "email"}],
        },
    )
    _, fields = parsed(tmp_path, "id,name,email\n1,Ann,a@a.example\n", kind="people")
    assert (fields["kind"], "customer" in fields) == ({"constant": "person"}, False)


def test_answers_and_members_go_in_as_guessed(house: House, tmp_path: Path) -> None:
    for name, content in {
        "surveys": "id,name,NPS,comment\n1,Ann,9,Fine\n2,Bo,3,\n",
        "campaign-members": "id,name,campaign,sent at,responded\n1,Ann,May,2026-02-03,yes\n2,Bo,May,2026-02-03,no\n",
    }.items():
        file, mapping = tmp_path / f"{name}.csv", tmp_path / f"{name}.toml"
        file.write_text(content, encoding="utf-8")
        mapping.write_text(guess(file), encoding="utf-8")
        report = house.take_in_file(name, file, mapping)
        assert (report.created, report.refused) == (2, 0)


def test_every_kind_can_be_guessed() -> None:
    assert set(KINDS) == set(kinds.KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_a_file_is_not_like_is_still_a_mapping(tmp_path: Path, kind: GuessedKind) -> None:
    found, fields = parsed(tmp_path, 'a{b,"c:d"\n"x ""y",2\n"x ""y",3\n', kind=kind)
    assert found == kind
    assert "external_id" in fields


def test_the_log_of_a_help_desk_is_understood(oracle_data: Path) -> None:
    found = tomllib.loads(guess(oracle_data / "helpdesk" / "helpdesk.csv"))
    assert found["kind"] == "ticket-events"
    assert found["fields"]["external_id"] == "Case ID"
    assert found["fields"]["happened_at"]["formats"] == ["%Y/%m/%d %H:%M:%S.%f"]
    values = found["fields"]["activity"]["values"]
    assert {word: meaning for word, meaning in values.items() if meaning != "note"} == {
        "Insert ticket": "opened",
        "Take in charge ticket": "assigned",
        "Wait": "pending",
        "Require upgrade": "on_hold",
        "Resolve ticket": "solved",
        "RESOLVED": "solved",
        "Closed": "closed",
    }
    assert len(values) == 14
