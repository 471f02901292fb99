"""Hostile requests for artifacts: everything is accepted or refused with a pointer, and nothing fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installhub.contract.artifact_documents import MAX_DOCUMENT_BYTES
from tests.integration.support.artifact_api import RULE, ArtifactApi, assert_problem, rule
from tests.integration.support.artifact_inputs import incompressible
from tests.strategies import json_values

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire

FIELDS: Final = json.dumps(RULE)[:-1].encode()


def with_definition(text: bytes) -> bytes:
    """The body of a PUT with ``text`` as its definition."""
    return json.dumps({**RULE, "definition": "@"}).encode().replace(b'"@"', text)


BODIES: Final = {
    "nothing": (b"", ""),
    "no JSON": (b"{", ""),
    "a list": (b"[]", ""),
    "a string": (b'"rule"', ""),
    "invalid UTF-8": (with_definition(b'"\xff"'), ""),
    "UTF-16": (json.dumps(RULE).encode("utf-16"), ""),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(RULE).encode(), ""),
    "a name twice": (FIELDS + b', "name": "Again"}', ""),
    "a name twice in the definition": (with_definition(b'{"a": {"b": 1, "b": 1}}'), ""),
    "NaN": (with_definition(b"NaN"), ""),
    "an infinity": (with_definition(b"[-Infinity]"), ""),
    "a number over the range of doubles": (with_definition(b"1e999"), "/definition"),
    "a number of 5,000 digits": (with_definition(b"9" * 5_000), ""),
    "a lone surrogate": (with_definition(rb'"\ud800"'), "/definition"),
    "a lone surrogate as a name": (with_definition(rb'{"\udfff": 1}'), "/definition"),
    "nesting": (with_definition(b"[" * 100_000 + b"]" * 100_000), ""),
    "unclosed nesting": (with_definition(b'{"a":' * 50_000), ""),
    "an id": (json.dumps({**RULE, "artifactId": "rule"}).encode(), "/artifactId"),
    "an unknown field": (json.dumps({**RULE, "colour": 1}).encode(), "/colour"),
    "an unknown field with a lone surrogate": (FIELDS + rb', "a/\ud800": 1}', "/a~1\\ud800"),
    "a default of 5,000 characters": (
        json.dumps(rule(requirements=[{"name": "a", "kind": "variable", "default": "x" * 5_000}])).encode(),
        "/requirements/0/default",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_with_a_pointer(artifacts: ArtifactApi, wire: Wire, name: str) -> None:
    body, pointer = BODIES[name]
    wire.clear()

    (error,) = assert_problem(artifacts.put("rule", body), 400, "InvalidRequest")

    assert error["pointer"] == pointer
    assert wire.count() == 0


@pytest.mark.parametrize("depth", [50, 150])
def test_a_definition_may_be_nested(artifacts: ArtifactApi, depth: int) -> None:
    body = with_definition(b"[" * depth + b"]" * depth)

    assert artifacts.put("rule", body).status == 201
    assert artifacts.definition("rule").body == b"[" * depth + b"]" * depth


@pytest.mark.parametrize("depth", range(200, 2_000, 75))
def test_a_definition_nested_more_deeply_is_accepted_and_returned_or_refused(
    artifacts: ArtifactApi, depth: int
) -> None:
    body = with_definition(b'{"a":' * depth + b"1" + b"}" * depth)

    response = artifacts.put("rule", body)

    assert response.status in (201, 400)
    if response.status == 201:
        assert artifacts.definition("rule").body == b'{"a":' * depth + b"1" + b"}" * depth
        assert artifacts.put("rule", body).json["change"] == "unchanged"


@pytest.mark.parametrize("definition", [b"10" * 2_000, b"-0.0", b"1e308", b'"\\u0000"', b"null", b'{"": {"": []}}'])
def test_unusual_json_is_returned_as_it_was_sent(artifacts: ArtifactApi, definition: bytes) -> None:
    assert artifacts.put("rule", with_definition(definition)).status == 201

    assert json.loads(artifacts.definition("rule").body) == json.loads(definition)


def test_a_body_over_the_limit_is_too_large(artifacts: ArtifactApi) -> None:
    empty = len(with_definition(b'""'))
    fitting = with_definition(b'"' + b"x" * (MAX_DOCUMENT_BYTES - empty) + b'"')
    assert len(fitting) == MAX_DOCUMENT_BYTES == 4_400_000

    assert artifacts.put("rule", fitting).status == 201
    (error,) = assert_problem(artifacts.put("rule", fitting + b" "), 413, "RequestTooLarge")

    assert "4400000" in error["detail"]
    assert_problem(artifacts.send("publish_artifacts", None, body=fitting + b" "), 413, "RequestTooLarge")
    assert artifacts.definition("rule").status == 200


def test_ten_thousand_dependencies_are_kept_in_order(artifacts: ArtifactApi) -> None:
    ids = [f"rule-{number * 7919 % 10_000:05}" for number in range(10_000)]

    assert artifacts.put("root", rule(*ids)).json["dependencies"] == ids

    assert artifacts.get("root").json["dependencies"] == ids
    assert artifacts.put("root", rule(*ids)).json["change"] == "unchanged"
    assert artifacts.put("root", rule(*reversed(ids))).json["change"] == "updated"


def test_dependencies_fill_an_item_and_no_more(artifacts: ArtifactApi) -> None:
    """DynamoDB's limit is 400 KB."""
    ids = [incompressible(190, seed)[:230] for seed in range(3_000)]
    accepted, refused = 500, len(ids)
    while refused - accepted > 1:
        middle = (accepted + refused) // 2
        response = artifacts.put("root", rule(*ids[:middle]))
        if response.status == 400:
            (error,) = assert_problem(response, 400, "InvalidRequest")
            assert error["pointer"] == "/dependencies"
            refused = middle
        else:
            assert response.status in (200, 201)
            accepted = middle

    assert 340_000 < sum(map(len, ids[:accepted])) < 600_000
    assert artifacts.get("root").status == 200


