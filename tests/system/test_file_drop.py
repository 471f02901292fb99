"""Files of artifacts dropped into the inbox of a deployed stack."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.bus import wait_for
from tests.system.client import Api, artifact, export_body

if TYPE_CHECKING:
    from collections.abc import Iterable

TENANT = "tenant-of-tests"


def drop(api: Api, key: str, lines: Iterable[bytes]) -> None:
    content = b"\n".join(lines)
    body = gzip.compress(content) if key.endswith(".gz") else content
    api.aws.s3.put_object(Bucket=api.stack.outputs["InboxBucket"], Key=key, Body=body)


def result_of(api: Api, key: str) -> dict[str, Any]:
    """Wait until a file is published, and return its result."""
    s3 = api.aws.s3

    def finished() -> Any:  # noqa: ANN401  # any JSON value
        try:
            response = s3.get_object(Bucket=api.stack.outputs["InboxBucket"], Key=f"{key}.result")
        except s3.exceptions.NoSuchKey:
            return None
        result = json.loads(response["Body"].read())
        return result if result["status"] != "publishing" else None

    return dict(wait_for(finished))


@pytest.mark.parametrize("suffix", ["ndjson", "ndjson.gz"])
def test_a_dropped_file_is_published_except_its_poison_line_and_can_be_exported(api: Api, suffix: str) -> None:
    name = f"dropped-{suffix.replace('.', '-')}"
    leaves = [f"{name}-{number:03}" for number in range(150)]
    documents = [artifact(leaf, type="RuleSet") for leaf in leaves]
    lines = [json.dumps(document).encode() for document in [*documents, artifact(f"{name}-root", *leaves)]]
    key = f"artifacts/tests/{name}.{suffix}"

    drop(api, key, [*lines[:70], b'{"artifactId": "poison"', *lines[70:]])

    result = result_of(api, key)
    assert result["status"] == "published"
    assert result["counts"] == {"lines": 152, "created": 151, "updated": 0, "unchanged": 0, "refused": 1}
    (refused,) = result["refused"]
    assert (refused["line"], refused["errorCode"], refused["pointer"]) == (71, "InvalidRequest", "")
    body = export_body(name, f"{name}-root", tenantId=TENANT)
    exported = api.export(body, token=api.token(TENANT))
    assert exported.status_code == 200, exported.text
    assert exported.json()["artifactCount"] == 151


def test_a_file_that_is_not_gzip_fails_and_files_elsewhere_are_ignored(api: Api) -> None:
    bucket, s3 = api.stack.outputs["InboxBucket"], api.aws.s3
    line = json.dumps(artifact("elsewhere")).encode()
    for key in ("artifacts/elsewhere.json", "elsewhere/elsewhere.ndjson", "artifacts/not-gzip.ndjson.gz"):
        s3.put_object(Bucket=bucket, Key=key, Body=line)

    assert result_of(api, "artifacts/not-gzip.ndjson.gz")["status"] == "failed"
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert not [found["Key"] for found in listed if "elsewhere" in found["Key"] and found["Key"].endswith(".result")]
