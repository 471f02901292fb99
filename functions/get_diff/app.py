"""GET /api/installhub/packages/{packageId}/diff: compares a package with an earlier one."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.package_index import package_index
from installhub.composition.packages import bundle_store, package_store
from installhub.contract.diff_formats import MEDIA_TYPES
from installhub.contract.routes import GET_DIFF
from installhub.http.diff_requests import compared_package
from installhub.http.diff_responses import diff_response
from installhub.http.endpoint import endpoint
from installhub.http.formats import requested_format
from installhub.http.package_requests import package_id_parameter
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.comparison import compare_packages
from installhub.packages.lookup import find_package
from installhub.runtime.telemetry import bind_log_context


@endpoint(GET_DIFF)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return what changed since another package, or since the next lower version."""
    tenants = permitted_tenants(request)
    wanted = requested_format(request, MEDIA_TYPES)
    new = find_package(package_store(), package_id_parameter(request), tenants)
    bind_log_context(tenant=new.tenant)
    old = compared_package(request, new, package_store(), package_index)
    return diff_response(request, old, new, wanted, lambda: compare_packages(bundle_store(), old, new))
