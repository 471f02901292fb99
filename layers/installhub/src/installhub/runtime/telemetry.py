"""The logger, metrics and log context of all functions. No log entry contains a token, a definition or a link."""

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

_CONTEXT_KEYS: Final = ("tenantId", "packageId", "requestId", "artifactId")


class _Formatter(LambdaPowertoolsFormatter):
    """Formats an entry as one line of JSON in ASCII, and exceptions without texts that may contain customer data."""

    def formatException(  # noqa: N802  # logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The exception's traceback."""
        return "" if ei[1] is None else safe_traceback(ei[1])

    def serialize(self, log: dict[str, Any]) -> str:  # type: ignore[override]  # Powertools passes a dict
        """The entry without the notes of the exception, which may contain customer data."""
        return super().serialize({name: value for name, value in log.items() if name != "exception_notes"})


# ASCII, so that no id contains a character that a log reader could treat as a line break.
_ascii_json = partial(json.dumps, default=str, separators=(",", ":"))
logger = Logger(logger_formatter=_Formatter(json_serializer=_ascii_json, serialize_stacktrace=False))
"""The logger of all functions."""

metrics = Metrics()


def instrumented(handler: Handler) -> Handler:
    """Decorate a Lambda handler: add the ids of the current request to its log entries, and log its exceptions.

    The event is never logged, since it contains the token. Lambda logs an exception again when it leaves the handler,
    so one whose text may contain customer data is replaced; see :mod:`installhub.runtime.redaction`.
    """

    @wraps(handler)
    @logger.inject_lambda_context(clear_state=True, log_event=False)
    def instrumented_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        logger.set_correlation_id(_request_id(event))
        try:
            return handler(event, context)
        except CallerFacingError:
            raise
        except Exception as error:
            logger.exception("invocation failed", extra={"reason": safe_message(error)})
            raise sanitized(error) from None

    return instrumented_handler


def _request_id(event: dict[str, Any]) -> str | None:
    """API Gateway's id of the request; None for other events. A JMESPath would take as long as parsing a token."""
    try:
        request_id: str | None = event["requestContext"]["requestId"]
    except (KeyError, TypeError):
        return None
    return request_id


def bind_log_context(
    *,
    tenant: str | None = None,
    package_id: str | None = None,
    request_id: str | None = None,
    artifact_id: str | None = None,
) -> None:
    """Add ids to all later log entries of the request. Bind an id only after checking the caller's access to it."""
    keys = zip(_CONTEXT_KEYS, (tenant, package_id, request_id, artifact_id), strict=True)
    logger.append_keys(**{name: value for name, value in keys if value is not None})


@contextmanager
def record_log_context(message: str, **keys: str) -> Iterator[None]:
    """Add ``keys`` to the log entries of one record of a batch, and log ``message`` if processing the record fails.

    The batch processor does not log why a record failed. The exception is re-raised without its text.

    Raises:
        FunctionFailedError: Processing failed; contains only what may be disclosed.
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
    """Log a refused request or an unavailable service."""
    if isinstance(error, ServiceUnavailableError):
        logger.error("service unavailable", extra={"service": error.service}, exc_info=error.__cause__)
    else:
        logger.info("request refused", extra={"errorCode": error.code.value, "problems": len(error.problems)})
