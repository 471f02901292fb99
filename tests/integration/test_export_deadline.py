"""When an export is cancelled for lack of time, how often it reports progress, and what a refusal lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from installhub.exports.exporter import Exporter
from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError
from installhub.packages.records import AcceptedExport, Claim, PackageRecord
from installhub.packages.store import PackageStore
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.world import World, command

if TYPE_CHECKING:
    from installhub.artifacts.definition_reader import DefinitionReader
    from installhub.model.artifact import ArtifactNode
    from installhub.model.definition import PackedDefinition

START = 1_800_000_000.0
COUNT = 4


@dataclass
class SlowDefinitions:
    """Definitions that take ``seconds`` each, by the clock of the export."""

    reader: DefinitionReader
    seconds: float
    now: float = START

    def read(self, tenant: str, nodes: Sequence[ArtifactNode]) -> Iterator[PackedDefinition]:
        for definition in self.reader.read(tenant, nodes):
            self.now += self.seconds
            yield definition


@pytest.fixture
def roots(world: World) -> list[str]:
    ids = [f"rule-{number}" for number in range(COUNT)]
    world.publish(*map(artifact_input, ids))
    return ids


def slow_exporter(world: World, seconds: float) -> Exporter:
    definitions = SlowDefinitions(world.definitions(), seconds)
    return replace(world.exporter(), definitions=cast("Any", definitions), clock=lambda: definitions.now)


@pytest.mark.parametrize(
    ("seconds_left", "seconds"),
    [(100, 20), (1000, 242.5), (150, 30)],  # a fifth is reserved, at most 30 seconds
)
def test_an_export_may_use_all_of_the_time_that_is_not_reserved(
    world: World, roots: list[str], seconds_left: float, seconds: float
) -> None:
    exported = slow_exporter(world, seconds).export(command(*roots), seconds_left)

    assert exported.record.artifact_count == COUNT


@pytest.mark.parametrize(("seconds_left", "seconds"), [(100, 20.25), (1000, 242.75), (150, 30.25)])
def test_an_export_that_needs_more_is_cancelled_and_leaves_nothing(
    world: World, roots: list[str], seconds_left: float, seconds: float
) -> None:
    with pytest.raises(InstallHubError) as refusal:
        slow_exporter(world, seconds).export(command(*roots), seconds_left)

    assert refusal.value.code is ErrorCode.EXPORT_TAKES_TOO_LONG
    assert (world.package_statuses(), world.objects()) == ({}, [])


@pytest.mark.parametrize(("seconds", "reported"), [(0.25, [3]), (0.5, [1, 3]), (1, [0, 1, 2, 3]), (5, [0, 1, 2, 3])])
def test_an_asynchronous_export_reports_its_progress_at_most_once_a_second(
    world: World, roots: list[str], monkeypatch: pytest.MonkeyPatch, seconds: float, reported: list[int]
) -> None:
    progress: list[int] = []
    monkeypatch.setattr(PackageStore, "report_progress", lambda _self, _claim, written: progress.append(written))
    accepted = AcceptedExport(TENANT, "Made up", "1.0.0", "somebody", "2026-11-27T00:00:00Z", int(START) + 3600)

    slow_exporter(world, seconds).export(command(*roots, accepted=accepted, request_id="http:1"), 900)

    assert progress == reported


def test_a_synchronous_export_reports_no_progress(
    world: World, roots: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    progress: list[int] = []
    monkeypatch.setattr(PackageStore, "report_progress", lambda _self, _claim, written: progress.append(written))

    slow_exporter(world, 5).export(command(*roots), 900)

    assert progress == []


def test_a_refusal_also_says_that_the_version_is_taken(world: World, roots: list[str]) -> None:
    world.export(*roots)

    with pytest.raises(InstallHubError) as refusal:
        world.export("missing")

    assert [problem.code for problem in refusal.value.problems] == [
        ErrorCode.ARTIFACT_NOT_FOUND,
        ErrorCode.VERSION_CONFLICT,
    ]


def test_a_refusal_of_a_free_version_does_not(world: World) -> None:
    with pytest.raises(InstallHubError) as refusal:
        world.export("missing")

    assert [problem.code for problem in refusal.value.problems] == [ErrorCode.ARTIFACT_NOT_FOUND]


def test_an_export_whose_commit_fails_is_unavailable_and_leaves_nothing(
    world: World, roots: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> bool:
        raise ServiceUnavailableError("dynamodb")

    monkeypatch.setattr(PackageStore, "commit", unavailable)

    with pytest.raises(ServiceUnavailableError):
        world.export(*roots)
    assert (world.package_statuses(), world.objects()) == ({}, [])


def test_an_export_whose_commit_succeeded_without_a_response_is_exported(
    world: World, roots: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = PackageStore.commit

    def response_lost(store: PackageStore, claim: Claim, record: PackageRecord) -> bool:
        assert commit(store, claim, record)
        raise ServiceUnavailableError("dynamodb")

    monkeypatch.setattr(PackageStore, "commit", response_lost)

    exported = world.export(*roots)

    assert world.packages().find(exported.record.description.package_id) == exported.record
    assert len(world.objects()) == 1
