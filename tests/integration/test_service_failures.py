"""A service that fails is a 503 that says when to come back; nothing is visible then, and coming back works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from installhub.model.artifact import PackageType
from installhub.model.package import package_id
from tests.integration.support.api import EXPORT_BODY, Answer, Api
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.wire import BrokenBody, NoFault, Outage, Refusal

if TYPE_CHECKING:
    from tests.integration.support.functions import Functions
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

PACKAGE: Final = package_id(TENANT, "Employee Onboarding Suite", "2.1.0")
ROOT: Final = "thread-2002"
BODY: Final = {**EXPORT_BODY, "artifactIds": [ROOT]}
CALLS: Final = ("BatchGetItem-1", "UpdateItem-1", "BatchGetItem-2", "GetObject-1", "PutObject-1", "UpdateItem-2")
REQUEST_LOST: Final = ("throttled", "failing", "unreachable")
MULTIPART_CALLS: Final = ("CreateMultipartUpload-1", "UploadPart-1", "UploadPart-2", "CompleteMultipartUpload-1")

pytestmark = pytest.mark.usefixtures("no_waiting", "small_items")


@pytest.fixture
def api(world: World, wire: Wire, functions: Functions) -> Api:
    """The API over one artifact whose definition lives in S3."""
    world.publish(artifact_input(ROOT, kind="ThreadDefinition", definition=incompressible(40 * 1024)))
    wire.clear()
    return Api(functions)


def assert_unavailable(answer: Answer) -> None:
    assert (answer.status, answer.error_code) == (503, "ServiceUnavailable")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "dynamodb" not in answer.body.decode().lower()
    assert "s3" not in answer.body.decode().lower()


def assert_nothing_is_left(world: World) -> None:
    survivor = world.with_other_clients()
    assert (survivor.package_statuses(), survivor.objects(), survivor.uploads()) == ({}, [], [])


def test_the_calls_of_an_export_are_those_tested_here(api: Api, wire: Wire) -> None:
    api.export(BODY).package()

    assert tuple(map(str, wire.calls)) == CALLS


@pytest.mark.parametrize("kind", REQUEST_LOST)
@pytest.mark.parametrize("call", CALLS)
def test_an_export_that_a_service_fails_is_unavailable_and_can_be_repeated(
    api: Api, world: World, wire: Wire, call: str, kind: str
) -> None:
    wire.fault = Outage.at(call, kind)

    assert_unavailable(api.export(BODY))

    assert_nothing_is_left(world)
    assert 2 <= wire.attempts[call] <= 5
    api.export(BODY).package()


@pytest.mark.parametrize("kind", ["failing", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_a_transient_failure_is_not_noticed(api: Api, wire: Wire, call: str, kind: str) -> None:
    wire.fault = Outage.at(call, kind, times=1)

    package = api.export(BODY).package()

    assert wire.attempts[call] == 2
    assert api.get_package(package.package_id).package() == package


@pytest.mark.parametrize("call", CALLS)
def test_an_export_whose_responses_get_lost_can_be_repeated(api: Api, world: World, wire: Wire, call: str) -> None:
    wire.fault = Outage.at(call, "answer lost")

    answer = api.export(BODY)

    if answer.status != 200:
        assert_unavailable(answer)
        assert_nothing_is_left(world)
        answer = api.export(BODY)
    assert api.get_package(PACKAGE).package() == answer.package()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("call", MULTIPART_CALLS)
def test_a_large_export_that_a_service_fails_is_unavailable_and_can_be_repeated(
    api: Api, world: World, wire: Wire, call: str
) -> None:
    wire.fault = Outage.at(call, "throttled")

    assert_unavailable(api.export(BODY))

    assert_nothing_is_left(world)
    api.export(BODY).package()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("call", ["UploadPart-2", "CompleteMultipartUpload-1"])
def test_a_large_export_whose_responses_get_lost_can_be_repeated(api: Api, world: World, wire: Wire, call: str) -> None:
    wire.fault = Outage.at(call, "answer lost")

    answer = api.export(BODY)

    if answer.status != 200:
        assert_unavailable(answer)
        assert_nothing_is_left(world)
        answer = api.export(BODY)
    assert api.get_package(PACKAGE).package() == answer.package()


@pytest.mark.parametrize("well", range(2, len(CALLS)), ids=lambda well: f"from {CALLS[well]} on")
def test_a_permanent_outage_blocks_a_version_no_longer_than_its_lease(
    api: Api, world: World, wire: Wire, well: int
) -> None:
    """Nothing can be cleaned up then."""
    wire.fault = Outage(lambda _: len(wire.calls) > well, "unreachable")

    assert_unavailable(api.export(BODY))

    wire.fault = NoFault()
    assert api.get_package(PACKAGE).status == 404
    in_a_minute = time.time() + 60
    later = world.at(lambda: in_a_minute)
    later.export(ROOT, name="Employee Onboarding Suite", version="2.1.0", package_type=PackageType.WORKFLOW)
    assert api.download(PACKAGE).status == 200
    assert len(world.objects()) == 1


@pytest.mark.parametrize("kind", REQUEST_LOST)
def test_a_preview_without_dynamodb_is_unavailable(api: Api, wire: Wire, kind: str) -> None:
    body = {"tenantId": TENANT, "artifactIds": [ROOT]}
    wire.fault = Outage(lambda _: True, kind)

    assert_unavailable(api.preview(body))
    assert_unavailable(api.preview({**body, "artifactIds": ["unknown"]}))


@pytest.mark.parametrize("kind", REQUEST_LOST)
@pytest.mark.parametrize("call", ["Query-1", "Query-2"])
def test_a_refusal_that_cannot_be_confirmed_is_a_503(api: Api, wire: Wire, call: str, kind: str) -> None:
    """Whether a missing root exists elsewhere decides between 400 and 403."""
    wire.fault = Outage.at(call, kind)

    assert_unavailable(api.preview({"tenantId": TENANT, "artifactIds": ["unknown"]}))


@pytest.mark.parametrize("kind", REQUEST_LOST)
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
    wire.fault = Refusal(call)

    answer = api.export(BODY)

    assert (answer.status, answer.error_code) == (500, "InternalError")
    for secret in ("AccessDenied", "permission", "Traceback", world.name("ArtifactsTable")):
        assert secret not in answer.body.decode()
    assert_nothing_is_left(world)
