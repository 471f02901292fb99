"""Removes what exports that died half-way left behind, and ends accepted requests that nobody will do any more."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import aws, wiring
from installhub.background.failures import FailureBook
from installhub.background.lapses import Lapses
from installhub.packages import Sweeper
from installhub.telemetry import observed, swept


@observed
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls, once an hour."""
    claims = Sweeper(wiring.packages(), wiring.bundles(), time.time).sweep()
    failures = FailureBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"))
    given_up = Lapses(wiring.pending(), failures, time.time).give_up()
    swept(claims, given_up)
    return {"swept": claims, "givenUp": given_up}
