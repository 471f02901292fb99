"""The logger, the metrics and the log context of every function. No log line holds a token, a definition or a link."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from installhub.model.errors import InstallHubError, ServiceUnavailableError
from installhub.runtime.redaction import (
    CallerFacingError,
    FunctionFailedError,
    safe_message,
    safe_traceback,
    sanitized,
)

if TYPE_CHECKING:
    from types import TracebackType

    from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]

_CONTEXT_KEYS: Final = ("tenantId", "packageId", "requestId")


class _Formatter(LambdaPowertoolsFormatter):
    """Writes an entry as one line of ASCII, and exceptions without their text."""

    def formatException(  # noqa: N802  # logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The exception's traceback."""
        return "" if ei[1] is None else safe_traceback(ei[1])

    def serialize(self, log: dict[str, Any]) -> str:  # type: ignore[override]  # it is any mapping
        """The entry without the exception's notes, which may hold anything."""
        return super().serialize({name: value for name, value in log.items() if name != "exception_notes"})


# ASCII: no id can end a line, with any definition of line breaks.
_ascii_json = partial(json.dumps, default=str, separators=(",", ":"))
logger = Logger(logger_formatter=_Formatter(json_serializer=_ascii_json, serialize_stacktrace=False))
"""The one logger, which every function uses."""

metrics = Metrics()


def instrumented(handler: Handler) -> Handler:
    """Give the log lines of ``handler`` the ids of its request, and none of the request before.

    The event contains the token and is never logged, at any log level. An exception of ``handler`` is logged here;
    Lambda logs it again, so it is raised without the text of an unexpected exception.
    """

    @wraps(handler)
    @logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True, log_event=False)
    def instrumented_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            return handler(event, context)
        except CallerFacingError:
            raise
        except Exception as error:
            logger.exception("invocation failed", extra={"reason": safe_message(error)})
            raise sanitized(error) from None

    return instrumented_handler


def bind_log_context(
    *, tenant: str | None = None, package_id: str | None = None, request_id: str | None = None
) -> None:
    """Add ids to all log lines from here on. Bind only what the caller is known to have access to."""
    keys = zip(_CONTEXT_KEYS, (tenant, package_id, request_id), strict=True)
    logger.append_keys(**{name: value for name, value in keys if value is not None})


@contextmanager
def record_log_context(message: str, **keys: str) -> Iterator[None]:
    """Add ``keys`` to the log lines of one record of a batch, and log ``message`` with the reason if it fails.

    The batch processor would only report that it failed, and would expose the exception's text to a debugger.
    """
    logger.append_keys(**keys)
    try:
        yield
    except Exception as error:
        logger.warning(message, extra={"reason": safe_message(error)}, exc_info=error.__cause__ or error)
        raise FunctionFailedError(safe_message(error)) from None
    finally:
        logger.remove_keys([*_CONTEXT_KEYS, *keys])


def log_refusal(error: InstallHubError) -> None:
    """Log a refused request, or the failure of a service."""
    if isinstance(error, ServiceUnavailableError):
        logger.error("service unavailable", extra={"service": error.service}, exc_info=error.__cause__)
    else:
        logger.info("request refused", extra={"errorCode": error.code.value, "problems": len(error.problems)})
