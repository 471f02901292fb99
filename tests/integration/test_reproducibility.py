"""The same request for the same artifacts results in the same bytes, regardless of history."""

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


def export_in_new_account(inputs: Sequence[ArtifactInput], roots: list[str], package_type: str) -> tuple[bytes, bytes]:
    """Export in a new account; return the response body and the bundle."""
    with new_world() as world:
        world.publish(*inputs)
        api = Api(Functions(world.deployment))
        response = api.export({**EXPORT_BODY, "artifactIds": roots, "packageType": package_type})
        return response.body, api.download(response.package().package_id).body


@pytest.mark.parametrize(("roots", "package_type"), ROOTS)
def test_two_accounts_create_the_same_bundle(
    monkeypatch: pytest.MonkeyPatch, roots: list[str], package_type: str
) -> None:
    inputs = samples(TENANT)
    _, first = export_in_new_account(inputs, roots, package_type)
    random.Random(7).shuffle(inputs)  # noqa: S311  # not cryptographic
    in_an_hour = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: in_an_hour)

    _, second = export_in_new_account(inputs, roots, package_type)

    assert second == first


def test_the_history_of_the_artifacts_makes_no_difference() -> None:
    earlier = [artifact_input("root", definition="an earlier revision"), artifact_input("unrelated")]

    assert (
        export_in_new_account([*earlier, *SMALL], ["root"], "config-package")[1]
        == (export_in_new_account(SMALL, ["root"], "config-package")[1])
    )


def test_the_order_and_number_of_roots_make_no_difference() -> None:
    _, one = export_in_new_account(SMALL, ["root", "rule"], "config-package")
    _, other = export_in_new_account(SMALL, ["rule", "root", "rule"], "config-package")

    assert one == other


def test_a_changed_definition_changes_the_bundle() -> None:
    changed = artifact_input("rule", definition={"changed": True})

    assert (
        export_in_new_account(SMALL, ["root"], "config-package")[1]
        != (export_in_new_account([*SMALL, changed], ["root"], "config-package")[1])
    )
