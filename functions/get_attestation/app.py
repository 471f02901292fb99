"""GET /api/installhub/packages/{packageId}/attestation: returns the signed statement about a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.packages import bundle_store, package_store
from installhub.composition.signing_keys import signing_keys
from installhub.contract.routes import GET_ATTESTATION
from installhub.http.attestation_responses import attestation_response
from installhub.http.endpoint import endpoint
from installhub.http.package_requests import package_id_parameter
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.lookup import find_package
from installhub.packages.manifests import read_manifest_bytes
from installhub.runtime.telemetry import bind_log_context


@endpoint(GET_ATTESTATION)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the envelope, whose statement is built from the package and its manifest."""
    tenants = permitted_tenants(request)
    record = find_package(package_store(), package_id_parameter(request), tenants)
    bind_log_context(tenant=record.tenant)
    return attestation_response(
        request, record, lambda: read_manifest_bytes(bundle_store(), record), lambda key: signing_keys().kid(key)
    )
