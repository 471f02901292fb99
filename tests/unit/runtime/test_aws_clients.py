"""AWS clients: their services, retries, timeouts and signatures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from installhub.runtime import aws_clients

CLIENTS: Final[dict[str, Any]] = {
    "apigateway": aws_clients.apigateway,
    "dynamodb": aws_clients.dynamodb,
    "events": aws_clients.eventbridge,
    "s3": aws_clients.s3,
    "sqs": aws_clients.sqs,
}


@pytest.fixture(autouse=True)
def fresh_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients without real credentials, for this test only."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"):
        monkeypatch.delenv(name, raising=False)
    caches = [aws_clients._session, *CLIENTS.values()]
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.parametrize("service", CLIENTS)
def test_each_client_is_for_its_service_and_created_once(service: str) -> None:
    client = CLIENTS[service]()

    assert client.meta.service_model.service_name == service
    assert CLIENTS[service]() is client


def test_all_clients_share_a_session() -> None:
    assert aws_clients._session() is aws_clients._session()


@pytest.mark.parametrize("service", CLIENTS)
def test_a_call_has_three_attempts_of_a_few_seconds(service: str) -> None:
    config = CLIENTS[service]().meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert 3 * (config.connect_timeout + config.read_timeout) < 29


@pytest.mark.parametrize("service", CLIENTS)
def test_the_connection_pool_fits_all_parallel_reads(service: str) -> None:
    assert CLIENTS[service]().meta.config.max_pool_connections == 16


@pytest.mark.parametrize("service", [name for name in CLIENTS if name != "s3"])
def test_requests_use_signature_version_4(service: str) -> None:
    assert CLIENTS[service]().meta.config.signature_version == "v4"


def test_s3_uses_path_style_and_signature_version_4() -> None:
    config = CLIENTS["s3"]().meta.config

    assert config.signature_version == "s3v4"
    assert config.s3["addressing_style"] == "path"
