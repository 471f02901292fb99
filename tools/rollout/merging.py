"""Merges rollout.yaml into template.yaml."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cfnlint.decode.cfn_yaml import loads

PROJECT: Final = Path(__file__).parents[2]
TEMPLATE: Final = PROJECT / "template.yaml"
ADDITIONS: Final = PROJECT / "rollout.yaml"
CONFIGURATION: Final = "CONFIGURATION"
"""The environment variable of all functions with the digest of the parameters' values."""

# Otherwise a new layer alone would not be published. SAM accepts the property in Globals, cfn-lint does not.
OF_EVERY_FUNCTION: Final = {"AutoPublishAliasAllProperties": True}

Json = Any


def template() -> dict[str, Json]:
    """template.yaml, with functions in their long form."""
    return dict(loads(TEMPLATE.read_text(encoding="utf-8")))


def rollout_template(parameters: Mapping[str, str]) -> dict[str, Json]:
    """template.yaml with the additions of rollout.yaml.

    SAM publishes a version of a function when its code, the layer or the text of its properties in the template
    changes, but not when the value of a parameter does: callers would keep the old value. So the values are made part
    of the text, as a digest in an environment variable.

    Args:
        parameters: The values of the parameters that the deployment will use; others have their defaults.
    """
    merged: dict[str, Json] = _merged(template(), dict(loads(ADDITIONS.read_text(encoding="utf-8"))))
    unknown = parameters.keys() - merged["Parameters"].keys()
    if unknown:
        raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
    defaults = {name: str(item.get("Default", "")) for name, item in merged["Parameters"].items()}
    # Only releases are published there. SAM would look for the files that it names beside the merged template.
    del merged["Metadata"]["AWS::ServerlessRepo::Application"]
    variables = merged["Globals"]["Function"]["Environment"]["Variables"]
    variables[CONFIGURATION] = _digest({**defaults, **parameters})
    for resource in merged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"] = {**resource["Properties"], **OF_EVERY_FUNCTION}
    return merged


def _merged(base: Json, additions: Json) -> Json:
    """``base`` with ``additions``: mappings are merged, lists are joined, and other values are replaced."""
    if isinstance(base, dict) and isinstance(additions, dict) and not _is_function(additions):
        kept = {key: value for key, value in base.items() if key not in additions}
        return kept | {key: _merged(base[key], value) if key in base else value for key, value in additions.items()}
    if isinstance(base, list) and isinstance(additions, list):
        return [*base, *additions]
    return additions


def _is_function(node: Mapping[str, Json]) -> bool:
    """Whether a mapping is a function of CloudFormation, which is a value."""
    return len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))


def _digest(values: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest()[:16]
