"""GET /api/installhub/packages/versions: lists the versions of a package."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.package_index import package_index
from installhub.contract.routes import LIST_VERSIONS
from installhub.http.endpoint import endpoint
from installhub.http.package_list_responses import version_list_response
from installhub.http.package_queries import VERSION_PARAMETERS, version_list_query
from installhub.http.parsing import requested_tenant
from installhub.http.query_parameters import list_parameters
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.versions import version_page


@endpoint(LIST_VERSIONS)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return a page of the versions, and which of all versions are the latest."""
    tenant = requested_tenant(request)
    query = version_list_query(request)
    packages = package_index().versions(tenant, query.name)
    versions = version_page(packages, tenant, query.name, query.limit, query.cursor)
    return version_list_response(request, versions, list_parameters(request, VERSION_PARAMETERS))
