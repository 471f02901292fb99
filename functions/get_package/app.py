"""GET /api/installhub/packages/{packageId}: a package's metadata and manifest, or how far its export is."""

from __future__ import annotations

import time

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import look_for_package, read_manifest
from installhub.http import endpoint, package_answer, package_id_in, pending_answer, tenants_in_reach
from installhub.packages import PendingExport
from installhub.presenting import pending_body
from installhub.proxy import Answer, Request
from installhub.routes import GET_PACKAGE
from installhub.telemetry import about


@endpoint(GET_PACKAGE)
def handler(request: Request, _context: LambdaContext) -> Answer:
    """Answer as the export of the package did, or tell where the accepted request is on its way."""
    tenants = tenants_in_reach(request)
    found = look_for_package(wiring.pending(), package_id_in(request), tenants, int(time.time()))
    about(tenant=found.tenant)
    if isinstance(found, PendingExport):
        return pending_answer(pending_body(found))
    return package_answer(request, found, read_manifest(wiring.bundles(), found))
