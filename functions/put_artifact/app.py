"""PUT /api/installhub/artifacts/{artifactId}: publishes an artifact."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.publishing import publisher
from installhub.contract.routes import PUT_ARTIFACT
from installhub.http.artifact_requests import read_artifact_request
from installhub.http.artifact_responses import publication_response
from installhub.http.conditional import write_precondition
from installhub.http.endpoint import endpoint
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(PUT_ARTIFACT)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Create the artifact or replace it."""
    artifact = read_artifact_request(request)
    publication = publisher().put(artifact, write_precondition(request))
    return publication_response(request, publication)
