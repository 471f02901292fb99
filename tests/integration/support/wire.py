"""Intercepts calls of AWS clients: counts them and injects faults."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel
Parsed = dict[str, Any]
Forward = Callable[[], AWSResponse | None]
"""Sends a request to moto. None: the SDK sends it to a real endpoint."""


def moments(*calls: str) -> list[str]:
    """Return the moments directly before and after each of ``calls``."""
    return [f"{when} {call}" for call in calls for when in ("before", "after")]


@dataclass(frozen=True)
class Call:
    """One call of an AWS operation, including all attempts of the SDK.

    Attributes:
        service: Such as ``dynamodb``.
        operation: Such as ``UpdateItem``.
        number: Sequence number of the call among those of the operation, from 1.
        size: Size of the request body in bytes; 0 if unknown.
    """

    service: str
    operation: str
    number: int
    size: int = 0

    def __str__(self) -> str:
        return f"{self.operation}-{self.number}"


class Fault(Protocol):
    """A fault to inject. Its methods are called for every call."""

    def before(self, call: Call) -> None:
        """Called before the call; may raise the exception of the call."""

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        """Called for each attempt; ``forward`` sends the request to AWS."""

    def after(self, call: Call, response: Parsed) -> None:
        """Called before the call returns ``response``; may modify it, or raise an exception instead."""


class NoFault:
    """No fault; the base class of the others."""

    def before(self, call: Call) -> None:
        """Do nothing."""

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:  # noqa: ARG002  # see Fault
        """Forward the request."""
        return forward()

    def after(self, call: Call, response: Parsed) -> None:
        """Do nothing."""


class Wire:
    """Intercepts the calls of some clients. Set ``fault`` to inject a fault."""

    def __init__(self, *clients: BaseClient) -> None:
        self.fault: Fault = NoFault()
        self.calls: list[Call] = []
        self.attempts: Counter[str] = Counter()
        self._retried = False
        self._lock = threading.Lock()
        self._aws = threading.Lock()
        self._current = threading.local()
        self._clients = clients
        for events in self._events():
            events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]  # typed too narrowly
            events.register("before-send", self._send)  # type: ignore[arg-type]
            events.register_first("before-call", self._before_call)
            events.register_first("after-call", self._after_call)

    def remove(self) -> None:
        """Restore the clients."""
        for events in self._events():
            events.unregister("before-send", self._send)  # type: ignore[arg-type]
            events.unregister("before-call", self._before_call)
            events.unregister("after-call", self._after_call)
            events.register("before-send", botocore_stubber)  # type: ignore[arg-type]

    @property
    def was_retried(self) -> bool:
        """Whether the clients have used some of their retry quota."""
        return self._retried or any(attempts > 1 for attempts in self.attempts.values())

    def _events(self) -> list[BaseEventHooks]:
        return [client.meta.events for client in self._clients]

    def count(self, *operations: str) -> int:
        """Return the number of calls of ``operations``, or of all if none are given."""
        return sum(1 for call in self.calls if not operations or call.operation in operations)

    def clear(self) -> None:
        """Reset the counters."""
        self._retried = self.was_retried
        self.calls.clear()
        self.attempts.clear()

    def _before_call(self, model: OperationModel, params: Parsed, **_: object) -> None:
        size = len(params["body"]) if isinstance(params["body"], bytes | bytearray) else 0
        with self._lock:
            call = Call(model.service_model.service_name, model.name, self.count(model.name) + 1, size)
            self.calls.append(call)
        self._current.call = call
        self.fault.before(call)

    def _send(self, event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        call: Call = self._current.call
        with self._lock:
            self.attempts[str(call)] += 1

        def forward() -> AWSResponse | None:
            with self._aws:  # AWS changes an item or object atomically; moto does not
                return botocore_stubber(event_name, request)

        return self.fault.sending(call, forward)

    def _after_call(self, parsed: Parsed, **_: object) -> None:
        self.fault.after(self._current.call, parsed)


class Killed(BaseException):
    """Simulates the death of the process."""


class Kill(NoFault):
    """Kills the process at a moment such as ``after UpdateItem-1``; all later calls fail."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._happened = False

    def before(self, call: Call) -> None:
        self._kill_at(f"before {call}")

    def after(self, call: Call, response: Parsed) -> None:  # noqa: ARG002  # see Fault
        self._kill_at(f"after {call}")

    def _kill_at(self, moment: str) -> None:
        if self._happened or moment == self._moment:
            self._happened = True
            raise Killed


