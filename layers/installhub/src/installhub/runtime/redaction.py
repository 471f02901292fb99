"""What may be disclosed about a failure: always its traceback, but its text only if it cannot contain anybody's data.

The text of an exception often contains the data being processed: a key, a parameter, a line of a document. So only the
texts of this project's exceptions and of AWS's error responses are quoted.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

_OWN_PACKAGE = "installhub"


class CallerFacingError(Exception):
    """An exception that a function raises on purpose and has logged: its text is meant for the invoker."""


class FunctionFailedError(Exception):
    """Replaces an exception whose text may not be disclosed."""


def safe_message(error: BaseException) -> str:
    """The class of ``error``, and its text if that may be quoted."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:  # without the file name
        return f"{name}: {error.strerror}"
    return f"{name}: {error}" if _may_be_quoted(error) else name


def safe_traceback(error: BaseException) -> str:
    """The tracebacks of ``error`` and its causes, the first cause first."""
    parts = ["".join([*traceback.format_tb(each.__traceback__), safe_message(each)]) for each in _chain(error)]
    return "\n\nwhich led to:\n\n".join(reversed(parts))


def sanitized(error: Exception) -> Exception:
    """``error``, or a replacement that names its class if its text may not be quoted. Raise it ``from None``."""
    return error if _may_be_quoted(error) else FunctionFailedError(safe_message(error))


def _may_be_quoted(error: BaseException) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415  # needed for failures only

    return isinstance(error, ClientError) or type(error).__module__.partition(".")[0] == _OWN_PACKAGE


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
