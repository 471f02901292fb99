"""`sam local invoke` with each file of events/."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.state import PROJECT

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served

EVENTS = [file.stem for file in (PROJECT / "events").glob("*.json")]
IN_ORDER = (
    *("export", "get_package", "download", "get_artifact", "get_definition", "list_dependents"),
    *("list_artifact_packages", "put_artifact"),
)
"""An export comes first, then reads of its package; other events may export the same package and get a conflict, or
delete artifacts."""


def _order(event: Any) -> tuple[int, str]:  # noqa: ANN401  # values of parametrize
    return (IN_ORDER.index(event) if event in IN_ORDER else len(IN_ORDER)), event


@pytest.mark.parametrize("event", sorted(EVENTS, key=_order))
def test_a_sample_event_is_handled(served: Served, event: str) -> None:
    function = event.partition("-")[0]  # "export-other.json" would be a second event for export
    invoked = served.make("sam-invoke", f"FUNCTION={function}", f"EVENT=events/{event}.json")
    assert invoked.returncode == 0, invoked.stderr
    response: dict[str, Any] = json.loads(invoked.stdout)
    assert "errorMessage" not in response, invoked.stdout
    match event:
        case "authorizer":
            (statement,) = response["policyDocument"]["Statement"]
            assert statement["Effect"] == "Deny"  # the sample has no valid token
        case "enroll":
            assert response == {"batchItemFailures": []}
        case "sweep":
            assert response["claimsRemoved"] == 0
        case _ if "statusCode" in response:
            expected = {"preflight": 204, "put_artifact": 201, "delete_artifact": 204}.get(event, 200)
            assert response["statusCode"] == expected, response["body"]
