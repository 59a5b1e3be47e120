"""Campaign members: one row somebody whom a campaign reached, and what she did about it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from api.imports.mapping import SHORT, Cell, CustomerCell, DateCell, Row, RowRefused, TextCell
from api.imports.mapping_file import Deciding, Fields, ImportMapping, Said, Texts
from domain.customer import CustomerCampaignMessageSent
from domain.customer.imported_contact import ImportedMember, reached
from domain.imported import ImportedFact, Past


class YesOrNoCell(Cell):
    """Whether it was so; without it, it was where the row says when, or what she answered."""

    values: Mapping[str, Literal["yes", "no"]] = Field(default_factory=dict)

    def read(self, row: Row, empty: Collection[str], status: str | None = None) -> str | None:
        text = super().read(row, empty, status)
        if text not in (None, "yes", "no"):
            raise RowRefused(f'{text!r} in column {self.column} is neither yes nor no: list it, as in {{ Y = "yes" }}.')
        return text


class CampaignMemberFields(Fields):
    """The fields of a campaign's member that a file can feed. A campaign that is new is planned by its name."""

    customer: Annotated[CustomerCell, SHORT]
    campaign: Annotated[Cell, SHORT]
    channel: Annotated[Cell, SHORT]
    sent_at: Annotated[DateCell, SHORT] | None = None
    delivered: Annotated[YesOrNoCell, SHORT] | None = None
    """Whether the message arrived; "no" of one that came back."""
    delivered_at: Annotated[DateCell, SHORT] | None = None
    opened_at: Annotated[DateCell, SHORT] | None = None
    responded: Annotated[YesOrNoCell, SHORT] | None = None
    """Whether she answered the way the campaign wanted."""
    responded_at: Annotated[DateCell, SHORT] | None = None
    response: Annotated[TextCell, SHORT] | None = None


class CampaignMembers(ImportMapping):
    """A mapping file of campaign members."""

    noun: ClassVar[Literal["customer"]] = "customer"
    about: ClassVar[str] = "campaign message"
    begins: ClassVar[tuple[type, ...]] = (CustomerCampaignMessageSent,)

    kind: Literal["campaign-members"]
    fields: CampaignMemberFields

    def said(self, texts: Texts, key: str) -> Said:
        fields, campaign, channel = self.fields, texts.get("campaign"), texts.get("channel")
        if campaign is None or channel is None:
            raise RowRefused("The row does not say which campaign reached her, or by which channel.")
        responded_at = self.moment(fields.responded_at, texts.get("responded_at"))
        delivered_at = self.moment(fields.delivered_at, texts.get("delivered_at"))
        arrived = texts.get("delivered") or ("yes" if delivered_at else None)
        told = "yes" if responded_at or texts.get("response") else "no"
        record = ImportedMember(
            channel=channel,
            sent_at=self.moment(fields.sent_at, texts.get("sent_at")),
            delivered=arrived == "yes" if arrived else None,
            delivered_at=delivered_at,
            opened_at=self.moment(fields.opened_at, texts.get("opened_at")),
            responded=(texts.get("responded") if fields.responded else told) == "yes",
            responded_at=responded_at,
            response=texts.get("response"),
        )
        return Said(key=key, record=record, customer=self.customer_of(texts), campaign=campaign)

    def decide(self, record: ImportedMember, history: Sequence[Past], deciding: Deciding) -> Sequence[ImportedFact]:
        assert deciding.campaign_id is not None
        return reached(history, deciding.thing_id, deciding.campaign_id, record, deciding.now)

    def moments(self, record: ImportedMember) -> Sequence[tuple[str, datetime | None]]:
        return (
            ("sent", record.sent_at),
            ("delivered", record.delivered_at),
            ("opened", record.opened_at),
            ("answered", record.responded_at),
        )
