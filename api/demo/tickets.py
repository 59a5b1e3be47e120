"""Tickets in the story: what customers need, how soon they get an answer, and whether it was the right one."""

from datetime import datetime, timedelta

from api.demo.company import CATEGORIES, Member
from api.demo.fields import fill_in
from api.demo.home import Home, Person, TicketHistory
from api.demo.plot import Life
from api.demo.slips import solved_for_another, solves_the_wrong_one
from api.demo.words import ANSWERS, BLAME, BODIES, CALLS_ON_TICKETS, MORE, NOTES, PRAISE, RESOLUTIONS, SUBJECTS
from api.demo.work import schedule, talk
from domain import ticket as rules
from domain.sla_policy import PRIORITIES, Priority
from domain.ticket import Ticket, TicketEvent

_CHANNELS = {"email": 46, "web": 24, "chat": 17, "phone": 13}
_AT_NIGHT = {channel: share for channel, share in _CHANNELS.items() if channel != "phone"}
_PRIORITIES: dict[Priority, int] = {"low": 18, "normal": 56, "high": 20, "urgent": 6}
_HURRY: dict[Priority, float] = {"low": 1.3, "normal": 1.0, "high": 0.5, "urgent": 0.2}
_EFFORT = {"bug": 14.0, "how-to": 3.0, "billing": 4.0, "sensor": 9.0, "account": 1.5, "feature-request": 8.0}
"""Business hours until such a ticket is solved, once it was answered."""


