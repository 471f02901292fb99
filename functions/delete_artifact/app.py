"""DELETE /api/installhub/artifacts/{artifactId}: deletes an artifact."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.deletion import artifact_deleter
from installhub.contract.routes import DELETE_ARTIFACT
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.conditional import write_precondition
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(DELETE_ARTIFACT)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Delete the artifact, unless published artifacts depend on it."""
    tenant, artifact_id = requested_tenant(request), artifact_id_parameter(request)
    artifact_deleter().delete(tenant, artifact_id, write_precondition(request))
    return Response(204)
