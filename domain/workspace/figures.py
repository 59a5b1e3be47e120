"""Publishing what figures are computed with: exchange rates, definitions of KPIs, and models with their parameters."""

from datetime import date

from pydantic import Field

from domain.event import Command, Refusal, Word
from domain.exchange_rate import ExchangeRate, Rate
from domain.money import Currency, digits
from domain.workspace.events import (
    Digest,
    Parameter,
    WorkspaceExchangeRatePublished,
    WorkspaceKpiDefinitionPublished,
    WorkspaceModelFitted,
)
from domain.workspace.state import Workspace


class PublishExchangeRate(Command):
    """Say how many units of `to_currency` one of `from_currency` is, from a day on, also from one that has passed."""

    from_currency: Currency
    to_currency: Currency
    rate: Rate
    valid_on: date


class PublishKpiDefinition(Command):
    """Say by which formula a figure is computed from now on, and with which parameters, such as 90 days."""

    kpi: Word
    formula_digest: Digest
    parameters: dict[Word, Word] = Field(default_factory=dict)


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
    """Versions of a definition count up from 1; raises KpiDefinitionUnchanged."""
    latest = workspace.kpi_definitions.get(command.kpi)
    if latest and (latest.formula_digest, latest.parameters) == (command.formula_digest, command.parameters):
        raise KpiDefinitionUnchanged(kpi=command.kpi, version=latest.version)
    return WorkspaceKpiDefinitionPublished(
        kpi=command.kpi,
        version=latest.version + 1 if latest else 1,
        formula_digest=command.formula_digest,
        parameters=command.parameters,
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