class Interruption(NoFault):
    """Raises once, at a moment such as ``after UpdateItem-1``; the process can still clean up."""

    def __init__(self, moment: str) -> None:
        self._moment = moment

    def before(self, call: Call) -> None:
        if self._moment == f"before {call}":
            raise KeyboardInterrupt

    def after(self, call: Call, response: Parsed) -> None:  # noqa: ARG002  # see Fault
        if self._moment == f"after {call}":
            raise KeyboardInterrupt


class Faults(NoFault):
    """Combines several faults."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = faults

    def before(self, call: Call) -> None:
        for fault in self._faults:
            fault.before(call)

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        for fault in self._faults:
            forward = partial(fault.sending, call, forward)
        return forward()

    def after(self, call: Call, response: Parsed) -> None:
        for fault in self._faults:
            fault.after(call, response)


class ConcurrentAction(NoFault):
    """Runs an action, like a concurrent process, directly before matching calls."""

    def __init__(self, matches: Callable[[Call], bool], action: Callable[[], object]) -> None:
        self._matches = matches
        self._action = action

    @classmethod
    def at(cls, point: str, action: Callable[[], object]) -> ConcurrentAction:
        """Run ``action`` before one call."""
        return cls(lambda call: str(call) == point, action)

    def before(self, call: Call) -> None:
        if self._matches(call):
            self._action()


class Outage(NoFault):
    """Makes all attempts of matching calls fail.

    Args:
        matches: Selects the calls.
        kind: The kind of failure, a key of :data:`OUTAGES`.
        times: The number of attempts that fail before the service recovers; None for all.
    """

    def __init__(self, matches: Callable[[Call], bool], kind: str, times: int | None = None) -> None:
        self._matches = matches
        self._kind = kind
        self._remaining = times
        self._lock = threading.Lock()

    @classmethod
    def at(cls, point: str, kind: str, times: int | None = None) -> Outage:
        """Return an outage of one call."""
        return cls(lambda call: str(call) == point, kind, times)

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        if not self._matches(call) or not self._fails():
            return forward()
        return OUTAGES[self._kind](call, forward)

    def _fails(self) -> bool:
        with self._lock:
            if self._remaining is None:
                return True
            self._remaining -= 1
            return self._remaining >= 0


class AccessDenied(NoFault):
    """Denies one call permanently, as if the function's role lacked a permission."""

    def __init__(self, point: str) -> None:
        self._point = point

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        if str(call) != self._point:
            return forward()
        status, code = (403, "AccessDenied") if call.service == "s3" else (400, "AccessDeniedException")
        return _error(call, status, code, "No such permission.")


class BrokenBody(NoFault):
    """Interrupts the response body of one call."""

    def __init__(self, point: str) -> None:
        self._point = point

    def after(self, call: Call, response: Parsed) -> None:
        if str(call) == self._point:
            response["Body"] = _BrokenStream()


class _BrokenStream:
    def read(self) -> bytes:
        raise ReadTimeoutError(endpoint_url="https://s3.example")

    def iter_chunks(self, _size: int) -> Any:  # noqa: ANN401  # a generator that ends in an exception
        yield b"the first few bytes"
        raise ReadTimeoutError(endpoint_url="https://s3.example")


def _error(call: Call, status: int, code: str, message: str) -> AWSResponse | None:
    if call.service == "s3":
        body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    else:
        body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'
    headers = {"x-amzn-errortype": code} if call.service == "apigateway" else {}
    return AWSResponse("https://aws.example", status, headers, MockRawResponse(body))  # type: ignore[arg-type]


def _throttled(call: Call, _forward: Forward) -> AWSResponse | None:
    status, code = {
        "s3": (503, "SlowDown"),
        "dynamodb": (400, "ProvisionedThroughputExceededException"),
        "kms": (400, "ThrottlingException"),
        "apigateway": (429, "TooManyRequestsException"),
    }[call.service]
    return _error(call, status, code, "Slow down.")


def _failing(call: Call, _forward: Forward) -> AWSResponse | None:
    return _error(call, 500, "InternalServerError", "It is us.")


def _unreachable(_call: Call, _forward: Forward) -> AWSResponse | None:
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def _response_lost(_call: Call, forward: Forward) -> AWSResponse | None:
    forward()
    raise ReadTimeoutError(endpoint_url="https://aws.example")


OUTAGES: Final[dict[str, Callable[[Call, Forward], AWSResponse | None]]] = {
    "throttled": _throttled,
    "failing": _failing,
    "unreachable": _unreachable,
    "answer lost": _response_lost,
}
