"""Query parameters of lists: both forms of any value, and all problems at once."""

from __future__ import annotations

import base64
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.artifacts.listing import ArtifactFilter
from installhub.contract.artifact_ids import encode_text
from installhub.http.artifact_queries import LIST_PARAMETERS, artifact_id_parameter, list_query
from installhub.http.query_parameters import is_true, list_parameters
from installhub.http.request import Request
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.cursor import DEFAULT_PAGE_SIZE
from installhub.model.errors import InstallHubError
from tests.builders import event
from tests.strategies import printable_texts

BAD: Final = [
    "",
    "~",
    "~!",
    "\x00",
    "0",
    "-1",
    "201",
    "1e2",
    "+5",
    "\N{FULLWIDTH DIGIT FIVE}",
    "1.0",
    " 5",
    "9" * 5_000,
]


def query(**parameters: str) -> Request:
    return Request({**event(), "queryStringParameters": parameters or None})


def encoded(text: str) -> str:
    return "~" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def problems(**parameters: str) -> list[str]:
    """The names of the invalid parameters."""
    with pytest.raises(InstallHubError) as refusal:
        list_query(query(**parameters))
    assert {problem.code for problem in refusal.value.problems} == {"InvalidRequest"}
    return [problem.detail.split()[3] for problem in refusal.value.problems]


def test_a_list_without_parameters_has_everything() -> None:
    found = list_query(query())

    assert (found.wanted, found.limit, found.cursor) == (ArtifactFilter(), DEFAULT_PAGE_SIZE, None)
    assert found.wanted.condition is None


@given(printable_texts, st.booleans())
def test_every_value_may_be_plain_or_encoded(prefix: str, plain: bool) -> None:  # noqa: FBT001  # drawn
    form: Any = encode_text if plain else encoded
    found = list_query(
        query(type=form("RuleSet"), status=form("draft"), namePrefix=form(prefix), limit=form("200"), cursor="x")
    )

    assert found.wanted == ArtifactFilter(ArtifactType.RULE_SET, ArtifactStatus.DRAFT, prefix)
    assert (found.limit, found.cursor) == (200, "x")


@pytest.mark.parametrize("value", BAD, ids=lambda value: ascii(value[:20]))
@pytest.mark.parametrize("name", ["type", "status", "limit"])
def test_an_invalid_value_is_refused(name: str, value: str) -> None:
    assert problems(**{name: value}) == [name]


@pytest.mark.parametrize("value", ["", "~", "x" * 1_001, "\ud800", "~!"], ids=lambda value: ascii(value[:20]))
def test_an_invalid_prefix_is_refused(value: str) -> None:
    assert problems(namePrefix=value) == ["namePrefix"]


def test_all_invalid_parameters_are_reported() -> None:
    assert problems(type="ruleset", status="Draft", namePrefix="", limit="0") == [
        "type",
        "status",
        "namePrefix",
        "limit",
    ]


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False), (encoded("true"), True)])
def test_a_boolean_is_true_or_false(value: str, expected: bool) -> None:  # noqa: FBT001  # parameter
    assert is_true(query(transitive=value), "transitive") is expected
    assert not is_true(query(), "transitive")


@pytest.mark.parametrize("value", ["", "True", "1", "yes", "~"])
def test_other_values_are_not_boolean(value: str) -> None:
    with pytest.raises(InstallHubError, match="InvalidRequest"):
        is_true(query(transitive=value), "transitive")


def test_a_link_repeats_the_parameters_without_the_cursor() -> None:
    parameters = list_parameters(query(type="RuleSet", namePrefix=encoded("ä"), cursor="x", other="y"), LIST_PARAMETERS)

    assert parameters == {"type": "RuleSet", "namePrefix": "ä"}


@pytest.mark.parametrize("segment", ["", "~", "~!", "x" * 257, "a\nb", "\ud800"], ids=ascii)
def test_a_path_without_an_id_is_invalid(segment: str) -> None:
    with pytest.raises(InstallHubError, match="InvalidRequest"):
        artifact_id_parameter(Request(event(parameters={"artifactId": segment})))
