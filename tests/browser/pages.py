"""Every page of the console, and a small company to look at them with. Whatever is proven or pictured page by page goes
through this list; a test compares it with the routes that the server has, so that a new page cannot be left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import api_routes
from api.app import create_app
from api.console.settings.parts import SECTIONS
from api.demo.load import load_demo
from api.imports.worker import work_off
from api.sessions import create_sign_in_link
from api.store import Store
from eventstore.database import Connection

Ids = Mapping[str, str]
"""What stands in addresses, by the name that it has in the route: customer_id, lead_id ..., and `past`, a day."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page: a name, as its pictures have it, its route, what is asked of it behind the question mark, what stands in
    its route where that is not the company's usual, and whether it is looked at also in a hurry."""

    name: str
    route: str
    query: str = ""
    own: Mapping[str, str] = field(default_factory=dict)
    is_main: bool = False

    def address(self, ids: Ids) -> str:
        """Where it is found in this company."""
        named = {**ids, **{name: value.format(**ids) for name, value in self.own.items()}}
        path = self.route.format(**named)
        return f"{path}?{self.query.format(**ids)}" if self.query else path


def _figure(slug: str, *, is_main: bool = False) -> Place:
    return Place(f"figure-{slug}", "/console/kpis/{slug}", own={"slug": slug}, is_main=is_main)


def _settings(section: str) -> Place:
    return Place(
        f"settings-{section}", "/console/settings/{section}", own={"section": section}, is_main=section == "pipelines"
    )


_CUSTOMER = "/console/customers/{customer_id}"

PLACES: Sequence[Place] = (
    Place("home", "/console", is_main=True),
    Place("home-figures", "/console/figures"),
    Place("search", "/console/search", "q=an"),
    Place("search-nothing", "/console/search", "q=xyzzyx"),
    Place("customers", "/console/customers", is_main=True),
    Place("customers-at-risk", "/console/customers", "status=at_risk"),
    Place("customers-none", "/console/customers", "q=xyzzyx"),
    Place("customer", _CUSTOMER, is_main=True),
    Place("customer-then", _CUSTOMER, "as_of={past}"),
    Place("customer-happened", _CUSTOMER, "as_of={past}&axis=occurred"),
    Place("customer-of-one-kind", _CUSTOMER, "kind=talk"),
    Place("customer-event", "/console/customers/{customer_id}/events/{position}"),
    Place("customer-merge", "/console/customers/{customer_id}/merge", "with={other_id}"),
    Place("customer-merge-search", "/console/customers/{customer_id}/merge"),
    Place("pipeline", "/console/pipeline", is_main=True),
    Place("pipeline-then", "/console/pipeline", "as_of={past}"),
    Place("lead", "/console/leads/{lead_id}", is_main=True),
    Place("lead-won", "/console/leads/{lead_id}", own={"lead_id": "{won_id}"}),
    Place("tickets", "/console/tickets", is_main=True),
    Place("ticket", "/console/tickets/{ticket_id}", is_main=True),
    Place("agenda", "/console/agenda", "who=everybody", is_main=True),
    Place("figures", "/console/kpis", is_main=True),
    Place("figures-of-sales", "/console/kpis", "area=sales"),
    _figure("win_rate", is_main=True),
    _figure("cohort_retention"),
    _figure("survival_curve"),
    _figure("stage_conversion"),
    _figure("mrr_movements"),
    _figure("customer_health"),
    Place("figure-events", "/console/kpis/{slug}/events", own={"slug": "win_rate"}),
    Place("log", "/console/log", is_main=True),
    Place("log-live", "/console/log", "live=1&noun=lead"),
    Place("read-models", "/console/log/read-models", is_main=True),
    Place("read-models-plan", "/console/log/read-models", "plan=lead"),
    Place("imports", "/console/imports", is_main=True),
    Place("import-draft", "/console/imports/drafts/{draft_id}"),
    Place("import", "/console/imports/{import_id}"),
    *(_settings(section) for section in SECTIONS),
    Place("api", "/docs"),
    Place("not-found", "/console/leads/{lead_id}", own={"lead_id": "00000000-0000-0000-0000-000000000000"}),
)

