"""Many at once, large packages, and the rate limit, over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from installhub.model.errors import ErrorCode
from tests.system.client import Api, artifact, export_body
from tests.system.test_refusals import problem

MANY = 3_000


def test_of_sixteen_exports_of_one_version_one_succeeds(api: Api) -> None:
    token = api.token("tenant-7f3a9b12")
    for attempt in range(3):
        body = export_body(f"Race {attempt}")
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _, body=body: api.export(body, token=token), range(16)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 15}
        for answer in answers:
            if answer.status_code == 409:
                problem(answer, ErrorCode.VERSION_CONFLICT)


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


def test_over_the_rate_limit_comes_429_until_the_stack_is_given_more(limited_api: Api) -> None:
    time.sleep(5)  # let the bucket of earlier tests fill again
    token = limited_api.token("tenant-7f3a9b12")
    body = export_body("Rate")
    answers = [limited_api.export(body, token=token) for _ in range(12)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert len(limited) >= 3
    for answer in limited:
        problem(answer, ErrorCode.RATE_LIMIT_EXCEEDED)
    # Other routes have limits of their own.
    assert limited_api.preview({"artifactIds": ["proc-1001"], "tenantId": "tenant-7f3a9b12"}).status_code == 200

    package_id = next(answer.json()["packageId"] for answer in answers if answer.status_code == 200)
    limited_api.up("ExportRateLimit=50 ExportBurstLimit=100")
    assert limited_api.get(package_id).status_code == 200, "an update keeps the data"
    answers = [limited_api.export(body, token=token) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {409}
