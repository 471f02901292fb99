"""What SAM makes of template.yaml with rollout.yaml: aliases everywhere, new versions after any change, alarms."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from typing import Any, Final

import pytest

from local.state import PROJECT
from tests.template import resources_of
from tools.rollout import merging

# SAM is installed in an environment of its own.
PROGRAM: Final = """
import json, sys
from samtranslator.translator.transform import transform
request = json.load(sys.stdin)
loader = type("Loader", (), {"load": lambda self: {}})()
print(json.dumps(transform(request["template"], request["parameters"], loader)))
"""
FUNCTIONS: Final = resources_of("AWS::Serverless::Function")
GRADUAL: Final = (("GradualDeployment", "true"),)
API_ALARMS: Final = {"ApiErrorsAlarm", "ApiLatencyAlarm", "AuthorizerErrorsAlarm"}

Resources = dict[str, dict[str, Any]]


@cache
def transformed(
    parameters: tuple[tuple[str, str], ...] = (), layer: str = "layer", *, digest: bool = True
) -> Resources:
    """Return the resources that SAM's transform generates.

    Args:
        parameters: Parameters that differ from their defaults.
        layer: Key of the uploaded layer; `sam build` and `sam deploy` replace its folder by that.
        digest: False for a template without the digest of the parameters' values.
    """
    template = merging.rollout_template(dict(parameters))
    if not digest:
        del template["Globals"]["Function"]["Environment"]["Variables"][merging.CONFIGURATION]
    template["Resources"]["InstallHubLayer"]["Properties"]["ContentUri"] = f"s3://bucket/{layer}"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    result = subprocess.run(  # noqa: S603  # our own command
        [PROJECT / ".tools" / "sam" / "bin" / "python", "-c", PROGRAM],
        input=json.dumps({"template": template, "parameters": dict(parameters)}),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    resources: Resources = json.loads(result.stdout)["Resources"]
    return resources


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: item for name, item in resources.items() if item["Type"] == kind}


def versions(resources: Resources) -> set[str]:
    return set(of_type(resources, "AWS::Lambda::Version"))


def alarms_of(function: str) -> set[str]:
    group = transformed(GRADUAL)[f"{function}DeploymentGroup"]["Properties"]
    return {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}


def deployment_type_of(function: str) -> str:
    group = transformed(GRADUAL)[f"{function}DeploymentGroup"]["Properties"]
    return str(group["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"])


def test_every_function_has_an_alias() -> None:
    assert of_type(transformed(), "AWS::Lambda::Alias").keys() == {f"{name}Aliaslive" for name in FUNCTIONS}


def test_everything_that_invokes_a_function_invokes_its_alias() -> None:
    resources = transformed()
    invoked = [
        item["Properties"]["FunctionName"] for item in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    ]
    invoked += [item["Properties"]["FunctionName"] for item in of_type(resources, "AWS::Lambda::Permission").values()]
    for rule in of_type(resources, "AWS::Events::Rule").values():
        invoked += [target["Arn"] for target in rule["Properties"]["Targets"] if target["Id"] != "queue"]
    uris = re.findall(
        r'"(?:uri|authorizerUri)": (\{"Fn::Sub": .+?/invocations"[^}]*\}*)', json.dumps(resources["PackagesApi"])
    )

    events = [
        event for item in FUNCTIONS.values() for event in item.get("Events", {}).values() if event["Type"] == "Api"
    ]
    assert len(uris) == len(events) + 1, "a URI for each method, and one for the authorizer"
    assert all("Aliaslive" in uri for uri in uris), uris
    assert len(invoked) > len(FUNCTIONS)
    assert {re.sub("Aliaslive$", "", item["Ref"]) for item in invoked} == FUNCTIONS.keys()
    assert all(item["Ref"].endswith("Aliaslive") for item in invoked)


def test_a_changed_parameter_publishes_new_versions_of_all_functions() -> None:
    assert not versions(transformed()) & versions(transformed((("TokenIssuer", "https://other.example/"),)))


def test_a_new_layer_publishes_new_versions_of_all_functions() -> None:
    assert not versions(transformed()) & versions(transformed(layer="new"))


def test_without_a_change_nothing_is_published() -> None:
    parameters = (("TokenIssuer", "https://login.example.com/"),)  # the default

    assert versions(transformed()) == versions(transformed(parameters))


def test_without_the_digest_a_changed_parameter_would_not_be_published() -> None:
    """Control. If this fails, SAM has learned it, and the digest can go."""
    changed = (("TokenIssuer", "https://other.example/"),)

    assert versions(transformed(digest=False)) == versions(transformed(changed, digest=False))


def test_by_default_aliases_change_at_once() -> None:
    assert not [item for item in transformed().values() if item["Type"].startswith("AWS::CodeDeploy::")]


def test_a_gradual_deployment_of_every_function_stops_at_the_alarms_of_the_api() -> None:
    groups = of_type(transformed(GRADUAL), "AWS::CodeDeploy::DeploymentGroup")

    assert groups.keys() == {f"{name}DeploymentGroup" for name in FUNCTIONS}
    assert all(alarms_of(name) >= API_ALARMS for name in FUNCTIONS)
    for group in groups.values():
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["Properties"]["AutoRollbackConfiguration"]["Events"]


@pytest.mark.parametrize(
    ("function", "deployment_type"),
    [
        ("ExportFunction", "Canary10Percent15Minutes"),
        ("AuthorizerFunction", "Canary10Percent15Minutes"),
        ("ExportWorkerFunction", "Canary10Percent30Minutes"),
        ("SweepFunction", "AllAtOnce"),
    ],
)
def test_functions_are_deployed_as_suits_them(function: str, deployment_type: str) -> None:
    assert deployment_type_of(function) == deployment_type


def test_the_worker_also_stops_at_its_own_alarms() -> None:
    assert alarms_of("ExportWorkerFunction") == API_ALARMS | {"ExportWorkerErrorsAlarm", "DeadLetterAlarm"}


def test_snapshots_are_taken_of_published_versions_only_if_asked_for() -> None:
    def applied(parameters: tuple[tuple[str, str], ...]) -> set[Any]:
        functions = of_type(transformed(parameters), "AWS::Lambda::Function").values()
        return {json.dumps(item["Properties"]["SnapStart"]) for item in functions}

    (reference,) = applied(())
    assert json.loads(reference) == {"ApplyOn": {"Ref": "SnapStart"}}
    assert merging.rollout_template({})["Parameters"]["SnapStart"]["Default"] == "None"
