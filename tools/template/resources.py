"""Logical ids of a template's resources, in their order in the template."""

from __future__ import annotations

import re


def logical_ids(template: str, resource_type: str) -> list[str]:
    """The logical ids of all resources of a type."""
    return re.findall(rf"^  (\w+):\n    Type: {re.escape(resource_type)}$", template, re.MULTILINE)


def function_ids(template: str) -> list[str]:
    """The logical ids of all functions."""
    return logical_ids(template, "AWS::Serverless::Function")