def test_all_problems_of_an_artifact_are_reported_at_once(artifacts: ArtifactApi) -> None:
    fields = {
        "type": 0,
        "name": "",
        "dependencies": ["a", None],
        "requirements": [{"kind": "secret", "default": 1}],
        "x": 1,
    }

    errors = assert_problem(artifacts.put("rule", fields), 400, "InvalidRequest")

    assert sorted(error["pointer"] for error in errors) == [
        *("/definition", "/dependencies/1", "/name", "/requirements/0/default", "/requirements/0/name"),
        *("/status", "/type", "/x"),
    ]


@pytest.mark.parametrize("segment", ["~", "~!", "~YQ=!", "x" * 257, "a\nb", "\x7f", "\ud800", ""], ids=ascii)
def test_a_path_without_an_id_is_invalid(artifacts: ArtifactApi, segment: str) -> None:
    for function in ("put_artifact", "get_artifact", "get_definition", "list_dependents", "delete_artifact"):
        body = RULE if function == "put_artifact" else None
        assert_problem(artifacts.send(function, None, segment=segment, body=body), 400, "InvalidRequest")


fields = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*RULE, "requirements", "tenantId", "artifactId", "other"), json_values),
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # examples may share the stack
)
@given(changes=fields, content=st.none() | st.binary(max_size=200))
def test_no_body_makes_a_function_fail(artifacts: ArtifactApi, changes: dict[str, Any], content: bytes | None) -> None:
    document = {**RULE, **changes}
    for function, body in (
        ("put_artifact", document),
        ("publish_artifacts", {"artifacts": [document, {**document, "artifactId": "rule"}]}),
        ("publish_artifacts", document),
    ):
        response = artifacts.send(function, "rule", body=body if content is None else content)
        assert response.status < 500
        if response.status >= 400:
            response.problem()
