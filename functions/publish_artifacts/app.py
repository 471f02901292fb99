"""POST /api/installhub/artifacts/batch: publishes up to 500 artifacts."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.publishing import publisher
from installhub.contract.artifact_bodies import batch_body
from installhub.contract.routes import PUBLISH_ARTIFACTS
from installhub.http.artifact_requests import read_batch_request
from installhub.http.batch import publish_batch
from installhub.http.endpoint import endpoint
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.http.responses import json_response


@endpoint(PUBLISH_ARTIFACTS)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Publish the valid artifacts of the batch, each on its own."""
    results = publish_batch(publisher(), read_batch_request(request))
    return json_response(request, batch_body(results))
