"""GET /api/installhub/packages/{packageId}/download: a package's bundle."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import find_package
from installhub.http import bundle_answer, endpoint, package_id_in, tenants_in_reach
from installhub.proxy import Answer, Request
from installhub.routes import DOWNLOAD
from installhub.telemetry import about


@endpoint(DOWNLOAD)
def handler(request: Request, _context: LambdaContext) -> Answer:
    """Answer with the bundle, or with where it is."""
    record = find_package(wiring.packages(), package_id_in(request), tenants_in_reach(request))
    about(tenant=record.tenant)
    max_inline = wiring.settings().number("MAX_INLINE_BUNDLE_BYTES")
    return bundle_answer(request, record, wiring.bundles(), max_inline)
