"""Secrets in artifacts over HTTP, on the deployed stack: found, refused, acknowledged, and searched afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.model.errors import ErrorCode
from operations.deployment import Deployment
from operations.scan_artifacts import Outcome, Scan
from tests.secret_corpus import planted
from tests.system.client import TENANT, Api, export_body
from tests.system.test_artifacts import put
from tests.system.test_error_responses import assert_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

URL: Final = next(secret.secret for secret in planted() if secret.rule == "password-in-url")
FIELDS: Final[Mapping[str, Any]] = {"definition": {"steps": [{"url": URL}]}}
PLACE: Final = "/definition/steps/0/url"


def test_a_secret_is_found_refused_and_acknowledged(api: Api) -> None:
    (found,) = put(api, "leak", **FIELDS).json()["findings"]
    assert (found["rule"], found["pointer"]) == ("password-in-url", PLACE)
    preview = api.preview({"tenantId": TENANT, "artifactIds": ["leak"]})
    refused = assert_problem(api.export(export_body("Leak", "leak")), ErrorCode.SECRET_FOUND)
    (error,) = refused["errors"]
    assert (error["artifactId"], error["pointer"]) == ("leak", PLACE)
    assert preview.json()["warnings"] == refused["errors"]

    acknowledged = put(api, "leak", **FIELDS, acknowledgedFindings=[found["fingerprint"]])

    assert acknowledged.json()["change"] == "updated"
    assert api.artifacts("GET", "leak").json()["findings"] == [found]
    assert api.export(export_body("Leak", "leak")).status_code == 200


def test_with_the_policy_warn_a_package_is_exported(api: Api) -> None:
    put(api, "warned", **FIELDS)
    with api.changed_variables(api.stack.outputs["ExportFunction"], SECRET_POLICY="warn"):  # not a password
        assert api.export(export_body("Warned", "warned")).status_code == 200


def test_what_was_not_searched_is_searched_by_the_command(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, "old", **FIELDS)
    table = api.stack.outputs["ArtifactsTable"]
    key = items.primary_key(TENANT, items.edge_sort_key("old"))
    api.aws.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE finds")
    assert api.artifacts("GET", "old").json()["findings"] == []
    deployed = Deployment("the stack", api.stack.outputs, region=api.stack.region, endpoint=api.stack.endpoint)
    monkeypatch.setattr(Deployment, "dynamodb", api.aws.dynamodb)
    monkeypatch.setattr(Deployment, "s3", api.aws.s3)
    scan = Scan.of(deployed)

    assert scan.run(lambda _: None)[Outcome.SEARCHED] == 1

    assert f"{TENANT} old: password-in-url at {PLACE}" in scan.found
    assert api.artifacts("GET", "old").json()["findings"][0]["pointer"] == PLACE
    assert_problem(api.export(export_body("Old", "old")), ErrorCode.SECRET_FOUND)
