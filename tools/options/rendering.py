"""Evaluates the conditions and rules of a template for given parameters, as CloudFormation does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = Any
NO_VALUE: Final = {"Ref": "AWS::NoValue"}


class RuleFailedError(ValueError):
    """The parameters contradict a rule of the template; the message is the rule's description."""


class Rendering:
    """A template with values of its parameters.

    Args:
        template: The template, with functions in their long form.
        parameters: Values that differ from the defaults.
    """

    def __init__(self, template: Mapping[str, Json], parameters: Mapping[str, str]) -> None:
        declared = template["Parameters"]
        unknown = parameters.keys() - declared.keys()
        if unknown:
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        self._template = template
        self._parameters = {name: str(item.get("Default", "")) for name, item in declared.items()} | dict(parameters)

    def render(self) -> dict[str, Json]:
        """The template without conditions: only what would be created, with the values that would be used.

        Raises:
            RuleFailedError: The parameters contradict a rule.
        """
        self._check_rules()
        rendered = {name: section for name, section in self._template.items() if name not in ("Conditions", "Rules")}
        rendered["Parameters"] = {
            name: _fixed(item, self._parameters[name]) for name, item in self._template["Parameters"].items()
        }
        rendered["Resources"] = self._section("Resources")
        rendered["Outputs"] = self._section("Outputs")
        rendered["Globals"] = self._resolved(self._template["Globals"])
        return rendered

    def holds(self, condition: Json) -> bool:
        """Whether a condition is true: a name, or an expression."""
        if isinstance(condition, str):
            return self.holds(self._template["Conditions"][condition])
        ((function, argument),) = condition.items()
        match function:
            case "Condition":
                return self.holds(argument)
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
            case "Fn::Equals":
                return self._value(argument[0]) == self._value(argument[1])
        raise ValueError(f"{function} is not a function of conditions")

    def _check_rules(self) -> None:
        for rule in self._template.get("Rules", {}).values():
            for assertion in rule["Assertions"]:
                if not self.holds(assertion["Assert"]):
                    raise RuleFailedError(assertion["AssertDescription"])

    def _section(self, name: str) -> dict[str, Json]:
        """A section without the items whose condition is false."""
        return {
            item_id: {key: self._resolved(value) for key, value in item.items() if key != "Condition"}
            for item_id, item in self._template[name].items()
            if "Condition" not in item or self.holds(item["Condition"])
        }

    def _resolved(self, node: Json) -> Json:
        """A part of the template with each `Fn::If` replaced by the branch that applies."""
        if isinstance(node, list):
            return [item for item in map(self._resolved, node) if item != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if node.keys() == {"Fn::If"}:
            condition, if_true, if_false = node["Fn::If"]
            return self._resolved(if_true if self.holds(condition) else if_false)
        resolved = {key: self._resolved(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value != NO_VALUE}

    def _value(self, node: Json) -> str:
        """The value of an operand of `Fn::Equals`."""
        if not isinstance(node, dict):
            return str(node)
        ((function, argument),) = node.items()
        match function:
            case "Ref":
                return self._parameters[argument]
            case "Fn::Select":
                return self._list(argument[1])[int(argument[0])]
            case "Fn::Join":
                return str(argument[0]).join(self._list(argument[1]))
        raise ValueError(f"{function} is not supported in an operand of Fn::Equals")

    def _list(self, node: Json) -> list[str]:
        if isinstance(node, dict) and "Fn::Split" in node:
            separator, text = node["Fn::Split"]
            return self._value(text).split(separator)
        return self._value(node).split(",")


def _fixed(parameter: Mapping[str, Json], text: str) -> dict[str, Json]:
    """The declaration of a parameter that has one value only."""
    value = int(text) if parameter["Type"] == "Number" else text
    return {**parameter, "Default": value, **({"AllowedValues": [value]} if "AllowedValues" in parameter else {})}
