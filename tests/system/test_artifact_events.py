"""Events about artifacts, switched on by a parameter of a deployed stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.system.bus import outcome_listener, wait_for
from tests.system.client import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.bus import Bus
    from tests.system.client import Api

FIELDS = {"type": "RuleSet", "name": "Rule", "status": "published", "dependencies": [], "definition": {}}


@pytest.fixture(scope="module")
def artifact_bus(api: Api) -> Iterator[Bus]:
    with outcome_listener(api, "ArtifactEvents=true") as bus:
        yield bus
    api.up("ArtifactEvents=false")  # other modules share the stack


def test_publishing_and_deleting_an_artifact_are_announced_in_order(api: Api, artifact_bus: Bus) -> None:
    url = f"{api.stack.url}/api/installhub/artifacts/rule-events"
    token = api.token(TENANT, scope="installhub:publish")
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": TENANT}
    for name in ("Rule", "Renamed"):
        response = requests.put(url, json={**FIELDS, "name": name}, headers=headers, timeout=60)
        assert response.ok, response.text
    assert requests.delete(url, headers=headers, timeout=60).status_code == 204

    def events() -> list[dict[str, Any]] | None:
        artifact_bus.receive()
        found = [event for event in artifact_bus.received if event["data"].get("artifactId") == "rule-events"]
        return found if len(found) == 3 else None

    announced = sorted(wait_for(events), key=lambda event: (event["time"], event["type"] == "ArtifactDeleted"))
    assert [(event["type"], event["data"].get("change")) for event in announced[-1:]] == [("ArtifactDeleted", None)]
    assert {event["data"].get("change") for event in announced} == {"created", "updated", None}
    assert {event["data"]["tenantId"] for event in announced} == {TENANT}
