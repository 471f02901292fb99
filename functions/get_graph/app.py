"""GET /api/installhub/packages/{packageId}/graph: returns the dependency graph of a package in one of four formats."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.packages import bundle_store, package_store
from installhub.contract.routes import GET_GRAPH
from installhub.http.endpoint import endpoint
from installhub.http.graph_requests import graph_format
from installhub.http.graph_responses import package_graph_response
from installhub.http.package_requests import package_id_parameter
from installhub.http.parsing import permitted_tenants
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.packages.lookup import find_package
from installhub.packages.manifests import read_manifest
from installhub.runtime.telemetry import bind_log_context


@endpoint(GET_GRAPH)
def handler(request: Request, _context: LambdaContext) -> Response:
    """Return the graph, read from the package's manifest."""
    tenants = permitted_tenants(request)
    wanted = graph_format(request)
    record = find_package(package_store(), package_id_parameter(request), tenants)
    bind_log_context(tenant=record.tenant)
    return package_graph_response(request, record, wanted, lambda: read_manifest(bundle_store(), record))
