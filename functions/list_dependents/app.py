"""GET /api/installhub/artifacts/{artifactId}/dependents: lists what depends on an artifact."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.artifacts.where_used import list_dependents
from installhub.composition.artifacts import artifact_table
from installhub.contract.artifact_bodies import dependents_body
from installhub.contract.routes import LIST_DEPENDENTS
from installhub.http.artifact_queries import artifact_id_parameter
from installhub.http.endpoint import endpoint
from installhub.http.parsing import requested_tenant
from installhub.http.query_parameters import is_true
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.http.responses import json_response


@endpoint(LIST_DEPENDENTS)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the direct or all dependents of the artifact."""
    tenant, artifact_id = requested_tenant(request), artifact_id_parameter(request)
    dependents = list_dependents(artifact_table(), tenant, artifact_id, transitive=is_true(request, "transitive"))
    return json_response(request, dependents_body(artifact_id, dependents))
