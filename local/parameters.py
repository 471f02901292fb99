"""Parses template parameters given by the user."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

EXAMPLE = 'for example: make up PARAMS="ExportRateLimit=2 ExportBurstLimit=2"'


def parse(text: str, declared: AbstractSet[str]) -> dict[str, str]:
    """Parse `Name=value Other="two words"`; every name must be declared in the template."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LocalStackError(f"PARAMS is invalid: {error}", EXAMPLE) from None
    parameters = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise LocalStackError(f"PARAMS: {word!r} is not of the form Name=value", EXAMPLE)
        if name not in declared:
            raise LocalStackError(
                f"PARAMS: template.yaml has no parameter {name!r}", f"it has {', '.join(sorted(declared))}"
            )
        parameters[name] = value
    return parameters
