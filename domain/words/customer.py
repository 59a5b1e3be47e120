"""What happens to a customer in words."""

from typing import assert_never

from domain.customer.events import (
    ContactPointRecord,
    CustomerAbsorbed,
    CustomerActivated,
    CustomerArchived,
    CustomerChurned,
    CustomerClassified,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerForgotten,
    CustomerMarkedAtRisk,
    CustomerMergedInto,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerRegistered,
    CustomerRelatedTo,
    CustomerRelationEnded,
    CustomerRenamed,
    CustomerRestored,
    CustomerTagged,
    CustomerUntagged,
    CustomerWonBack,
    OwnCustomerEvent,
)
from domain.customer.outreach_events import (
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerSurveyAnswered,
    CustomerUnsubscribed,
)
from domain.customer.trade_events import (
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    SubscriptionEvent,
    SubscriptionRecord,
)
from domain.event import Forgotten
from domain.words.phrases import after, assigned, plain, said


def customer_sentence(event: OwnCustomerEvent) -> str:
    """One sentence about the event, as `words.in_words` says it."""
    match event:
        case CustomerRegistered():
            return f"Registered as {'a person' if event.kind == 'person' else 'an organisation'}: {said(event.name)}"
        case CustomerRenamed():
            return f"Name: {said(event.name)}"
        case CustomerClassified():
            known = {"segment": event.segment, "industry": event.industry, "size": event.size, "tier": event.tier}
            return (
                f"Classified: {', '.join(f'{name} {value}' for name, value in known.items() if value) or 'not at all'}"
            )
        case CustomerOwnerAssigned():
            return assigned(event.owner_id, event.team, event.rule)
        case CustomerTagged():
            return f"Tagged {event.tag}"
        case CustomerUntagged():
            return f"No longer tagged {event.tag}"
        case CustomerArchived():
            return f"Archived{after(': ', event.reason)}"
        case CustomerRestored():
            return f"Back from the archive{after(': ', event.reason)}"
        case CustomerContactPointAdded():
            return f"Added {_point(event)}"
        case CustomerContactPointCorrected():
            return f"Corrected to {_point(event)}"
        case CustomerContactPointRemoved():
            return f"Contact point removed{after(': ', event.reason)}"
        case CustomerContactPersonAdded():
            return f"Contact person{after(' as ', _spaced(event.role))}{_period(event)}: {said(event.name)}"
        case CustomerContactPersonRoleAssigned():
            return f"Part of a contact person: {_spaced(event.role) or 'none'}{_period(event)}"
        case CustomerContactPersonRemoved():
            return f"Contact person removed{after(': ', event.reason)}"
        case CustomerRelatedTo():
            return f"Customer {event.other_id} is {event.kind}{_period(event)}"
        case CustomerRelationEnded():
            until = after(" from ", event.valid_to)
            return f"Customer {event.other_id} is no longer {event.kind}{until}{after(': ', event.reason)}"
        case CustomerActivated():
            return f"Active{after(', ', _spaced(event.cause))}{after(': ', event.reason)}"
        case CustomerMarkedAtRisk():
            return _at_risk(event)
        case CustomerChurned():
            how = {"contractual": "no subscription is left", "silence": "nothing was heard", "said": "as was said"}
            return f"Left on {event.effective_on}, {how[event.kind]}{_rule(event)}{after(': ', event.reason)}"
        case CustomerWonBack():
            return f"Won back{after(', ', _spaced(event.cause))}{after(': ', event.reason)}"
        case CustomerPurchaseRecorded():
            lines = ", ".join(
                f"{plain(line.quantity)} x {line.product_id}{after(' at ', line.unit_price)}" for line in event.lines
            )
            return f"Bought for {said(event.total)}{after(': ', lines or None)}"
        case CustomerPurchaseRefunded():
            return f"Refunded {said(event.amount)}{after(': ', event.reason)}"
        case CustomerPurchaseRetracted():
            return f"Purchase retracted{after(': ', event.reason)}"
        case CustomerSubscriptionRetracted():
            return f"Subscription retracted{after(': ', event.reason)}"
        case SubscriptionRecord():
            return _subscription(event)
        case CustomerConsentGranted():
            text = after(", text version ", event.text_version)
            return f"Consent for {event.purpose} by {event.channel}{text}{after(': ', event.proof)}"
        case CustomerConsentWithdrawn():
            return f"No consent for {event.purpose} by {event.channel}{after(': ', event.reason)}"
        case CustomerCampaignMessageSent():
            return f"Campaign message sent by {event.channel}"
        case CustomerCampaignMessageDelivered():
            return "Campaign message delivered"
        case CustomerCampaignMessageBounced():
            return f"Campaign message bounced{' for good' if event.permanent else ''}{after(': ', event.reason)}"
        case CustomerCampaignMessageOpened():
            return "Campaign message opened"
        case CustomerCampaignMessageClicked():
            return f"Link in a campaign message followed{after(': ', event.link)}"
        case CustomerCampaignResponded():
            return f"Answered a campaign{after(': ', event.response)}"
        case CustomerUnsubscribed():
            return f"Wants no more campaigns by {event.channel}"
        case CustomerSurveyAnswered():
            return f"{event.survey.upper()} {event.score}{after(': ', event.comment)}"
        case CustomerMergedInto():
            return f"Merged into customer {event.survivor_id}{after(': ', event.reason)}"
        case CustomerAbsorbed():
            return f"Customer {event.merged_id} is the same and lives on here"
        case CustomerForgotten():
            return f"Personal data erased {_erased(event)}"
        case CustomerPersonForgotten():
            return f"Personal data of a contact person erased {_erased(event)}"
        case _:
            assert_never(event)


