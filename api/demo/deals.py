"""Deals in the story: how a lead fares, from the first touch to won or lost."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from pydantic import JsonValue

from api.demo.company import COMPETITORS, CROPS, EXPANSION, Member, Source
from api.demo.fields import fill_in
from api.demo.home import Home, LeadHistory
from api.demo.offers import Offer, money
from api.demo.plot import Life
from api.demo.slips import wins_the_wrong_one, won_for_another
from api.demo.words import FIRST_WORDS, LOSSES, MORE_WORDS, TALKS, UNFIT
from api.demo.work import schedule, talk
from domain import lead as rules
from domain.lead import Lead, LeadEvent

_CHANCE = 0.25
"""Of winning a deal that came so far that it is decided, when nothing speaks for or against it."""

_SURE: tuple[rules.ForecastCategory, ...] = ("pipeline", "best_case", "commit", "omitted")


class Deal:
    """One lead of a customer: whose it is, what it is about, and what becomes of it."""

    def __init__(self, home: Home, source: Source, offer: Offer, campaign_id: UUID | None = None) -> None:
        self.home, self.source, self.offer, self.campaign_id = home, source, offer, campaign_id
        self.history: LeadHistory = home.new_lead()
        self.owner: Member = home.seller()
        self.worth = Decimal(offer.worth)

    @property
    def lead(self) -> Lead:
        """The lead as it is now."""
        return self.history.state

    def go(self) -> Life:
        """From the first touch to the outcome."""
        self.capture()
        yield from self.pursue()

    def pursue(self) -> Life:
        """From the first answer to the outcome."""
        home = self.home
        if home.chance(0.09):
            yield from self._until(home.days(20))
            self._tell(rules.disqualify(self.lead, rules.DisqualifyLead(reason="went cold")))
            return
        yield from self._until(home.at_work(self.owner.answers_within))
        if home.chance(0.02):
            self._tell(rules.contact(self.lead, rules.ContactLead()))
        else:
            known = self.source is EXPANSION
            talk(home, self.history, self.owner, MORE_WORDS if known else FIRST_WORDS)
        self._move("contacted")
        if home.chance(0.13):
            yield from self._turn_down()
        if self.lead.status == "open":
            yield from self._qualify()
            yield from self._offer()
            yield from self._decide()

    def _tell(self, decided: LeadEvent | tuple[LeadEvent, ...]) -> None:
        self.history.tell(decided, self.home.actor(self.owner), "console")

    def _until(self, moment: datetime) -> Life:
        """Wait; who has left in the meantime hands the lead over."""
        yield moment
        home = self.home
        if not home.office.is_there(self.owner, home.now):
            self.owner = home.seller()
            handed = rules.AssignLead(owner_id=home.id_of(self.owner), team="sales", rule="handover")
            self.history.tell(
                rules.assign(self.lead, handed, home.office.those_there(home.now)), home.office.head, "console"
            )

    def capture(self) -> None:
        """The first touch: they write to us, or somebody of us finds them."""
        home, inbound = self.home, self.source.inbound
        told = rules.CaptureLead(
            title=self.offer.title,
            source=self.source.name,
            campaign_id=self.campaign_id,
            form={"message": "Please call me"} if inbound and self.source.name == "web" else {},
            received_at=home.now if inbound else None,
            inbound=inbound,
            owner_id=None if inbound else home.id_of(self.owner),
            value=money(home, self.worth * home.random.randint(8, 12) / 10) if home.chance(0.7) else None,
        )
        captured = rules.capture(told, home.office.pipeline(home.now), home.office.those_there(home.now))
        self.history.tell(captured, *((home.office.website, "web") if inbound else (home.actor(self.owner), "console")))
        if inbound:
            turn = rules.AssignLead(owner_id=home.id_of(self.owner), team="sales", rule="by-turns")
            self.history.tell(
                rules.assign(self.lead, turn, home.office.those_there(home.now)), home.office.automation, "automation"
            )

    def _move(self, stage: str) -> None:
        command = rules.MoveLeadToStage(to_stage=stage)
        self._tell(rules.move_to_stage(self.lead, command, self.home.office.pipeline(self.home.now)))

    def _turn_down(self) -> Life:
        home = self.home
        yield from self._until(home.days(6))
        self._tell(rules.disqualify(self.lead, rules.DisqualifyLead(reason=home.random.choice(UNFIT))))
        if home.chance(0.2):
            until = (home.now + timedelta(days=60)).date()
            yield from self._until(home.days(40))
            self._tell(rules.recycle(self.lead, rules.RecycleLead(until=until, reason="may build next year")))

    def _qualify(self) -> Life:
        home = self.home
        yield from self._until(home.days(9))
        score = min(100, int(self.source.quality * home.random.randint(35, 75)))
        self._score(score)
        self._tell(rules.qualify(self.lead, rules.QualifyLead(criteria="need and budget confirmed", score=score)))
        self._move("qualified")
        if home.chance(0.5):
            self._fill_in("crops", [crop for crop in CROPS if home.chance(0.4)] or ["vegetables"])
        if home.chance(0.3):
            last = home.now + timedelta(days=home.random.randint(30, 200))
            self._fill_in("budget_until", last.date().isoformat())
        for line in self.offer.lines:
            added = rules.AddProduct(
                product_id=line.product_id, quantity=Decimal(line.quantity), unit_price=money(home, line.price)
            )
            self._tell(rules.add_product(self.lead, added))
        if self.offer.plan:
            plan = self.offer.plan
            added = rules.AddProduct(product_id=plan.name, unit_price=money(home, plan.monthly))
            self._tell(rules.add_product(self.lead, added))
        self._value()
        self._expect(home.random.randint(25, 70))
        yield from self._until(home.days(4))
        talk(home, self.history, self.owner, TALKS)

    def _offer(self) -> Life:
        home = self.home
        if home.chance(0.22):
            yield from self._until(home.days(16))
            self._lose()
            return
        yield from self._until(home.days(8))
        sent = rules.SendProposal(document=f"Offer: {self.offer.title}", value=money(home, self.worth))
        self._tell(rules.send_proposal(self.lead, sent))
        self._move("proposal")
        self._involve()
        schedule(home, self.history, self.owner, "Ask what they think of the offer", 7)
        if home.chance(0.25):
            sure = rules.ChooseForecastCategory(category=home.random.choice(_SURE))
            self._tell(rules.choose_forecast_category(self.lead, sure))
        if home.chance(0.08):
            chance = rules.OverrideProbability(probability=Decimal(home.random.randint(2, 18) * 5) / 100)
            self._tell(rules.override_probability(self.lead, chance))
        if home.chance(0.05):
            title = f"{self.offer.title}, with the second house"
            self._tell(rules.retitle(self.lead, rules.RetitleLead(title=title)))
        yield from self._until(home.days(7))
        talk(home, self.history, self.owner, TALKS)
        if home.chance(0.7):
            self._negotiate()
        if home.chance(0.3):
            self._expect(home.random.randint(14, 60))

    def _negotiate(self) -> None:
        home = self.home
        self._move("negotiation")
        self._decided_elsewhere()
        if self.offer.lines and home.chance(0.3):
            self._haggle()
        if home.chance(0.5):
            self.worth = (self.worth * home.random.choice((85, 90, 95)) / 100).quantize(Decimal(1))
            self._value()

    def _score(self, points: int) -> None:
        """By where they come from, and by how much they may buy."""
        origin = min(points, int(20 * self.source.quality))
        parts = {"source": origin, "size": points - origin}
        scored = rules.ScoreLead(model="fit", model_version=1, score=points, parts=parts)
        self.history.tell(rules.score(self.lead, scored), self.home.office.automation, "automation")

    def _involve(self) -> None:
        """Whom of them we speak with."""
        people = self.home.customer.state.people
        for person_id in sorted(people)[:1]:
            if person_id not in self.lead.stakeholders:
                added = rules.AddStakeholder(person_id=person_id, role="evaluator")
                self._tell(rules.add_stakeholder(self.lead, added, people))

    def _decided_elsewhere(self) -> None:
        """Where there are several of them, another one than we thought decides."""
        people = self.home.customer.state.people
        for person_id in sorted(people)[1:2]:
            for known in sorted(self.lead.stakeholders):
                self._tell(rules.remove_stakeholder(self.lead, rules.RemoveStakeholder(person_id=known)))
            added = rules.AddStakeholder(person_id=person_id, role="decision_maker")
            self._tell(rules.add_stakeholder(self.lead, added, people))

    def _haggle(self) -> None:
        """They want one thing cheaper, or not at all."""
        line = self.offer.lines[-1]
        if self.home.chance(0.3) and len(self.lead.products) > 1:
            self._tell(rules.remove_product(self.lead, rules.RemoveProduct(product_id=line.product_id)))
            return
        price = money(self.home, Decimal(line.price) * 9 / 10)
        cheaper = rules.RepriceProduct(product_id=line.product_id, quantity=Decimal(line.quantity), unit_price=price)
        self._tell(rules.reprice_product(self.lead, cheaper))

    def _decide(self) -> Life:
        home = self.home
        if self.lead.status == "open" and wins_the_wrong_one(home):
            yield from won_for_another(home, self.history, home.actor(self.owner))
        if self.lead.status != "open":
            return
        yield from self._until(home.days(70 if home.chance(0.1) else 14))  # some wait for next year's budget
        if not home.chance(_CHANCE * self.source.quality * self.owner.skill * (0.6 + home.traits.mood * 0.6)):
            self._lose()
            if not home.chance(0.07):
                return
            yield from self._until(home.days(25))
            again = rules.ReopenLead(reason="they called: the other supplier cannot deliver")
            self._tell(rules.reopen(self.lead, again))
            yield from self._until(home.days(10))
            if home.chance(0.4):
                self._lose()
                return
        won_on = home.now.date() if home.chance(0.5) else None
        self._tell(rules.win(self.lead, rules.WinLead(value=money(home, self.worth), won_on=won_on), home.now.date()))

    def _lose(self) -> None:
        reason = self.home.one_of(LOSSES)
        competitor = self.home.random.choice(COMPETITORS) if reason == "chose another supplier" else None
        self._tell(rules.lose(self.lead, rules.LoseLead(reason=reason, competitor=competitor)))

    def _fill_in(self, field_id: str, value: JsonValue) -> None:
        fill_in(self.home, self.history, self.home.actor(self.owner), "console", field_id, value)

    def _value(self) -> None:
        self._tell(rules.value(self.lead, rules.ValueLead(value=money(self.home, self.worth))))

    def _expect(self, days: int) -> None:
        day = (self.home.now + timedelta(days=days)).date()
        self._tell(rules.move_expected_close(self.lead, rules.MoveExpectedClose(expected_close=day)))
