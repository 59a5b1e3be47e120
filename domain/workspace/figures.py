"""Publishing what figures are computed with: exchange rates, definitions of KPIs, and models with their parameters."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, assert_never

from pydantic import Field

from domain.event import Command, Event, Refusal, Word
from domain.exchange_rate import ExchangeRate, Rate, with_rate
from domain.money import Currency, digits
from domain.phrases import plain
from domain.workspace.state import Digest, Version, Workspace

Parameter = Annotated[Decimal, Field(max_digits=40, decimal_places=20, allow_inf_nan=False)]
"""A number that a model was found to have, or that a figure shall have."""

TargetIs: TypeAlias = Literal["at_least", "at_most"]
"""Whether a figure meets its target from there on upwards, or up to there."""


class WorkspaceExchangeRatePublished(Event):
    """The rate of a currency in another from a day on; of two for one day the later published one holds."""

    exchange_rate: ExchangeRate

    def in_words(self) -> str:
        rate = self.exchange_rate
        return f"1 {rate.from_currency} is {plain(rate.rate)} {rate.to_currency} from {rate.valid_on} on"


class WorkspaceKpiDefinitionPublished(Event):
    """From now on this figure is computed by the formula with this digest, with these parameters, and shall come to
    `target`, at least or at most. Of a target that was published before that could be said, nobody knows which."""

    kpi: Word
    version: Version
    formula_digest: Digest
    parameters: dict[Word, Word]
    target: Parameter | None = None
    target_is: TargetIs | None = None

    def in_words(self) -> str:
        bound = f"{self.target_is.replace('_', ' ')} " if self.target_is else ""
        target = "" if self.target is None else f", target {bound}{plain(self.target)}"
        return f"KPI {self.kpi}, version {self.version}: {_parameters(self.parameters)}{target}"


class WorkspaceModelFitted(Event):
    """A model was fitted to what was known of the days from `from_day` up to, not including, `until_day`."""

    model: Word
    version: Version
    parameters: Annotated[dict[Word, Parameter], Field(min_length=1)]
    from_day: date
    until_day: date
    observations: Annotated[int, Field(ge=1)]

    def in_words(self) -> str:
        parameters = _parameters({name: plain(value) for name, value in self.parameters.items()})
        days = f"{self.from_day} up to {self.until_day}"
        return f"Model {self.model}, version {self.version}, fitted to {days}: {parameters}"


FigureEvent: TypeAlias = WorkspaceExchangeRatePublished | WorkspaceKpiDefinitionPublished | WorkspaceModelFitted


def evolve_figures(workspace: Workspace, event: FigureEvent) -> Workspace:
    """The workspace after the event."""
    match event:
        case WorkspaceExchangeRatePublished():
            return replace(workspace, exchange_rates=with_rate(workspace.exchange_rates, event.exchange_rate))
        case WorkspaceKpiDefinitionPublished():
            return replace(workspace, kpi_definitions={**workspace.kpi_definitions, event.kpi: event})
        case WorkspaceModelFitted():
            return replace(workspace, models={**workspace.models, event.model: event})
        case _:
            assert_never(event)


class PublishExchangeRate(Command):
    """Say how many units of `to_currency` one of `from_currency` is, from a day on, also from one that has passed."""

    from_currency: Currency
    to_currency: Currency
    rate: Rate
    valid_on: date


class PublishKpiDefinition(Command):
    """Say by which formula a figure is computed from now on, with which parameters, such as 90 days, and what it shall
    come to, at least or at most, where that is known."""

    kpi: Word
    formula_digest: Digest
    parameters: dict[Word, Word] = Field(default_factory=dict)
    target: Parameter | None = None
    target_is: TargetIs | None = None


class FitModel(Command):
    """Record what a model was found to be, from the days from `from_day` up to, not including, `until_day`."""

    model: Word
    parameters: dict[Word, Parameter]
    from_day: date
    until_day: date
    observations: int


class RateOfOneCurrency(Refusal):
    """{currency} in {currency} is always 1. Give two different currencies."""


class KpiDefinitionUnchanged(Refusal):
    """The figure {kpi} is already defined so, in version {version}."""


class ModelWithoutParameters(Refusal):
    """A fitted model needs at least one parameter."""


class ModelWithoutData(Refusal):
    """The model was fitted to {observations} observations of the days from {from_day} up to {until_day}.
    Give a range of at least one day, with at least one observation."""


def publish_exchange_rate(command: PublishExchangeRate) -> WorkspaceExchangeRatePublished:
    """Published again for the same day, the later one holds; what was converted before keeps its rate.

    Raises UnknownCurrency, RateOfOneCurrency.
    """
    for currency in (command.from_currency, command.to_currency):
        digits(currency)  # refuses a currency that nobody knows
    if command.from_currency == command.to_currency:
        raise RateOfOneCurrency(currency=command.from_currency)
    return WorkspaceExchangeRatePublished(
        exchange_rate=ExchangeRate(
            from_currency=command.from_currency,
            to_currency=command.to_currency,
            rate=command.rate,
            valid_on=command.valid_on,
        )
    )


def publish_kpi_definition(workspace: Workspace, command: PublishKpiDefinition) -> WorkspaceKpiDefinitionPublished:
    """Versions of a definition count up from 1; what a target is, is said of one that there is.

    Raises KpiDefinitionUnchanged.
    """
    latest = workspace.kpi_definitions.get(command.kpi)
    target_is = None if command.target is None else command.target_is
    said = (command.formula_digest, command.parameters, command.target, target_is)
    if latest and (latest.formula_digest, latest.parameters, latest.target, latest.target_is) == said:
        raise KpiDefinitionUnchanged(kpi=command.kpi, version=latest.version)
    return WorkspaceKpiDefinitionPublished(
        kpi=command.kpi,
        version=latest.version + 1 if latest else 1,
        formula_digest=command.formula_digest,
        parameters=command.parameters,
        target=command.target,
        target_is=target_is,
    )


def fit_model(workspace: Workspace, command: FitModel) -> WorkspaceModelFitted:
    """Versions of a model count up from 1; raises ModelWithoutParameters, ModelWithoutData."""
    if not command.parameters:
        raise ModelWithoutParameters()
    if command.until_day <= command.from_day or command.observations < 1:
        raise ModelWithoutData(
            observations=command.observations, from_day=command.from_day, until_day=command.until_day
        )
    latest = workspace.models.get(command.model)
    return WorkspaceModelFitted(
        model=command.model,
        version=latest.version + 1 if latest else 1,
        parameters=command.parameters,
        from_day=command.from_day,
        until_day=command.until_day,
        observations=command.observations,
    )


def _parameters(parameters: dict[Word, Word]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "no parameters"
