"""The workspace: pipelines in versions, members, API keys."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.event import FORGOTTEN, MemberId
from domain.workspace import (
    DEFAULT_PIPELINE,
    WORKSPACE_ID,
    AlreadyMember,
    ApiKeyAlreadyIssued,
    InviteMember,
    IssueApiKey,
    KeyWithoutMember,
    Pipeline,
    PipelineWithoutStages,
    PublishPipeline,
    Records,
    RevokeApiKey,
    Stage,
    StageNamedTwice,
    UnknownApiKey,
    UnknownMember,
    UnknownPipeline,
    UnknownStage,
    Workspace,
    WorkspaceApiKeyIssued,
    WorkspaceApiKeyRevoked,
    WorkspaceEvent,
    WorkspaceMemberInvited,
    WorkspacePipelinePublished,
    evolve,
    invite_member,
    issue_api_key,
    publish_pipeline,
    revoke_api_key,
)
from tests.domain.histories import IDS, PIPELINE

ALICE = MemberId(IDS[0])
KEY = IDS[1]
INVITED = WorkspaceMemberInvited(member_id=ALICE, name="Alice")
ISSUED = WorkspaceApiKeyIssued(key_id=KEY, label="Web form", secret_digest="ab" * 32, scopes=("leads:write",))
REVOKED = WorkspaceApiKeyRevoked(key_id=KEY)
ISSUE = IssueApiKey(key_id=KEY, label="Web form", secret_digest="ab" * 32, scopes=("leads:write",))
NEW = Stage(name="new", probability=Decimal("0.1"))


def given(*events: WorkspaceEvent) -> Workspace:
    workspace = Workspace()
    for event in events:
        workspace = evolve(workspace, event)
    return workspace


def test_the_default_pipeline_goes_from_new_to_negotiation() -> None:
    pipeline = publish_pipeline(Workspace(), DEFAULT_PIPELINE).pipeline
    assert (pipeline.name, pipeline.version, pipeline.first_stage.name) == ("default", 1, "new")
    assert [(stage.name, str(stage.probability)) for stage in pipeline.stages] == [
        ("new", "0.1"), ("contacted", "0.2"), ("qualified", "0.4"), ("proposal", "0.6"), ("negotiation", "0.8"),
    ]  # fmt: skip


def test_versions_of_a_pipeline_count_up_each_on_its_own() -> None:
    workspace = given(publish_pipeline(Workspace(), DEFAULT_PIPELINE))
    again = publish_pipeline(workspace, DEFAULT_PIPELINE)
    other = publish_pipeline(workspace, PublishPipeline(name="renewals", stages=(NEW,)))
    assert again == WorkspacePipelinePublished(pipeline=PIPELINE.model_copy(update={"version": 2}))
    assert other == WorkspacePipelinePublished(pipeline=Pipeline(name="renewals", version=1, stages=(NEW,)))


def test_the_latest_version_of_a_pipeline_holds() -> None:
    first = WorkspacePipelinePublished(pipeline=PIPELINE)
    second = WorkspacePipelinePublished(pipeline=Pipeline(name="default", version=2, stages=(NEW,)))
    other = WorkspacePipelinePublished(pipeline=Pipeline(name="renewals", version=1, stages=(NEW,)))
    workspace = given(first, other, second)
    assert workspace.pipeline("default") == second.pipeline
    assert workspace.pipeline("renewals") == other.pipeline


def test_a_pipeline_nobody_published_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownPipeline, match=r"no such pipeline. The pipelines are: none yet\."):
        Workspace().pipeline("sales")
    other = PIPELINE.model_copy(update={"name": "partners"})
    both = given(WorkspacePipelinePublished(pipeline=PIPELINE), WorkspacePipelinePublished(pipeline=other))
    with pytest.raises(UnknownPipeline, match=r"no such pipeline. The pipelines are: default, partners\."):
        both.pipeline("sales")


def test_a_pipeline_needs_a_stage() -> None:
    with pytest.raises(PipelineWithoutStages):
        publish_pipeline(Workspace(), PublishPipeline(name="empty", stages=()))
    with pytest.raises(ValidationError):
        Pipeline(name="empty", version=1, stages=())


def test_two_stages_of_a_pipeline_do_not_share_a_name() -> None:
    with pytest.raises(StageNamedTwice, match="The stage new is named more than once"):
        publish_pipeline(Workspace(), PublishPipeline(name="twice", stages=(NEW, NEW)))


@pytest.mark.parametrize("probability", ["-0.1", "1.1", "NaN"])
def test_the_probability_of_a_stage_is_between_0_and_1(probability: str) -> None:
    with pytest.raises(ValidationError):
        Stage(name="new", probability=Decimal(probability))


def test_an_unknown_stage_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        UnknownStage, match=r"no such stage in the pipeline default.*new, contacted, qualified, proposal"
    ):
        PIPELINE.stage("won")


def test_a_stage_is_found_by_its_name() -> None:
    assert PIPELINE.stage("qualified") == Stage(name="qualified", probability=Decimal("0.4"))


def test_a_member_is_invited_once() -> None:
    command = InviteMember(member_id=ALICE, name="Alice")
    assert invite_member(Workspace(), command) == INVITED
    with pytest.raises(AlreadyMember):
        invite_member(given(INVITED), command)


def test_a_forgotten_member_is_still_a_member() -> None:
    assert given(INVITED.model_copy(update={"name": FORGOTTEN})).members == {ALICE: FORGOTTEN}


def test_a_key_is_issued_with_the_digest_of_its_secret() -> None:
    assert issue_api_key(Workspace(), ISSUE) == ISSUED
    assert given(ISSUED).keys == {KEY: ISSUED}


def test_a_key_is_not_issued_twice() -> None:
    with pytest.raises(ApiKeyAlreadyIssued, match=str(KEY)):
        issue_api_key(given(ISSUED), ISSUE)


def test_a_revoked_key_is_gone_and_cannot_be_revoked_again() -> None:
    command = RevokeApiKey(key_id=KEY)
    assert revoke_api_key(given(ISSUED), command) == REVOKED
    assert given(ISSUED, REVOKED).keys == {}
    with pytest.raises(UnknownApiKey, match=str(KEY)):
        revoke_api_key(given(ISSUED, REVOKED), command)


def test_revoking_a_key_leaves_the_others() -> None:
    other = ISSUED.model_copy(update={"key_id": IDS[2]})
    assert given(ISSUED, other, REVOKED).keys == {IDS[2]: other}


def test_the_id_of_the_workspace_never_changes() -> None:
    assert str(WORKSPACE_ID) == "00000000-0000-7000-8000-000000000001"


def test_a_key_that_acts_for_a_member_says_for_whom_on_which_records_and_how_long() -> None:
    until = datetime(2027, 3, 2, tzinfo=UTC)
    bounds = {"member_id": ALICE, "records": "own", "expires_at": until}
    assert issue_api_key(given(INVITED), ISSUE.model_copy(update=bounds)) == ISSUED.model_copy(update=bounds)
    with pytest.raises(UnknownMember):
        issue_api_key(Workspace(), ISSUE.model_copy(update=bounds))


@pytest.mark.parametrize("records", ["own", "team"])
def test_a_key_of_nobody_has_no_records_of_its_own(records: Records) -> None:
    with pytest.raises(KeyWithoutMember, match="Name the member"):
        issue_api_key(given(INVITED), ISSUE.model_copy(update={"records": records}))


@pytest.mark.parametrize("records", ["all", "none"])
def test_a_key_of_nobody_sees_everything_or_nothing(records: Records) -> None:
    bound = {"records": records}
    assert issue_api_key(Workspace(), ISSUE.model_copy(update=bound)) == ISSUED.model_copy(update=bound)
