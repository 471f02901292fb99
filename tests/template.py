"""Reads template.yaml like CloudFormation, for tests that create its resources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfnlint.decode.cfn_yaml import loads

from tools.options.rendering import Rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TEMPLATE_PATH = Path(__file__).parents[1] / "template.yaml"
API_FUNCTIONS = (
    *("export", "preview", "get_package", "download", "put_artifact", "publish_artifacts", "list_artifacts"),
    *("get_artifact", "get_definition", "list_dependents", "list_artifact_packages", "delete_artifact", "get_graph"),
    *("list_packages", "list_versions", "change_lifecycle", "get_diff", "get_sbom", "get_attestation", "get_keys"),
)

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_TABLE_PROPERTIES = (
    *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema"),
    "StreamSpecification",
)


@cache
def template() -> dict[str, Any]:
    """Return the template, with short-form functions converted to their long forms."""
    return dict(loads(TEMPLATE_PATH.read_text()))


def resources_of(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical id."""
    return {
        logical_id: resource.get("Properties", {})
        for logical_id, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def rendered(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template as CloudFormation would use it with these parameters."""
    return Rendering(template(), parameters).render()


def rendered_properties(parameters: Mapping[str, str], kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of a type that are created with these parameters."""
    found = [item["Properties"] for item in rendered(parameters)["Resources"].values() if item["Type"] == kind]
    assert found, kind
    return found


def function_id(folder: str) -> str:
    """Return the logical id of the function in ``functions/<folder>``."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def table_request(logical_id: str, name: str) -> dict[str, Any]:
    """Return the CreateTable request for a table of the template with the given name."""
    properties = resources_of("AWS::DynamoDB::Table")[logical_id]
    request = {"TableName": name, **{key: properties[key] for key in _TABLE_PROPERTIES if key in properties}}
    if "StreamSpecification" in request:
        specification = request["StreamSpecification"]
        _, specification, _ = specification.get("Fn::If", (None, specification, None))  # with every option on
        request["StreamSpecification"] = {"StreamEnabled": True, **specification}
    return request


def table_ttl(logical_id: str) -> str | None:
    """Return the TTL attribute of a table, if it has one."""
    specification = resources_of("AWS::DynamoDB::Table")[logical_id].get("TimeToLiveSpecification", {})
    return specification["AttributeName"] if specification.get("Enabled") else None


def is_versioned(logical_id: str) -> bool:
    """Return whether versioning of a bucket is enabled."""
    properties = resources_of("AWS::S3::Bucket")[logical_id]
    return bool(properties.get("VersioningConfiguration", {}).get("Status") == "Enabled")


@dataclass(frozen=True)
class Deployment:
    """The values of the template's references after deployment.

    Attributes:
        references: Values of ``Ref`` for resources and pseudo parameters.
        attributes: Values of ``GetAtt``, by ``Resource.Attribute``.
        parameters: Values of parameters; the others have their defaults.
    """

    references: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def environment(self, folder: str) -> dict[str, str]:
        """Return the environment variables of the function in ``functions/<folder>``, including ``Globals``."""
        global_variables = template()["Globals"]["Function"]["Environment"]["Variables"]
        function_variables = resources_of("AWS::Serverless::Function")[function_id(folder)]["Environment"]["Variables"]
        return {name: str(self.value(node)) for name, node in {**global_variables, **function_variables}.items()}

    def value(self, node: Any) -> Any:  # noqa: ANN401  # any JSON
        """Return the value of a node of the template."""
        if not isinstance(node, dict):
            return node
        ((function, argument),) = node.items()
        compute: dict[str, Callable[[Any], Any]] = {
            "Ref": self._reference,
            "Fn::GetAtt": lambda of: self.attributes[of if isinstance(of, str) else ".".join(of)],
            "Fn::If": lambda of: self.value(of[1 if self._holds(template()["Conditions"][of[0]]) else 2]),
            "Fn::Join": lambda of: of[0].join(str(self.value(part)) for part in of[1]),
            "Fn::Select": lambda of: self.value(of[1])[of[0]],
            "Fn::Split": lambda of: self.value(of[1]).split(of[0]),
            "Fn::Sub": lambda of: _VARIABLE.sub(lambda variable: self._substitute(variable[1]), of),
        }
        return compute[function](argument)

    def _holds(self, condition: dict[str, Any]) -> bool:
        ((function, argument),) = condition.items()
        if function == "Fn::Not":
            return not self._holds(argument[0])
        return bool(self.value(argument[0]) == self.value(argument[1]))

    def _reference(self, name: str) -> str:
        if name in self.references:
            return self.references[name]
        if name in self.parameters:
            return self.parameters[name]
        return str(template()["Parameters"][name]["Default"])

    def _substitute(self, variable: str) -> str:
        return self.attributes[variable] if "." in variable else self._reference(variable)
