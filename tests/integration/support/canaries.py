"""Words that must never be logged, and what the functions wrote while they were at work."""

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
"""All of them in one text, as the text of an exception may have them."""


def broken(*_: object, **__: object) -> Any:  # noqa: ANN401  # it stands for any function
    """A bug of the worst kind: an exception whose text, cause and notes tell all that there was."""
    nothing: dict[str, str] = {}
    try:
        nothing[SECRETS]
    except KeyError as cause:
        bug = ParamValidationError(report=f"Invalid type for parameter Item, value: {SECRETS}")
        bug.__notes__ = [SECRETS]
        raise bug from cause


class Log:
    """What invocations wrote, by whatever way.

    Attributes:
        secrets: More words that must not be logged, such as the signatures of links.
    """

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.secrets: list[str] = []
        self._capture = capture
        self._stream = io.StringIO()
        self._lines: list[str] = []
        self._raised: list[str] = []

    @contextmanager
    def kept(self, level: str) -> Iterator[Log]:
        """Keep what is written at ``level``: by our logger, by any library's, to stdout and to stderr."""
        (own,) = telemetry.logger.handlers
        assert isinstance(own, logging.StreamHandler)
        before, own_level = own.setStream(self._stream), telemetry.logger.log_level
        root = logging.StreamHandler(self._stream)  # as Lambda's runtime has one, and as our logger leaves it
        root.addFilter(SuppressFilter(telemetry.logger.service))
        telemetry.logger.setLevel(level)
        logging.root.addHandler(root)
        self._capture.readouterr()
        try:
            yield self
        finally:
            logging.root.removeHandler(root)
            telemetry.logger.setLevel(own_level)
            own.setStream(before)

    @property
    def lines(self) -> list[str]:
        """The lines so far, ended wherever Python's splitlines ends one, which is what the emulator goes by."""
        text = self._stream.getvalue() + "".join(self._capture.readouterr())
        self._stream.seek(0)
        self._stream.truncate()
        self._lines += [line for line in text.splitlines() if line]
        return self._lines

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The lines as JSON, metrics left out."""
        return [entry for entry in map(json.loads, self.lines) if "_aws" not in entry]

    def of(self, message: str) -> list[dict[str, Any]]:
        """The entries with this message."""
        return [entry for entry in self.entries if entry["message"] == message]

    def leaks(self) -> list[str]:
        """The secrets that were logged, or came out of a handler in an exception, which Lambda logs."""
        text = "\n".join([*self.lines, *self._raised])
        decoded = text.replace("\\", "") + "".join(map(_decoded, re.findall(r"[A-Za-z0-9+/_-]{24,}", text)))
        return [word for word in [*WORDS, *self.secrets] if word in text or word in decoded]

    def invoke(self, functions: Functions, name: str, event: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON
        """What a function returns; None if an exception comes out of it. Every header field holds the token."""
        if "headers" in event and TOKEN not in event["headers"]["Authorization"] and not self.secrets:
            event["headers"]["Authorization"] = f"Bearer {TOKEN}"
            event["multiValueHeaders"]["Authorization"] = [f"Bearer {TOKEN}"]
        try:
            answer = functions.invoke(name, event)
        except Exception:  # noqa: BLE001  # as Lambda does
            self._raised.append(traceback.format_exc())
            return None
        location = str(answer.get("headers", {}).get("Location", ""))
        self.secrets += re.findall(r"X-Amz-(?:Signature|Credential|Security-Token)=([^&]+)", location)
        return answer


def _decoded(text: str) -> str:
    """``text`` out of base64, should it be that."""
    whole = text[: len(text) // 4 * 4].replace("+", "-").replace("/", "_")
    return base64.urlsafe_b64decode(whole).decode(errors="replace")
