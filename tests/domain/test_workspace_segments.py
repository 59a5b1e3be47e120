"""The workspace: segments and assignment rules, in versions."""

from typing import Any

import pytest

from domain.event import FORGOTTEN, MemberId, Refusal
from domain.segment import AssignmentStep, Condition, ConditionDoesNotFit, Operator
from domain.workspace import (
    AssignmentRuleKeepsItsNoun,
    AssignmentRuleWithoutSteps,
    DefineSegment,
    PublishAssignmentRule,
    SegmentKeepsItsNoun,
    SegmentWithoutConditions,
    StepAssignsNobody,
    UnknownMember,
    Workspace,
    WorkspaceAssignmentRulePublished,
    WorkspaceMemberDeactivated,
    WorkspaceMemberInvited,
    WorkspaceSegmentDefined,
    define_segment,
    publish_assignment_rule,
)
from tests.domain.histories import FROM_FAIRS, IDS, forgotten
from tests.domain.test_workspace import given

ALICE = MemberId(IDS[0])
INVITED = WorkspaceMemberInvited(member_id=ALICE, name="Alice")
LARGE = Condition(field="value", operator="is_at_least", values=("10000",))
GROUPS = ((FROM_FAIRS, LARGE), (FROM_FAIRS,))
SEGMENT = WorkspaceSegmentDefined(name="fairs", version=1, noun="lead", groups=GROUPS)
STEPS = (
    AssignmentStep(conditions=(LARGE,), member_ids=(ALICE,)),
    AssignmentStep(conditions=(FROM_FAIRS,), team="fairs", member_ids=(ALICE,)),
    AssignmentStep(team="inside sales"),
)
RULE = WorkspaceAssignmentRulePublished(name="by size", version=1, noun="lead", steps=STEPS)


def define(**fields: Any) -> DefineSegment:  # Any: fields of several types
    return DefineSegment.model_validate({"name": "fairs", "noun": "lead", "groups": GROUPS, **fields})


def publish(**fields: Any) -> PublishAssignmentRule:  # Any: as above
    return PublishAssignmentRule.model_validate({"name": "by size", "noun": "lead", "steps": STEPS, **fields})


def segment_refused(refusal: type[Refusal], workspace: Workspace, **fields: Any) -> str:  # Any: as above
    with pytest.raises(refusal) as raised:
        define_segment(workspace, define(**fields))
    return str(raised.value)


def rule_refused(refusal: type[Refusal], workspace: Workspace, **fields: Any) -> str:  # Any: as above
    with pytest.raises(refusal) as raised:
        publish_assignment_rule(workspace, publish(**fields))
    return str(raised.value)


def test_a_segment_is_defined_as_it_was_given() -> None:
    assert define_segment(Workspace(), define()) == SEGMENT
    assert given(SEGMENT).segments == {"fairs": SEGMENT}


def test_a_segment_defined_again_is_a_new_version_of_it() -> None:
    second = define_segment(given(SEGMENT), define(groups=((LARGE,),)))
    assert second == SEGMENT.model_copy(update={"version": 2, "groups": ((LARGE,),)})
    assert given(SEGMENT, second).segments == {"fairs": second}
    assert define_segment(given(SEGMENT), define(name="large")).version == 1


def test_a_segment_needs_conditions_in_every_group() -> None:
    for groups in ((), ((),), ((LARGE,), ())):
        assert segment_refused(SegmentWithoutConditions, Workspace(), groups=groups)


def test_a_segment_keeps_its_noun() -> None:
    assert "fairs is one of leads" in segment_refused(SegmentKeepsItsNoun, given(SEGMENT), noun="ticket")


@pytest.mark.parametrize(
    ("operator", "fitting", "said"),
    [
        ("is_any_of", {1, 2}, "is any of needs at least one"),
        ("is_none_of", {1, 2}, "is none of needs at least one"),
        ("is_at_least", {1}, "is at least needs exactly one"),
        ("is_at_most", {1}, "is at most needs exactly one"),
        ("is_known", {0}, "is known needs none"),
        ("is_unknown", {0}, "is unknown needs none"),
    ],
)
def test_a_condition_has_as_many_values_as_it_needs(operator: Operator, fitting: set[int], said: str) -> None:
    for count in (0, 1, 2):
        condition = Condition(field="source", operator=operator, values=("SECRET",) * count)
        groups, steps = (
            ((FROM_FAIRS,), (FROM_FAIRS, condition)),
            (*STEPS, AssignmentStep(conditions=(condition,), team="x")),
        )
        if count in fitting:
            assert define_segment(Workspace(), define(groups=groups)).groups == groups
            assert publish_assignment_rule(given(INVITED), publish(steps=steps)).steps == steps
            continue
        sentence = segment_refused(ConditionDoesNotFit, Workspace(), groups=groups)
        assert sentence == rule_refused(ConditionDoesNotFit, given(INVITED), steps=steps)
        assert sentence == f"The condition on source has {count} value{'s' if count != 1 else ''}, but {said}."


def test_what_a_segment_looks_for_can_be_forgotten() -> None:
    gone = forgotten(SEGMENT)
    assert gone.groups == FORGOTTEN
    assert define_segment(given(gone), define()).version == 2
    assert publish_assignment_rule(given(INVITED, forgotten(RULE)), publish()).version == 2


def test_an_assignment_rule_is_published_as_it_was_given() -> None:
    assert publish_assignment_rule(given(INVITED), publish()) == RULE
    assert given(INVITED, RULE).assignment_rules == {"by size": RULE}


def test_versions_of_an_assignment_rule_count_up_each_on_its_own() -> None:
    second = publish_assignment_rule(given(INVITED, RULE), publish(steps=STEPS[2:]))
    assert second == RULE.model_copy(update={"version": 2, "steps": STEPS[2:]})
    assert given(INVITED, RULE, second).assignment_rules == {"by size": second}
    assert publish_assignment_rule(given(INVITED, RULE), publish(name="other")).version == 1


def test_an_assignment_rule_needs_steps_and_each_of_them_somebody() -> None:
    assert rule_refused(AssignmentRuleWithoutSteps, given(INVITED), steps=())
    nobody = (*STEPS, AssignmentStep(conditions=(LARGE,)))
    assert "Step 4 assigns records to nobody" in rule_refused(StepAssignsNobody, given(INVITED), steps=nobody)


def test_records_go_only_to_active_members() -> None:
    assert str(ALICE) in rule_refused(UnknownMember, Workspace())
    assert rule_refused(UnknownMember, given(INVITED, WorkspaceMemberDeactivated(member_id=ALICE)))


def test_an_assignment_rule_keeps_its_noun() -> None:
    assert "by size is one for leads" in rule_refused(AssignmentRuleKeepsItsNoun, given(INVITED, RULE), noun="ticket")
