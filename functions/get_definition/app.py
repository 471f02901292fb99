"""GET /api/installhub/artifacts/{artifactId}/definition: returns the definition of an artifact."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.artifacts import artifact_reader
from installhub.composition.definitions import definition_downloads
from installhub.composition.process import settings
from installhub.contract.routes import GET_DEFINITION
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.artifact_responses import definition_response
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(GET_DEFINITION)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the definition, or redirect to it."""
    tenant = requested_tenant(request)
    node = artifact_reader().get(tenant, artifact_id_parameter(request))
    max_inline = settings().integer("MAX_INLINE_BUNDLE_BYTES")
    return definition_response(request, tenant, node, definition_downloads(), max_inline)
