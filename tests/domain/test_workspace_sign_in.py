"""The workspace: whose account at a sign-in service is whose, and keys that are replaced while both work."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.event import MemberId
from domain.workspace import (
    AlreadyIdentified,
    ApiKeyAlreadyIssued,
    ApiKeyAlreadyRotated,
    IdentifyMember,
    RevokeIdentity,
    RotateApiKey,
    SuccessorNeedsEnd,
    UnknownApiKey,
    UnknownIdentity,
    UnknownMember,
    Workspace,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceApiKeyRotated,
    WorkspaceEvent,
    WorkspaceMemberDeactivated,
    WorkspaceMemberIdentified,
    WorkspaceMemberIdentityRevoked,
    WorkspaceMemberInvited,
    identify_member,
    revoke_identity,
    rotate_api_key,
)
from tests.domain.histories import DAY, IDS
from tests.domain.test_workspace import given

ALICE, BOB = MemberId(IDS[0]), MemberId(IDS[1])
KEY, SUCCESSOR = IDS[2], IDS[3]
ISSUER, SUBJECT = "https://id.example", "ab" * 32
INVITED = WorkspaceMemberInvited(member_id=ALICE, name="Alice")
BOB_INVITED = WorkspaceMemberInvited(member_id=BOB, name="Bob")
GONE = WorkspaceMemberDeactivated(member_id=ALICE)
IDENTIFIED = WorkspaceMemberIdentified(member_id=ALICE, issuer=ISSUER, subject_digest=SUBJECT)
IDENTITY_REVOKED = WorkspaceMemberIdentityRevoked(member_id=ALICE, issuer=ISSUER, subject_digest=SUBJECT)
IDENTIFY = IdentifyMember(member_id=ALICE, issuer=ISSUER, subject_digest=SUBJECT)
REVOKE = RevokeIdentity(member_id=ALICE, issuer=ISSUER, subject_digest=SUBJECT)
ISSUED = WorkspaceApiKeyIssued(key_id=KEY, label="Web form", secret_digest="ab" * 32, scopes=("leads:write",))
ENDS = DAY + timedelta(days=1)
ROTATED = WorkspaceApiKeyRotated(key_id=KEY, successor_id=SUCCESSOR, ends_at=ENDS)
ROTATE = RotateApiKey(key_id=KEY, successor_id=SUCCESSOR, secret_digest="cd" * 32, ends_at=ENDS)
NEXT = ISSUED.model_copy(update={"key_id": SUCCESSOR, "secret_digest": "cd" * 32})


def test_an_account_becomes_a_members() -> None:
    assert identify_member(given(INVITED), IDENTIFY) == IDENTIFIED
    assert given(INVITED, IDENTIFIED).identities == {(ISSUER, SUBJECT): ALICE}


def test_a_member_may_have_several_accounts() -> None:
    elsewhere = IDENTIFY.model_copy(update={"issuer": "https://login.example"})
    assert identify_member(given(INVITED, IDENTIFIED), elsewhere).issuer == "https://login.example"


@pytest.mark.parametrize("member_id", [ALICE, BOB], ids=["hers already", "somebody else's"])
def test_an_account_belongs_to_one_member(member_id: MemberId) -> None:
    command = IDENTIFY.model_copy(update={"member_id": member_id})
    with pytest.raises(AlreadyIdentified, match=f"the member {ALICE} already"):
        identify_member(given(INVITED, BOB_INVITED, IDENTIFIED), command)


@pytest.mark.parametrize("history", [(), (INVITED, GONE)], ids=["never invited", "deactivated"])
def test_who_does_not_work_here_is_not_identified(history: tuple[WorkspaceEvent, ...]) -> None:
    with pytest.raises(UnknownMember):
        identify_member(given(*history), IDENTIFY)


def test_an_account_is_taken_back_and_given_to_somebody_else() -> None:
    assert revoke_identity(given(INVITED, IDENTIFIED), REVOKE) == IDENTITY_REVOKED
    workspace = given(INVITED, BOB_INVITED, IDENTIFIED, IDENTITY_REVOKED)
    assert workspace.identities == {}
    assert identify_member(workspace, IDENTIFY.model_copy(update={"member_id": BOB})).member_id == BOB


def test_only_her_own_account_is_taken_from_a_member() -> None:
    for workspace in (given(INVITED), given(INVITED, IDENTIFIED, IDENTITY_REVOKED)):
        with pytest.raises(UnknownIdentity):
            revoke_identity(workspace, REVOKE)
    with pytest.raises(UnknownIdentity):
        revoke_identity(given(INVITED, BOB_INVITED, IDENTIFIED), REVOKE.model_copy(update={"member_id": BOB}))


def test_a_member_who_leaves_loses_her_accounts_and_nobody_elses() -> None:
    of_bob = IDENTIFIED.model_copy(update={"member_id": BOB, "subject_digest": "cd" * 32})
    workspace = given(INVITED, BOB_INVITED, IDENTIFIED, of_bob, GONE, INVITED)
    assert workspace.identities == {(ISSUER, "cd" * 32): BOB}


@pytest.mark.parametrize(
    "issuer", ["id.example", "https://", "https://id example", "file:///etc", "https://" + "x" * 491]
)
def test_an_issuer_is_an_address(issuer: str) -> None:
    with pytest.raises(ValidationError):
        IDENTIFY.model_validate(IDENTIFY.model_dump() | {"issuer": issuer})


def test_a_key_is_replaced_by_one_that_may_do_the_same() -> None:
    assert rotate_api_key(given(ISSUED), ROTATE) == (ROTATED, NEXT)
    workspace = given(ISSUED, ROTATED, NEXT)
    assert workspace.keys == {KEY: ISSUED, SUCCESSOR: NEXT}
    assert (workspace.key_ends_at(KEY), workspace.key_ends_at(SUCCESSOR)) == (ENDS, None)


@pytest.mark.parametrize(("days", "ends_at"), [(0, DAY), (1, ENDS), (2, ENDS)])
def test_a_key_that_was_replaced_ends_no_later_than_before(days: int, ends_at: object) -> None:
    issued = ISSUED.model_copy(update={"expires_at": DAY + timedelta(days=days)})
    assert given(issued, ROTATED).key_ends_at(KEY) == ends_at


def test_a_key_with_an_end_is_replaced_by_one_with_an_end() -> None:
    workspace = given(ISSUED.model_copy(update={"expires_at": ENDS}))
    with pytest.raises(SuccessorNeedsEnd, match="only until 2026-03-03, so"):
        rotate_api_key(workspace, ROTATE)
    later = DAY + timedelta(days=90)
    _, issued = rotate_api_key(workspace, ROTATE.model_copy(update={"expires_at": later}))
    assert issued.expires_at == later


def test_a_key_without_an_end_may_be_replaced_by_one_with_an_end() -> None:
    _, issued = rotate_api_key(given(ISSUED), ROTATE.model_copy(update={"expires_at": ENDS}))
    assert issued.expires_at == ENDS


def test_only_a_key_in_force_is_replaced_once_and_by_a_new_one() -> None:
    for workspace in (Workspace(), given(ISSUED, WorkspaceApiKeyRevoked(key_id=KEY))):
        with pytest.raises(UnknownApiKey, match=str(KEY)):
            rotate_api_key(workspace, ROTATE)
    with pytest.raises(ApiKeyAlreadyRotated, match=str(SUCCESSOR)):
        rotate_api_key(given(ISSUED, ROTATED, NEXT), ROTATE)
    for taken in (ROTATE.model_copy(update={"successor_id": KEY}), ROTATE):
        with pytest.raises(ApiKeyAlreadyIssued):
            rotate_api_key(given(ISSUED, NEXT), taken)
