"""GET /api/installhub/artifacts: lists artifacts."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.artifacts import artifact_reader
from installhub.contract.routes import LIST_ARTIFACTS
from installhub.http.artifact_queries import LIST_PARAMETERS, list_query
from installhub.http.artifact_responses import artifact_list_response
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.query_parameters import list_parameters
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(LIST_ARTIFACTS)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return a page of the tenant's artifacts."""
    tenant = requested_tenant(request)
    query = list_query(request)
    page = artifact_reader().list(tenant, query.wanted, query.limit, query.cursor)
    return artifact_list_response(request, page, list_parameters(request, LIST_PARAMETERS))
