"""The same request and the same artifacts give the same bytes, whatever went before."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.world import new_world, samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from installhub.artifacts.validation import ArtifactInput

ROOTS = [(["proc-1001"], "workflow-package"), (["app-5003"], "app-package")]
SMALL = [artifact_input("root", "rule"), artifact_input("rule")]


def export_anew(drafts: Sequence[ArtifactInput], roots: list[str], package_type: str) -> tuple[bytes, bytes]:
    """The answer and the bundle of an export in an account of its own."""
    with new_world() as world:
        world.publish(*drafts)
        api = Api(Functions(world.deployment))
        answer = api.export({**EXPORT_BODY, "artifactIds": roots, "packageType": package_type})
        return answer.body, api.download(answer.package().package_id).body


@pytest.mark.parametrize(("roots", "package_type"), ROOTS)
def test_two_accounts_give_the_same_bundle(
    monkeypatch: pytest.MonkeyPatch, roots: list[str], package_type: str
) -> None:
    drafts = samples(TENANT)
    _, first = export_anew(drafts, roots, package_type)
    random.Random(7).shuffle(drafts)  # noqa: S311  # no secret
    in_an_hour = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: in_an_hour)

    _, second = export_anew(drafts, roots, package_type)

    assert second == first


def test_the_history_of_the_artifacts_makes_no_difference() -> None:
    earlier = [artifact_input("root", definition="an earlier revision"), artifact_input("unrelated")]

    assert (
        export_anew([*earlier, *SMALL], ["root"], "config-package")[1]
        == (export_anew(SMALL, ["root"], "config-package")[1])
    )


def test_the_order_and_number_of_roots_make_no_difference() -> None:
    _, one = export_anew(SMALL, ["root", "rule"], "config-package")
    _, other = export_anew(SMALL, ["rule", "root", "rule"], "config-package")

    assert one == other


def test_a_changed_definition_makes_a_different_bundle() -> None:
    changed = artifact_input("rule", definition={"changed": True})

    assert (
        export_anew(SMALL, ["root"], "config-package")[1]
        != (export_anew([*SMALL, changed], ["root"], "config-package")[1])
    )
