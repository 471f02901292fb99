"""What every function logs and counts, in one place. Nothing here holds a token, a definition or a link."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from installhub.errors import InstallHubError, ServiceUnavailableError
from installhub.failing import FunctionFailedError, ToldError, story_of, told, without_history

if TYPE_CHECKING:
    from types import TracebackType

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from installhub.packages import PackageRecord

Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]

_ABOUT: Final = ("tenantId", "packageId", "requestId")


class _Formatter(LambdaPowertoolsFormatter):
    """Writes an entry as one line of ASCII, and exceptions without what they say."""

    def formatException(  # noqa: N802  # logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Where the exception comes from."""
        return "" if ei[1] is None else story_of(ei[1])

    def serialize(self, log: dict[str, Any]) -> str:  # type: ignore[override]  # it is any mapping
        """The entry; its exception's notes may hold anything."""
        return super().serialize({name: value for name, value in log.items() if name != "exception_notes"})


# ASCII: no id can end a line, by whatever a reader takes for a line's end.
_one_line = partial(json.dumps, default=str, separators=(",", ":"))
logger = Logger(logger_formatter=_Formatter(json_serializer=_one_line, serialize_stacktrace=False))
"""The one logger, which every function uses."""

metrics = Metrics()


def observed(handler: Handler) -> Handler:
    """Give ``handler`` log lines with the request's ids and none of the request before.

    The event is never logged, whatever the environment asks for: it holds the token. An exception that comes out of
    ``handler`` is logged here; Lambda logs it too, hence it goes on without the text of what was not foreseen.
    """

    @wraps(handler)
    @logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True, log_event=False)
    def observed_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            return handler(event, context)
        except ToldError:
            raise
        except Exception as error:
            logger.exception("failed", extra={"reason": told(error)})
            raise without_history(error) from None

    return observed_handler


def about(*, tenant: str | None = None, package_id: str | None = None, request_id: str | None = None) -> None:
    """Name what the lines from here on are about. The caller must be known to have to do with it."""
    keys = zip(_ABOUT, (tenant, package_id, request_id), strict=True)
    logger.append_keys(**{name: value for name, value in keys if value is not None})


@contextmanager
def record_logged(what: str, **keys: str) -> Iterator[None]:
    """Give one record of a batch lines with ``keys`` and none of the record before, and log why it failed if it does.

    The batch processor would only report that it did, and would tell the exception's text to whoever debugs it.
    """
    logger.append_keys(**keys)
    try:
        yield
    except Exception as error:
        logger.warning(what, extra={"reason": told(error)}, exc_info=error.__cause__ or error)
        raise FunctionFailedError(told(error)) from None
    finally:
        logger.remove_keys([*_ABOUT, *keys])


def refused(error: InstallHubError) -> None:
    """Log a refusal, or that a service failed."""
    if isinstance(error, ServiceUnavailableError):
        logger.error("service unavailable", extra={"service": error.service}, exc_info=error.__cause__)
    else:
        logger.info("refused", extra={"errorCode": error.code.value, "problems": len(error.problems)})


def package_exported(record: PackageRecord) -> None:
    """Log and count an export."""
    logger.info(
        "exported",
        extra={
            "packageId": record.description.package_id,
            "tenantId": record.tenant,
            "artifacts": record.artifact_count,
            "bundleBytes": record.layout.size,
        },
    )
    metrics.add_metric("PackagesExported", MetricUnit.Count, 1)
    metrics.add_metric("ArtifactsExported", MetricUnit.Count, record.artifact_count)
    metrics.add_metric("BundleBytes", MetricUnit.Bytes, record.layout.size)
    metrics.flush_metrics()


def swept(claims: int, requests: int) -> None:
    """Log and count what dead exports had left, and accepted requests that were given up."""
    logger.info("swept", extra={"claims": claims, "requests": requests})
    metrics.add_metric("OrphansSwept", MetricUnit.Count, claims)
    metrics.add_metric("RequestsGivenUp", MetricUnit.Count, requests)
    metrics.flush_metrics()
