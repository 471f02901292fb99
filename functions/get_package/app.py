"""GET /api/installhub/packages/{packageId}: a package's metadata and manifest, or how far its export is."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import look_for_package, read_manifest
from installhub.http import create_app, package_answer, package_id_in, pending_answer, tenants_in_reach
from installhub.packages import PendingExport
from installhub.presenting import pending_body
from installhub.routes import GET_PACKAGE
from installhub.telemetry import observed

app = create_app()


@app.route(GET_PACKAGE.rule, method=GET_PACKAGE.method)
def get_package() -> Response[str]:
    """Answer as the export of the package did, or tell where the accepted request is on its way."""
    tenants = tenants_in_reach(app.current_event)
    found = look_for_package(wiring.pending(), package_id_in(app.current_event), tenants, int(time.time()))
    if isinstance(found, PendingExport):
        return pending_answer(pending_body(found))
    return package_answer(app.current_event, found, read_manifest(wiring.bundles(), found))


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
