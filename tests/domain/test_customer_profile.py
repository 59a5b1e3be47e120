"""A customer's profile, contact points and contact persons, and the work with her."""

from uuid import UUID

import pytest

from domain.contact_point import contact_point
from domain.customer import (
    AddContactPerson,
    AddContactPoint,
    ArchiveCustomer,
    AssignContactPersonRole,
    AssignCustomerOwner,
    CancelFollowUp,
    ClassifyCustomer,
    CompleteFollowUp,
    ContactPersonAlreadyAdded,
    ContactPointAlreadyAdded,
    CorrectContactPoint,
    CorrectInteraction,
    CustomerAlreadyArchived,
    CustomerAlreadyTagged,
    CustomerArchived,
    CustomerClassified,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerEvent,
    CustomerNotArchived,
    CustomerNotTagged,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerRenamed,
    CustomerRestored,
    CustomerTagged,
    CustomerUntagged,
    FollowUpAlreadyDone,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpRescheduled,
    FollowUpScheduled,
    InteractionAlreadyRetracted,
    InteractionCorrected,
    InteractionLogged,
    InteractionRetracted,
    LogInteraction,
    PeriodBackwards,
    PersonAlreadyForgotten,
    RemoveContactPerson,
    RemoveContactPoint,
    RenameCustomer,
    RescheduleFollowUp,
    RestoreCustomer,
    RetractInteraction,
    ScheduleFollowUp,
    TagCustomer,
    UnknownContactPerson,
    UnknownContactPoint,
    UnknownInteraction,
    UntagCustomer,
)
from domain.event import FORGOTTEN, Command, MemberId
from tests.domain.customers import ANN, FIRST, NEW, REGISTERED, SECOND, decide, fold, given, refused
from tests.domain.histories import DAY, IDS, forgotten

ALICE = MemberId(IDS[0])
POINT, TASK, CALL = IDS[0], IDS[2], IDS[1]
MAIL = contact_point("email", "ann@example.org")
ADDED = CustomerContactPointAdded(point_id=POINT, kind="email", value=MAIL, primary=True)
ANN_ADDED = CustomerContactPersonAdded(person_id=ANN, name="Ann")
HERS = CustomerContactPointAdded(point_id=POINT, kind="email", value=MAIL, primary=True, person_id=ANN)
CALLED = InteractionLogged(interaction_id=CALL, kind="call")
SCHEDULED = FollowUpScheduled(task_id=TASK, what="Ring", due_at=DAY)

WHAT_HAPPENS: list[tuple[tuple[CustomerEvent, ...], Command, CustomerEvent]] = [
    ((), RenameCustomer(name="Acme Ltd"), CustomerRenamed(name="Acme Ltd")),
    (
        (),
        ClassifyCustomer(segment="smb", industry="roofs", size="small", tier="gold"),
        CustomerClassified(segment="smb", industry="roofs", size="small", tier="gold"),
    ),
    (
        (),
        AssignCustomerOwner(owner_id=ALICE, team="north", rule="zip"),
        CustomerOwnerAssigned(owner_id=ALICE, team="north", rule="zip"),
    ),
    ((), TagCustomer(tag="vip"), CustomerTagged(tag="vip")),
    ((CustomerTagged(tag="vip"),), UntagCustomer(tag="vip"), CustomerUntagged(tag="vip")),
    ((CustomerTagged(tag="vip"), CustomerUntagged(tag="vip")), TagCustomer(tag="vip"), CustomerTagged(tag="vip")),
    ((), ArchiveCustomer(reason="Bankrupt"), CustomerArchived(reason="Bankrupt")),
    ((CustomerArchived(),), RestoreCustomer(reason="Alive"), CustomerRestored(reason="Alive")),
    (
        (ADDED,),
        RemoveContactPoint(point_id=POINT, reason="Dead"),
        CustomerContactPointRemoved(point_id=POINT, reason="Dead"),
    ),
    (
        (),
        AddContactPerson(name="Ann", role="champion", valid_from=FIRST, valid_to=FIRST),
        CustomerContactPersonAdded(person_id=NEW, name="Ann", role="champion", valid_from=FIRST, valid_to=FIRST),
    ),
    ((ANN_ADDED, CustomerContactPersonRemoved(person_id=ANN)), AddContactPerson(person_id=ANN, name="Ann"), ANN_ADDED),
    (
        (ANN_ADDED,),
        AssignContactPersonRole(person_id=ANN, role="user", valid_from=FIRST, valid_to=SECOND),
        CustomerContactPersonRoleAssigned(person_id=ANN, role="user", valid_from=FIRST, valid_to=SECOND),
    ),
    (
        (ANN_ADDED,),
        RemoveContactPerson(person_id=ANN, reason="Left"),
        CustomerContactPersonRemoved(person_id=ANN, reason="Left"),
    ),
    ((), LogInteraction(kind="note"), InteractionLogged(interaction_id=NEW, kind="note")),
    (
        (CALLED,),
        CorrectInteraction(interaction_id=CALL, kind="chat"),
        InteractionCorrected(interaction_id=CALL, kind="chat"),
    ),
    ((CALLED,), RetractInteraction(interaction_id=CALL), InteractionRetracted(interaction_id=CALL)),
    ((), ScheduleFollowUp(what="Ring", due_at=DAY), FollowUpScheduled(task_id=NEW, what="Ring", due_at=DAY)),
    ((SCHEDULED,), RescheduleFollowUp(task_id=TASK, due_at=DAY), FollowUpRescheduled(task_id=TASK, due_at=DAY)),
    ((SCHEDULED,), CompleteFollowUp(task_id=TASK, outcome="Yes"), FollowUpCompleted(task_id=TASK, outcome="Yes")),
    ((SCHEDULED,), CancelFollowUp(task_id=TASK), FollowUpCancelled(task_id=TASK)),
]


