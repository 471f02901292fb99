"""Reads template.yaml as CloudFormation would, for tests that build what it describes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import loads

TEMPLATE_PATH = Path(__file__).parents[1] / "template.yaml"


@cache
def template() -> dict[str, Any]:
    """The template, short-form functions as their long forms."""
    return dict(loads(TEMPLATE_PATH.read_text()))
