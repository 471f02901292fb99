"""GET /api/installhub/packages/{packageId}: returns a package and its manifest, or the progress of its export."""

from __future__ import annotations

import time

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.packages import bundle_store, pending_export_store
from installhub.contract.response_bodies import pending_body
from installhub.contract.routes import GET_PACKAGE
from installhub.http.endpoint import endpoint
from installhub.http.package_requests import package_id_parameter
from installhub.http.package_responses import package_response, pending_response
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.lookup import find_package_or_pending
from installhub.packages.manifests import read_manifest
from installhub.packages.pending_exports import PendingExport
from installhub.runtime.telemetry import bind_log_context


@endpoint(GET_PACKAGE)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the package, or the state of the accepted export."""
    tenants = permitted_tenants(request)
    found = find_package_or_pending(pending_export_store(), package_id_parameter(request), tenants, int(time.time()))
    bind_log_context(tenant=found.tenant)
    if isinstance(found, PendingExport):
        return pending_response(pending_body(found))
    return package_response(request, found, lambda: read_manifest(bundle_store(), found))
