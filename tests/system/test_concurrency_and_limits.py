"""Concurrent exports, large packages and the rate limit, over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from installhub.model.errors import ErrorCode
from tests.system.client import Api, artifact, export_body
from tests.system.test_error_responses import assert_problem

MANY = 3_000


def test_of_sixteen_exports_of_one_version_one_succeeds(api: Api) -> None:
    token = api.token("tenant-7f3a9b12")
    for attempt in range(3):
        body = export_body(f"Race {attempt}")
        with ThreadPoolExecutor(16) as pool:
            responses = list(pool.map(lambda _, body=body: api.export(body, token=token), range(16)))
        assert Counter(response.status_code for response in responses) == {200: 1, 409: 15}
        for response in responses:
            if response.status_code == 409:
                assert_problem(response, ErrorCode.VERSION_CONFLICT)


def test_a_package_of_three_thousand_artifacts(api: Api) -> None:
    filler = "lorem ipsum dolor sit amet " * 40
    leaves = [f"leaf-{number:05}" for number in range(MANY - 1)]
    api.publish(
        [
            *(artifact(leaf, definition={"id": leaf, "text": filler}, type="RuleSet") for leaf in leaves),
            artifact("root", *leaves),
        ]
    )
    token = api.token("tenant-of-tests")
    body = export_body("Large", "root", tenantId="tenant-of-tests")
    exported = api.export(body, token=token)
    assert exported.status_code == 200, exported.text[:500]
    package = exported.json()
    assert package["artifactCount"] == MANY
    assert package["manifest"]["installOrder"] == [*leaves, "root"]
    assert api.get(package["packageId"], token=token).json() == package
    preview = api.preview({"tenantId": "tenant-of-tests", "artifactIds": ["root"]}, token=token).json()
    assert preview["installOrder"] == package["manifest"]["installOrder"]


def test_requests_over_the_rate_limit_get_429_until_the_limit_is_raised(limited_api: Api) -> None:
    time.sleep(5)  # let the token bucket refill after earlier tests
    token = limited_api.token("tenant-7f3a9b12")
    body = export_body("Rate")
    responses = [limited_api.export(body, token=token) for _ in range(12)]
    throttled = [response for response in responses if response.status_code == 429]
    assert len(throttled) >= 3
    for response in throttled:
        assert_problem(response, ErrorCode.RATE_LIMIT_EXCEEDED)
    # Other routes have separate limits.
    assert limited_api.preview({"artifactIds": ["proc-1001"], "tenantId": "tenant-7f3a9b12"}).status_code == 200

    package_id = next(response.json()["packageId"] for response in responses if response.status_code == 200)
    limited_api.up("ExportRateLimit=50 ExportBurstLimit=100")
    assert limited_api.get(package_id).status_code == 200, "an update keeps the data"
    responses = [limited_api.export(body, token=token) for _ in range(12)]
    assert {response.status_code for response in responses} == {409}
