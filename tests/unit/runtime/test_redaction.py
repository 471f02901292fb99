"""Redaction of exceptions: messages are included only if they cannot contain tenant data."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from installhub.identity.jwks import KeysUnavailableError
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.redaction import FunctionFailedError, safe_message, safe_traceback, sanitized

SECRET = "secret value"
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "Not allowed."}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError(SECRET), "KeyError"),
        (ValueError(SECRET), "ValueError"),
        (ParamValidationError(report=SECRET), "ParamValidationError"),
        (UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET), "UnicodeEncodeError"),
        (FileNotFoundError(2, "No such file or directory", SECRET), "FileNotFoundError: No such file or directory"),
        (OSError(SECRET), "OSError"),
        (DENIED, "ClientError: An error occurred (AccessDenied) when calling the PutObject operation: Not allowed."),
        (KeysUnavailableError("no key set"), "KeysUnavailableError: no key set"),
        (InstallHubError.of(ErrorCode.INTERNAL_ERROR, SECRET), "InstallHubError: InternalError"),
    ],
)
def test_only_messages_without_tenant_data_are_included(error: Exception, text: str) -> None:
    assert safe_message(error) == text


def test_a_class_with_a_similar_module_name_is_not_trusted() -> None:
    similar = type("Pretender", (Exception,), {"__module__": "installhubby.errors"})

    assert safe_message(similar(SECRET)) == "Pretender"


def test_the_traceback_begins_with_the_cause() -> None:
    with pytest.raises(KeysUnavailableError) as caught:
        _raise_chain()

    report = safe_traceback(caught.value)

    first, second, third = report.split("\n\nwhich led to:\n\n")
    assert first.endswith("ConnectionRefusedError: Connection refused")
    assert second.endswith("ValueError")
    assert third.endswith("KeysUnavailableError: no key set")
    assert ", in _raise_chain\n" in third
    assert SECRET not in report


def _raise_chain() -> None:
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError:
            raise ValueError(SECRET)  # noqa: B904  # a context without a cause
    except ValueError as error:
        raise KeysUnavailableError("no key set") from error


def test_a_suppressed_context_is_omitted_and_a_cycle_of_causes_ends() -> None:
    suppressed = ValueError()
    suppressed.__context__, suppressed.__suppress_context__ = KeyError(), True
    assert safe_traceback(suppressed) == "ValueError"
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert safe_traceback(first) == "KeyError\n\nwhich led to:\n\nValueError"


def test_an_exception_raised_by_a_function_is_replaced_if_its_message_may_contain_data() -> None:
    trusted = KeysUnavailableError("no key set")
    assert sanitized(trusted) is trusted
    replacement = sanitized(ValueError(SECRET))
    assert (type(replacement), str(replacement)) == (FunctionFailedError, "ValueError")
