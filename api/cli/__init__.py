"""The `crm` command line. Every command starts the embedded server when it is not running and shares it when it is."""

from api.cli.verbs import app as app
