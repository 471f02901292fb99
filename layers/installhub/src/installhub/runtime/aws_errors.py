"""Errors of AWS services: which are transient, and their translation for the rest of the code."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from botocore.exceptions import BotoCoreError, ClientError

_FIRST_SERVER_ERROR: Final = 500
_THROTTLING_CODES: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


@contextmanager
def translate_aws_errors(service: str) -> Iterator[None]:
    """Raise :class:`ServiceUnavailableError` for transient failures of ``service`` that outlast botocore's retries.

    All other errors, such as a denied permission or a failed condition, are propagated unchanged.
    """
    try:
        yield
    except BotoCoreError as error:
        raise ServiceUnavailableError(service) from error
    except ClientError as error:
        if is_transient(error):
            raise ServiceUnavailableError(service) from error
        raise


def error_code(error: ClientError) -> str:
    """The error code in the service's response, such as ``NoSuchKey``; empty if there is none."""
    return error.response.get("Error", {}).get("Code", "")


def is_transient(error: ClientError) -> bool:
    """Whether the same call may succeed later: it was throttled, or failed with a server error (5xx)."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _FIRST_SERVER_ERROR or error_code(error) in _THROTTLING_CODES


def sleep_before_retry(attempt: int, base: float = 0.05, cap: float = 2.0) -> None:
    """Sleep before retry number ``attempt``, counted from 1: exponential backoff with full jitter, in seconds."""
    time.sleep(random.uniform(0, min(cap, base * 2**attempt)))  # noqa: S311  # not for cryptography
