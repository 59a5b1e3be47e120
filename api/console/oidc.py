"""Signing in to the console by the sign-in service: the code flow of OpenID Connect, with PKCE, state and nonce.

All three come from one opaque token that the browser holds meanwhile, by the installation's secret: nothing is kept.
"""

import hmac
import secrets
from importlib.util import find_spec
from time import time as seconds_now
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import OpenStore
from api.attempts import note
from api.console.cookies import ERRAND, SESSION, give_errand, give_session, held, take_back
from api.console.frame import PageRoute, explain, page
from api.issuer import Issuer
from api.problems import IssuerSilent
from api.sessions import begin_session, close_session
from api.store import Store
from api.tokens import TokenRefused, checked, member_of
from eventstore.trouble import Trouble

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

router = APIRouter(prefix="/console/sign-in/oidc", route_class=PageRoute, include_in_schema=False)

Told = Annotated[str, Query(max_length=4_096)]

_LASTS = 600
_PATIENCE = 5.0
_PACKAGES = ("authlib", "requests")
_NOT_OFFERED = "No sign-in service is set up here."
_TRY_AGAIN = "The sign-in service did not confirm who you are, or it took too long. Try again."
_NO_MEMBER = (
    "The sign-in service knows you, but your account there is that of no active member here. Give its id there to "
    "somebody who runs this installation: "
)


class OidcMissing(Trouble):
    """Signing in with EVERFOLD_OIDC_CLIENT_ID needs packages that are not installed. Start Everfold by ./crm, which
    installs them, or run: pip install 'everfold[oidc]'"""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


def must_have_packages() -> None:
    """Raises OidcMissing."""
    if not all(find_spec(name) for name in _PACKAGES):
        raise OidcMissing()


@router.get("")
def go_there(request: Request, store: OpenStore) -> Response:
    """Send the browser to the sign-in service."""
    if store.issuer is None or not store.settings.oidc_client_id:
        return explain(request, 404, "Not found", _NOT_OFFERED)
    errand = f"{int(seconds_now())}.{secrets.token_urlsafe(32)}"
    with _client(store) as client:
        address, _ = client.create_authorization_url(
            store.issuer.endpoint("authorization_endpoint"),
            state=_derived(store, "state", errand),
            nonce=_derived(store, "nonce", errand),
            code_verifier=_derived(store, "verifier", errand),
        )
    response = RedirectResponse(address, 303)
    give_errand(request, response, errand)
    return response


@router.get("/callback")
def come_back(
    request: Request, store: OpenStore, code: Told = "", state: Told = "", iss: Told = "", error: Told = ""
) -> Response:
    """Take the browser back from there, with a code that says who signed in."""
    if store.issuer is None or not store.settings.oidc_client_id:
        return explain(request, 404, "Not found", _NOT_OFFERED)
    errand = held(request, ERRAND) or ""
    try:
        if error or not code or iss not in ("", store.issuer.address) or not _is_answer(store, errand, state):
            raise TokenRefused()
        claims = _confirmed(store, store.issuer, errand, code)
    except TokenRefused:
        note(store, "oidc", "refused")
        return explain(request, 401, "Not signed in", _TRY_AGAIN)
    member_id = member_of(store, claims)
    if member_id is None:
        note(store, "oidc", "not_a_member")
        return explain(request, 403, "Not a member", f"{_NO_MEMBER}{claims['sub']}")
    close_session(store, held(request, SESSION) or "")
    # a page and no redirect: a browser that comes from another site brings the new cookie only to where our page leads
    response = page(request, "signed_in.html")
    give_session(request, response, begin_session(store, member_id, "oidc"))
    take_back(request, response, ERRAND)
    return response


def _derived(store: Store, part: str, errand: str) -> str:
    return store.digest(f"sign-in {part} {errand}").hex()


def _is_answer(store: Store, errand: str, state: str) -> bool:
    begun = errand.partition(".")[0]
    in_time = begun.isdecimal() and 0 <= seconds_now() - int(begun) <= _LASTS
    return in_time and hmac.compare_digest(_derived(store, "state", errand).encode(), state.encode())


def _confirmed(store: Store, issuer: Issuer, errand: str, code: str) -> "dict[str, object]":
    """The claims of the ID token that the service gives for the code."""
    from authlib.common.errors import AuthlibBaseError

    address = issuer.endpoint("token_endpoint")
    try:
        with _client(store) as client:
            given = client.fetch_token(
                address,
                grant_type="authorization_code",
                code=code,
                code_verifier=_derived(store, "verifier", errand),
                timeout=_PATIENCE,
                allow_redirects=False,
            )
    except AuthlibBaseError:
        raise TokenRefused() from None
    except (OSError, ValueError):  # also of the library that it speaks HTTP with
        raise IssuerSilent() from None
    client_id = store.settings.oidc_client_id or ""
    _, claims = checked(issuer, str(given.get("id_token", "")), client_id)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), _derived(store, "nonce", errand).encode()):
        raise TokenRefused()
    # a token that is for others too names the client that asked for it
    if claims.get("azp", client_id if claims["aud"] in (client_id, [client_id]) else None) != client_id:
        raise TokenRefused()
    return dict(claims)


def _client(store: Store) -> "OAuth2Session":
    from authlib.integrations.requests_client import OAuth2Session

    settings = store.settings
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None,
        scope="openid",
        redirect_uri=f"{(settings.public_url or '').rstrip('/')}/console/sign-in/oidc/callback",
        code_challenge_method="S256",
    )
