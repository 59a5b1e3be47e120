"""The console's cookies: what a browser holds to be recognised. They hold nothing but an opaque token."""

from fastapi import Request, Response

from api.store import Store

SESSION = "everfold_session"
ERRAND = "everfold_sign_in"
"""Held while somebody is at the sign-in service."""

_ERRAND_SECONDS = 600


def held(request: Request, name: str) -> str | None:
    """The token that the browser holds under this name."""
    return request.cookies.get(_named(request, name))


def give_session(request: Request, response: Response, token: str) -> None:
    """Let the browser hold a session's token. No script can read it, and no other site can have it sent along."""
    response.set_cookie(
        _named(request, SESSION), token, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def give_errand(request: Request, response: Response, token: str) -> None:
    """Let it hold the token of an errand to the sign-in service, and bring it along when it is sent back from there."""
    response.set_cookie(
        _named(request, ERRAND),
        token,
        max_age=_ERRAND_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def take_back(request: Request, response: Response, name: str) -> None:
    """Let it hold nothing under this name."""
    samesite = "strict" if name == SESSION else "lax"
    response.delete_cookie(
        _named(request, name),
        path="/",
        httponly=True,
        samesite=samesite,  # type: ignore[arg-type]  # a Literal there
        secure=_is_secure(request),
    )


def _named(request: Request, name: str) -> str:
    # under this prefix browsers take a cookie from this very host only, over https, and for all of it
    return f"__Host-{name}" if _is_secure(request) else name


def _is_secure(request: Request) -> bool:
    store: Store = request.app.state.store
    # behind a proxy that ends the encryption, the request itself does not show it
    return (store.settings.public_url or str(request.base_url)).startswith("https:")
