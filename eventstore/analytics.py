"""The extra `analytics`: the packages behind models, plots and Parquet, which most installations do without."""

from importlib.util import find_spec

from eventstore.trouble import Trouble

_PACKAGES = ("adbc_driver_postgresql", "duckdb", "matplotlib", "numpy", "scipy")


class AnalyticsMissing(Trouble):
    """This needs packages that are not installed. Start Everfold once with them: ./crm --with analytics run"""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def has_analytics() -> bool:
    """Whether all of them can be imported."""
    return all(find_spec(name) for name in _PACKAGES)


def must_have_analytics() -> None:
    """Call this before any of them is imported. Raises AnalyticsMissing."""
    if not has_analytics():
        raise AnalyticsMissing()
