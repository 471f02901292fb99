"""The stack's outputs with the names of the functions."""

from __future__ import annotations

from tools.template.resources import function_ids


def render(template: str) -> str:
    """The outputs' block of template.yaml."""
    return "".join(f"  {function}:\n    Value: !Ref {function}\n" for function in function_ids(template))
