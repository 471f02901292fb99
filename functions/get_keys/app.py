"""GET /api/installhub/keys: returns the public keys of all signatures, without a token."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.signing_keys import signing_keys
from installhub.contract.routes import GET_KEYS
from installhub.http.endpoint import endpoint
from installhub.http.key_responses import keys_response
from installhub.http.request import Request
from installhub.http.response import Response


@endpoint(GET_KEYS)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the keys, which are the same for everybody."""
    return keys_response(request, signing_keys().jwks())
