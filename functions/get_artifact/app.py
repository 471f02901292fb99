"""GET /api/installhub/artifacts/{artifactId}: returns an artifact without its definition."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.artifacts import artifact_reader
from installhub.contract.routes import GET_ARTIFACT
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.artifact_responses import artifact_response
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(GET_ARTIFACT)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the artifact."""
    node = artifact_reader().get(requested_tenant(request), artifact_id_parameter(request))
    return artifact_response(request, node)
