"""GET /api/installhub/artifacts/{artifactId}/packages: lists the packages that contain an artifact."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.artifacts import artifact_reader
from installhub.composition.package_index import package_index
from installhub.contract.routes import LIST_ARTIFACT_PACKAGES
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.artifact_responses import artifact_packages_response
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.query_parameters import PAGE_PARAMETERS, list_parameters, page_size
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(LIST_ARTIFACT_PACKAGES)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return a page of the packages that contain the artifact, which may have been deleted since."""
    tenant, artifact_id = requested_tenant(request), artifact_id_parameter(request)
    cursor = request.query_parameter("cursor")
    page = package_index().containing(tenant, artifact_id, page_size(request), cursor)
    if not page.entries and cursor is None:
        artifact_reader().get(tenant, artifact_id)  # raises an error if it does not exist
    return artifact_packages_response(request, artifact_id, page, list_parameters(request, PAGE_PARAMETERS))
