"""Whom and what a file names beside its customers: members are invited and campaigns planned, each exactly once."""

from uuid import UUID

from api.store import Store, append_to_workspace
from domain import workspace
from domain.campaign import CampaignPlanned
from domain.event import MemberId, Word
from domain.workspace import WORKSPACE_ID, InviteMember, Workspace
from eventstore import log
from eventstore.database import Connection


class Named:
    """The members and campaigns that one import has met; of a dry run, without anything being recorded."""

    def __init__(self, store: Store, connection: Connection, envelope: log.Envelope, *, dry_run: bool) -> None:
        self._store, self._connection, self._envelope, self._dry_run = store, connection, envelope, dry_run
        self.workspace: Workspace = store.settled.now(connection)[0]
        self._members = set(self.workspace.members)
        self._campaigns: set[UUID] = set()

    def invite(self, member_id: MemberId, name: str) -> None:
        """Exactly once, also when two imports meet the name at the same time."""

        def attempt() -> None:
            state, version = self._store.settled.now(self._connection)
            self._members |= state.members.keys()
            if member_id not in state.members:
                invited = workspace.invite_member(state, InviteMember(member_id=member_id, name=name))
                append_to_workspace(self._connection, version, invited, self._envelope)
                self._members.add(member_id)

        if member_id in self._members:
            return
        if self._dry_run:
            self._members.add(member_id)
        else:
            log.retrying(attempt)

    def plan(self, campaign_id: UUID, name: Word) -> None:
        """A campaign that nobody planned here yet, by that name and no more."""

        def attempt() -> None:
            if not log.load(self._connection, campaign_id).history:
                new = log.NewEvent(WORKSPACE_ID, "campaign", campaign_id, 1, CampaignPlanned(name=name))
                log.append(self._connection, [new], self._envelope)

        if campaign_id in self._campaigns:
            return
        self._campaigns.add(campaign_id)
        if not self._dry_run:
            log.retrying(attempt)