def _subscription(event: SubscriptionEvent) -> str:
    day = event.effective_on
    match event:
        case CustomerSubscriptionStarted():
            return f"Subscribed to {event.plan} for {said(event.mrr)} a month from {day}{_months(event.term_months)}"
        case CustomerSubscriptionUpgraded():
            return f"Subscription upgraded{after(' to ', event.plan)} for {said(event.mrr)} a month from {day}"
        case CustomerSubscriptionDowngraded():
            return f"Subscription downgraded{after(' to ', event.plan)} for {said(event.mrr)} a month from {day}"
        case CustomerSubscriptionPaused():
            return f"Subscription paused from {day}{after(' until ', event.until)}{after(': ', event.reason)}"
        case CustomerSubscriptionResumed():
            return f"Subscription resumed from {day}"
        case CustomerSubscriptionRenewed():
            return f"Subscription renewed from {day}{_months(event.term_months)}"
        case CustomerSubscriptionCancellationScheduled():
            return f"Subscription to end on {day}{_wanted(event)}{after(': ', event.reason)}"
        case CustomerSubscriptionCancelled():
            return f"Subscription ended on {day}{_wanted(event)}{after(': ', event.reason)}"
        case _:
            assert_never(event)


def _months(months: int | None) -> str:
    return "" if months is None else f" for {months} months"


def _wanted(event: CustomerSubscriptionCancellationScheduled | CustomerSubscriptionCancelled) -> str:
    return "" if event.voluntary else ", not because the customer wanted it"


def _point(event: ContactPointRecord) -> str:
    written = event.value if isinstance(event.value, Forgotten) else event.value.as_written
    return f"{'primary ' if event.primary else ''}{event.kind}{after(', ', event.label)}: {said(written)}"


def _period(event: CustomerContactPersonAdded | CustomerContactPersonRoleAssigned | CustomerRelatedTo) -> str:
    return f"{after(' from ', event.valid_from)}{after(' until ', event.valid_to)}"


def _at_risk(event: CustomerMarkedAtRisk) -> str:
    signals = ", ".join(event.signals)
    score = after(" with score ", event.score)
    return f"At risk{score}{_rule(event)}{after(', ', signals or None)}{after(': ', event.reason)}"


def _rule(event: CustomerMarkedAtRisk | CustomerChurned) -> str:
    return f"{after(' by rule ', event.rule)}{after(', version ', event.rule_version)}"


def _spaced(code: str | None) -> str | None:
    return code and code.replace("_", " ")


def _erased(event: CustomerForgotten | CustomerPersonForgotten) -> str:
    return f"({event.legal_basis.replace('_', ' ')}){after(': ', event.reason)}"
