"""What can be done with a customer."""

from functools import partial

from api.commands.answers import CustomerAnswer, customer_answer
from api.commands.beginning import register
from api.commands.forgetting import ROWS as FORGETTING
from api.commands.rows import Resource, Row, Situation, new_id, record_id, row
from api.commands.work import work
from api.merging import merged, parted
from api.streams import Dated, Decision
from api.write import today
from domain import customer as rules
from domain.event import CustomerId


def _merge(at: Situation) -> Decision:
    rule = partial(rules.merge, workspace=at.workspace)
    return merged(at.streams.customer, rule, rules.absorb, at.command, at.record_id, at.new_id)


def _revert_merge(at: Situation) -> Decision:
    return parted(at.streams.customer, rules.revert_merge, at.command, at.record_id)


def _reattribute_part(at: Situation) -> Decision:
    streams, command, customer_id = at.streams, at.command, at.record_id
    customer, to = at.record, streams.customer(command.to_customer_id, "to_customer_id")
    history = streams.customer_history(CustomerId(customer_id))
    part = rules.reattribute_part(customer, command, CustomerId(customer_id), to, history, at.new_id)
    return {customer_id: [part.here], command.to_customer_id: [Dated(event, moment) for event, moment in part.there]}


CUSTOMERS = Resource(
    path="customers",
    noun="customer",
    scope="customers:write",
    answer=customer_answer,
    answer_type=CustomerAnswer,
    rows=(
        Row("register", rules.RegisterCustomer, begin=register, is_first=True),
        row("rename", rules.RenameCustomer, rules.rename),
        row("classify", rules.ClassifyCustomer, rules.classify),
        row("assign-owner", rules.AssignCustomerOwner, rules.assign_owner),
        row("tag", rules.TagCustomer, rules.tag),
        row("untag", rules.UntagCustomer, rules.untag),
        row("archive", rules.ArchiveCustomer, rules.archive),
        row("restore", rules.RestoreCustomer, rules.restore),
        row("add-contact-point", rules.AddContactPoint, rules.add_contact_point, new_id, makes="point"),
        row("correct-contact-point", rules.CorrectContactPoint, rules.correct_contact_point),
        row("remove-contact-point", rules.RemoveContactPoint, rules.remove_contact_point),
        row("add-contact-person", rules.AddContactPerson, rules.add_contact_person, new_id, makes="person"),
        row("assign-contact-person-role", rules.AssignContactPersonRole, rules.assign_contact_person_role),
        row("remove-contact-person", rules.RemoveContactPerson, rules.remove_contact_person),
        *work(),
        row("record-purchase", rules.RecordPurchase, rules.record_purchase, new_id, makes="purchase"),
        row("refund-purchase", rules.RefundPurchase, rules.refund_purchase),
        row("retract-purchase", rules.RetractPurchase, rules.retract_purchase),
        row("start-subscription", rules.StartSubscription, rules.start_subscription, new_id, makes="subscription"),
        row("upgrade-subscription", rules.UpgradeSubscription, rules.upgrade_subscription),
        row("downgrade-subscription", rules.DowngradeSubscription, rules.downgrade_subscription),
        row("pause-subscription", rules.PauseSubscription, rules.pause_subscription),
        row("resume-subscription", rules.ResumeSubscription, rules.resume_subscription),
        row("renew-subscription", rules.RenewSubscription, rules.renew_subscription),
        row("schedule-cancellation", rules.ScheduleCancellation, rules.schedule_cancellation),
        row("cancel-subscription", rules.CancelSubscription, rules.cancel_subscription, lambda _: today()),
        row("retract-subscription", rules.RetractSubscription, rules.retract_subscription),
        row("grant-consent", rules.GrantConsent, rules.grant_consent),
        row("withdraw-consent", rules.WithdrawConsent, rules.withdraw_consent),
        row("unsubscribe", rules.Unsubscribe, rules.unsubscribe),
        row(
            "send-campaign-message",
            rules.SendCampaignMessage,
            rules.send_campaign_message,
            new_id,
            makes="message",
        ),
        row("deliver-campaign-message", rules.DeliverCampaignMessage, rules.deliver_campaign_message),
        row("bounce-campaign-message", rules.BounceCampaignMessage, rules.bounce_campaign_message),
        row("open-campaign-message", rules.OpenCampaignMessage, rules.open_campaign_message),
        row("click-campaign-message", rules.ClickCampaignMessage, rules.click_campaign_message),
        row("respond-to-campaign", rules.RespondToCampaign, rules.respond_to_campaign),
        row("answer-survey", rules.AnswerSurvey, rules.answer_survey),
        row("activate", rules.ActivateCustomer, rules.activate),
        row("mark-at-risk", rules.MarkCustomerAtRisk, rules.mark_at_risk),
        row("churn", rules.ChurnCustomer, rules.churn),
        row("win-back", rules.WinBackCustomer, rules.win_back),
        row("relate", rules.RelateCustomer, rules.relate, record_id),
        row("end-relation", rules.EndRelation, rules.end_relation),
        Row("merge", rules.MergeCustomer, _merge, makes="merge", others=("survivor_id",), answers="done"),
        Row("revert-merge", rules.RevertMerge, _revert_merge, answers="done"),
        Row(
            "reattribute-part",
            rules.ReattributePart,
            _reattribute_part,
            makes="new_part",
            others=("to_customer_id",),
            answers="done",
        ),
        *FORGETTING,
    ),
)
