"""GET /api/installhub/packages/{packageId}/sbom: returns the bill of materials of a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.packages import bundle_store, package_store
from installhub.contract.routes import GET_SBOM
from installhub.http.endpoint import endpoint
from installhub.http.package_requests import package_id_parameter
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.http.sbom_responses import sbom_response
from installhub.packages.lookup import find_package
from installhub.packages.manifests import read_manifest
from installhub.runtime.telemetry import bind_log_context


@endpoint(GET_SBOM)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the bill of materials, made from the package's manifest."""
    tenants = permitted_tenants(request)
    record = find_package(package_store(), package_id_parameter(request), tenants)
    bind_log_context(tenant=record.tenant)
    return sbom_response(request, record, lambda: read_manifest(bundle_store(), record))