@pytest.mark.parametrize(("before", "command", "event"), WHAT_HAPPENS)
def test_what_is_wanted_happens(before: tuple[CustomerEvent, ...], command: Command, event: CustomerEvent) -> None:
    assert decide(given(*before), command) == (event,)


def test_owner_and_team_are_those_assigned_last() -> None:
    customer = given(CustomerOwnerAssigned(owner_id=ALICE, team="north"))
    assert (customer.owner_id, customer.team) == (ALICE, "north")
    assert fold([CustomerOwnerAssigned()], customer) == given()


def test_a_tag_is_borne_once() -> None:
    assert "vip" in refused(CustomerAlreadyTagged, given(CustomerTagged(tag="vip")), TagCustomer(tag="vip"))
    refused(CustomerNotTagged, given(), UntagCustomer(tag="vip"))


def test_the_archive_is_entered_and_left_once() -> None:
    refused(CustomerAlreadyArchived, given(CustomerArchived()), ArchiveCustomer())
    refused(CustomerNotArchived, given(CustomerArchived(), CustomerRestored()), RestoreCustomer())


def test_the_first_contact_point_of_a_kind_is_the_primary_one() -> None:
    phone = contact_point("phone", "089 1234567", "DE")
    command = AddContactPoint(kind="phone", written="089 1234567", region="DE", label="work")
    event = CustomerContactPointAdded(point_id=NEW, kind="phone", value=phone, label="work", primary=True)
    assert phone.normalised == "+49891234567"
    assert decide(given(ADDED), command) == (event,)
    second = AddContactPoint(point_id=IDS[1], kind="phone", written="089 7654321")
    (added,) = decide(given(ADDED, event), second)
    assert isinstance(added, CustomerContactPointAdded)
    assert (added.point_id, added.primary) == (IDS[1], False)


def test_of_a_kind_and_person_only_one_is_primary() -> None:
    (second,) = decide(given(ADDED), AddContactPoint(kind="email", written="b@example.org", primary=True))
    postal = CustomerContactPointAdded(point_id=IDS[1], kind="postal", value=FORGOTTEN, primary=True)
    points = given(ADDED, postal, second).contact_points
    assert {point_id: point.primary for point_id, point in points.items()} == {POINT: False, IDS[1]: True, NEW: True}


@pytest.mark.parametrize(("kind", "written"), [("email", " ANN@example.org"), ("phone", "+49 89 1234567")])
def test_the_same_contact_point_is_not_added_twice(kind: str, written: str) -> None:
    first = contact_point("phone", "0049 89 1234567", "DE")
    known = given(ADDED, CustomerContactPointAdded(point_id=IDS[1], kind="phone", value=first))
    command = AddContactPoint.model_validate({"kind": kind, "written": written})
    assert str(IDS[0 if kind == "email" else 1]) in refused(ContactPointAlreadyAdded, known, command)


def test_what_cannot_be_read_is_compared_as_written() -> None:
    known = given(CustomerContactPointAdded(point_id=POINT, kind="social", value=contact_point("social", "@Ann")))
    refused(ContactPointAlreadyAdded, known, AddContactPoint(kind="social", written="@ann "))
    assert decide(known, AddContactPoint(kind="social", written="@bob"))
    # from where a number without its country code is dialled was only known once
    read = CustomerContactPointAdded(point_id=POINT, kind="phone", value=contact_point("phone", "089 1234567", "DE"))
    refused(ContactPointAlreadyAdded, given(read), AddContactPoint(kind="phone", written="089 1234567"))


def test_another_extension_kind_or_person_is_another_contact_point() -> None:
    phone = contact_point("phone", "+49 89 1234567 ext. 12")
    known = given(ANN_ADDED, ADDED, CustomerContactPointAdded(point_id=IDS[1], kind="phone", value=phone))
    assert decide(known, AddContactPoint(kind="phone", written="+49 89 1234567 ext. 13"))
    assert decide(known, AddContactPoint(kind="social", written="ann@example.org"))
    assert decide(known, AddContactPoint(kind="email", written="ann@example.org", person_id=ANN))


def test_what_was_forgotten_is_like_nothing() -> None:
    assert decide(given(forgotten(ADDED)), AddContactPoint(kind="email", written="ann@example.org"))


def test_a_contact_point_in_use_keeps_its_id() -> None:
    refused(ContactPointAlreadyAdded, given(ADDED), AddContactPoint(point_id=POINT, kind="phone", written="1"))


