"""The one place where the environment is read."""

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that can be set from outside; every value has a default that is safe on one machine."""

    model_config = SettingsConfigDict(env_prefix="EVERFOLD_", env_ignore_empty=True)

    data: Path = Path(".everfold")
    """The folder of the embedded server, the installation's secret and error files."""

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """A Postgres to use in place of the embedded one."""

    pg_bin: Path | None = Field(default=None, validation_alias="CRM_PG_BIN")
    """A folder with PostgreSQL's programs to use in place of the packaged ones."""

    secret: SecretStr | None = None
    """The installation's secret; without one it is made once and kept in the data folder."""

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

    oracle_data: Path | None = None
    """A folder of published data sets that the tests compare figures with."""

    zone: str = "UTC"
    """The workspace's time zone: days and periods begin at its midnight."""

    ci: bool = Field(default=False, validation_alias="CI")
    """Whether this is a build server, where nothing that tests need may be missing."""


def environment() -> dict[str, str]:
    """All of it, to be handed on to another program."""
    return dict(os.environ)
