"""The outputs that name the functions: one for each."""

from __future__ import annotations

from tools.template.resources import function_ids


def render(template: str) -> str:
    """The block of the functions' outputs."""
    return "".join(f"  {function}:\n    Value: !Ref {function}\n" for function in function_ids(template))
