"""Failures of AWS services: a 503 with Retry-After, no partial package, and a retry that succeeds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from installhub.model.artifact import PackageType
from installhub.model.package import package_id
from tests.integration.support.api import EXPORT_BODY, Api, ApiResponse
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.wire import AccessDenied, BrokenBody, NoFault, Outage

if TYPE_CHECKING:
    from tests.integration.support.functions import Functions
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

PACKAGE: Final = package_id(TENANT, "Employee Onboarding Suite", "2.1.0")
ROOT: Final = "thread-2002"
BODY: Final = {**EXPORT_BODY, "artifactIds": [ROOT]}
CALLS: Final = (
    "BatchGetItem-1",
    "UpdateItem-1",
    "BatchGetItem-2",
    "GetObject-1",
    "PutObject-1",
    "Sign-1",
    "UpdateItem-2",
)
FAILURE_KINDS: Final = ("throttled", "failing", "unreachable")
MULTIPART_CALLS: Final = ("CreateMultipartUpload-1", "UploadPart-1", "UploadPart-2", "CompleteMultipartUpload-1")

pytestmark = pytest.mark.usefixtures("no_waiting", "small_items")


@pytest.fixture
def api(world: World, wire: Wire, functions: Functions) -> Api:
    """The API with one artifact whose definition is stored in S3."""
    world.publish(artifact_input(ROOT, kind="ThreadDefinition", definition=incompressible(40 * 1024)))
    wire.clear()
    return Api(functions)


def assert_unavailable(response: ApiResponse) -> None:
    assert (response.status, response.error_code) == (503, "ServiceUnavailable")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert "dynamodb" not in response.body.decode().lower()
    assert "s3" not in response.body.decode().lower()
    assert "kms" not in response.body.decode().lower()


def assert_nothing_left(world: World) -> None:
    other_process = world.with_other_clients()
    assert (other_process.package_statuses(), other_process.objects(), other_process.uploads()) == ({}, [], [])


def test_the_calls_of_an_export_are_those_tested_here(api: Api, wire: Wire) -> None:
    api.export(BODY).package()

    assert tuple(map(str, wire.calls)) == CALLS


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_an_export_that_a_service_fails_is_unavailable_and_can_be_repeated(
    api: Api, world: World, wire: Wire, call: str, kind: str
) -> None:
    wire.fault = Outage.at(call, kind)

    assert_unavailable(api.export(BODY))

    assert_nothing_left(world)
    assert 2 <= wire.attempts[call] <= 5
    api.export(BODY).package()


@pytest.mark.parametrize("kind", ["failing", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_a_transient_failure_is_retried(api: Api, wire: Wire, call: str, kind: str) -> None:
    wire.fault = Outage.at(call, kind, times=1)

    package = api.export(BODY).package()

    assert wire.attempts[call] == 2
    assert api.get_package(package.package_id).package() == package


@pytest.mark.parametrize("call", CALLS)
def test_an_export_whose_responses_get_lost_can_be_repeated(api: Api, world: World, wire: Wire, call: str) -> None:
    wire.fault = Outage.at(call, "answer lost")

    response = api.export(BODY)

    if response.status != 200:
        assert_unavailable(response)
        assert_nothing_left(world)
        response = api.export(BODY)
    assert api.get_package(PACKAGE).package() == response.package()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("call", MULTIPART_CALLS)
def test_a_large_export_that_a_service_fails_is_unavailable_and_can_be_repeated(
    api: Api, world: World, wire: Wire, call: str
) -> None:
    wire.fault = Outage.at(call, "throttled")

    assert_unavailable(api.export(BODY))

    assert_nothing_left(world)
    api.export(BODY).package()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("call", ["UploadPart-2", "CompleteMultipartUpload-1"])
def test_a_large_export_whose_responses_get_lost_can_be_repeated(api: Api, world: World, wire: Wire, call: str) -> None:
    wire.fault = Outage.at(call, "answer lost")

    response = api.export(BODY)

    if response.status != 200:
        assert_unavailable(response)
        assert_nothing_left(world)
        response = api.export(BODY)
    assert api.get_package(PACKAGE).package() == response.package()


@pytest.mark.parametrize("successful_calls", range(2, len(CALLS)), ids=lambda count: f"from {CALLS[count]} on")
def test_a_permanent_outage_blocks_a_version_no_longer_than_its_lease(
    api: Api, world: World, wire: Wire, successful_calls: int
) -> None:
    """No clean-up is possible during the outage."""
    wire.fault = Outage(lambda _: len(wire.calls) > successful_calls, "unreachable")

    assert_unavailable(api.export(BODY))

    wire.fault = NoFault()
    assert api.get_package(PACKAGE).status == 404
    in_a_minute = time.time() + 60
    later = world.at(lambda: in_a_minute)
    later.export(ROOT, name="Employee Onboarding Suite", version="2.1.0", package_type=PackageType.WORKFLOW)
    assert api.download(PACKAGE).status == 200
    assert len(world.objects()) == 1


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_a_preview_without_dynamodb_is_unavailable(api: Api, wire: Wire, kind: str) -> None:
    body = {"tenantId": TENANT, "artifactIds": [ROOT]}
    wire.fault = Outage(lambda _: True, kind)

    assert_unavailable(api.preview(body))
    assert_unavailable(api.preview({**body, "artifactIds": ["unknown"]}))


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize("call", ["Query-1", "Query-2"])
def test_a_refusal_that_cannot_be_confirmed_is_a_503(api: Api, wire: Wire, call: str, kind: str) -> None:
    """The status depends on whether a missing root exists in another tenant (403) or not (400)."""
    wire.fault = Outage.at(call, kind)

    assert_unavailable(api.preview({"tenantId": TENANT, "artifactIds": ["unknown"]}))


@pytest.mark.parametrize("kind", FAILURE_KINDS)
@pytest.mark.parametrize("call", ["Query-1", "GetObject-1"])
def test_a_package_that_cannot_be_read_is_unavailable(api: Api, wire: Wire, call: str, kind: str) -> None:
    package = api.export(BODY).package()
    for read in (api.get_package, api.download):
        wire.clear()
        wire.fault = Outage.at(call, kind)
        assert_unavailable(read(package.package_id))
        assert read(package.package_id).status == 200


def test_a_bundle_read_that_breaks_off_is_a_503(api: Api, wire: Wire) -> None:
    package = api.export(BODY).package()
    for read in (api.get_package, api.download):
        wire.clear()
        wire.fault = BrokenBody("GetObject-1")
        assert_unavailable(read(package.package_id))


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_is_an_internal_error_that_discloses_nothing(
    api: Api, world: World, wire: Wire, call: str
) -> None:
    wire.fault = AccessDenied(call)

    response = api.export(BODY)

    assert (response.status, response.error_code) == (500, "InternalError")
    for secret in ("AccessDenied", "permission", "Traceback", world.name("ArtifactsTable")):
        assert secret not in response.body.decode()
    assert_nothing_left(world)
