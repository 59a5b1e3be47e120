"""The API's manual, rendered from the application's own OpenAPI document, so that it cannot tell anything else."""

from fastapi import APIRouter, FastAPI, Request, Response

from api.console.contract import operations, shapes
from api.console.frame import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> Response:
    """Every route with what it takes and answers. Open to everybody, as the OpenAPI document itself."""
    app: FastAPI = request.app
    document = app.openapi()
    by_tag = operations(document, str(request.base_url).rstrip("/"))
    named = {shape for group in by_tag.values() for one in group for answer in one.answers for shape in answer.shapes}
    return page(request, "docs.html", info=document["info"], groups=by_tag, shapes=shapes(document, named))
