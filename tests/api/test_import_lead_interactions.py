"""Interactions from a file that name the lead that they are about."""

from datetime import UTC, datetime

from domain.interaction import InteractionCorrected, InteractionLogged, InteractionRetracted
from domain.lead import LeadContacted
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

LEADS = """
[fields]
external_id = "id"
title = "what"
customer = "who"
captured_at = "when"
"""
MAPPING = """
[fields]
external_id = "id"
lead = "deal"
customer = "who"
kind = { constant = "call" }
direction = "began"
happened_at = "when"
summary = "words"
"""
HEADER = "id,deal,who,began,when,words"
CALL = "I1,L1,,outbound,2026-01-05T10:00Z,Ovens"
MAIL = "I2,L1,Brook,inbound,2026-01-06T10:00Z,Thanks"


def with_leads(house: House) -> None:
    rows = ("L1,Ten ovens,Hill Bakery,2026-01-02", "L2,A mill,Hill Bakery,2026-01-03")
    house.take_in("leads", LEADS, "id,what,who,when", *rows)


def on_lead(house: House, key: str) -> list[type]:
    return [type(event) for event in house.events(house.id_of("lead", key))][1:]


def test_rows_that_name_a_lead_are_on_it_and_its_customers(house: House) -> None:
    with_leads(house)
    report = house.take_in("interactions", MAPPING, HEADER, CALL, MAIL, "I3,,Hill Bakery,,,Hello")
    assert counts(report) == (3, 0, 0, 0)
    lead_id, hill = house.id_of("lead", "L1"), house.id_of("customer", "Hill Bakery")
    _, call, contacted, mail = house.history(lead_id)
    assert call.event == InteractionLogged(
        interaction_id=house.id_of("interaction", "I1"),
        kind="call",
        direction="outbound",
        summary="Ovens",
        external_id="I1",
    )
    assert contacted.event == LeadContacted(interaction_id=house.id_of("interaction", "I1"))
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert (call.customer_id, call.occurred_at, contacted.occurred_at) == (hill, at, at)
    assert isinstance(mail.event, InteractionLogged)
    assert not house.history(house.id_of("customer", "Brook"))
    assert isinstance(house.events(hill)[-1], InteractionLogged)
    again = house.take_in("interactions", MAPPING, HEADER, CALL, MAIL, "I3,,Hill Bakery,,,Hello")
    assert counts(again) == (0, 0, 3, 0)
    assert house.undo(report)
    assert on_lead(house, "L1") == []
    house.known()


def test_what_the_file_says_otherwise_is_corrected_there(house: House) -> None:
    with_leads(house)
    house.take_in("interactions", MAPPING, HEADER, MAIL)
    assert counts(house.take_in("interactions", MAPPING, HEADER, MAIL.replace("inbound", "outbound"))) == (0, 1, 0, 0)
    assert on_lead(house, "L1") == [InteractionLogged, InteractionCorrected, LeadContacted]


def test_a_lead_that_is_not_on_record_is_no_lead(house: House) -> None:
    with_leads(house)
    (row,) = refused(house.take_in("interactions", MAPPING, HEADER, CALL.replace("L1", "L9")))
    assert "no lead with this external id" in row[1]
    undone = house.take_in("leads", LEADS, "id,what,who,when", "L3,A mixer,Brook,2026-01-02")
    house.undo(undone)
    (row,) = refused(house.take_in("interactions", MAPPING, HEADER, CALL.replace("L1", "L3")))
    assert "no lead with this external id" in row[1]
    house.take_in("tickets", '[fields]\nexternal_id = "id"\nsubject = "what"', "id,what", "T1,Broken")
    (row,) = refused(house.take_in("interactions", MAPPING, HEADER, CALL.replace("L1", "T1")))
    assert "not a lead" in row[1]
    (row,) = refused(house.take_in("interactions", MAPPING, HEADER, CALL.replace("L1", "")))
    assert "does not say whose it is" in row[1]


def test_an_import_moves_no_interaction_to_another_lead(house: House) -> None:
    with_leads(house)
    house.take_in("interactions", MAPPING, HEADER, CALL)
    for elsewhere in (CALL.replace("L1", "L2"), CALL.replace("L1,", ",Hill Bakery")):
        (row,) = refused(house.take_in("interactions", MAPPING, HEADER, elsewhere))
        assert "on record with another lead or customer" in row[1]
    assert on_lead(house, "L2") == []
    retracted = InteractionRetracted(interaction_id=house.id_of("interaction", "I1"))
    house.add("lead", house.id_of("lead", "L1"), retracted)
    assert counts(house.take_in("interactions", MAPPING, HEADER, CALL)) == (0, 0, 1, 0)


def test_a_lead_of_another_system_is_found(house: House) -> None:
    with_leads(house)
    mapping = MAPPING.replace('lead = "deal"', 'lead = { column = "deal", system = "erp" }')
    (house.folder / "other.toml").write_text(f'kind = "interactions"\nsystem = "phone"\n{mapping}', encoding="utf-8")
    (house.folder / "calls.csv").write_text(f"{HEADER}\n{CALL}\n", encoding="utf-8")
    report = house.take_in_file("interactions", house.folder / "calls.csv", house.folder / "other.toml")
    assert counts(report) == (1, 0, 0, 0)
    assert on_lead(house, "L1") == [InteractionLogged, LeadContacted]
