"""A few generated requests per route, based on the OpenAPI document; the long run is in tests/chaos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from installhub.contract.routes import KEYS_PATH
from tests.conftest import Record
from tests.fuzz_http import DOCUMENT, attack, narrowed_document
from tests.stacks import deployed
from tests.system.client import ALL_SCOPES, TENANT, Api


@pytest.fixture(scope="module")
def unlimited_api() -> Iterator[Api]:
    """A stack without rate limits, so that these requests do not throttle other tests."""
    yield from deployed(
        "system-fuzz", "ExportRateLimit=10000 ExportBurstLimit=10000 StageRateLimit=10000 StageBurstLimit=10000"
    )


def test_generated_requests_get_responses_that_follow_the_document(
    unlimited_api: Api, tmp_path: Path, record: Record
) -> None:
    result = attack(
        narrowed_document(),
        unlimited_api.stack.url,
        tmp_path,
        token=unlimited_api.token(TENANT, scope=ALL_SCOPES),
        examples=20,
        phases="examples,fuzzing",
    )

    assert result.complete
    assert result.failures == []
    assert len(result.exchanges) >= 60
    assert all(status is not None and status < 500 for status in result.statuses)
    assert {200, 400} <= set(result.statuses)
    record(
        "fuzz",
        "Generated requests in every CI run",
        f"{len(result.exchanges)} requests, no violations of the document",
        "schemathesis, 20 examples a route, fixed seed",
    )


def test_requests_without_a_token_are_rejected(unlimited_api: Api, tmp_path: Path) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))

    result = attack(document, unlimited_api.stack.url, tmp_path, token=None, examples=10, phases="fuzzing")

    assert result.failures == []
    assert len(result.exchanges) >= 40
    public = [exchange for exchange in result.exchanges if exchange.url.partition("?")[0].endswith(KEYS_PATH)]
    assert {exchange.status for exchange in public} <= {200, 304}
    assert {exchange.status for exchange in result.exchanges if exchange not in public} == {401}
