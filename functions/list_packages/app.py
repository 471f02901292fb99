"""GET /api/installhub/packages: lists packages."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.package_index import package_index
from installhub.contract.routes import LIST_PACKAGES
from installhub.http.endpoint import endpoint
from installhub.http.package_list_responses import package_list_response
from installhub.http.package_queries import LIST_PARAMETERS, package_list_query
from installhub.http.parsing import listed_tenants
from installhub.http.query_parameters import list_parameters
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.package_index import MAX_LISTED_TENANTS


@endpoint(LIST_PACKAGES)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return a page of the packages of one tenant, or of all that the caller may act for."""
    tenants = listed_tenants(request, MAX_LISTED_TENANTS)
    query = package_list_query(request)
    page = package_index().list(tenants, query.wanted, query.limit, query.cursor)
    return package_list_response(request, page, list_parameters(request, LIST_PARAMETERS))
