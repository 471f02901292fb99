"""GET /api/installhub/packages/{packageId}/download: a package's bundle."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import wiring
from installhub.downloading import find_package
from installhub.http import bundle_answer, create_app, package_id_in, tenants_in_reach
from installhub.routes import DOWNLOAD
from installhub.telemetry import observed

app = create_app()


@app.route(DOWNLOAD.rule, method=DOWNLOAD.method)
def download_package() -> Response[str]:
    """Answer with the bundle, or with where it is."""
    tenants = tenants_in_reach(app.current_event)
    record = find_package(wiring.packages(), package_id_in(app.current_event), tenants)
    max_inline = wiring.settings().number("MAX_INLINE_BUNDLE_BYTES")
    return bundle_answer(app.current_event, record, wiring.bundles(), max_inline)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
