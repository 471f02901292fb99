"""What may be told of a failure. Where an exception comes from always; what it says only if nobody's data can be in it.

The text of an exception often holds what was being worked on: a key, a parameter, a line of a document. So only our own
exceptions and the answers of AWS are quoted.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

_OWN_PACKAGE = "installhub"


class CallerFacingError(Exception):
    """What a function raises on purpose, and has logged: its text is meant for who invoked it."""


class FunctionFailedError(Exception):
    """What comes out of a function in place of an exception that says too much."""


def safe_message(error: BaseException) -> str:
    """The kind of ``error``, and what it says if that may be told."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:  # without the file's name
        return f"{name}: {error.strerror}"
    return f"{name}: {error}" if _may_be_quoted(error) else name


def safe_traceback(error: BaseException) -> str:
    """Where ``error`` and what led to it were raised, the first one first."""
    parts = ["".join([*traceback.format_tb(each.__traceback__), safe_message(each)]) for each in _chain(error)]
    return "\n\nwhich led to:\n\n".join(reversed(parts))


def sanitized(error: Exception) -> Exception:
    """``error``, or in place of one that may not be quoted another one that names it. Raise it ``from None``."""
    return error if _may_be_quoted(error) else FunctionFailedError(safe_message(error))


def _may_be_quoted(error: BaseException) -> bool:
    from botocore.exceptions import ClientError  # noqa: PLC0415  # only failures need it

    return isinstance(error, ClientError) or type(error).__module__.partition(".")[0] == _OWN_PACKAGE


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
