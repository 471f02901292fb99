"""GET /api/installhub/packages/{packageId}/download: returns the bundle of a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.packages import bundle_store, package_store
from installhub.composition.process import settings
from installhub.contract.routes import DOWNLOAD
from installhub.http.endpoint import endpoint
from installhub.http.package_requests import package_id_parameter
from installhub.http.package_responses import bundle_response
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.lookup import find_package
from installhub.runtime.telemetry import bind_log_context


@endpoint(DOWNLOAD)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the bundle, or redirect to it."""
    record = find_package(package_store(), package_id_parameter(request), permitted_tenants(request))
    bind_log_context(tenant=record.tenant)
    return bundle_response(request, record, bundle_store(), settings().integer("MAX_INLINE_BUNDLE_BYTES"))
