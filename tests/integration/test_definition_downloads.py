"""Definitions over HTTP: inline, or by a link of five minutes; and only what the client does not have."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from installhub.artifacts import items
from installhub.artifacts.definition_downloads import DefinitionDownloads
from installhub.composition import definitions
from installhub.model.definition import canonical_json
from tests.integration.support.artifact_api import ArtifactApi, rule
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.wire import Outage
from tests.integration.test_audit import run_audit

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

SMALL: Final = {"b": [1, "ä"], "a": None}
LARGE: Final = {"pages": [incompressible(1_000_000, seed) for seed in range(5)], "umlaut": "ä" * 100_000}


@pytest.fixture
def large(world: World) -> bytes:
    """Publish an artifact with a definition that no response can carry, and return the definition."""
    world.publish(artifact_input("rule", definition=LARGE))
    return canonical_json(LARGE)


def downloads(world: World) -> list[str]:
    listed = world.s3.list_objects_v2(Bucket=world.name("DefinitionBucket"), Prefix="downloads/").get("Contents", [])
    return [entry["Key"] for entry in listed]


def linked(world: World, response: ApiResponse) -> dict[str, Any]:
    """The object that a redirect leads to."""
    assert (response.status, response.body) == (307, b"")
    key = urlsplit(response.headers["Location"]).path.partition("downloads/")
    return dict(world.s3.get_object(Bucket=world.name("DefinitionBucket"), Key="".join(key[1:])))


def test_a_definition_is_returned_as_canonical_json(artifacts: ArtifactApi) -> None:
    created = artifacts.put("rule", rule(definition=SMALL)).json

    response = artifacts.definition("rule")

    assert (response.status, response.body) == (200, canonical_json(SMALL))
    assert response.headers == {
        "ETag": f'"{hashlib.sha256(response.body).hexdigest()}"',
        "Cache-Control": "private, no-cache",
        "Content-Type": "application/json",
    }
    assert (created["sha256"], created["size"]) == (response.headers["ETag"].strip('"'), len(response.body))


def test_a_client_that_has_the_definition_gets_304_without_reading_it(
    artifacts: ArtifactApi, wire: Wire, large: bytes
) -> None:
    etag = f'"{hashlib.sha256(large).hexdigest()}"'
    wire.clear()

    for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        response = artifacts.definition("rule", {"If-None-Match": value})
        assert (response.status, response.body, response.headers["ETag"]) == (304, b"", etag)

    assert wire.count() == wire.count("GetItem")
    assert artifacts.definition("rule", {"If-None-Match": '"another"'}).status == 307


def test_a_change_of_the_name_leaves_the_etag_of_the_definition(artifacts: ArtifactApi) -> None:
    artifacts.put("rule")
    etag = artifacts.definition("rule").headers["ETag"]
    artifacts.put("rule", rule(name="New"))

    assert artifacts.definition("rule", {"If-None-Match": etag}).status == 304


def test_a_large_definition_is_a_redirect_to_a_link_of_five_minutes(
    artifacts: ArtifactApi, world: World, large: bytes
) -> None:
    response = artifacts.definition("rule")

    target = linked(world, response)
    assert (target["Body"].read(), target["ContentType"]) == (large, "application/json")
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["ETag"] == f'"{hashlib.sha256(large).hexdigest()}"'
    assert downloads(world) == [f"{items.download_prefix(TENANT)}{hashlib.sha256(large).hexdigest()}.json"]
    assert run_audit(world).findings == []


@pytest.mark.usefixtures("large")
def test_the_copy_is_used_again_for_half_a_day(
    artifacts: ArtifactApi, world: World, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts.definition("rule")
    wire.clear()
    artifacts.definition("rule")
    assert wire.count("PutObject") == 0

    copied_at = world.s3.head_object(Bucket=world.name("DefinitionBucket"), Key=downloads(world)[0])["LastModified"]
    for hours, puts in ((11, 0), (13, 1)):
        wire.clear()
        now = (copied_at + dt.timedelta(hours=hours)).timestamp()
        downloads_at(artifacts, monkeypatch, now)
        assert wire.count("PutObject") == puts


def downloads_at(artifacts: ArtifactApi, monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    """Request the definition when it is ``now`` for the code that copies it."""
    with monkeypatch.context() as patch:
        patch.setattr(definitions, "time", type("Clock", (), {"time": staticmethod(lambda: now)}))
        definitions.definition_downloads.cache_clear()
        assert artifacts.definition("rule").status == 307
    definitions.definition_downloads.cache_clear()


@pytest.mark.usefixtures("large")
def test_a_head_request_leads_to_a_link_for_head(artifacts: ArtifactApi) -> None:
    get, head = (artifacts.definition("rule", method=method) for method in ("GET", "HEAD"))

    assert head.status == get.status == 307
    assert head.headers["ETag"] == get.headers["ETag"]
    assert (
        parse_qs(urlsplit(head.headers["Location"]).query)["X-Amz-Signature"]
        != (parse_qs(urlsplit(get.headers["Location"]).query)["X-Amz-Signature"])
    )


def test_the_largest_inline_definition_fits_into_a_response(artifacts: ArtifactApi, world: World) -> None:
    limit = int(artifacts.functions.deployment.environment("get_definition")["MAX_INLINE_BUNDLE_BYTES"])
    for size, status in ((limit, 200), (limit + 1, 307)):
        text = incompressible(limit)[: size - 2].replace("\\", "x")
        world.publish(artifact_input("rule", definition=text))
        response = artifacts.definition("rule")
        assert response.status == status
        assert len(response.body) == (size if status == 200 else 0)
        assert len(response.body) * 4 / 3 < 6 * 1024 * 1024


@pytest.mark.usefixtures("no_waiting", "large")
@pytest.mark.parametrize("call", ["HeadObject-1", "PutObject-1", "BatchGetItem-1", "GetObject-1"])
def test_a_link_that_cannot_be_made_is_unavailable(artifacts: ArtifactApi, wire: Wire, call: str) -> None:
    wire.clear()
    wire.fault = Outage.at(call, "failing")

    response = artifacts.definition("rule")

    assert (response.status, response.error_code) == (503, "ServiceUnavailable")
    assert artifacts.definition("rule").status == 307


def test_a_definition_that_is_replaced_or_deleted_can_still_be_read(artifacts: ArtifactApi, world: World) -> None:
    """By a request that read the artifact before."""
    for artifact_id in ("rule", "more"):
        artifacts.put(artifact_id, rule(definition="old"))
    nodes = list(world.artifacts().for_tenant(TENANT).all_nodes())

    artifacts.put("rule", rule(definition="new"))
    artifacts.delete("more")

    reader = DefinitionDownloads(world.definitions(), lambda: world.s3, world.name("DefinitionBucket"), world.clock)
    assert [json.loads(reader.read(TENANT, node)) for node in nodes] == ["old", "old"]
