"""Conditions and rules of a template are evaluated as by CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from tools.options.rendering import Rendering, RuleFailedError
from tools.options.states import states


def template(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {
        "Parameters": {
            "Name": {"Type": "String", "Default": ""},
            "Days": {"Type": "Number", "Default": 0, "AllowedValues": [0, 7]},
        },
        "Conditions": {
            "HasName": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
            "HasDays": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Days"}, "0"]}]},
            "Both": {"Fn::And": [{"Condition": "HasName"}, {"Condition": "HasDays"}]},
            "Either": {"Fn::Or": [{"Condition": "HasName"}, {"Condition": "HasDays"}]},
            "List": {
                "Fn::Not": [
                    {"Fn::Equals": [{"Fn::Join": ["", {"Fn::Split": [",", {"Ref": "Name"}]}]}, {"Ref": "Name"}]}
                ]
            },
            "First": {"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Name"}]}, "a"]},
        },
        "Globals": {},
        "Resources": {},
        "Outputs": {},
        **changes,
    }


@pytest.mark.parametrize(
    ("parameters", "true"),
    [
        ({}, set()),
        ({"Name": "x"}, {"HasName", "Either"}),
        ({"Days": "7"}, {"HasDays", "Either"}),
        ({"Name": "x", "Days": "7"}, {"HasName", "HasDays", "Both", "Either"}),
        ({"Name": "a,b"}, {"HasName", "Either", "List", "First"}),
    ],
)
def test_conditions_hold_for_their_parameters(parameters: dict[str, str], true: set[str]) -> None:
    rendering = Rendering(template(), parameters)

    assert {name for name in template()["Conditions"] if rendering.holds(name)} == true


def test_only_what_a_condition_allows_remains() -> None:
    resources = {
        "Optional": {"Type": "T", "Condition": "HasName", "Properties": {}},
        "Always": {
            "Type": "T",
            "Properties": {
                "Chosen": {"Fn::If": ["HasName", {"Ref": "Name"}, "none"]},
                "Absent": {"Fn::If": ["HasName", 1, {"Ref": "AWS::NoValue"}]},
                "Listed": ["a", {"Fn::If": ["HasName", "b", {"Ref": "AWS::NoValue"}]}],
            },
        },
    }

    off, on = (Rendering(template(Resources=resources), parameters).render() for parameters in ({}, {"Name": "x"}))

    assert off["Resources"] == {"Always": {"Type": "T", "Properties": {"Chosen": "none", "Listed": ["a"]}}}
    assert on["Resources"]["Optional"] == {"Type": "T", "Properties": {}}
    assert on["Resources"]["Always"]["Properties"] == {"Chosen": {"Ref": "Name"}, "Absent": 1, "Listed": ["a", "b"]}
    assert "Conditions" not in on


def test_parameters_have_only_the_given_values() -> None:
    parameters = Rendering(template(), {"Name": "x", "Days": "7"}).render()["Parameters"]

    assert parameters["Name"]["Default"] == "x"
    assert (parameters["Days"]["Default"], parameters["Days"]["AllowedValues"]) == (7, [7])


def test_a_rule_refuses_parameters_with_its_own_words() -> None:
    rules = {
        "R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Name"}, "x"]}, "AssertDescription": "Name is x."}]}
    }

    Rendering(template(Rules=rules), {"Name": "x"}).render()
    with pytest.raises(RuleFailedError, match=r"Name is x\."):
        Rendering(template(Rules=rules), {}).render()


@pytest.mark.parametrize("condition", [{"Fn::Sub": "x"}, {"Fn::Equals": [{"Fn::GetAtt": ["A", "Arn"]}, "x"]}])
def test_a_function_it_does_not_know_is_an_error(condition: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Fn::"):
        Rendering(template(), {}).holds(condition)


def test_an_unknown_parameter_is_an_error() -> None:
    with pytest.raises(ValueError, match="Nmae"):
        Rendering(template(), {"Nmae": "x"})


def test_the_checked_templates_differ_in_their_options() -> None:
    resources = {name: content["Resources"].keys() for name, content in states().items()}

    assert resources["options-off.json"] < resources["options-on.json"]
    assert resources["rollout-off.json"] == resources["options-off.json"]
    assert resources["rollout-on.json"] == resources["options-on.json"]
