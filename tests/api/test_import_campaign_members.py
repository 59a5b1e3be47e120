"""Whom campaigns reached, from a file: the campaign is planned once, messages and answers lie with the customers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.campaign import CampaignPlanned
from domain.customer import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
)
from tests.api.importing import House, counts, house, refused

__all__ = ["house"]

MAPPING = """
[fields]
external_id = "id"
customer = "who"
campaign = "campaign"
channel = "by"
sent_at = "sent"
opened_at = "opened"
responded_at = "answered"
response = "words"
"""
HEADER = "id,who,campaign,by,sent,opened,answered,words"
EVA = "M1,Eva,Spring,email,2026-03-01,2026-03-02,2026-03-03,Yes please"
IDA = "M2,Ida,Spring,post,2026-03-01,,,"


def test_rows_become_messages_openings_and_answers(house: House) -> None:
    report = house.take_in("campaign-members", MAPPING, HEADER, EVA, IDA)
    assert counts(report) == (2, 0, 0, 0)
    campaign = house.id_of("campaign", "Spring")
    assert house.events(campaign) == [CampaignPlanned(name="Spring")]
    message = house.id_of("campaign message", "M1")
    _, sent, opened, answered = house.history(house.id_of("customer", "Eva"))
    assert sent.event == CustomerCampaignMessageSent(message_id=message, campaign_id=campaign, channel="email")
    assert opened.event == CustomerCampaignMessageOpened(message_id=message, campaign_id=campaign)
    assert answered.event == CustomerCampaignResponded(campaign_id=campaign, message_id=message, response="Yes please")
    assert answered.occurred_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert len(house.events(house.id_of("customer", "Ida"))) == 2


def test_a_later_file_adds_what_became_of_the_message(house: House) -> None:
    house.take_in("campaign-members", MAPPING, HEADER, IDA)
    assert counts(house.take_in("campaign-members", MAPPING, HEADER, IDA)) == (0, 0, 1, 0)
    later = IDA.replace(",,,", ",,2026-03-09,No")
    assert counts(house.take_in("campaign-members", MAPPING, HEADER, later)) == (0, 1, 0, 0)
    assert isinstance(house.events(house.id_of("customer", "Ida"))[-1], CustomerCampaignResponded)
    assert counts(house.take_in("campaign-members", MAPPING, HEADER, later, dry_run=True)) == (0, 0, 1, 0)


def test_a_message_arrived_or_came_back(house: House) -> None:
    mapping = MAPPING.replace('sent_at = "sent"', 'delivered = "arrived"').replace('opened_at = "opened"\n', "")
    rows = ["id,who,campaign,by,arrived,answered,words", "M1,Eva,Spring,email,yes,,", "M2,Ida,Spring,email,no,,"]
    report = house.take_in("campaign-members", mapping, *rows, "M3,Uta,Spring,email,,,", "M4,Ada,Spring,email,late,,")
    assert counts(report) == (3, 0, 0, 1)
    assert refused(report)[0][1].startswith("'late' in column arrived is neither yes nor no: list it")
    campaign = house.id_of("campaign", "Spring")
    said = {who: house.events(house.id_of("customer", who))[2:] for who in ("Eva", "Ida", "Uta")}
    message = {who: house.id_of("campaign message", key) for who, key in (("Eva", "M1"), ("Ida", "M2"))}
    assert said == {
        "Eva": [CustomerCampaignMessageDelivered(message_id=message["Eva"], campaign_id=campaign)],
        "Ida": [CustomerCampaignMessageBounced(message_id=message["Ida"], campaign_id=campaign)],
        "Uta": [],
    }
    assert counts(house.take_in("campaign-members", mapping, *rows)) == (0, 0, 2, 0)


def test_a_row_that_does_not_say_which_campaign_is_refused(house: House) -> None:
    report = house.take_in("campaign-members", MAPPING, HEADER, EVA.replace("Spring", ""), IDA)
    assert counts(report) == (1, 0, 0, 1)
    assert "does not say which campaign" in refused(report)[0][1]


def test_an_import_that_is_undone_leaves_all_but_the_campaign_as_it_was(house: House) -> None:
    house.take_in("campaign-members", MAPPING, HEADER, IDA)
    before = house.known()
    report = house.take_in("campaign-members", MAPPING, HEADER, EVA, IDA.replace(",,,", ",,2026-03-09,"))
    assert counts(report) == (1, 1, 0, 0)
    assert house.undo(report)
    assert house.known() == before
    assert counts(house.take_in("campaign-members", MAPPING, HEADER, EVA)) == (1, 0, 0, 0)


@pytest.mark.full
def test_a_published_campaign_goes_in_whole(house: House, oracle_data: Path) -> None:
    file, mapping = oracle_data / "bank_marketing" / "bank-full.csv", Path("docs/examples/bank_campaign.toml")
    assert counts(house.take_in_file("campaign-members", file, mapping)) == (45_211, 0, 0, 0)
    with house.store.pool.connection() as connection:
        counted = connection.execute("""
            SELECT sent.data->>'channel' AS channel, count(*) AS called, count(answer) AS yes
            FROM log.event AS sent
            LEFT JOIN log.event AS answer
                ON answer.customer_id = sent.customer_id AND answer.type = 'customer.campaign_responded'
            WHERE sent.type = 'customer.campaign_message_sent'
            GROUP BY 1
        """).fetchall()
    found = {row["channel"]: (row["called"], row["yes"]) for row in counted}
    assert found == {"cellular": (29_285, 4_369), "telephone": (2_906, 390), "unknown": (13_020, 530)}
