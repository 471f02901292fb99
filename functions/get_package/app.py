"""GET /api/installhub/packages/{packageId}: a package's metadata and manifest, or how far its export is."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import look_for_package, read_manifest
from installhub.http import create_app, json_answer, pending_answer, tenants_in_reach
from installhub.packages import PendingExport
from installhub.presenting import package_body, pending_body
from installhub.routes import GET_PACKAGE
from installhub.telemetry import observed

app = create_app()


@app.route(GET_PACKAGE.rule, method=GET_PACKAGE.method)
def get_package(packageId: str) -> Response[str]:  # noqa: N803  # named as in the path
    """Answer as the export of the package did, or tell where the accepted request is on its way."""
    tenants = tenants_in_reach(app.current_event)
    found = look_for_package(wiring.pending(), packageId, tenants, int(time.time()))
    if isinstance(found, PendingExport):
        return pending_answer(app.current_event, pending_body(found))
    return json_answer(app.current_event, package_body(found, read_manifest(wiring.bundles(), found)))


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
