"""What campaigns send in the story and what becomes of it, what customers allow, and what they say in surveys."""

from datetime import timedelta
from uuid import UUID

from api.demo.company import CAMPAIGN, DRIVES, Drive
from api.demo.courtship import deal_of_campaign
from api.demo.home import Home, Person
from api.demo.office import drive_id
from api.demo.plot import Life
from api.demo.told import Actor
from api.demo.words import BLAME, PRAISE
from domain import customer
from domain.customer import CustomerEvent, Survey, allows

_PURPOSE = "marketing"


def mailings(home: Home) -> Life:
    """One campaign after the other, as far as the customer allows it."""
    reader = home.somebody()
    if home.chance(0.62):
        yield home.any_time(30)
        _allow(home, reader, "2024-1")
    for drive in DRIVES:
        launched_at = home.office.day(drive.starts, 9) + timedelta(seconds=home.random.randint(60, 9_000))
        if launched_at <= home.now:
            continue
        yield launched_at
        if home.chance(0.012):
            _object(home, reader)
        elif drive.kind == "newsletter" and home.chance(0.04):
            _allow(home, reader, "2025-1")
        is_former = home.customer.state.status == "churned"
        if (drive.kind == "win-back") == is_former and _may_write(home, reader):
            home.begin(_message(home, drive, reader))
        if drive.kind == "fair" and home.chance(0.07):
            home.begin(_at_the_fair(home, drive, reader))


def _may_write(home: Home, reader: Person | None) -> bool:
    return allows(home.customer.state, "email", _PURPOSE, _id_of(reader))


def _tell(home: Home, event: CustomerEvent, reader: Person | None, actor: Actor | None = None) -> None:
    home.customer.tell(event, actor or home.office.automation, "email", subject_id=_id_of(reader))


def _id_of(reader: Person | None) -> UUID | None:
    return reader.person_id if reader else None


def _allow(home: Home, reader: Person | None, text: str) -> None:
    consent = customer.GrantConsent(
        channel="email",
        purpose=_PURPOSE,
        person_id=_id_of(reader),
        source="website",
        text_version=text,
        proof="Confirmed by the link in our mail",
    )
    if (reader is None or reader.person_id in home.customer.state.people) and not _is_known(home, reader, text):
        _tell(home, customer.grant_consent(home.customer.state, consent), reader, home.office.website)


def _is_known(home: Home, reader: Person | None, text: str) -> bool:
    key = (_id_of(reader), "email", _PURPOSE)
    return home.customer.state.outreach.consents.get(key) == customer.Consent(granted=True, text_version=text)


def _object(home: Home, reader: Person | None) -> None:
    if _may_write(home, reader):
        no_more = customer.WithdrawConsent(
            channel="email", purpose=_PURPOSE, person_id=_id_of(reader), reason="Too many letters"
        )
        _tell(home, customer.withdraw_consent(home.customer.state, no_more), reader, home.actor(home.seller()))


def _message(home: Home, drive: Drive, reader: Person | None) -> Life:
    message_id, campaign_id = home.new_id(), drive_id(home.seed, drive)
    send = customer.SendCampaignMessage(
        message_id=message_id, campaign_id=campaign_id, channel="email", person_id=_id_of(reader)
    )
    _tell(home, customer.send_campaign_message(home.customer.state, send, message_id), reader)
    yield home.now + timedelta(seconds=home.random.randint(2, 90))
    if home.chance(0.025):
        bounced = customer.BounceCampaignMessage(
            message_id=message_id, permanent=home.chance(0.4), reason="The mailbox is full"
        )
        _tell(home, customer.bounce_campaign_message(home.customer.state, bounced), reader)
        return
    arrived = customer.DeliverCampaignMessage(message_id=message_id)
    _tell(home, customer.deliver_campaign_message(home.customer.state, arrived), reader)
    if home.chance(0.42 * drive.appeal):
        yield home.any_time(14)
        opened = customer.OpenCampaignMessage(message_id=message_id)
        _tell(home, customer.open_campaign_message(home.customer.state, opened), reader)
        if home.chance(0.3 * drive.appeal):
            yield home.now + timedelta(seconds=home.random.randint(5, 200))
            clicked = customer.ClickCampaignMessage(message_id=message_id, link="https://growers.example.com/spring")
            _tell(home, customer.click_campaign_message(home.customer.state, clicked), reader)
            if home.chance(0.35):
                yield from _respond(home, drive, reader, message_id)
        elif home.chance(0.06):
            _unsubscribe(home, drive, reader, message_id)


def _respond(home: Home, drive: Drive, reader: Person | None, message_id: UUID | None) -> Life:
    yield home.any_time(8)
    answer = customer.RespondToCampaign(
        campaign_id=drive_id(home.seed, drive),
        message_id=message_id,
        person_id=_id_of(reader),
        response="Please call me" if home.chance(0.5) else None,
    )
    if reader is None or reader.person_id in home.customer.state.people:
        _tell(home, customer.respond_to_campaign(home.customer.state, answer), reader)
        if home.chance(0.45):
            home.begin(deal_of_campaign(home, CAMPAIGN, drive_id(home.seed, drive)))


def _at_the_fair(home: Home, drive: Drive, reader: Person | None) -> Life:
    yield home.days(2)
    yield from _respond(home, drive, reader, None)


def _unsubscribe(home: Home, drive: Drive, reader: Person | None, message_id: UUID) -> None:
    person_id = _id_of(reader)
    if (person_id, "email") not in home.customer.state.outreach.unsubscribed:
        leave = customer.Unsubscribe(
            channel="email", campaign_id=drive_id(home.seed, drive), message_id=message_id, person_id=person_id
        )
        _tell(home, customer.unsubscribe(home.customer.state, leave), reader)


def surveys(home: Home) -> Life:
    """Twice a year how likely they are to recommend us; between, how easy it was and how content they are."""
    yield home.days(60)
    number = home.number
    while True:
        number += 1
        survey: Survey = "nps" if number % 2 else "ces" if number % 4 else "csat"
        if home.customer.state.status in ("active", "at_risk") and home.chance(0.5):
            _answer(home, survey)
        yield home.days(85)


def _answer(home: Home, survey: Survey) -> None:
    lowest, highest = customer.SCALES[survey]
    delight = min(1.0, 0.32 + home.traits.mood * 0.5 + home.random.random() * 0.3)
    score = lowest + int(delight * (highest - lowest) + 0.5)
    comment = home.random.choice(PRAISE if delight > 0.68 else BLAME) if home.chance(0.25) else None
    person = home.somebody()
    answer = customer.AnswerSurvey(survey=survey, score=score, comment=comment, person_id=_id_of(person))
    _tell(home, customer.answer_survey(home.customer.state, answer), person)