NO_PAGES = frozenset(
    {
        "/", "/console/leads", "/console/settings", "/console/sign-in",
        "/console/sign-in/oidc", "/console/sign-in/oidc/callback",
        "/console/customers/{customer_id}/{act}", "/console/leads/{lead_id}/{act}",
        "/console/tickets/{ticket_id}/{act}",
        "/console/log/read-models/{act}", "/console/settings/{section}/{act}", "/console/imports/{import_id}/undo",
        "/console/agenda/calendar.ics", "/console/imports/{import_id}/errors",
        "/console/live/leads", "/console/live/tickets", "/console/log/tail",
        "/console/static/{name}", "/openapi.json",
    }
)  # fmt: skip
"""Routes that lead on to a page, or give files and streams: there is nothing to look at."""


def console_routes(app: FastAPI) -> set[str]:
    """The paths that a browser may be pointed at."""
    return {path for path, route in api_routes(app) if "GET" in (route.methods or ()) and not route.include_in_schema}


@dataclass(frozen=True, slots=True)
class Company:
    """A company to look at, where to find what is in it, and its server's store."""

    store: Store
    ids: Ids

    def address(self, place: Place) -> str:
        """Where a page of it is found."""
        return place.address(self.ids)


CUSTOMERS = 12

FILE = """Deal ID,Deal Name,Company,Stage,Amount,Currency
D1,Ten seats,Acme GmbH,qualified,1200.50,EUR
D2,Twenty seats,Beta AG,qualified,90,EUR
,Thirty seats,Gamma SE,qualified,10,EUR
"""


def furnished(store: Store, customers: int = CUSTOMERS, until: datetime | None = None) -> Company:
    """The demo company in an empty log, with a file taken in, of which a row was refused, and one that waits."""
    load_demo(store, customers=customers, until=until, processes=1)
    with TestClient(create_app(store), headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        browser.get(create_sign_in_link(store))
        taken, waiting = (_upload(browser, number) for number in (1, 2))
        form = {"form_key": "import-it", "wish": "take", "column:external_id": "Deal ID"}
        import_id = _last_part(str(browser.post(taken, data=form).url))
        work_off(store)
    with store.pool.connection() as connection:
        ids = ids_of(connection)
    return Company(store, ids | {"import_id": import_id, "draft_id": _last_part(waiting)})


def _upload(browser: TestClient, number: int) -> str:
    form = {"form_key": f"upload-{number}", "kind": "leads"}
    answer = browser.post("/console/imports", data=form, files={"file": ("deals.csv", FILE.encode(), "text/csv")})
    return str(answer.url)


def _last_part(address: str) -> str:
    return address.rpartition("/")[2]


def ids_of(connection: Connection) -> dict[str, str]:
    """Those records of a company of which there is most to see."""
    found = connection.execute(
        """
        WITH talked AS (SELECT stream_id, count(*) AS events FROM log.event GROUP BY stream_id),
        known AS (
            SELECT c.customer_id, row_number() OVER (ORDER BY t.events DESC, c.customer_id) AS place
            FROM public.customer_360 AS c JOIN talked AS t ON t.stream_id = c.customer_id
            WHERE c.name IS NOT NULL AND c.open_leads > 0
        )
        SELECT
            (SELECT customer_id FROM known WHERE place = 1) AS customer_id,
            (SELECT customer_id FROM known WHERE place = 2) AS other_id,
            (SELECT max(position) FROM log.event WHERE customer_id = (SELECT customer_id FROM known WHERE place = 1))
                AS position,
            (SELECT lead_id FROM public.lead JOIN talked ON stream_id = lead_id WHERE status = 'open'
                ORDER BY events DESC, lead_id LIMIT 1) AS lead_id,
            (SELECT lead_id FROM public.lead JOIN talked ON stream_id = lead_id WHERE status = 'won'
                ORDER BY events DESC, lead_id LIMIT 1) AS won_id,
            (SELECT ticket_id FROM public.ticket JOIN talked ON stream_id = ticket_id
                ORDER BY events DESC, ticket_id LIMIT 1) AS ticket_id,
            (SELECT max(recorded_at) - interval '100 days' FROM log.event)::date AS past
        """
    ).fetchone()
    assert found is not None
    return {name: str(value) for name, value in found.items()}
