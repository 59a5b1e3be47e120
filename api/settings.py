"""The one place where the environment is read."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from eventstore.trouble import Trouble

Algorithm: TypeAlias = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""With which a sign-in service may sign. All have a public half, so nobody can sign with what is published."""

Address: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)(:|/|$))[!-~]*$")
]
"""An address on the web; without encryption only on this machine."""


def _listed(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


class UnusableFile(Trouble):
    """A file that a setting names does not hold what it should."""


class Settings(BaseSettings):
    """Everything that can be set from outside; every value has a default that is safe on one machine."""

    model_config = SettingsConfigDict(env_prefix="EVERFOLD_", env_ignore_empty=True, hide_input_in_errors=True)

    data: Path = Path(".everfold")
    """The folder of the embedded server, the installation's secret and error files."""

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """A Postgres to use in place of the embedded one."""

    database_password_file: Path | None = None
    """A file with the password for `database_url`, which then names none."""

    pg_bin: Path | None = Field(default=None, validation_alias="CRM_PG_BIN")
    """A folder with PostgreSQL's programs to use in place of the packaged ones."""

    chromium: Path = Field(default=Path("/usr/bin/chromium"), validation_alias="CRM_CHROMIUM")
    """The browser that the console is measured in."""

    secret: SecretStr | None = None
    """The installation's secret; without one it is made once and kept in the data folder."""

    secret_file: Path | None = None
    """A file with that secret, in place of the secret itself."""

    seals: Path | None = None
    """The file that the log's seals are exported to; default: seals.ndjson in the data folder."""

    seal_key: SecretStr | None = None
    """The Ed25519 key that signs exported seals: a PEM, or 32 bytes in hex."""

    seal_key_file: Path | None = None
    """A file with that key, in place of the key itself."""

    projections: Path | None = None
    """A folder with read models of one's own, beside those of the program."""

    asof_schemas: int = Field(default=8, ge=1)
    """How many schemas of what was known at a moment are kept."""

    asof_bytes: int = Field(default=4 << 30, ge=1)
    """How much room they may take together, in bytes."""
    verify_hours: float = Field(default=24, gt=0)
    """After how many hours a running Everfold verifies a read model once more."""

    upload_bytes: int = Field(default=512 << 20, ge=1)
    """How large a file may be that is uploaded to be imported, in bytes; its mapping and the form around it count."""

    import_job_days: float = Field(default=30, gt=0)
    """After how many days a job of an uploaded import is dropped that ended. The import itself stays in the log."""

    tails: int = Field(default=8, ge=1)
    """How many tails of the feed one principal may hold open at once, in one process."""

    requests_per_minute: int = Field(default=12_000, ge=0)
    """How many requests one principal may make, in one process; 0 for any number. The console is not counted."""

    costly_requests_per_minute: int = Field(default=600, ge=0)
    """How many of them may be exports, imports, or questions about the past."""

    strangers_requests_per_minute: int = Field(default=600, ge=0)
    """How many requests without a key may come from one address, and how many with one that is not in force."""

    trusted_proxies: str = ""
    """Addresses or networks, with commas between them, of proxies whose X-Forwarded-For is believed."""

    log_requests: bool = True
    """Whether every request is a line in the log of the process."""

    drain_seconds: float = Field(default=0, ge=0)
    """How long a process that is told to end says so at /readyz before it takes no more connections."""

    oracle_data: Path | None = None
    """A folder of published data sets that the tests compare figures with."""

    public_url: Address | None = None
    """Where browsers reach the console, when that is not where it listens: https://crm.example."""

    oidc_issuer: Address | None = None
    """The sign-in service that is trusted, exactly as it names itself in its tokens."""

    oidc_audience: str | None = None
    """What its access tokens name as the one they are for; without it no such tokens are taken."""

    oidc_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(_listed)] = ("RS256", "ES256", "EdDSA")
    """With which it may sign, with commas between."""

    oidc_client_id: str | None = None
    """As what the console is registered there; without it nobody signs in to the console by that service."""

    oidc_client_secret: SecretStr | None = None
    """The secret that goes with it, when the console is registered as a confidential client."""

    session_idle_minutes: float = Field(default=30, ge=2)
    """After how long without a request a session at the console ends. It is known to the minute."""

    session_hours: float = Field(default=12, gt=0)
    """After how long it ends in any case."""

    zone: str = "UTC"
    """The workspace's time zone: days and periods begin at its midnight."""

    ci: bool = Field(default=False, validation_alias="CI")
    """Whether this is a build server, where nothing that tests need may be missing."""

    @model_validator(mode="after")
    def _signs_in(self) -> Self:
        if (self.oidc_audience or self.oidc_client_id) and not self.oidc_issuer:
            raise ValueError("EVERFOLD_OIDC_ISSUER must name the sign-in service as well")
        if self.oidc_client_id and not self.public_url:
            raise ValueError("EVERFOLD_PUBLIC_URL must say where that service sends browsers back to")
        if self.oidc_audience and self.oidc_audience == self.oidc_client_id:
            raise ValueError(
                "EVERFOLD_OIDC_AUDIENCE must not be EVERFOLD_OIDC_CLIENT_ID: what tells the service who signs in"
                " would be taken for what lets a program act. Register an API of its own there"
            )
        return self

    @model_validator(mode="after")
    def _read_files(self) -> Self:
        if self.secret_file and not self.secret:
            self.secret = SecretStr(_content(self.secret_file))
        if self.database_password_file and self.database_url:
            self.database_url = _with_password(self.database_url, _content(self.database_password_file))
            self.database_password_file = None  # it is in the address now, and settings may be checked once more
        return self


def _content(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableFile(f"{path} cannot be read ({type(error).__name__}). Mend it, or name another file.") from None
    if not text:
        raise UnusableFile(f"{path} is empty. Put the secret into it.")
    return text


def _with_password(url: SecretStr, password: str) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    user, _, address = parts.netloc.rpartition("@")
    if parts.scheme not in ("postgres", "postgresql") or not user or ":" in user:
        raise UnusableFile(
            "With EVERFOLD_DATABASE_PASSWORD_FILE, write DATABASE_URL as postgresql://USER@HOST:5432/NAME."
        )
    return SecretStr(urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{address}")))


def environment() -> dict[str, str]:
    """All of it, to be handed on to another program."""
    return dict(os.environ)
