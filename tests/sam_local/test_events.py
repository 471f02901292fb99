"""`sam local invoke` on each file of events/."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.state import PROJECT

if TYPE_CHECKING:
    from tests.sam_local.conftest import Served

EVENTS = [file.stem for file in (PROJECT / "events").glob("*.json")]
IN_ORDER = ("export", "get_package", "download")
"""An export first, then what looks at it; other events may ask for the same package, and be told that it exists."""


def _order(event: Any) -> tuple[int, str]:  # noqa: ANN401  # parametrize takes objects
    return (IN_ORDER.index(event) if event in IN_ORDER else len(IN_ORDER)), event


@pytest.mark.parametrize("event", sorted(EVENTS, key=_order))
def test_a_sample_event_is_handled(served: Served, event: str) -> None:
    function = event.partition("-")[0]  # "export-other.json" would be another event of export's
    invoked = served.make("sam-invoke", f"FUNCTION={function}", f"EVENT=events/{event}.json")
    assert invoked.returncode == 0, invoked.stderr
    answer: dict[str, Any] = json.loads(invoked.stdout)
    assert "errorMessage" not in answer, invoked.stdout
    match event:
        case "authorizer":
            (statement,) = answer["policyDocument"]["Statement"]
            assert statement["Effect"] == "Deny"  # the sample's token is none
        case "enroll":
            assert answer == {"batchItemFailures": []}
        case "sweep":
            assert answer["claimsRemoved"] == 0
        case _ if "statusCode" in answer:
            assert answer["statusCode"] == 200, answer["body"]
