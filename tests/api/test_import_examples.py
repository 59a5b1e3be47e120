"""The ready mappings read the files that other systems export, and the sums of these come out."""

from pathlib import Path

import pytest

from tests.api.importing import House, counts, house

__all__ = ["house"]

EXAMPLES = Path("docs/examples")


@pytest.mark.full
def test_accounts_and_opportunities_give_the_pipeline_of_their_sums(house: House, oracle_data: Path) -> None:
    folder = oracle_data / "crm_exports" / "salesforce"
    deals = house.take_in_file("leads", folder / "opportunityData.csv", EXAMPLES / "salesforce_opportunities.toml")
    assert counts(deals) == (38, 0, 0, 0)
    sums = {
        row["status"]: row["worth"] for row in house.rows("SELECT status, sum(amount) AS worth FROM lead GROUP BY 1")
    }
    assert sums == {"open": 4_070_000, "won": 2_200_000}
    accounts = house.take_in_file("customers", folder / "accountData.csv", EXAMPLES / "salesforce_accounts.toml")
    assert (accounts.changed, accounts.refused) == (7, 0)
    names = {row["name"] for row in house.rows("SELECT c.name FROM lead JOIN customer_360 AS c USING (customer_id)")}
    assert len(names) == 7
    assert not [name for name in names if name.startswith("001x")]
    again = house.take_in_file("leads", folder / "opportunityData.csv", EXAMPLES / "salesforce_opportunities.toml")
    assert counts(again) == (0, 0, 38, 0)


@pytest.mark.full
def test_leads_and_then_the_deals_that_came_of_them(house: House, oracle_data: Path) -> None:
    folder = oracle_data / "olist_funnel"
    leads = folder / "olist_marketing_qualified_leads_dataset.csv"
    deals = folder / "olist_closed_deals_dataset.csv"
    assert counts(house.take_in_file("leads", leads, EXAMPLES / "olist_leads.toml")) == (8_000, 0, 0, 0)
    report = house.take_in_file("leads", deals, EXAMPLES / "olist_deals.toml")
    assert counts(report) == (0, 842, 0, 0)
    assert report.flagged == {"closed_before_captured": 1}
    counted = house.rows("SELECT status, count(*) AS leads FROM lead GROUP BY status ORDER BY status")
    assert {row["status"]: row["leads"] for row in counted} == {"open": 7_158, "won": 842}
    sources = "SELECT source, count(*) AS n, count(*) FILTER (WHERE status = 'won') AS won FROM lead GROUP BY source"
    by_source = {row["source"]: (row["n"], row["won"]) for row in house.rows(sources)}
    assert by_source["organic_search"] == (2_296, 271)
    assert by_source[None] == (60, 14)
    # and the first file again takes nobody's deal away
    assert counts(house.take_in_file("leads", leads, EXAMPLES / "olist_leads.toml")) == (0, 0, 8_000, 0)
    assert house.undo(report)
    assert house.rows("SELECT count(*) AS leads FROM lead WHERE status = 'won'")[0]["leads"] == 0


@pytest.mark.full
def test_accounts_are_the_customers_of_the_leads_whichever_comes_first(house: House, oracle_data: Path) -> None:
    folder = oracle_data / "maven_crm"
    assert counts(house.take_in_file("customers", folder / "accounts.csv", EXAMPLES / "maven_accounts.toml"))[0] == 85
    house.take_in_file("leads", folder / "sales_pipeline.csv", EXAMPLES / "maven_leads.toml")
    customers = (
        "SELECT count(*) FILTER (WHERE name IS NOT NULL) AS named, count(industry) AS classified FROM customer_360"
    )
    assert tuple(house.rows(customers)[0].values()) == (85, 85)


@pytest.mark.full
def test_contacts_of_address_books_become_people(house: House, oracle_data: Path) -> None:
    folder = oracle_data / "crm_exports"
    hubspot = folder / "hubspot_contacts_thirdparty_fixture_1.csv"
    assert house.take_in_file("people", hubspot, EXAMPLES / "hubspot_contacts.toml").refused == 0
    outlook = house.take_in_file("people", folder / "outlook_export_sample.csv", EXAMPLES / "outlook_contacts.toml")
    assert outlook.refused == 0
    names = {row["name"] for row in house.rows("SELECT name FROM customer_360")}
    assert {"John Smith", "Camille Durand", "Customer 103", "Adam Glacius", "Duncan Amey"} <= names
    google = (folder / "google_contacts_header.csv").read_text(encoding="utf-8").strip()
    columns = google.split(",")
    row = {"Name": "Eva Brook", "E-mail 1 - Value": "eva@brook.example", "Phone 1 - Value": "+49 30 901820"}
    file = house.folder / "google.csv"
    file.write_text(f"{google}\n{','.join(row.get(column, '') for column in columns)}\n", encoding="utf-8")
    assert counts(house.take_in_file("people", file, EXAMPLES / "google_contacts.toml")) == (1, 0, 0, 0)
    reached = {row["normalised"] for row in house.rows("SELECT normalised FROM contact_point")}
    assert {"eva@brook.example", "+4930901820"} <= reached


def test_companies_keep_their_website_and_their_day(house: House) -> None:
    file = house.folder / "companies.csv"
    file.write_text(
        "Record ID,Company name,Website URL,Company owner,Create Date\n"
        "9001,Bluebay Gaming Ltd,bluebay.example.test,Sam Sales,2024-02-01 09:30\n",
        encoding="utf-8",
    )
    assert counts(house.take_in_file("customers", file, EXAMPLES / "hubspot_companies.toml")) == (1, 0, 0, 0)
    (found,) = house.rows("SELECT written, label FROM contact_point")
    assert found == {"written": "bluebay.example.test", "label": "website"}
