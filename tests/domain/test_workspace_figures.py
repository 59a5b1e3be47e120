"""The workspace: definitions of KPIs and fitted models, in versions."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.workspace import (
    FitModel,
    KpiDefinitionUnchanged,
    ModelWithoutData,
    ModelWithoutParameters,
    PublishKpiDefinition,
    Workspace,
    WorkspaceKpiDefinitionPublished,
    WorkspaceModelFitted,
    fit_model,
    publish_kpi_definition,
)
from tests.domain.test_workspace import given

DEFINE = PublishKpiDefinition(kpi="lead_conversion_rate", formula_digest="ab" * 32, parameters={"days": "90"})
DEFINED = WorkspaceKpiDefinitionPublished(version=1, **DEFINE.model_dump(exclude={"occurred_at"}))
MODEL: dict[str, Any] = {  # Any: fields of several types
    "model": "bg_nbd",
    "parameters": {"r": Decimal("0.243"), "alpha": Decimal("4.414")},
    "from_day": date(2026, 1, 1),
    "until_day": date(2026, 10, 1),
    "observations": 2357,
}
FITTED = WorkspaceModelFitted(version=1, **MODEL)


def test_a_kpi_is_defined_as_it_was_given() -> None:
    assert publish_kpi_definition(Workspace(), DEFINE) == DEFINED
    assert given(DEFINED).kpi_definitions == {"lead_conversion_rate": DEFINED}
    assert (
        publish_kpi_definition(Workspace(), PublishKpiDefinition(kpi="nps", formula_digest="ab" * 32)).parameters == {}
    )


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": {"days": "60"}},
        {"formula_digest": "cd" * 32},
        {"target": Decimal("0.25")},
        {"target": Decimal("0.25"), "target_is": "at_most"},
    ],
)
def test_another_formula_parameter_or_target_is_a_new_version(other: dict[str, object]) -> None:
    second = publish_kpi_definition(given(DEFINED), DEFINE.model_copy(update=other))
    assert second == DEFINED.model_copy(update={"version": 2, **other})
    assert given(DEFINED, second).kpi_definitions == {"lead_conversion_rate": second}
    assert publish_kpi_definition(given(DEFINED, second), DEFINE).version == 3
    assert publish_kpi_definition(given(DEFINED), DEFINE.model_copy(update={"kpi": "nps"})).version == 1


def test_the_same_definition_is_not_published_again() -> None:
    with pytest.raises(KpiDefinitionUnchanged, match="lead_conversion_rate is already defined so, in version 1"):
        publish_kpi_definition(given(DEFINED), DEFINE)
    aimed = DEFINE.model_copy(update={"target": Decimal("0.25")})
    with pytest.raises(KpiDefinitionUnchanged):
        publish_kpi_definition(given(DEFINED.model_copy(update={"target": Decimal("0.250")})), aimed)


def test_a_target_that_is_meant_otherwise_is_a_new_version() -> None:
    least = DEFINE.model_copy(update={"target": Decimal("0.25"), "target_is": "at_least"})
    published = publish_kpi_definition(Workspace(), least)
    assert published.target_is == "at_least"
    most = publish_kpi_definition(given(published), least.model_copy(update={"target_is": "at_most"}))
    assert (most.version, most.target_is) == (2, "at_most")
    with pytest.raises(KpiDefinitionUnchanged):
        publish_kpi_definition(given(published), least)


def test_without_a_target_nothing_is_said_of_it() -> None:
    none = publish_kpi_definition(Workspace(), DEFINE.model_copy(update={"target_is": "at_most"}))
    assert (none.target, none.target_is) == (None, None)


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "much"])
def test_a_target_is_a_number(odd: Any) -> None:
    with pytest.raises(ValidationError):
        PublishKpiDefinition(kpi="nps", formula_digest="ab" * 32, target=odd)


def test_a_model_is_fitted_as_it_was_given() -> None:
    assert fit_model(Workspace(), FitModel(**MODEL)) == FITTED
    assert given(FITTED).models == {"bg_nbd": FITTED}


def test_a_model_fitted_again_is_a_new_version_of_it() -> None:
    second = fit_model(given(FITTED), FitModel(**MODEL))
    assert second == FITTED.model_copy(update={"version": 2})
    assert given(FITTED, second).models == {"bg_nbd": second}
    assert fit_model(given(FITTED), FitModel(**MODEL | {"model": "gamma_gamma"})).version == 1


def test_a_model_has_parameters() -> None:
    with pytest.raises(ModelWithoutParameters):
        fit_model(Workspace(), FitModel(**MODEL | {"parameters": {}}))
    for odd in ("NaN", "Infinity"):
        with pytest.raises(ValidationError):
            FitModel(**MODEL | {"parameters": {"r": odd}})


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"until_day": date(2026, 1, 1)}, "2357 observations of the days from 2026-01-01 up to 2026-01-01"),
        ({"until_day": date(2025, 1, 1)}, "up to 2025-01-01"),
        ({"observations": 0}, "fitted to 0 observations"),
        ({"observations": -1}, "fitted to -1 observations"),
    ],
)
def test_a_model_has_data(odd: dict[str, object], said: str) -> None:
    with pytest.raises(ModelWithoutData, match=said):
        fit_model(Workspace(), FitModel(**MODEL | odd))


def test_one_day_and_one_observation_are_data() -> None:
    least = {"until_day": date(2026, 1, 2), "observations": 1}
    assert fit_model(Workspace(), FitModel(**MODEL | least)) == FITTED.model_copy(update=least)
