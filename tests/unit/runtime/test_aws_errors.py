"""Classification of AWS errors as transient or permanent, and delays of retries."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError

from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import is_transient, sleep_before_retry, translate_aws_errors

# From the API references of the services: errors for throttling and for concurrent transactions.
THROTTLING = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
]
PERMANENT = ["AccessDenied", "ConditionalCheckFailedException", "NoSuchKey", "ResourceNotFoundException", ""]


def raw_client_error(**response: Any) -> ClientError:  # noqa: ANN401  # any response
    return ClientError(response, "AnyOperation")  # type: ignore[arg-type]


def client_error(code: str, status: int) -> ClientError:
    return raw_client_error(Error={"Code": code}, ResponseMetadata={"HTTPStatusCode": status})


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize("code", THROTTLING)
def test_throttling_is_transient(code: str, status: int) -> None:
    error = client_error(code, status)

    with pytest.raises(ServiceUnavailableError) as unavailable, translate_aws_errors("dynamodb"):
        raise error

    assert unavailable.value.__cause__ is error


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDenied", ""])
def test_a_server_error_is_transient_whatever_its_code(code: str, status: int) -> None:
    with pytest.raises(ServiceUnavailableError), translate_aws_errors("s3"):
        raise client_error(code, status)


@pytest.mark.parametrize("status", [301, 400, 403, 404, 412, 499])
@pytest.mark.parametrize("code", PERMANENT)
def test_a_permanent_failure_passes_through(code: str, status: int) -> None:
    error = client_error(code, status)

    with pytest.raises(ClientError) as passed, translate_aws_errors("s3"):
        raise error

    assert passed.value is error


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://aws.example"), ReadTimeoutError(endpoint_url="https://aws.example")],
    ids=type,
)
def test_a_failed_connection_is_transient(error: BotoCoreError) -> None:
    with pytest.raises(ServiceUnavailableError) as unavailable, translate_aws_errors("dynamodb"):
        raise error

    assert unavailable.value.__cause__ is error


@pytest.mark.parametrize("error", [client_error("SlowDown", 400), ReadTimeoutError(endpoint_url="https://aws.example")])
def test_the_error_names_the_service(error: Exception) -> None:
    with pytest.raises(ServiceUnavailableError) as unavailable, translate_aws_errors("dynamodb"):
        raise error

    assert unavailable.value.service == "dynamodb"


def test_other_exceptions_pass_through() -> None:
    with pytest.raises(KeyError), translate_aws_errors("dynamodb"):
        raise KeyError("ours")


def test_an_error_without_code_and_status_is_permanent() -> None:
    assert not is_transient(raw_client_error())
    assert not is_transient(raw_client_error(Error={}, ResponseMetadata={}))


def test_the_code_or_the_status_is_sufficient() -> None:
    assert is_transient(raw_client_error(Error={"Code": "SlowDown"}))
    assert is_transient(raw_client_error(ResponseMetadata={"HTTPStatusCode": 500}))


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.6), (6, 2.0), (50, 2.0)]
)
def test_delays_are_random_up_to_a_limit_that_doubles(
    monkeypatch: pytest.MonkeyPatch, attempt: int, longest: float
) -> None:
    lows: list[float] = []
    waits: list[float] = []

    def fixed_jitter(low: float, high: float) -> float:
        lows.append(low)
        return 0.7 * high

    monkeypatch.setattr(random, "uniform", fixed_jitter)
    monkeypatch.setattr(time, "sleep", waits.append)

    sleep_before_retry(attempt)

    assert lows == [0]
    assert waits == [pytest.approx(0.7 * longest)]
