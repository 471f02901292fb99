"""Stands between AWS clients and AWS: counts calls, and breaks those that a test chooses."""

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
"""Brings a request to AWS. None: it is left to the SDK, which sends it to a real endpoint."""


def moments(*calls: str) -> list[str]:
    """The moments right before and right after each of ``calls``."""
    return [f"{when} {call}" for call in calls for when in ("before", "after")]


@dataclass(frozen=True)
class Call:
    """One call of an AWS operation, however often the SDK tries it.

    Attributes:
        service: Such as ``dynamodb``.
        operation: Such as ``UpdateItem``.
        number: 1 for the first call of the operation, and so on.
        size: Bytes of the request's body, where they are known.
    """

    service: str
    operation: str
    number: int
    size: int = 0

    def __str__(self) -> str:
        return f"{self.operation}-{self.number}"


class Fault(Protocol):
    """What may go wrong with a call. Each method is asked about every call."""

    def before(self, call: Call) -> None:
        """The code makes the call; an exception comes out of it."""

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        """The SDK sends a request of the call; ``forward`` brings it to AWS."""

    def after(self, call: Call, answer: Parsed) -> None:
        """The call is about to return ``answer``, which may be changed; an exception comes out of it instead."""


class NoFault:
    """Nothing goes wrong; the other faults differ in what they do."""

    def before(self, call: Call) -> None:
        """Let it pass."""

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:  # noqa: ARG002  # see Fault
        """Bring it to AWS."""
        return forward()

    def after(self, call: Call, answer: Parsed) -> None:
        """Leave it as it is."""


class Wire:
    """The wire of some clients. Set ``fault`` to break something."""

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
        """Leave the clients as they were."""
        for events in self._events():
            events.unregister("before-send", self._send)  # type: ignore[arg-type]
            events.unregister("before-call", self._before_call)
            events.unregister("after-call", self._after_call)
            events.register("before-send", botocore_stubber)  # type: ignore[arg-type]

    @property
    def was_retried(self) -> bool:
        """Whether the clients have used up some of the retries they allow themselves."""
        return self._retried or any(attempts > 1 for attempts in self.attempts.values())

    def _events(self) -> list[BaseEventHooks]:
        return [client.meta.events for client in self._clients]

    def count(self, *operations: str) -> int:
        """How many calls there were of ``operations``, or of any."""
        return sum(1 for call in self.calls if not operations or call.operation in operations)

    def clear(self) -> None:
        """Count from one again."""
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
            with self._aws:  # AWS changes an item or an object at one moment; moto leaves that to its callers
                return botocore_stubber(event_name, request)

        return self.fault.sending(call, forward)

    def _after_call(self, parsed: Parsed, **_: object) -> None:
        self.fault.after(self._current.call, parsed)


class Killed(BaseException):
    """The process was killed. It does nothing any more."""


class Kill(NoFault):
    """Kills the process at a moment such as ``after UpdateItem-1``: whatever it still tries does not happen."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._happened = False

    def before(self, call: Call) -> None:
        self._at(f"before {call}")

    def after(self, call: Call, answer: Parsed) -> None:  # noqa: ARG002  # see Fault
        self._at(f"after {call}")

    def _at(self, moment: str) -> None:
        if self._happened or moment == self._moment:
            self._happened = True
            raise Killed


class Interruption(NoFault):
    """Raises once, at a moment such as ``after UpdateItem-1``: the process goes on and may clean up."""

    def __init__(self, moment: str) -> None:
        self._moment = moment

    def before(self, call: Call) -> None:
        if self._moment == f"before {call}":
            raise KeyboardInterrupt

    def after(self, call: Call, answer: Parsed) -> None:  # noqa: ARG002  # see Fault
        if self._moment == f"after {call}":
            raise KeyboardInterrupt


class Faults(NoFault):
    """Several faults at once."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = faults

    def before(self, call: Call) -> None:
        for fault in self._faults:
            fault.before(call)

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        for fault in self._faults:
            forward = partial(fault.sending, call, forward)
        return forward()

    def after(self, call: Call, answer: Parsed) -> None:
        for fault in self._faults:
            fault.after(call, answer)


class Meanwhile(NoFault):
    """Right before the chosen calls somebody else does something."""

    def __init__(self, chosen: Callable[[Call], bool], action: Callable[[], object]) -> None:
        self._chosen = chosen
        self._action = action

    @classmethod
    def at(cls, point: str, action: Callable[[], object]) -> Meanwhile:
        """Somebody does something before one call."""
        return cls(lambda call: str(call) == point, action)

    def before(self, call: Call) -> None:
        if self._chosen(call):
            self._action()


class Outage(NoFault):
    """Every request of the chosen calls goes wrong, as often as the SDK tries.

    Args:
        chosen: Which calls.
        kind: How: a key of :data:`OUTAGES`.
        times: How many requests go wrong before the service is well again; None for all.
    """

    def __init__(self, chosen: Callable[[Call], bool], kind: str, times: int | None = None) -> None:
        self._chosen = chosen
        self._kind = kind
        self._left = times
        self._lock = threading.Lock()

    @classmethod
    def at(cls, point: str, kind: str, times: int | None = None) -> Outage:
        """An outage of one call."""
        return cls(lambda call: str(call) == point, kind, times)

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        if not self._chosen(call) or not self._goes_wrong():
            return forward()
        return OUTAGES[self._kind](call, forward)

    def _goes_wrong(self) -> bool:
        with self._lock:
            if self._left is None:
                return True
            self._left -= 1
            return self._left >= 0


class Refusal(NoFault):
    """One call is refused in a way that does not pass: the function's role lacks a permission."""

    def __init__(self, point: str) -> None:
        self._point = point

    def sending(self, call: Call, forward: Forward) -> AWSResponse | None:
        if str(call) != self._point:
            return forward()
        status, code = (403, "AccessDenied") if call.service == "s3" else (400, "AccessDeniedException")
        return _error(call, status, code, "No such permission.")


class BrokenBody(NoFault):
    """The bytes of one object stop coming half-way."""

    def __init__(self, point: str) -> None:
        self._point = point

    def after(self, call: Call, answer: Parsed) -> None:
        if str(call) == self._point:
            answer["Body"] = _BrokenStream()


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
        "apigateway": (429, "TooManyRequestsException"),
    }[call.service]
    return _error(call, status, code, "Slow down.")


def _failing(call: Call, _forward: Forward) -> AWSResponse | None:
    return _error(call, 500, "InternalServerError", "It is us.")


def _unreachable(_call: Call, _forward: Forward) -> AWSResponse | None:
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def _answer_lost(_call: Call, forward: Forward) -> AWSResponse | None:
    forward()
    raise ReadTimeoutError(endpoint_url="https://aws.example")


OUTAGES: Final[dict[str, Callable[[Call, Forward], AWSResponse | None]]] = {
    "throttled": _throttled,
    "failing": _failing,
    "unreachable": _unreachable,
    "answer lost": _answer_lost,
}
