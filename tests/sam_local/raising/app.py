"""An authorizer that refuses by raising, as ours does not (docs/decisions/0005-authorizer-denies.md)."""

from __future__ import annotations

from typing import Any


def authorize(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    raise Exception("Unauthorized")  # noqa: TRY002  # what API Gateway looks for


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": "never reached"}
