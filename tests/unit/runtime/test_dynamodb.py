"""Expressions of DynamoDB requests: their text, and the names and values they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.runtime.dynamodb import Attribute, Update, attribute_value, expressions

if TYPE_CHECKING:
    from collections.abc import Callable

    from installhub.runtime.dynamodb import Condition, Value

    Evaluated = tuple[Condition, Callable[[set[str]], bool]]

STATUS = Attribute("status")


@pytest.mark.parametrize(
    ("condition", "text", "values"),
    [
        (STATUS.exists(), "attribute_exists(#status)", None),
        (STATUS.not_exists(), "attribute_not_exists(#status)", None),
        (STATUS.equals("a"), "#status = :v0", {":v0": {"S": "a"}}),
        (STATUS.less_than(5), "#status < :v0", {":v0": {"N": "5"}}),
        (STATUS.between("a", "b"), "#status BETWEEN :v0 AND :v1", {":v0": {"S": "a"}, ":v1": {"S": "b"}}),
        (STATUS.is_in(["a", "b"]), "#status IN (:v0, :v1)", {":v0": {"S": "a"}, ":v1": {"S": "b"}}),
        (STATUS.is_in([b"a"]), "#status IN (:v0)", {":v0": {"B": b"a"}}),
        (STATUS.begins_with("a"), "begins_with(#status, :v0)", {":v0": {"S": "a"}}),
        (STATUS.contains("a"), "contains(#status, :v0)", {":v0": {"S": "a"}}),
    ],
)
def test_a_condition_refers_to_names_and_values_by_placeholders(
    condition: Condition, text: str, values: dict[str, Any] | None
) -> None:
    expected = {"ConditionExpression": text, "ExpressionAttributeNames": {"#status": "status"}}
    if values is not None:
        expected["ExpressionAttributeValues"] = values

    assert expressions(condition=condition) == expected


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Attribute("a").exists() & Attribute("b").exists(), "attribute_exists(#a) AND attribute_exists(#b)"),
        (Attribute("a").exists() | Attribute("b").exists(), "attribute_exists(#a) OR attribute_exists(#b)"),
        (
            (Attribute("a").exists() | Attribute("b").exists()) & Attribute("c").exists(),
            "(attribute_exists(#a) OR attribute_exists(#b)) AND attribute_exists(#c)",
        ),
        (
            Attribute("a").exists() & (Attribute("b").exists() | Attribute("c").exists()),
            "attribute_exists(#a) AND (attribute_exists(#b) OR attribute_exists(#c))",
        ),
        (
            Attribute("a").exists() & Attribute("b").exists() | Attribute("c").exists(),
            "attribute_exists(#a) AND attribute_exists(#b) OR attribute_exists(#c)",
        ),
    ],
)
def test_alternatives_within_a_conjunction_are_in_parentheses(condition: Condition, text: str) -> None:
    assert expressions(condition=condition)["ConditionExpression"] == text


def evaluated(name: str) -> Evaluated:
    return Attribute(name).exists(), lambda attributes: name in attributes


def conjunction(left: Evaluated, right: Evaluated) -> Evaluated:
    return left[0] & right[0], lambda attributes: left[1](attributes) and right[1](attributes)


def disjunction(left: Evaluated, right: Evaluated) -> Evaluated:
    return left[0] | right[0], lambda attributes: left[1](attributes) or right[1](attributes)


def evaluate(text: str, attributes: set[str]) -> bool:
    """Evaluate a condition in Python, where "and" takes precedence over "or" as AND does over OR in DynamoDB."""
    python = text.replace(" AND ", " and ").replace(" OR ", " or ").replace("#", "")
    names = {name: name in attributes for name in "abc"}
    return bool(eval(python, {"__builtins__": {}, "attribute_exists": bool, **names}))  # noqa: S307


@given(
    st.recursive(
        st.sampled_from("abc").map(evaluated),
        lambda children: st.builds(conjunction, children, children) | st.builds(disjunction, children, children),
        max_leaves=8,
    ),
    st.sets(st.sampled_from("abc")),
)
def test_the_text_of_a_condition_keeps_its_structure(condition: Evaluated, attributes: set[str]) -> None:
    text = expressions(condition=condition[0])["ConditionExpression"]

    assert evaluate(text, attributes) == condition[1](attributes)


def test_an_update_has_a_clause_per_kind_of_change() -> None:
    update = Update(assign={"a": 1, "b": True}, append={"c": {"L": [{"S": "x"}]}}, add={"d": 2}, remove=["e", "f"])

    assert expressions(update=update) == {
        "UpdateExpression": "SET #a = :v0, #b = :v1, #c = list_append(if_not_exists(#c, :v2), :v3) "
        "ADD #d :v4 REMOVE #e, #f",
        "ExpressionAttributeNames": {f"#{name}": name for name in "abcdef"},
        "ExpressionAttributeValues": {
            ":v0": {"N": "1"},
            ":v1": {"BOOL": True},
            ":v2": {"L": []},
            ":v3": {"L": [{"S": "x"}]},
            ":v4": {"N": "2"},
        },
    }


def test_an_update_without_values_has_no_values_parameter() -> None:
    assert expressions(update=Update(remove=["a"])) == {
        "UpdateExpression": "REMOVE #a",
        "ExpressionAttributeNames": {"#a": "a"},
    }


def test_without_expressions_there_are_no_parameters() -> None:
    assert expressions() == {}


def test_the_expressions_of_a_request_share_names_but_not_values() -> None:
    request = expressions(
        update=Update(assign={"status": "published"}),
        condition=STATUS.equals("pending"),
    )

    assert request == {
        "UpdateExpression": "SET #status = :v0",
        "ConditionExpression": "#status = :v1",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":v0": {"S": "published"}, ":v1": {"S": "pending"}},
    }


def test_a_query_has_a_key_condition_and_a_filter() -> None:
    request = expressions(key_condition=Attribute("pk").equals("a"), filter_condition=STATUS.less_than("m"))

    assert (request["KeyConditionExpression"], request["FilterExpression"]) == ("#pk = :v0", "#status < :v1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", {"S": "a"}),
        (7, {"N": "7"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (b"a", {"B": b"a"}),
        ({"L": []}, {"L": []}),
        ({"NULL": True}, {"NULL": True}),
    ],
)
def test_plain_values_become_attribute_values(value: Value, expected: dict[str, Any]) -> None:
    assert attribute_value(value) == expected
