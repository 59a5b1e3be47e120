"""The files that pages load, from this machine alone: our style sheet, icon and script, and htmx as its makers give it
out. Their addresses change with their content, so a browser may keep them for ever."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.problems import NotFound

OURS = Path(__file__).parent / "static"
VENDORED = Path(__file__).parent / "vendor"

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    packed: bytes
    kind: str
    version: str


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 9, mtime=0), _KINDS[file.suffix], version)


ASSETS = {file.name: _read(file) for folder in (OURS, VENDORED) for file in folder.iterdir() if file.suffix in _KINDS}


def asset(name: str) -> str:
    """The address of a file, another one whenever its content changes."""
    return f"/console/static/{name}?v={ASSETS[name].version}"


@router.get("/console/static/{name}")
def send(name: str, request: Request) -> Response:
    """One of the files. Raises NotFound."""
    if name not in ASSETS:
        raise NotFound()
    found = ASSETS[name]
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.kind)
    return Response(found.content, headers=headers, media_type=found.kind)
