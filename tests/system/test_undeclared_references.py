"""References that are not declared, on a deployed stack."""

from __future__ import annotations

from typing import Final

from installhub.model.errors import ErrorCode
from tests.system.client import ALL_SCOPES, Api, artifact, export_body
from tests.system.test_error_responses import assert_problem

TENANT: Final = "tenant-of-tests"


def test_a_reference_is_found_over_http_whatever_is_published_first(api: Api) -> None:
    token = api.token(TENANT, scope=ALL_SCOPES)
    fields = artifact("undeclared-1", definition={"steps": [{"form": "undeclared-2"}]})
    del fields["artifactId"]
    body = {"tenantId": TENANT, "artifactIds": ["undeclared-1"]}
    refusing = export_body("Undeclared", **body, onUndeclaredReference="refuse")

    assert api.artifacts("PUT", "undeclared-1", fields, token=token).status_code == 201
    assert api.preview({**body, "checkReferences": True}, token=token).json()["warnings"] == []

    fields["definition"] = {}
    assert api.artifacts("PUT", "undeclared-2", fields, token=token).status_code == 201
    (warning,) = api.preview({**body, "checkReferences": True}, token=token).json()["warnings"]
    assert api.preview(body, token=token).json()["warnings"] == []
    assert (warning["errorCode"], warning["artifactId"]) == ("UndeclaredReference", "undeclared-1")
    assert (warning["pointer"], warning["reference"]) == ("/steps/0/form", "undeclared-2")

    refused = assert_problem(api.export(refusing, token=token), ErrorCode.UNDECLARED_REFERENCE)
    assert refused["errors"] == [warning]
    assert api.export({**refusing, "onUndeclaredReference": "ignore"}, token=token).status_code == 200
