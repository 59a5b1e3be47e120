"""The company's campaigns, and the file with which its older customers came in."""

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random

from api.demo.company import CALLED_OFF, DRIVES, Drive
from api.demo.home import CORRECTED, IMPORTED, LISTED
from api.demo.office import Office, drive_id
from api.demo.plot import History, Life
from api.demo.slips import WRONG_LIST
from api.demo.told import Actor, seeded_id
from domain import campaign, imports
from domain.campaign import Campaign, CampaignEvent, CampaignPlanned, PlanCampaign
from domain.imports import Import, ImportCompleted, ImportEvent, ImportStarted
from domain.money import Money
from domain.workspace import WORKSPACE_ID

_USUAL = 400
"""The budgets are those of a company with so many customers."""
_SPENDINGS = (("Texts and pictures", 0.3), ("Printing and postage", 0.25), ("Advertisements", 0.35))


def begin_campaigns(told: Office, customers: int) -> None:
    """Let all campaigns take place; they cost more where there are more customers."""
    for drive in (*DRIVES, CALLED_OFF):
        told.begin(_campaign(told, drive, Decimal(max(customers, 20)) / _USUAL))


def _campaign(told: Office, drive: Drive, scale: Decimal) -> Life:
    random = Random(f"{told.seed} {drive.name}")  # noqa: S311  # nothing here is secret
    known = drive_id(told.seed, drive)
    history = History[Campaign | None, CampaignEvent](told, WORKSPACE_ID, "campaign", known, None, campaign.evolve)
    plan = _plan(told, drive, scale)
    yield told.day(max(0, drive.starts - 40), random.randint(9, 14))
    history.tell(_planned(history, plan), told.head, "console")
    if random.random() < 0.3:
        yield told.now + timedelta(days=12)
        assert plan.budget is not None
        more = Money(amount=plan.budget.amount + 500, currency="EUR")
        history.tell(_planned(history, plan.model_copy(update={"budget": more})), told.head, "console")
    spent = Decimal(drive.budget) * scale * random.randint(80, 112) / 100
    yield told.day(drive.starts - 5, 10)
    _spend(told, history, spent * Decimal("0.3"), "Texts and pictures")
    yield told.day(drive.starts, 9)
    if drive is CALLED_OFF:
        yield from _called_off(told, history, spent * Decimal("-0.2"))
        return
    assert history.state is not None
    history.tell(campaign.launch(history.state, campaign.LaunchCampaign()), told.head, "console")
    yield told.now + timedelta(days=3)
    _spend(told, history, spent * Decimal("0.45"), "Advertisements and postage")
    yield told.day(drive.starts + drive.lasts, 16)
    history.tell(campaign.end(history.state, campaign.EndCampaign()), told.head, "console")
    yield told.now + timedelta(days=random.randint(5, 25))
    _spend(told, history, spent * Decimal("0.25"), "Agency's bill")


def _planned(history: History[Campaign | None, CampaignEvent], plan: PlanCampaign) -> CampaignPlanned:
    return campaign.plan(history.state, plan)


def _plan(told: Office, drive: Drive, scale: Decimal) -> PlanCampaign:
    begins = told.day(drive.starts).date()
    return PlanCampaign(
        name=drive.name,
        kind=drive.kind,
        owner_id=None,
        starts_on=begins,
        ends_on=begins + timedelta(days=drive.lasts),
        budget=Money(amount=(Decimal(drive.budget) * scale).quantize(Decimal(1)), currency="EUR"),
    )


def _called_off(told: Office, history: History[Campaign | None, CampaignEvent], back: Decimal) -> Life:
    assert history.state is not None
    ended = campaign.end(history.state, campaign.EndCampaign(reason="Too few growers have a roof to grow on"))
    history.tell(ended, told.head, "console")
    yield told.now + timedelta(days=20)
    _spend(told, history, back, "The printers gave some of it back")


def _spend(told: Office, history: History[Campaign | None, CampaignEvent], amount: Decimal, what: str) -> None:
    assert history.state is not None
    spending_id = seeded_id(told.seed, "spending", str(history.stream_id), what)
    command = campaign.SpendBudget(spent=Money(amount=amount.quantize(Decimal("0.01")), currency="EUR"), what=what)
    history.tell(campaign.spend_budget(history.state, command, spending_id), told.head, "console")


def begin_imports(told: Office, customers: int) -> None:
    """Let the older customers come in from the file of an earlier system, a second file put some of them right, and a
    third one be the wrong one."""
    old = [number for number in range(customers) if number % 10 in IMPORTED]
    wrong = [number for number in old if number % 50 == CORRECTED]
    told.begin(_import(told, told.imported, told.imported_at, "customers.csv", len(old), 0))
    if wrong:
        told.begin(_import(told, told.correction, told.corrected_at, "corrections.csv", 0, len(wrong)))
    listed = [number for number in old if number % 50 == LISTED]
    if listed:
        told.begin(
            _import(told, told.wrong_list, told.listed_at, "visitors.csv", len(listed), 0, undone_at=told.unlisted_at)
        )


def _import(
    told: Office,
    actor: Actor,
    at: datetime,
    file: str,
    created: int,
    changed: int,
    undone_at: datetime | None = None,
) -> Life:
    history = History[Import | None, ImportEvent](told, WORKSPACE_ID, "import", actor[1], None, imports.evolve)
    yield at
    digest = sha256(f"{told.seed} {file}".encode()).hexdigest()
    started = ImportStarted(kind="leads", file_sha256=digest, mapping="Company is the customer, Deal the lead")
    history.tell(started, actor, "import", correlation_id=actor[1])
    yield at + timedelta(minutes=30)
    done = ImportCompleted(rows=created + changed, created=created, changed=changed, unchanged=0, refused=0)
    history.tell(done, actor, "import", correlation_id=actor[1])
    if undone_at:
        yield undone_at
        back = imports.RevertImport(reason=WRONG_LIST)
        reverted = imports.revert(history.state or Import(), back, compensated=created, conflicting=0)
        history.tell(
            reverted, told.head, "console", correlation_id=told.correction_of_list, causation_id=history.stream_id
        )
