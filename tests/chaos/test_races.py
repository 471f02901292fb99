"""Races on a deployed stack: concurrent requests for one version, and exports while their artifacts are edited."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from installhub.model.package import package_id
from operations.audit.stack import audit
from tests.conftest import Record
from tests.integration.support.bundles import definitions_of
from tests.system.client import Api, artifact, export_body

TENANT = "tenant-of-tests"
SOURCE = "com.example.races"
ROUNDS = 12
EXPORTS = 50
IDS = [f"race-{place}" for place in range(5)]


def is_clean(api: Api) -> bool:
    return audit(api.aws.dynamodb, api.aws.s3, api.aws.kms, api.stack.outputs).findings == []


def publish(api: Api, number: int) -> None:
    api.publish(
        [
            artifact(name, *IDS[place + 1 : place + 2], name=f"Revision {number}", definition={"revision": number})
            for place, name in enumerate(IDS)
        ]
    )


def record_of(api: Api, package: str) -> dict[str, Any]:
    key = {"packageId": {"S": package}}
    table = api.stack.outputs["PackagesTable"]
    return dict(api.aws.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))


def test_of_sixteen_requests_by_http_event_and_respond_async_one_creates_the_package(api: Api, record: Record) -> None:
    api.up(f"TrustedEventSources={SOURCE}")
    publish(api, 0)
    token, bucket = api.token(TENANT), api.stack.outputs["BundleBucket"]
    winners: Counter[str] = Counter()

    def request(place: int, body: dict[str, Any]) -> int:
        if place % 4 == 1:
            entry = {"EventBusName": api.stack.outputs["EventBus"], "Source": SOURCE}
            detail = {"DetailType": "ExportRequested", "Detail": json.dumps(body)}
            assert api.aws.events.put_events(Entries=[{**entry, **detail}])["FailedEntryCount"] == 0  # type: ignore[typeddict-item]
            return 0
        headers = {"Prefer": "respond-async"} if place % 4 == 3 else None
        return api.export(body, token=token, headers=headers).status_code

    for attempt in range(ROUNDS):
        name = f"Race of all ways {attempt}"
        body = export_body(name, IDS[0], tenantId=TENANT)
        with ThreadPoolExecutor(16) as pool:
            statuses = Counter(pool.map(request, range(16), [body] * 16))
        assert statuses.keys() <= {0, 200, 202, 409}, statuses
        assert statuses[200] + statuses[202] <= 1, statuses
        package = package_id(TENANT, name, "1.0.0")
        deadline = time.monotonic() + 60
        while record_of(api, package).get("status", {}).get("S") != "exported":
            assert time.monotonic() < deadline, name
            time.sleep(0.2)
        winners["HTTP" if statuses[200] else "respond-async" if statuses[202] else "event"] += 1
        bundles = api.aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"bundles/{package}/")["Contents"]
        assert len(bundles) == 1
    assert is_clean(api)
    wins = ", ".join(f"{channel} {count}" for channel, count in sorted(winners.items()))
    record(
        "races",
        "one version requested 16 times at once",
        f"{ROUNDS} rounds, 1 package each, 0 findings",
        f"8 by HTTP, 4 by event, 4 respond-async; won: {wins}",
    )


def test_exports_during_edits_never_mix_revisions(api: Api, record: Record) -> None:
    publish(api, 0)
    token, stop, edits = api.token(TENANT), threading.Event(), Counter[str]()

    def edit() -> None:
        while not stop.is_set():
            edits["revisions"] += 1
            publish(api, edits["revisions"])

    def export(number: int) -> set[int]:
        body = export_body("Edited", IDS[0], tenantId=TENANT, version=f"1.0.{number}")
        response = api.export(body, token=token)
        assert response.status_code == 200, response.text
        package = response.json()
        content = definitions_of(api.download(package["packageId"], token=token).content)
        names = {item["id"]: item["name"] for item in package["manifest"]["artifacts"]}
        assert names == {name: f"Revision {body['revision']}" for name, body in content.items()}
        assert len(names) == len(IDS)
        return {body["revision"] for body in content.values()}

    with ThreadPoolExecutor(9) as pool:
        editor = pool.submit(edit)
        try:
            revisions = set().union(*pool.map(export, range(EXPORTS)))
        finally:
            stop.set()
        editor.result()
    assert len(revisions) >= 3
    assert is_clean(api)
    record(
        "races",
        "exports while all their artifacts are edited",
        f"{EXPORTS} bundles, 0 with mixed revisions",
        f"{edits['revisions']} revisions published meanwhile; 0 findings",
    )
