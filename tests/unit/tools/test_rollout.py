"""rollout.yaml is merged into template.yaml, which is otherwise unchanged."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.rollout import __main__ as command
from tools.rollout.merging import CONFIGURATION, rollout_template, template


def configuration(**parameters: str) -> str:
    variables = rollout_template(parameters)["Globals"]["Function"]["Environment"]["Variables"]
    return str(variables[CONFIGURATION])


def test_the_template_alone_publishes_nothing() -> None:
    plain = json.dumps(template())

    assert "AutoPublishAlias" not in plain
    assert "SnapStart" not in plain


def test_the_additions_do_not_change_anything_else() -> None:
    plain, merged = template(), rollout_template({})

    assert plain["Resources"].keys() == merged["Resources"].keys()
    assert plain["Parameters"].items() <= merged["Parameters"].items()
    for name in ("Outputs", "Conditions", "Rules"):
        assert plain[name] == merged[name]
    assert plain["Resources"]["ArtifactsTable"] == merged["Resources"]["ArtifactsTable"]
    before: dict[str, Any] = plain["Resources"]["ExportWorkerFunction"]["Properties"]
    after: dict[str, Any] = merged["Resources"]["ExportWorkerFunction"]["Properties"]
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {"DeploymentPreference", "AutoPublishAliasAllProperties"}


def test_groups_of_parameters_are_joined() -> None:
    groups = rollout_template({})["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert [group["Label"]["default"] for group in groups][0 :: len(groups) - 1] == ["Identity", "Roll-out"]


def test_the_configuration_changes_with_every_parameter_and_only_then() -> None:
    default = configuration()

    assert configuration(MaxRoots="999") != default
    assert configuration(ClockSkewSeconds="60") == default, "60 is the default"


def test_an_unknown_parameter_is_an_error() -> None:
    with pytest.raises(ValueError, match="MaxRoot"):
        rollout_template({"MaxRoot": "1"})


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["rollout", *arguments])
    return command.main()


def test_the_command_writes_the_template_for_the_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "new" / "template.json"

    assert run(monkeypatch, str(file), "--parameters", 'MaxRoots=5 ScopeNames="export=to export"') == 0

    written = json.loads(file.read_text())
    expected = configuration(MaxRoots="5", ScopeNames="export=to export")
    assert written["Globals"]["Function"]["Environment"]["Variables"][CONFIGURATION] == expected


@pytest.mark.parametrize("parameters", ["MaxRoots", "MaxRoot=1"])
def test_the_command_refuses_what_is_not_a_parameter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: str
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, str(tmp_path / "template.json"), "--parameters", parameters)
