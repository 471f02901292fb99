"""Builds problem documents, the bodies of all errors (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from installhub.model.errors import REGISTRY, Problem

JSON_TYPE: Final = "application/json"
MERGE_PATCH_TYPE: Final = "application/merge-patch+json"
PROBLEM_TYPE: Final = "application/problem+json"

_MAX_SHORT_DETAIL: Final = 1000


def problem_body(problems: Iterable[Problem], instance: str, status: int | None = None) -> dict[str, Any]:
    """The problem document of an error (RFC 9457).

    Args:
        problems: At least one, most important first.
        instance: URI of this occurrence.
        status: The HTTP status, if it differs from the one in the registry.
    """
    listed = list(problems)
    code = listed[0].code
    detail = listed[0].detail
    if len(listed) > 1:
        detail = f"{detail} ({len(listed)} problems in total, see errors.)"
    return {
        "type": f"urn:installhub:error:{code.value}",
        "title": REGISTRY[code].title,
        "status": status or REGISTRY[code].status,
        "detail": detail,
        "instance": instance,
        "isSuccess": False,
        "errorCode": code.value,
        "errors": [problem.as_json() for problem in listed],
    }


def truncated_errors(problems: Sequence[Problem], max_bytes: int) -> list[dict[str, Any]]:
    """The first of ``problems`` as JSON, as many as fit into ``max_bytes``, but at least a shortened first one.

    For services that accept only a few hundred KB; a request may have tens of thousands of problems.
    """
    errors: list[dict[str, Any]] = []
    size = 2
    for problem in problems:
        fields = problem.as_json()
        size += len(json.dumps(fields)) + 2
        if size > max_bytes:
            break
        errors.append(fields)
    if not errors:  # thousands of dependents, or a very long cycle
        short = replace(problems[0], detail=problems[0].detail[:_MAX_SHORT_DETAIL], required_by=None, cycle=None)
        errors.append(short.as_json())
    return errors