class Case:
    """One ticket of a customer: who wrote it, and who sees to it."""

    def __init__(self, home: Home, follows: "Case | None" = None) -> None:
        self.home, self.follows = home, follows
        self.history: TicketHistory = home.new_ticket()
        self.agent: Member = home.staff("support")
        self.category = home.one_of(CATEGORIES)
        self.channel = home.one_of(_CHANNELS if home.openings.is_open(home.now) else _AT_NIGHT)
        self.person: Person | None = home.somebody()
        self.disappointments = 0

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is now."""
        return self.history.state

    def go(self) -> Life:
        """From the first message to closed."""
        home = self.home
        self.open()
        yield from self._until(home.now + timedelta(minutes=2))
        team = rules.AssignTicket(assignee_id=home.id_of(self.agent), team="support", rule="to-support")
        self._tell_itself(rules.assign(self.ticket, team))
        yield from self._until(home.at_work(self.agent.answers_within * _HURRY[self.ticket.priority]))
        if home.chance(0.025):
            yield from self._spam()
            return
        yield from self.see_to()

    def see_to(self) -> Life:
        """From the first answer on."""
        self._sort()
        self._answer()
        if solves_the_wrong_one(self.home):
            yield from solved_for_another(self.home, self.history, self.home.actor(self.agent))
        yield from self._work()
        yield from self._solve()
        yield from self._afterwards()

    def _tell(self, decided: TicketEvent | tuple[TicketEvent, ...]) -> None:
        self.history.tell(decided, self.home.actor(self.agent), "console")

    def _tell_itself(self, decided: TicketEvent | tuple[TicketEvent, ...]) -> None:
        self.history.tell(decided, self.home.office.automation, "automation")

    def _until(self, moment: datetime) -> Life:
        """Wait; what was promised is watched by the minute, and who has left hands the ticket over."""
        home = self.home
        while (due := self.history.next_due()) and due + timedelta(minutes=1) < moment:
            yield max(home.now, due + timedelta(minutes=1))
            for target, clock in sorted(self.ticket.clocks.items()):
                if clock.due_at and clock.due_at < home.now and clock.outcome is None:
                    breached = rules.breach_sla(self.ticket, rules.BreachSla(target=target), home.now)
                    self._tell_itself(breached)
                    self.disappointments += 1
                    break  # the clocks have said what else is overdue
        yield moment

    def open(self) -> None:
        """The customer writes, or calls."""
        home, person_id = self.home, self.person.person_id if self.person else None
        policy, priority = home.office.policy(home.now), home.one_of(_PRIORITIES)
        body, subject = home.random.choice(BODIES), home.random.choice(SUBJECTS[self.category])
        if self.follows:
            again = rules.OpenFollowUpTicket(body="Sorry, it is back.", channel=self.channel, priority=priority)
            opened = rules.open_follow_up(
                self.follows.ticket, rules.TicketId(self.follows.history.stream_id), again, policy
            )
        else:
            command = rules.OpenTicket(
                subject=subject,
                body=body,
                person_id=person_id,
                channel=self.channel,
                priority=priority,
                category=self.category if self.channel == "web" else None,
            )
            opened = rules.open_ticket(command, policy)
        self._hear(opened)
        if self.channel == "chat":
            hello = rules.ReplyToTicket(author="bot", body="Thank you! One of us will be with you soon.")
            self._tell_itself(rules.reply(self.ticket, hello))

    def _hear(self, decided: tuple[TicketEvent, ...]) -> None:
        """What the customer wrote or said; on the telephone an agent writes it down."""
        home = self.home
        office = home.office
        actor = office.automation if self.channel == "email" else office.website
        if self.channel == "phone" and home.openings.is_open(home.now):
            actor = home.actor(self.agent)
        subject_id = self.person.person_id if self.person else None
        self.history.tell(decided, actor, self.channel, subject_id=subject_id)

    def _sort(self) -> None:
        """The agent says what it is about and how pressing it is."""
        home, priority = self.home, self.ticket.priority
        if self.ticket.category is None:
            self._tell(rules.categorise(self.ticket, rules.CategoriseTicket(category=self.category)))
        if self.category in ("bug", "sensor") and home.chance(0.5):
            version = f"4.{home.random.randint(0, 9)}"
            fill_in(home, self.history, home.actor(self.agent), "console", "product_version", version)
        rank = PRIORITIES.index(priority)
        if home.chance(0.06) and rank < len(PRIORITIES) - 1:
            more = rules.RaiseTicketPriority(to_priority=PRIORITIES[rank + 1], reason="The whole team is affected")
            self._tell(rules.raise_priority(self.ticket, more))
        elif home.chance(0.05) and rank > 0:
            less = rules.LowerTicketPriority(to_priority=PRIORITIES[rank - 1], reason="There is a way round it")
            self._tell(rules.lower_priority(self.ticket, less))

    def _answer(self) -> None:
        self._tell(rules.reply(self.ticket, rules.ReplyToTicket(body=self.home.random.choice(ANSWERS))))

    def _work(self) -> Life:
        """Questions and answers, a look at it together, others who have to help."""
        home = self.home
        for _ in range(home.random.choice((0, 0, 0, 1, 1, 2))):
            wait = rules.PutTicketPending(waiting_for="their version")
            self._tell(rules.put_pending(self.ticket, wait))
            if home.chance(0.12):
                yield from self._until(home.days(14))
                return
            yield from self._until(home.any_time(18))
            self._hear(rules.reply(self.ticket, rules.ReplyToTicket(author="customer", body=home.random.choice(MORE))))
            yield from self._until(home.at_work(self.agent.answers_within * 1.4))
            self._answer()
        if home.chance(0.2):
            talk(home, self.history, self.agent, CALLS_ON_TICKETS)
        if home.chance(0.06):
            yield from self._escalate()
        if home.chance(0.6 if self.category == "feature-request" else 0.09):
            yield from self._hold()
        if home.chance(0.08):
            schedule(home, self.history, self.agent, "Ask whether it still works", 4)

    def _escalate(self) -> Life:
        home = self.home
        yield from self._until(home.at_work(3))
        note = rules.ReplyToTicket(body=home.random.choice(NOTES), public=False)
        self._tell(rules.reply(self.ticket, note))
        up = rules.EscalateTicket(cause="needs a developer", reason="Could not be reproduced")
        self._tell(rules.escalate(self.ticket, up))
        other = home.staff("support")
        if other is not self.agent:
            handed = rules.AssignTicket(assignee_id=home.id_of(other), team="support")
            self._tell(rules.assign(self.ticket, handed))
            self.agent = other

    def _hold(self) -> Life:
        home = self.home
        yield from self._until(home.at_work(2))
        is_wish = self.category == "feature-request"
        wait = rules.PutTicketOnHold(waiting_for="the next version" if is_wish else "the maker of the sensor")
        self._tell(rules.put_on_hold(self.ticket, wait))
        yield from self._until(home.at_work(300 if is_wish else 70))
        if self.ticket.status == "on_hold":
            self._tell(rules.resume(self.ticket, rules.ResumeTicket(cause="third party replied")))

    def _solve(self) -> Life:
        home = self.home
        effort = _EFFORT[self.category] * (0.5 if self.ticket.priority in ("high", "urgent") else 1) / self.agent.skill
        yield from self._until(home.at_work(effort))
        solution = home.random.choice(RESOLUTIONS[self.category])
        self._tell(rules.solve(self.ticket, rules.SolveTicket(resolution=solution)))
        home.change_mood(0.02 - 0.06 * self.disappointments)

    def _spam(self) -> Life:
        home = self.home
        self._tell(rules.mark_spam(self.ticket, rules.MarkTicketSpam()))
        if home.chance(0.15):
            yield from self._until(home.at_work(20))
            real = rules.ReopenTicket(cause="no spam", reason="The picture was real, the cactus does look like that")
            self._tell(rules.reopen(self.ticket, real))
            self._answer()
            yield from self._solve()

    def _afterwards(self) -> Life:
        """They say how content they are, or that it is not solved after all; then it is closed."""
        home = self.home
        if home.chance(0.09 / self.agent.skill):
            yield from self._until(home.any_time(20))
            again = rules.ReplyToTicket(author="customer", body="Thank you, but it still does not work.")
            self._hear(rules.reply(self.ticket, again))
            self.disappointments += 1
            yield from self._until(home.at_work(self.agent.answers_within))
            self._answer()
            yield from self._solve()
        closes_at = home.now + timedelta(days=6)
        if home.chance(0.42):
            yield from self._until(home.any_time(22))
            self._rate()
        yield from self._until(max(home.now, closes_at))
        self._tell_itself(rules.close(self.ticket, rules.CloseTicket(cause="no_reply")))
        if home.chance(0.03):
            yield home.days(5)
            home.begin(Case(home, follows=self).go())

    def _rate(self) -> None:
        home = self.home
        delight = home.traits.mood + home.random.random() * 0.75 - 0.3 * self.disappointments
        csat = 5 if delight > 0.98 else 4 if delight > 0.73 else 3 if delight > 0.55 else 2 if delight > 0.4 else 1
        comment = home.random.choice(PRAISE if csat > 3 else BLAME) if home.chance(0.3) else None
        self._hear((rules.rate(self.ticket, rules.RateTicket(csat=csat, comment=comment)),))
        home.change_mood(0.01 if csat > 3 else -0.06)
