"""The services of the benchmarks, started on first use, shared by all topics and stopped at the end."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Self

from bench import dynamodb, stub_s3
from bench.database import Database
from bench.over_http import deployed_stack

if TYPE_CHECKING:
    from local.state import Stack


class Services:
    """A context manager whose properties start the services; they raise CannotRunError if a service cannot run."""

    def __enter__(self) -> Self:
        self._running = ExitStack()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @cached_property
    def database(self) -> Database:
        """DynamoDB Local with sample tenants."""
        endpoint = self._running.enter_context(dynamodb.server())
        return self._running.enter_context(Database(endpoint))

    @cached_property
    def s3(self) -> str:
        """The endpoint of the S3 stub."""
        return self._running.enter_context(stub_s3.server())

    @cached_property
    def deployed(self) -> Stack:
        """The product on a separate local stack."""
        return self._running.enter_context(deployed_stack())
