from __future__ import annotations

import pytest

from local.errors import LocalStackError
from local.parameters import parse

DECLARED = {"StageName", "ExportRateLimit", "TokenIssuer"}


def test_parameters_are_split_like_a_shell() -> None:
    text = "ExportRateLimit=2  TokenIssuer='two words=one' StageName="
    assert parse(text, DECLARED) == {"ExportRateLimit": "2", "TokenIssuer": "two words=one", "StageName": ""}


def test_without_parameters_nothing_is_overridden() -> None:
    assert parse("", DECLARED) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Stagename=dev", "no parameter 'Stagename'"),
        ("StageName", "'StageName' is not of the form Name=value"),
        ("StageName='dev", "No closing quotation"),
    ],
)
def test_an_invalid_parameter_is_reported(text: str, message: str) -> None:
    with pytest.raises(LocalStackError, match=message):
        parse(text, DECLARED)
