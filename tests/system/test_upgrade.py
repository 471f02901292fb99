"""A stack of the last release, with data, becomes one of this version by one deployment; data and links stay intact."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from installhub.model.package import package_id
from local import stack
from local.aws import isolate_environment
from local.state import PROJECT, Emulator, State
from operations import deployment
from operations.audit.stack import audit
from operations.erase.stores import Stores
from operations.index_packages import Backfill
from operations.scan_artifacts import Outcome, Scan
from operations.sign_packages import Signing
from tests.stacks import SAMPLES, free_port
from tests.system.client import TENANT, Api, export_body
from tests.system.test_attestations import verified
from tests.system.test_where_used import packages_of
from tools.upgrade.release import last_release

if TYPE_CHECKING:
    from collections.abc import Mapping

RETAINED = (
    *("ArtifactsTable", "PackagesTable", "RequestsTable", "PlansTable"),
    *("BundleBucket", "DefinitionBucket", "InboxBucket", "EventBus"),
    *("ExportQueueUrl", "ExportDeadLetterQueueUrl", "UnannouncedQueueUrl"),
)
KEY = {"Idempotency-Key": "before-the-upgrade"}
BODY = export_body("Exported before the upgrade")


@dataclass
class Before:
    """What a caller knows from the last release.

    Attributes:
        outputs: The stack's outputs.
        package: The response to an export.
        bundle: The bundle.
        link: A presigned URL of the bundle.
        preview: The response to a preview.
    """

    outputs: Mapping[str, str]
    package: dict[str, Any]
    bundle: bytes
    link: str
    preview: dict[str, Any]


class ReleasedProject:
    """The project as of the last release, with this project's environments."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder, self._state = folder, state
        last_release().extract(folder)
        for environment in (".venv", ".tools"):
            (folder / environment).symlink_to(PROJECT / environment)

    def run(self, *arguments: str) -> None:
        """Run a command of its local stack."""
        source = self._folder / "layers" / "installhub" / "src"
        subprocess.run(  # noqa: S603  # our own commands
            [sys.executable, "-m", "local", *arguments],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(source), "INSTALLHUB_STATE": str(self._state.root)},
            check=True,
            capture_output=True,
            timeout=300,
        )


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A stack of the last release with the sample tenant."""
    if not last_release().is_available():
        pytest.skip("this clone lacks the commit of the last release")
    isolate_environment()
    state = State(tmp_path_factory.mktemp("state"))
    project = ReleasedProject(tmp_path_factory.mktemp("released"), state)
    try:
        project.run("up", "--port", str(free_port()), "--params", "MaxInlineBundleBytes=1000 ExportBurstLimit=50")
        project.run("seed", str(SAMPLES / f"{TENANT}.json"))
        assert state.stack is not None
        yield Api(state, state.stack)
    finally:
        project.run("down")


@pytest.fixture(scope="module")
def before(released: Api) -> Before:
    exported = released.export(BODY, headers=KEY)
    assert exported.status_code == 200, exported.text
    package: dict[str, Any] = exported.json()
    redirect = released.download(package["packageId"], redirects=False)
    assert redirect.status_code == 307
    link = redirect.headers["Location"]
    preview = released.preview({"tenantId": TENANT, "artifactIds": ["proc-1001"]}).json()
    return Before(released.stack.outputs, package, requests.get(link, timeout=60).content, link, preview)


@pytest.fixture(scope="module")
def upgraded(released: Api, before: Before) -> Api:  # noqa: ARG001  # must run first
    """The same stack after one deployment of this version, with the parameters it had."""
    emulator = released.state.emulator
    assert isinstance(emulator, Emulator)
    released.stack = stack.deploy(released.state, emulator, "")  # the emulator belongs to the other project
    released.state.stack = released.stack
    return released


def test_tables_buckets_and_queues_are_the_same(upgraded: Api, before: Before) -> None:
    assert {name: upgraded.stack.outputs[name] for name in RETAINED} == {
        name: before.outputs[name] for name in RETAINED
    }


def test_packages_and_their_bundles_are_unchanged(upgraded: Api, before: Before) -> None:
    package_id = before.package["packageId"]

    assert upgraded.get(package_id).json() == before.package
    assert upgraded.download(package_id).content == before.bundle


def test_a_link_from_before_still_works(upgraded: Api, before: Before) -> None:  # noqa: ARG001  # must run first
    assert requests.get(before.link, timeout=60).content == before.bundle


def test_a_repeated_request_gets_its_first_response(upgraded: Api, before: Before) -> None:
    repeated = upgraded.export(BODY, headers=KEY)

    assert (repeated.status_code, repeated.json()) == (200, before.package)
    assert upgraded.export(BODY).status_code == 409, "the version is taken"


def test_artifacts_resolve_as_before_and_can_be_exported(upgraded: Api, before: Before) -> None:
    assert upgraded.preview({"tenantId": TENANT, "artifactIds": ["proc-1001"]}).json() == before.preview
    assert upgraded.export({**BODY, "version": "1.0.1"}).status_code == 200


def test_what_is_new_works(upgraded: Api, before: Before) -> None:
    head = upgraded.call("HEAD", f"/{before.package['packageId']}")

    assert (head.status_code, head.content) == (200, b"")


def test_artifacts_from_before_are_searched_for_secrets_by_the_command(
    upgraded: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.deployment.local_stack.current", lambda _: upgraded.stack)
    scan = Scan.of(deployment.local(upgraded.state))

    assert scan.run(lambda _: None)[Outcome.SEARCHED] > 0
    assert (scan.found, scan.failures) == ([], [])
    assert scan.run(lambda _: None)[Outcome.SEARCHED] == 0


def test_artifacts_from_before_are_searched_for_references_when_they_are_published_again(upgraded: Api) -> None:
    body = {"tenantId": TENANT, "artifactIds": ["proc-1001"], "checkReferences": True}
    preview = upgraded.preview(body)
    (warning,) = preview.json()["warnings"]
    assert (warning["errorCode"], "artifactId" in warning) == ("UndeclaredReference", False)

    upgraded.publish(json.loads((SAMPLES / f"{TENANT}.json").read_text()))

    again = upgraded.preview(body)
    assert again.json()["warnings"] == []
    assert again.headers["ETag"] == preview.headers["ETag"]
    bound = upgraded.export({**BODY, "version": "1.0.2"}, headers={"If-Match": preview.headers["ETag"]})
    assert bound.status_code == 200, bound.text


def test_packages_from_before_are_found_by_their_artifacts_after_the_backfill(
    upgraded: Api, before: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = before.package["packageId"], package_id(TENANT, BODY["packageName"], "1.0.1")
    packages_of(upgraded, "ent-44", new)  # waits until it is indexed
    monkeypatch.setattr("operations.deployment.local_stack.current", lambda _: upgraded.stack)
    found = deployment.local(upgraded.state)
    # A stream has the changes of a day, so the new function has seen the old package. It would not see older ones.
    for index_items in Stores.of(found).find_index_items(TENANT):
        index_items.delete()
    assert upgraded.packages_of("ent-44").json()["packages"] == []

    backfill = Backfill.of(found)
    backfill.run(lambda _: None)

    assert backfill.failures == []
    for artifact in before.package["manifest"]["artifacts"]:
        listed = {package["packageId"]: package for package in packages_of(upgraded, artifact["id"], old)}
        assert listed[old]["sha256"] == artifact["sha256"]
        assert new in listed


def test_packages_from_before_have_no_attestation_until_they_are_signed(
    upgraded: Api, before: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/{before.package['packageId']}/attestation"
    refused = upgraded.call("GET", path)
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "AttestationNotFound")
    monkeypatch.setattr("operations.deployment.local_stack.current", lambda _: upgraded.stack)

    signing = Signing.of(deployment.local(upgraded.state))
    signing.run(lambda _: None)

    assert signing.failures == []
    keys = upgraded.call("GET", "/keys", token=None, base="/api/installhub").json()
    statement = verified(upgraded.call("GET", path).json(), keys)
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(before.bundle).hexdigest()


def test_the_audit_finds_nothing(upgraded: Api, before: Before, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # must run first
    monkeypatch.setattr("operations.deployment.local_stack.current", lambda _: upgraded.stack)
    found = deployment.local(upgraded.state)

    assert audit(found.dynamodb, found.s3, found.kms, found.outputs).findings == []
