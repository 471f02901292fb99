"""Removes what exports that died half-way left behind, and ends accepted requests that nobody will do any more."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import aws, wiring
from installhub.background.failures import FailureBook
from installhub.background.lapses import Lapses
from installhub.packages import Sweeper
from installhub.telemetry import observed

logger = Logger()


@observed
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls, once an hour."""
    swept = Sweeper(wiring.packages(), wiring.bundles(), time.time).sweep()
    failures = FailureBook(aws.dynamodb(), wiring.settings().text("REQUESTS_TABLE"))
    given_up = Lapses(wiring.pending(), failures, time.time).give_up()
    logger.info("swept", extra={"claims": swept, "requests": given_up})
    return {"swept": swept, "givenUp": given_up}
