"""What happens to customers, and the sentences of a timeline about it."""

from datetime import date
from decimal import Decimal
from functools import partial

from domain.contact_point import contact_point
from domain.customer import (
    CustomerAbsorbed,
    CustomerActivated,
    CustomerArchived,
    CustomerCampaignMessageBounced,
    CustomerCampaignMessageClicked,
    CustomerCampaignMessageDelivered,
    CustomerCampaignMessageOpened,
    CustomerCampaignMessageSent,
    CustomerCampaignResponded,
    CustomerChurned,
    CustomerClassified,
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerContactPersonAdded,
    CustomerContactPersonRemoved,
    CustomerContactPersonRoleAssigned,
    CustomerContactPointAdded,
    CustomerContactPointCorrected,
    CustomerContactPointRemoved,
    CustomerForgettingRequested,
    CustomerForgettingRequestWithdrawn,
    CustomerForgotten,
    CustomerMarkedAtRisk,
    CustomerMergedInto,
    CustomerOwnerAssigned,
    CustomerPersonForgotten,
    CustomerPurchaseRecorded,
    CustomerPurchaseRefunded,
    CustomerPurchaseRetracted,
    CustomerRegistered,
    CustomerRelatedTo,
    CustomerRelationEnded,
    CustomerRenamed,
    CustomerRestored,
    CustomerSubscriptionCancellationScheduled,
    CustomerSubscriptionCancelled,
    CustomerSubscriptionDowngraded,
    CustomerSubscriptionPaused,
    CustomerSubscriptionRenewed,
    CustomerSubscriptionResumed,
    CustomerSubscriptionRetracted,
    CustomerSubscriptionStarted,
    CustomerSubscriptionUpgraded,
    CustomerSurveyAnswered,
    CustomerTagged,
    CustomerUnsubscribed,
    CustomerUntagged,
    CustomerWonBack,
    PurchaseLine,
)
from domain.event import FORGOTTEN, CustomerId, Event, MemberId
from domain.money import Money
from tests.domain.histories import IDS

ID, OTHER = IDS[0], CustomerId(IDS[1])
EUR = partial(Money, currency="EUR")
DAY, LATER = date(2026, 11, 5), date(2026, 12, 31)
PHONE = contact_point("phone", "+49 89 1234567")
ADDED = partial(CustomerContactPointAdded, point_id=ID, kind="phone")

