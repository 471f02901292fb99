"""GET /api/installhub/packages/{packageId}: a package's metadata and manifest."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import find_package, read_manifest
from installhub.http import create_app, package_answer, package_id_in, tenants_in_reach
from installhub.routes import GET_PACKAGE
from installhub.telemetry import observed

app = create_app()


@app.route(GET_PACKAGE.rule, method=GET_PACKAGE.method)
def get_package() -> Response[str]:
    """Answer as the export of the package did."""
    tenants = tenants_in_reach(app.current_event)
    record = find_package(wiring.packages(), package_id_in(app.current_event), tenants)
    return package_answer(app.current_event, record, read_manifest(wiring.bundles(), record))


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
