"""An authorizer that rejects by raising, unlike the product's (docs/decisions/0005-authorizer-denies.md)."""

from __future__ import annotations

from typing import Any


def authorize(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    raise Exception("Unauthorized")  # noqa: TRY002  # API Gateway compares this message


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": "never reached"}
