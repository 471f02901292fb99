"""Secrets that must never be logged, and the captured logs of the functions."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.logging.filters import SuppressFilter
from botocore.exceptions import ParamValidationError

from installhub.runtime import telemetry
from tests.integration.support.artifact_inputs import TENANT
from tests.jws import encode

if TYPE_CHECKING:
    import pytest

    from tests.integration.support.functions import Functions

DEFINITION: Final = "canary-of-a-definition"
DESCRIPTION: Final = "canary-of-a-description"
FOREIGN: Final = "tenant-canary-of-another"
LINK: Final = "https://s3.example/bundle.zip?X-Amz-Credential=CANARYKEY&X-Amz-Signature=0123456789abcdefcanary"
_PARTS: Final = (
    json.dumps({"alg": "RS256", "kid": "canary-of-a-key-id"}),
    json.dumps({"sub": "canary-of-a-claim", "tenants": [TENANT]}),
    "canary-of-a-signature",
)
TOKEN: Final = ".".join(encode(part.encode()) for part in _PARTS)
WORDS: Final = (
    *(DEFINITION, DESCRIPTION, FOREIGN, LINK, "CANARYKEY", "0123456789abcdefcanary"),
    *(TOKEN, *TOKEN.split("."), "canary-of-a-key-id", "canary-of-a-claim", "canary-of-a-signature"),
)
SECRETS: Final = f"{DEFINITION} {TOKEN} {LINK} {FOREIGN} {DESCRIPTION}"
"""All secrets in one text, such as the message of an exception."""


def raise_bug(*_: object, **__: object) -> Any:  # noqa: ANN401  # replaces any function
    """Raise an exception with the secrets in its message, cause and notes."""
    nothing: dict[str, str] = {}
    try:
        nothing[SECRETS]
    except KeyError as cause:
        error = ParamValidationError(report=f"Invalid type for parameter Item, value: {SECRETS}")
        error.__notes__ = [SECRETS]
        raise error from cause


class Log:
    """The output of invocations.

    Attributes:
        secrets: Further secrets, such as the signatures of links.
    """

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.secrets: list[str] = []
        self._capture = capture
        self._stream = io.StringIO()
        self._lines: list[str] = []
        self._raised: list[str] = []

    @contextmanager
    def capture(self, level: str) -> Iterator[Log]:
        """Capture the output of all loggers at ``level``, and stdout and stderr."""
        (handler,) = telemetry.logger.handlers
        assert isinstance(handler, logging.StreamHandler)
        previous_stream, previous_level = handler.setStream(self._stream), telemetry.logger.log_level
        root = logging.StreamHandler(self._stream)  # the handler of Lambda's runtime, with the filter of our logger
        root.addFilter(SuppressFilter(telemetry.logger.service))
        telemetry.logger.setLevel(level)
        logging.root.addHandler(root)
        self._capture.readouterr()
        try:
            yield self
        finally:
            logging.root.removeHandler(root)
            telemetry.logger.setLevel(previous_level)
            handler.setStream(previous_stream)

    @property
    def lines(self) -> list[str]:
        """The lines so far, split by ``str.splitlines`` like in the emulator."""
        text = self._stream.getvalue() + "".join(self._capture.readouterr())
        self._stream.seek(0)
        self._stream.truncate()
        self._lines += [line for line in text.splitlines() if line]
        return self._lines

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The log entries, without metrics."""
        return [entry for entry in map(json.loads, self.lines) if "_aws" not in entry]

    def with_message(self, message: str) -> list[dict[str, Any]]:
        """Return the entries with this message."""
        return [entry for entry in self.entries if entry["message"] == message]

    def leaks(self) -> list[str]:
        """Return the secrets in the output and in exceptions raised by handlers, which Lambda logs."""
        text = "\n".join([*self.lines, *self._raised])
        decoded = text.replace("\\", "") + "".join(map(_decode_base64, re.findall(r"[A-Za-z0-9+/_-]{24,}", text)))
        return [word for word in [*WORDS, *self.secrets] if word in text or word in decoded]

    def invoke(self, functions: Functions, name: str, event: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON
        """Invoke a function with the secret token in its headers; return None if it raises an exception."""
        if "headers" in event and TOKEN not in event["headers"].get("Authorization", "") and not self.secrets:
            event["headers"]["Authorization"] = f"Bearer {TOKEN}"
            event["multiValueHeaders"]["Authorization"] = [f"Bearer {TOKEN}"]
        try:
            response = functions.invoke(name, event)
        except Exception:  # noqa: BLE001  # like Lambda
            self._raised.append(traceback.format_exc())
            return None
        location = str(response.get("headers", {}).get("Location", ""))
        self.secrets += re.findall(r"X-Amz-(?:Signature|Credential|Security-Token)=([^&]+)", location)
        return response


def _decode_base64(text: str) -> str:
    """Decode ``text`` as base64, ignoring errors."""
    whole = text[: len(text) // 4 * 4].replace("+", "-").replace("/", "_")
    return base64.urlsafe_b64decode(whole).decode(errors="replace")
