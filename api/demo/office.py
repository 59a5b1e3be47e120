"""The company itself in the story: its workspace as it grows, and what of it the other stories look up."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from api.demo.company import MEMBERS, OFFICE, Drive, Member
from api.demo.plot import History, Plot
from api.demo.told import Actor, seeded_id
from domain import workspace
from domain.business_time import BusinessCalendar
from domain.event import MemberId
from domain.sla_policy import SlaPolicy
from domain.workspace import WORKSPACE_ID, Pipeline, Workspace, WorkspaceEvent

SPAN = timedelta(days=913)
"""How far back the story goes: two and a half years."""

Setting = TypeVar("Setting")


class Office(Plot):
    """The workspace as it grows, and what of it the other stories need to know."""

    def __init__(self, seed: int, until: datetime) -> None:
        day = (until - SPAN).astimezone(UTC).date()
        super().__init__(datetime.combine(day, time(7), UTC), until)
        self.seed, self.began_at = seed, self.now
        self.workspace = History[Workspace, WorkspaceEvent](
            self, WORKSPACE_ID, "workspace", WORKSPACE_ID, Workspace(), workspace.evolve
        )
        self.pipelines: list[tuple[datetime, Pipeline]] = []
        self.policies: list[tuple[datetime, SlaPolicy]] = []
        self._actors: dict[str, Actor] = {member.name: ("user", member_id(seed, member)) for member in MEMBERS}
        self.head = self.actor(OFFICE)
        self.automation: Actor = ("automation", seeded_id(seed, "automation"))
        self.website: Actor = ("api_key", seeded_id(seed, "website"))
        self.old_shop: Actor = ("api_key", seeded_id(seed, "old shop"))
        self.billing: Actor = ("automation", seeded_id(seed, "billing"))
        self.imported: Actor = ("import", seeded_id(seed, "import"))
        self.correction: Actor = ("import", seeded_id(seed, "second import"))
        self.wrong_list: Actor = ("import", seeded_id(seed, "wrong list"))
        self.correction_of_list = seeded_id(seed, "undo of the wrong list")
        self.corrected_at = self.day(11, 13)
        self.listed_at, self.unlisted_at = self.day(91, 10), self.day(92, 9)
        self.imported_at = self.day(1, 9)

    def day(self, number: int, hour: float = 8) -> datetime:
        """That day after the beginning, at that hour (UTC)."""
        return self.began_at + timedelta(days=number, hours=hour - 7)

    def actor(self, member: Member) -> Actor:
        """The member, as whoever does something."""
        return self._actors[member.name]

    def pipeline(self, moment: datetime) -> Pipeline:
        """What leads go through at that moment."""
        return _held(self.pipelines, moment)

    def policy(self, moment: datetime) -> SlaPolicy:
        """What new tickets are promised at that moment."""
        return _held(self.policies, moment)

    def staff(self, team: str, moment: datetime) -> list[Member]:
        """Who is in that team at that moment."""
        return [member for member in MEMBERS if member.team == team and self.is_there(member, moment)]

    def is_there(self, member: Member, moment: datetime) -> bool:
        """Whether the member works here at that moment."""
        days = (moment - self.began_at).days
        return member.joins <= days and (member.leaves is None or days < member.leaves)

    def those_there(self, moment: datetime) -> Workspace:
        """The workspace, as far as it says who works here at that moment."""
        there = (member for member in MEMBERS if self.is_there(member, moment))
        return Workspace(members={member_id(self.seed, member): member.name for member in there})

    @property
    def now_held(self) -> Workspace:
        """The settings as they are now."""
        return self.workspace.state

    def decide(self, decided: WorkspaceEvent) -> None:
        """What the office decided about the settings."""
        self.workspace.tell(decided, self.head, "console")

    @property
    def calendar(self) -> BusinessCalendar:
        """When the company is open."""
        return self.workspace.state.calendar("default")


def member_id(seed: int, member: Member) -> MemberId:
    """The id of a member in the story of a seed."""
    return MemberId(seeded_id(seed, "member", member.name))


def drive_id(seed: int, drive: Drive) -> UUID:
    """The id of a campaign in the story of a seed."""
    return seeded_id(seed, "campaign", drive.name)


def _held(versions: Sequence[tuple[datetime, Setting]], moment: datetime) -> Setting:
    return next((setting for since, setting in reversed(versions) if since <= moment), versions[0][1])