CUSTOMER_SENTENCES: list[tuple[Event, str]] = [
    (CustomerRegistered(kind="organisation", name="Acme"), "Registered as an organisation: Acme"),
    (CustomerRegistered(kind="person", name=FORGOTTEN), "Registered as a person: (forgotten)"),
    (CustomerForgotten(legal_basis="request"), "Personal data erased (request)"),
    (
        CustomerForgotten(legal_basis="no_longer_needed", reason="Ten years"),
        "Personal data erased (no longer needed): Ten years",
    ),
    (
        CustomerPersonForgotten(person_id=ID, legal_basis="legal_duty", reason="Letter of May"),
        "Personal data of a contact person erased (legal duty): Letter of May",
    ),
    (CustomerForgettingRequested(legal_basis="request"), "Asked to forget the customer (request)"),
    (
        CustomerForgettingRequested(legal_basis="consent_withdrawn", person_id=ID, reason="Letter of May"),
        "Asked to forget a contact person (consent withdrawn): Letter of May",
    ),
    (CustomerForgettingRequestWithdrawn(), "The request to forget the customer was withdrawn"),
    (
        CustomerForgettingRequestWithdrawn(person_id=ID, reason="Mistaken"),
        "The request to forget a contact person was withdrawn: Mistaken",
    ),
    (CustomerRenamed(name="Acme Ltd"), "Name: Acme Ltd"),
    (CustomerClassified(), "Classified: not at all"),
    (
        CustomerClassified(segment="smb", industry="steel", size="51-200", tier="gold"),
        "Classified: segment smb, industry steel, size 51-200, tier gold",
    ),
    (
        CustomerOwnerAssigned(owner_id=MemberId(ID), team="north", rule="zip"),
        "Assigned to a member of team north by rule zip",
    ),
    (CustomerTagged(tag="vip"), "Tagged vip"),
    (CustomerUntagged(tag="vip"), "No longer tagged vip"),
    (CustomerArchived(reason="Bankrupt"), "Archived: Bankrupt"),
    (CustomerRestored(reason="Found"), "Back from the archive: Found"),
    (ADDED(value=PHONE), "Added phone: +49 89 1234567"),
    (ADDED(value=PHONE, primary=True, label="work"), "Added primary phone, work: +49 89 1234567"),
    (ADDED(value=FORGOTTEN), "Added phone: (forgotten)"),
    (
        CustomerContactPointCorrected(point_id=ID, kind="phone", value=PHONE),
        "Corrected to phone: +49 89 1234567",
    ),
    (CustomerContactPointRemoved(point_id=ID, reason="Dead line"), "Contact point removed: Dead line"),
    (CustomerContactPersonAdded(person_id=ID, name="Ann"), "Contact person: Ann"),
    (
        CustomerContactPersonAdded(person_id=ID, name="Ann", role="economic_buyer", valid_from=DAY, valid_to=LATER),
        "Contact person as economic buyer from 2026-11-05 until 2026-12-31: Ann",
    ),
    (CustomerContactPersonRoleAssigned(person_id=ID), "Part of a contact person: none"),
    (
        CustomerContactPersonRoleAssigned(person_id=ID, role="user", valid_from=DAY),
        "Part of a contact person: user from 2026-11-05",
    ),
    (
        CustomerContactPersonRoleAssigned(person_id=ID, role="user", valid_to=LATER),
        "Part of a contact person: user until 2026-12-31",
    ),
    (CustomerContactPersonRemoved(person_id=ID, reason="Left"), "Contact person removed: Left"),
    (CustomerRelatedTo(other_id=OTHER, kind="parent", valid_from=DAY), f"Customer {OTHER} is parent from 2026-11-05"),
    (CustomerRelatedTo(other_id=OTHER, kind="parent", valid_to=LATER), f"Customer {OTHER} is parent until 2026-12-31"),
    (
        CustomerRelationEnded(other_id=OTHER, kind="parent", valid_to=DAY, reason="Sold"),
        f"Customer {OTHER} is no longer parent from 2026-11-05: Sold",
    ),
    (CustomerActivated(cause="bought_before", reason="Old books"), "Active, bought before: Old books"),
    (CustomerMarkedAtRisk(), "At risk"),
    (
        CustomerMarkedAtRisk(rule="quiet", rule_version=2, score=80, signals=("no_login", "nps"), reason="Sad"),
        "At risk with score 80 by rule quiet, version 2, no_login, nps: Sad",
    ),
    (CustomerChurned(kind="contractual", effective_on=DAY), "Left on 2026-11-05, no subscription is left"),
    (
        CustomerChurned(kind="silence", effective_on=DAY, rule="quiet", rule_version=2, signals=("no_login",)),
        "Left on 2026-11-05, nothing was heard by rule quiet, version 2, no_login",
    ),
    (CustomerChurned(kind="said", effective_on=DAY, reason="Price"), "Left on 2026-11-05, as was said: Price"),
    (CustomerWonBack(cause="new_boss", reason="Price"), "Won back, new boss: Price"),
    (CustomerPurchaseRecorded(purchase_id=ID, total=EUR(amount=Decimal(5))), "Bought for 5.00 EUR"),
    (
        CustomerPurchaseRecorded(
            purchase_id=ID,
            total=EUR(amount=Decimal(5)),
            lines=(
                PurchaseLine(product_id="nut", quantity=Decimal("2.0"), unit_price=EUR(amount=Decimal(1))),
                PurchaseLine(product_id="bolt"),
            ),
        ),
        "Bought for 5.00 EUR: 2 x nut at 1.00 EUR, 1 x bolt",
    ),
    (
        CustomerPurchaseRefunded(purchase_id=ID, amount=EUR(amount=Decimal(3)), reason="Broken"),
        "Refunded 3.00 EUR: Broken",
    ),
    (CustomerPurchaseRetracted(purchase_id=ID, reason="Her sister's"), "Purchase retracted: Her sister's"),
    (CustomerSubscriptionRetracted(subscription_id=ID, reason="typo"), "Subscription retracted: typo"),
    (
        CustomerSubscriptionStarted(
            subscription_id=ID, effective_on=DAY, plan="basic", mrr=EUR(amount=Decimal(9)), term_months=12
        ),
        "Subscribed to basic for 9.00 EUR a month from 2026-11-05 for 12 months",
    ),
    (
        CustomerSubscriptionUpgraded(subscription_id=ID, effective_on=DAY, plan="pro", mrr=EUR(amount=Decimal(19))),
        "Subscription upgraded to pro for 19.00 EUR a month from 2026-11-05",
    ),
    (
        CustomerSubscriptionDowngraded(subscription_id=ID, effective_on=DAY, plan="mini", mrr=EUR(amount=Decimal(5))),
        "Subscription downgraded to mini for 5.00 EUR a month from 2026-11-05",
    ),
    (
        CustomerSubscriptionPaused(subscription_id=ID, effective_on=DAY, until=LATER, reason="Holiday"),
        "Subscription paused from 2026-11-05 until 2026-12-31: Holiday",
    ),
    (CustomerSubscriptionResumed(subscription_id=ID, effective_on=DAY), "Subscription resumed from 2026-11-05"),
    (CustomerSubscriptionRenewed(subscription_id=ID, effective_on=DAY), "Subscription renewed from 2026-11-05"),
    (
        CustomerSubscriptionRenewed(subscription_id=ID, effective_on=DAY, term_months=6),
        "Subscription renewed from 2026-11-05 for 6 months",
    ),
    (
        CustomerSubscriptionCancellationScheduled(subscription_id=ID, effective_on=DAY, reason="Price"),
        "Subscription to end on 2026-11-05: Price",
    ),
    (
        CustomerSubscriptionCancelled(subscription_id=ID, effective_on=DAY, voluntary=False, reason="Unpaid"),
        "Subscription ended on 2026-11-05, not because the customer wanted it: Unpaid",
    ),
    (
        CustomerConsentGranted(channel="email", purpose="news", text_version="3", proof="Form"),
        "Consent for news by email, text version 3: Form",
    ),
    (CustomerConsentWithdrawn(channel="sms", purpose="news", reason="Spam"), "No consent for news by sms: Spam"),
    (CustomerCampaignMessageSent(message_id=ID, campaign_id=ID, channel="email"), "Campaign message sent by email"),
    (CustomerCampaignMessageDelivered(message_id=ID, campaign_id=ID), "Campaign message delivered"),
    (CustomerCampaignMessageBounced(message_id=ID, campaign_id=ID), "Campaign message bounced"),
    (
        CustomerCampaignMessageBounced(message_id=ID, campaign_id=ID, permanent=True, reason="No such box"),
        "Campaign message bounced for good: No such box",
    ),
    (CustomerCampaignMessageOpened(message_id=ID, campaign_id=ID), "Campaign message opened"),
    (
        CustomerCampaignMessageClicked(message_id=ID, campaign_id=ID, link="/offer"),
        "Link in a campaign message followed: /offer",
    ),
    (CustomerCampaignResponded(campaign_id=ID, response="Call me"), "Answered a campaign: Call me"),
    (CustomerUnsubscribed(channel="email"), "Wants no more campaigns by email"),
    (CustomerSurveyAnswered(survey="nps", score=9, comment="Fine"), "NPS 9: Fine"),
    (CustomerMergedInto(survivor_id=OTHER, merge_id=ID, reason="Same"), f"Merged into customer {OTHER}: Same"),
    (CustomerAbsorbed(merged_id=OTHER, merge_id=ID), f"Customer {OTHER} is the same and lives on here"),
]
