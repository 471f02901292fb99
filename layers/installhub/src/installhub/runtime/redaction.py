"""Removes texts that may contain customer data from exceptions, before they are logged or returned.

The text of an exception often contains the data being processed, such as a key or a line of a document. Therefore only
the texts of this project's exceptions and of AWS error responses are disclosed; tracebacks always are.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

_OWN_PACKAGE = "installhub"


class CallerFacingError(Exception):
    """An exception that is the result of an invocation: already logged, with a text for the invoker."""


class FunctionFailedError(Exception):
    """Replaces an exception whose text may not be disclosed."""


def safe_message(error: BaseException) -> str:
    """The class of ``error``, and its text if that may be disclosed."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:  # without the file name
        return f"{name}: {error.strerror}"
    return f"{name}: {error}" if _may_be_disclosed(error) else name


def safe_traceback(error: BaseException) -> str:
    """The tracebacks of ``error`` and its causes, the root cause first."""
    parts = ["".join([*traceback.format_tb(each.__traceback__), safe_message(each)]) for each in _chain(error)]
    return "\n\nwhich led to:\n\n".join(reversed(parts))


def sanitized(error: Exception) -> Exception:
    """``error``, or a replacement with only its class name if its text may not be disclosed. Raise it ``from None``."""
    return error if _may_be_disclosed(error) else FunctionFailedError(safe_message(error))


def _may_be_disclosed(error: BaseException) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415  # only needed for failures

    return isinstance(error, ClientError) or type(error).__module__.partition(".")[0] == _OWN_PACKAGE


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