def test_a_contact_point_is_corrected_in_full_and_stays_whose_it_is() -> None:
    known = given(ANN_ADDED, HERS)
    command = CorrectContactPoint(point_id=POINT, kind="email", written="ann@example.org", label="home")
    event = CustomerContactPointCorrected(
        point_id=POINT, kind="email", value=MAIL, label="home", primary=True, person_id=ANN
    )
    assert decide(known, command) == (event,)
    another = CustomerContactPointAdded(point_id=IDS[1], kind="email", value=MAIL, person_id=ANN)
    refused(ContactPointAlreadyAdded, given(ANN_ADDED, HERS, another), command)


def test_the_primary_contact_point_stays_that_when_it_is_corrected_and_gives_way_when_it_is_removed() -> None:
    second = CustomerContactPointAdded(point_id=IDS[1], kind="email", value=contact_point("email", "b@example.org"))
    third = CustomerContactPointAdded(
        point_id=IDS[2], kind="email", value=contact_point("email", "c@example.org"), primary=True
    )

    def primary(*events: CustomerEvent) -> list[UUID]:
        return [point_id for point_id, point in given(*events).contact_points.items() if point.primary]

    (corrected,) = decide(given(ADDED, second), CorrectContactPoint(point_id=POINT, kind="email", written="a@b.org"))
    assert primary(ADDED, second, corrected) == [POINT]
    said = CorrectContactPoint(point_id=POINT, kind="email", written="a@b.org", primary=False)
    (not_primary,) = decide(given(ADDED, second), said)
    assert primary(ADDED, second, not_primary) == [IDS[1]]
    assert primary(ADDED, second, CustomerContactPointRemoved(point_id=POINT)) == [IDS[1]]
    assert primary(ADDED, second, third) == [IDS[2]]
    assert primary(ADDED, second, third, CustomerContactPointRemoved(point_id=IDS[2])) == [POINT]
    (other_kind,) = decide(given(ADDED, second), CorrectContactPoint(point_id=POINT, kind="social", written="@ann"))
    assert sorted(primary(ADDED, second, other_kind)) == sorted([POINT, IDS[1]])


def test_only_a_known_contact_point_is_corrected_or_removed() -> None:
    gone = given(ADDED, CustomerContactPointRemoved(point_id=POINT))
    refused(UnknownContactPoint, gone, CorrectContactPoint(point_id=POINT, kind="phone", written="1"))
    refused(UnknownContactPoint, gone, RemoveContactPoint(point_id=POINT))


def test_only_a_known_person_has_contact_points_and_a_role() -> None:
    refused(UnknownContactPerson, given(), AddContactPoint(kind="phone", written="1", person_id=ANN))
    refused(UnknownContactPerson, given(), AssignContactPersonRole(person_id=ANN))
    refused(UnknownContactPerson, given(), RemoveContactPerson(person_id=ANN))


def test_a_contact_person_is_added_once() -> None:
    refused(ContactPersonAlreadyAdded, given(ANN_ADDED), AddContactPerson(person_id=ANN, name="Ann"))


def test_a_role_does_not_end_before_it_begins() -> None:
    refused(PeriodBackwards, given(), AddContactPerson(name="Ann", valid_from=SECOND, valid_to=FIRST))
    backwards = AssignContactPersonRole(person_id=ANN, valid_from=SECOND, valid_to=FIRST)
    assert "2026-03-01" in refused(PeriodBackwards, given(ANN_ADDED), backwards)


@pytest.mark.parametrize(
    "gone",
    [CustomerContactPersonRemoved(person_id=ANN), CustomerPersonForgotten(person_id=ANN, legal_basis="request")],
)
def test_a_persons_contact_points_go_with_her(gone: CustomerEvent) -> None:
    customer = given(ANN_ADDED, HERS, gone)
    assert (customer.people, customer.contact_points) == (frozenset(), {})


@pytest.mark.parametrize(
    "command",
    [
        AddContactPerson(person_id=ANN, name="Ann"),
        AssignContactPersonRole(person_id=ANN),
        RemoveContactPerson(person_id=ANN),
        AddContactPoint(kind="phone", written="1", person_id=ANN),
    ],
)
def test_nothing_more_is_recorded_of_a_forgotten_person(command: Command) -> None:
    customer = given(ANN_ADDED, CustomerPersonForgotten(person_id=ANN, legal_basis="request"))
    refused(PersonAlreadyForgotten, customer, command)


def test_interactions_and_follow_ups_are_known_to_the_customer() -> None:
    refused(UnknownInteraction, given(), RetractInteraction(interaction_id=CALL))
    retracted = given(CALLED, InteractionRetracted(interaction_id=CALL))
    refused(InteractionAlreadyRetracted, retracted, CorrectInteraction(interaction_id=CALL, kind="call"))
    done = given(SCHEDULED, FollowUpCompleted(task_id=TASK))
    refused(FollowUpAlreadyDone, done, CancelFollowUp(task_id=TASK))


def test_a_history_need_not_begin_with_the_registration() -> None:
    assert fold([CustomerTagged(tag="vip"), REGISTERED]).tags == {"vip"}
