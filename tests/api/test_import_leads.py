"""A file of leads goes in row by row, each as it was in its own time; the same file again changes nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.store import Store, load_workspace
from domain import lead
from domain.customer import CustomerRegistered
from domain.event import CustomerId, MemberId
from domain.imports import ImportCompleted, ImportStarted
from domain.lead import (
    CaptureLead,
    LeadAssigned,
    LeadCaptureCorrected,
    LeadCaptured,
    LeadLost,
    LeadMovedToStage,
    LeadProductAdded,
    LeadReopened,
    LeadRetitled,
    LeadValued,
    LeadWon,
)
from domain.money import Money
from domain.workspace import WORKSPACE_ID, Workspace
from eventstore import log
from eventstore.database import connect
from projections.leads import get_lead, list_members
from projections.read_models import read_models
from projections.sight import EVERYTHING
from replay.follow import catch_up
from replay.verification import verify
from tests.api.leads_file import (
    BARE,
    MAPPING,
    OPEN,
    WON,
    Import,
    counts,
    facts,
    kinds,
    members,
    recorded,
    refused,
)


def berlin(year: int, month: int, day: int) -> datetime:
    """Midnight there in winter."""
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=1)


def test_a_won_lead_is_recorded_as_it_was_in_its_own_time(store: Store, take_in: Import) -> None:
    report = take_in('7,Cancity,Ann,Roof,web,2026-01-05,03.02.2026,,,"1.054,50",EUR,W')
    assert counts(report) == (1, 0, 0, 0)
    opened, closed = berlin(2026, 1, 5), berlin(2026, 2, 3)
    captured, assigned, product, *rest = facts(store, "7")
    assert captured == (
        LeadCaptured(
            title="Roof for Cancity",
            source="web",
            pipeline="default",
            pipeline_version=1,
            stage="new",
            probability=Decimal("0.1"),
            inbound=False,
            external_ids={"erp": "7"},
        ),
        opened,
    )
    assert assigned == (LeadAssigned(owner_id=MemberId(store.derived_id("member", "Ann"))), opened)
    assert product == (LeadProductAdded(product_id="Roof", quantity=Decimal(1)), opened)
    worth = Money(amount=Decimal("1054.5"), currency="EUR")
    assert rest == [(LeadWon(value=worth), closed)]


def test_an_open_lead_is_in_its_stage_and_a_lost_one_has_its_reason(store: Store, take_in: Import) -> None:
    take_in(OPEN, "5,Cancity,,Roof,,2026-01-05,2026-02-03T10:30:00+02:00,price,,,,L")
    assert [event.stage for event, _ in facts(store, "8") if isinstance(event, LeadCaptured)] == ["proposal"]
    assert facts(store, "5")[-1] == (LeadLost(reason="price"), datetime(2026, 2, 3, 8, 30, tzinfo=UTC))


def test_what_is_read_only_for_some_outcomes_is_not_read_for_others(store: Store, take_in: Import) -> None:
    take_in("5,,,Roof,,2026-01-05,03.02.2026,by mistake,2,,,D")
    assert [type(event).__name__ for event, _ in facts(store, "5")][-1] == "LeadDisqualified"
    assert all(getattr(event, "reason", None) is None for event, _ in facts(store, "5"))
    assert [event.stage for event, _ in facts(store, "5") if isinstance(event, LeadCaptured)] == ["new"]


def test_rows_of_the_same_customer_share_a_history(store: Store, take_in: Import) -> None:
    take_in(WON.replace("Cancity", "New Cancity"), OPEN.replace("Cancity", " New  Cancity "), BARE)
    customer_id = CustomerId(store.derived_id("imported customer", "erp", "New Cancity"))
    with store.pool.connection() as connection:
        history = log.load_customer(connection, customer_id, 10**9)
    registered, *rest = history
    assert registered.event == CustomerRegistered(kind="organisation", name="New Cancity", source="web")
    assert registered.occurred_at == berlin(2026, 1, 5)
    assert {fact.stream_id for fact in rest} == {store.derived_id("imported lead", "erp", key) for key in ("7", "8")}


def test_blanks_around_a_cell_are_not_part_of_it(store: Store, take_in: Import) -> None:
    take_in(WON.replace(",", " , "))
    assert kinds(store, "7") == [LeadCaptured, LeadAssigned, LeadProductAdded, LeadWon]
    assert counts(take_in(WON)) == (0, 0, 1, 0)


def test_a_customer_may_be_a_person(store: Store, take_in: Import) -> None:
    take_in(WON, mapping=MAPPING.replace('customer = "company"', 'customer = { column = "company", kind = "person" }'))
    with store.pool.connection() as connection:
        loaded = log.load(connection, store.derived_id("imported customer", "erp", "Cancity"))
    assert loaded.history[0].event == CustomerRegistered(kind="person", name="Cancity", source="web")


def test_a_row_without_customer_date_and_product_is_a_prospects_lead_captured_now(
    store: Store, take_in: Import
) -> None:
    before = datetime.now(UTC)
    report = take_in(BARE)
    [captured] = recorded(store, "9")
    assert captured.customer_id == store.derived_id("prospect of", "erp", "9")
    assert isinstance(captured.event, LeadCaptured)
    assert captured.event.title == "Lead 9"
    assert before <= captured.occurred_at <= datetime.now(UTC)
    assert captured.metadata["flags"] == ["no_capture_date"]
    assert report.flagged == {"no_capture_date": 1}
    assert "1 no capture date" in str(report)


@pytest.mark.parametrize(
    ("company", "product", "title"),
    [("Cancity", "Roof", "Roof for Cancity"), ("n/a", "Roof", "Roof"), ("Cancity", "", "Lead 7")],
)
def test_a_title_reads_well_also_when_something_is_missing(
    store: Store, take_in: Import, company: str, product: str, title: str
) -> None:
    take_in(f"7,{company},,{product},,2026-01-05,,,,,,O")
    [captured, *_] = facts(store, "7")
    assert isinstance(captured[0], LeadCaptured)
    assert captured[0].title == title


def test_owners_become_members_once(store: Store, take_in: Import) -> None:
    take_in(WON, OPEN, "10,,Ann,,,2026-01-05,,,,,,O")
    take_in("11,,Ann,,,2026-01-05,,,,,,O", "12,,Cid,,,2026-01-05,,,,,,O")
    assert members(store) == {"Ann", "Bob", "Cid"}
    with store.pool.connection() as connection:
        invited = [r for r in log.load(connection, WORKSPACE_ID).history if r.type == "workspace.member_invited"]
    assert len(invited) == 3


def test_the_owner_of_a_refused_row_is_not_invited(store: Store, take_in: Import) -> None:
    take_in("7,,Ann,,,2026-13-05,,,,,,O")
    assert members(store) == set()


def test_the_owner_of_a_row_that_is_out_of_date_is_not_invited(store: Store, take_in: Import) -> None:
    take_in(WON)
    assert counts(take_in(WON.replace("Ann", "Zoe").replace(",W", ",O"))) == (0, 0, 1, 0)
    assert members(store) == {"Ann"}


@pytest.mark.parametrize(
    ("style", "text", "amount"),
    [
        ("1234.56", "1054", "1054"),
        ("1234.56", "-1054.5", "-1054.5"),
        ("1,234.56", "1,054,000.25", "1054000.25"),
        ("1,234.56", "1054.25", "1054.25"),
        ("1.234,56", "1.054,25", "1054.25"),
        ("1 234,56", "1\u202f054,25", "1054.25"),
        ("1'234.56", "1\u2019054.25", "1054.25"),
    ],
)
def test_amounts_are_read_as_they_are_written(
    store: Store, take_in: Import, style: str, text: str, amount: str
) -> None:
    take_in(f'7,,,,,2026-01-05,,,,"{text}",EUR,O', mapping=MAPPING.replace("1.234,56", style))
    assert (LeadValued(value=Money(amount=Decimal(amount), currency="EUR")), berlin(2026, 1, 5)) in facts(store, "7")


@pytest.mark.parametrize(
    ("style", "text"),
    [("1234.56", "1,054"), ("1,234.56", "1,05"), ("1.234,56", "1054.25"), ("1234.56", "1e3"), ("1234.56", "٣")],
)
def test_an_amount_written_otherwise_is_refused_not_guessed(take_in: Import, style: str, text: str) -> None:
    report = take_in(f'7,,,,,2026-01-05,,,,"{text}",EUR,O', mapping=MAPPING.replace("1.234,56", style))
    assert refused(report) == [(2, f"{text!r} in column amount is no amount written like {style}.")]


def test_a_constant_feeds_a_field_of_every_row(store: Store, take_in: Import) -> None:
    mapping = MAPPING.replace('source = "source"', 'source = { constant = "fair" }')
    take_in(WON, mapping=mapping)
    assert isinstance(event := facts(store, "7")[0][0], LeadCaptured)
    assert event.source == "fair"


def test_the_same_file_again_changes_nothing(store: Store, take_in: Import) -> None:
    assert counts(take_in(WON, OPEN, BARE)) == (3, 0, 0, 0)
    before = [recorded(store, key) for key in "789"]
    again = take_in(WON, OPEN, BARE)
    assert counts(again) == (0, 0, 3, 0)
    assert "0 new, 0 changed" in str(again)
    assert [recorded(store, key) for key in "789"] == before


def test_only_what_differs_becomes_events(store: Store, take_in: Import) -> None:
    take_in(WON, OPEN)
    report = take_in(WON.replace("2026-01-05", "2026-01-04"), OPEN.replace(",2,,,O", ",1,,,O").replace("Bob", "Ann"))
    assert counts(report) == (0, 2, 0, 0)
    assert facts(store, "7")[-1][0] == LeadCaptureCorrected(source="web", external_ids={"erp": "7"})
    assert kinds(store, "8")[3:] == [LeadAssigned, LeadMovedToStage]


def test_another_outcome_reopens_and_closes_again(store: Store, take_in: Import) -> None:
    take_in(WON)
    take_in(WON.replace(",W", ",L").replace("03.02.2026,,", "03.02.2026,price,"))
    assert kinds(store, "7")[-3:] == [LeadWon, LeadReopened, LeadLost]


def test_another_product_gives_another_title(store: Store, take_in: Import) -> None:
    take_in(OPEN)
    take_in(OPEN.replace("Wall", "Roof"))
    assert facts(store, "8")[3][0] == LeadRetitled(title="Roof for Cancity")


def test_a_customer_that_the_row_no_longer_names_stays(take_in: Import) -> None:
    take_in(OPEN)
    report = take_in(OPEN.replace("Cancity", ""), mapping=MAPPING.replace("{product} for {company}", "{product} for C"))
    assert counts(report) == (0, 1, 0, 0)


@pytest.mark.parametrize("before", ["", "Elsewhere"])
def test_an_import_moves_no_lead_to_another_customer(store: Store, take_in: Import, before: str) -> None:
    take_in(OPEN.replace("Cancity", before))
    known = recorded(store, "8")
    report = take_in(OPEN, WON)
    assert counts(report) == (1, 0, 0, 1)
    [(line, reason)] = refused(report)
    assert line == 2
    assert "reattribute" in reason
    assert recorded(store, "8") == known


def test_an_import_is_recorded_itself_and_its_events_name_it(store: Store, take_in: Import) -> None:
    report = take_in(WON, OPEN, "x", BARE)
    with store.pool.connection() as connection:
        started, completed = log.load(connection, report.import_id).history
    assert isinstance(started.event, ImportStarted)
    assert (started.event.kind, started.event.mapping) == ("leads", MAPPING)
    assert completed.event == ImportCompleted(rows=4, created=3, changed=0, unchanged=0, refused=1)
    for fact in [started, completed, *recorded(store, "7")]:
        assert fact.correlation_id == report.import_id
        assert fact.actor == {"kind": "import", "id": str(report.import_id)}
        assert fact.metadata["channel"] == "import"


def test_a_lead_that_was_captured_under_this_external_id_is_that_lead(store: Store, take_in: Import) -> None:
    lead_id, customer_id = store.derived_id("other"), CustomerId(store.derived_id("somebody"))
    with store.pool.connection() as connection:
        pipeline = load_workspace(connection)[0].pipeline("default")
        [captured] = lead.capture(CaptureLead(title="Wall", external_ids={"erp": "8"}), pipeline, Workspace())
        log.append(
            connection,
            [log.NewEvent(customer_id, "lead", lead_id, 1, captured, berlin(2026, 1, 6))],
            log.Envelope("user", lead_id, "api"),
            external_ids=[log.ExternalId("erp", "8", customer_id, lead_id)],
        )
    assert counts(take_in(WON, OPEN)) == (1, 1, 0, 0)
    assert counts(take_in(WON, OPEN)) == (0, 0, 2, 0)
    assert recorded(store, "8") == []
    with store.pool.connection() as connection:
        history = log.load(connection, lead_id).history
    assert {fact.customer_id for fact in history} == {customer_id}
    assert LeadMovedToStage in {type(fact.event) for fact in history}


def test_the_read_models_show_what_the_rows_say(store: Store, take_in: Import) -> None:
    take_in('7,Cancity,Ann,Roof,web,2026-01-05,03.02.2026,,,"1.054,50",EUR,W', OPEN)
    with connect(store.conninfo) as connection:
        catch_up(connection)
        row = get_lead(connection, store.derived_id("imported lead", "erp", "7"), sight=EVERYTHING)
        assert row is not None
        assert [verify(connection, model).differing for model in read_models().values()] == [0] * len(read_models())
        names = [member["name"] for member in list_members(connection, sight=EVERYTHING)]
    assert (row["customer_name"], row["owner_name"], row["status"]) == ("Cancity", "Ann", "won")
    assert (row["amount"], row["currency"], row["product_ids"]) == (Decimal("1054.5"), "EUR", ["Roof"])
    assert (row["captured_at"], row["closed_at"]) == (berlin(2026, 1, 5), berlin(2026, 2, 3))
    assert names == ["Ann", "Bob"]
