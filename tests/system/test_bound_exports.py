"""Exports with the ETag of a preview in `If-Match`, on a deployed stack."""

from __future__ import annotations

from typing import Final

import pytest

from installhub.model.errors import ErrorCode
from tests.system.bus import wait_for
from tests.system.client import Api, artifact, export_body
from tests.system.test_error_responses import assert_problem

TENANT: Final = "tenant-of-tests"


@pytest.mark.parametrize("leaves", [2, 1_200])
def test_exactly_what_was_previewed_is_exported_or_every_difference_is_named(api: Api, leaves: int) -> None:
    root, ids = f"bound-{leaves}", [f"bound-{leaves}-{number}" for number in range(leaves)]
    api.publish([artifact(root, *ids), *(artifact(leaf, type="RuleSet") for leaf in ids)])
    token = api.token(TENANT)
    body = {"tenantId": TENANT, "artifactIds": [root]}
    tag = api.preview(body, token=token).headers["ETag"]
    bound = {"If-Match": tag}
    assert api.preview(body, token=token).headers["ETag"] == tag
    assert len(tag) <= 2_702

    exported = api.export(export_body(root, **body), token=token, headers=bound)
    assert exported.status_code == 200, exported.text

    api.publish([artifact(root, *ids[1:], f"{root}-new"), artifact(f"{root}-new"), artifact(ids[-1], name="Other")])
    again = export_body(root, **body, version="2.0.0")
    problem = assert_problem(api.export(again, token=token, headers=bound), ErrorCode.PLAN_CHANGED)
    assert {(error["artifactId"], error["change"]) for error in problem["errors"]} == {
        (root, "modified"),
        (ids[-1], "modified"),
        (ids[0], "removed"),
        (f"{root}-new", "added"),
    }

    accepted = api.export(again, token=token, headers={**bound, "Prefer": "respond-async"})
    assert accepted.status_code == 202, accepted.text
    package_id = accepted.json()["packageId"]
    failed = wait_for(
        lambda: next(
            (found for found in [api.get(package_id, token=token).json()] if found["status"] == "failed"), None
        )
    )
    assert failed["errorCode"] == "PlanChanged"
    assert {error["change"] for error in failed["errors"]} == {"added", "removed", "modified"}

    fresh = api.preview(body, token=token, headers={"Accept": "image/svg+xml"}).headers["ETag"]
    assert api.export(again, token=token, headers={"If-Match": fresh}).status_code == 200


def test_a_malformed_header_and_a_tag_of_anything_else(api: Api) -> None:
    body = export_body("Bound to nothing")

    assert_problem(api.export(body, headers={"If-Match": "unquoted"}), ErrorCode.INVALID_REQUEST)
    assert_problem(api.export(body, headers={"If-Match": '"something"'}), ErrorCode.PLAN_CHANGED)
    assert api.export(body, headers={"If-Match": "*"}).status_code == 200
