"""A part of the API below one prefix, passed over at once by requests to the others: there are some hundred routes, and
to try them one after the other takes longer than many an answer."""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Section(APIRouter):
    """A router whose routes all lie below its prefix."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of them is meant."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return super().matches(scope) if path.startswith(self.prefix) else (Match.NONE, {})
