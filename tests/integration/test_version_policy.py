"""Exports with ``"versionPolicy": "enforce"``: a version must not be lower than the changes suggest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.support.api import Api, ApiResponse
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.wire import Outage

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

FIELDS: Final = [{"name": "id", "type": "string", "required": True}, {"name": "note", "type": "string"}]


@dataclass
class Scene:
    """A tenant whose packages have a schema and a rule."""

    world: World
    api: Api

    def export(self, version: str, policy: str | None = "enforce", **headers: str) -> ApiResponse:
        body: dict[str, Any] = {
            "tenantId": TENANT,
            "packageName": "Suite",
            "packageType": "config-package",
            "version": version,
            "artifactIds": ["rule"],
        }
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.export({**body, **({} if policy is None else {"versionPolicy": policy})}, headers=names)

    def release(self, version: str, policy: str | None = "enforce") -> str:
        response = self.export(version, policy)
        assert response.status == 200, response.body
        package_id = str(response.json["packageId"])
        record = self.world.packages().find(package_id)
        assert record is not None
        self.world.indexer().index(record)
        return package_id

    def publish(self, fields: list[Any], *dependencies: str, limit: int = 1) -> None:
        self.world.publish(
            artifact_input("schema", kind="EntitySchema", definition={"fields": fields}),
            artifact_input("rule", "schema", *dependencies, definition={"limit": limit}),
        )


@pytest.fixture
def scene(world: World) -> Scene:
    scene = Scene(world, Api(Functions(world.deployment)))
    scene.publish(FIELDS)
    scene.release("1.2.3")
    return scene


CHANGES: Final[dict[str, tuple[list[Any], int, str]]] = {
    "nothing": (FIELDS, 1, "none"),
    "another definition": (FIELDS, 2, "patch"),
    "an optional field": ([*FIELDS, {"name": "phone", "type": "string"}], 1, "minor"),
    "a required field": ([*FIELDS, {"name": "phone", "type": "string", "required": True}], 1, "major"),
    "a removed field": (FIELDS[:1], 2, "major"),
}
VERSIONS: Final = ("1.2.4-a", "1.2.4", "1.3.0-rc.1", "1.3.0", "1.9.9", "2.0.0-rc.1", "2.0.0", "3.1.4")
SUGGESTED: Final = {"none": "1.2.4-a", "patch": "1.2.4", "minor": "1.3.0", "major": "2.0.0"}


@pytest.mark.parametrize(
    "version", ["1.2.4-a", "1.2.4", "1.3.0-rc.1", "1.3.0", "1.9.9", "2.0.0-rc.1", "2.0.0", "3.1.4"]
)
@pytest.mark.parametrize("change", CHANGES)
def test_a_version_lower_than_the_advice_is_refused(scene: Scene, change: str, version: str) -> None:
    fields, limit, bump = CHANGES[change]
    scene.publish(fields, limit=limit)
    release = tuple(int(number) for number in version.partition("-")[0].split("."))
    required = tuple(int(number) for number in SUGGESTED[bump].partition("-")[0].split("."))

    before = scene.world.package_statuses()
    response = scene.export(version)

    if release >= required:
        assert response.status == 200, response.body
    else:
        (error,) = response.problem().errors
        assert (response.status, response.error_code) == (400, "VersionTooLow")
        assert (error.suggested, error.pointer) == (SUGGESTED[bump], "/version")
        assert f"suggest a {bump} step" in error.detail
        assert scene.world.package_statuses() == before


@pytest.mark.parametrize("policy", [None, "advise"])
def test_by_default_the_advice_has_no_effect_and_costs_nothing(scene: Scene, wire: Wire, policy: str | None) -> None:
    scene.publish(FIELDS[:1])
    wire.clear()

    assert scene.export("1.2.4", policy).status == 200
    assert wire.count("GetObject") == 0
    assert wire.count("Query") == 1, "of the edges of the tenant"


def test_a_maintenance_version_is_compared_with_the_next_lower_one(scene: Scene) -> None:
    scene.publish(FIELDS[:1])
    scene.release("2.0.0")
    scene.publish(FIELDS, limit=5)

    assert scene.export("1.2.4").status == 200
    assert scene.export("2.0.1").json["errors"][0]["suggested"] == "2.1.0", "an optional field more than 2.0.0"


def test_yanked_versions_do_not_count_and_without_a_lower_version_anything_goes(scene: Scene) -> None:
    scene.publish(FIELDS[:1])
    assert scene.export("1.2.2").status == 200
    bad = scene.release("2.0.0")
    scene.api.change_lifecycle(bad, {"lifecycle": "yanked", "reason": "x"})
    scene.publish(FIELDS, limit=7)

    assert scene.export("2.0.1").status == 200, "a patch since 1.2.3"


def test_a_prerelease_is_followed_by_its_release(scene: Scene) -> None:
    scene.publish(FIELDS[:1])
    scene.release("2.0.0-rc.1")
    scene.publish([])

    assert scene.export("2.0.0-rc.2").status == 200
    assert scene.export("2.0.0").status == 200


def test_in_initial_development_minor_steps_may_break(world: World) -> None:
    scene = Scene(world, Api(Functions(world.deployment)))
    scene.publish(FIELDS)
    scene.release("0.3.1")
    scene.publish(FIELDS[:1])

    assert scene.export("0.3.2").json["errors"][0]["suggested"] == "0.4.0"
    assert scene.export("0.4.0").status == 200


def test_everything_that_prevents_the_export_is_listed(scene: Scene) -> None:
    scene.release("1.2.4")
    scene.publish(FIELDS[:1])

    problem = scene.export("1.2.4").problem()

    assert [error.error_code for error in problem.errors] == ["VersionTooLow", "VersionConflict"]


def test_another_policy_is_invalid(scene: Scene) -> None:
    response = scene.export("2.0.0", "strict")

    assert (response.status, response.json["errors"][0]["pointer"]) == (400, "/versionPolicy")


def test_it_is_part_of_what_an_idempotency_key_identifies(scene: Scene) -> None:
    assert scene.export("1.2.4", "advise", Idempotency_Key="one").status == 200
    assert scene.export("1.2.4", "enforce", Idempotency_Key="one").status == 422


@pytest.mark.parametrize("call", ["Query-1", "GetObject-1", "GetObject-2", "GetObject-3"])
def test_an_outage_while_comparing_claims_nothing(scene: Scene, wire: Wire, call: str) -> None:
    scene.publish([*FIELDS, {"name": "phone", "type": "string"}])
    before = scene.world.package_statuses()
    wire.clear()
    wire.fault = Outage.at(call, "unreachable")

    response = scene.export("1.3.0")

    assert (response.status, response.error_code) == (503, "ServiceUnavailable")
    assert scene.world.package_statuses() == before
    wire.fault = Outage.at("none", "unreachable")
    assert json.loads(scene.export("1.3.0").body)["version"] == "1.3.0"
