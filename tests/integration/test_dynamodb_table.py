"""Conditions, updates and queries of a table, evaluated by a DynamoDB engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from installhub.runtime.dynamodb import Attribute, Table, Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from installhub.runtime.dynamodb import Condition

    Evaluated = tuple[Condition, Callable[[dict[str, int]], bool]]

KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "1"}}
ALWAYS = Attribute("pk").not_exists() | Attribute("pk").exists()


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="examples",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Table(client, "examples")


names = st.sampled_from("xyz")
numbers = st.integers(0, 3)


@st.composite
def comparisons(draw: st.DrawFn) -> Evaluated:
    """A condition on one attribute and its equivalent in Python."""
    name, number, other = draw(names), draw(numbers), draw(numbers)
    low, high = sorted((number, other))
    attribute = Attribute(name)
    found: dict[str, Evaluated] = {
        "exists": (attribute.exists(), lambda item: name in item),
        "not_exists": (attribute.not_exists(), lambda item: name not in item),
        "equals": (attribute.equals(number), lambda item: item.get(name) == number),
        "less_than": (attribute.less_than(number), lambda item: name in item and item[name] < number),
        "between": (attribute.between(low, high), lambda item: name in item and low <= item[name] <= high),
        "is_in": (attribute.is_in([number, other]), lambda item: item.get(name) in (number, other)),
    }
    return found[draw(st.sampled_from(sorted(found)))]


def combine(children: st.SearchStrategy[Evaluated]) -> st.SearchStrategy[Evaluated]:
    def both(left: Evaluated, right: Evaluated) -> Evaluated:
        return left[0] & right[0], lambda item: left[1](item) and right[1](item)

    def either(left: Evaluated, right: Evaluated) -> Evaluated:
        return left[0] | right[0], lambda item: left[1](item) or right[1](item)

    return st.builds(both, children, children) | st.builds(either, children, children)


@given(st.recursive(comparisons(), combine, max_leaves=6), st.dictionaries(names, numbers))
def test_a_condition_holds_when_its_python_equivalent_does(
    table: Table, evaluated: Evaluated, item: dict[str, int]
) -> None:
    condition, predicate = evaluated
    stored: dict[str, Any] = {**KEY, **{name: {"N": str(number)} for name, number in item.items()}}
    table.put_item(stored, condition=ALWAYS)

    assert table.put_item(stored, condition=condition) == predicate(item)


def test_an_update_returns_the_updated_item(table: Table) -> None:
    table.put_item({**KEY, "count": {"N": "1"}, "old": {"S": "x"}}, condition=ALWAYS)
    update = Update(assign={"status": "new"}, append={"log": {"L": [{"S": "x"}]}}, add={"count": 2}, remove=["old"])

    table.update_item(KEY, update)

    assert table.update_item(KEY, Update(append={"log": {"L": [{"S": "y"}]}})) == {
        **KEY,
        "count": {"N": "3"},
        "status": {"S": "new"},
        "log": {"L": [{"S": "x"}, {"S": "y"}]},
    }


def test_an_update_whose_condition_fails_changes_nothing(table: Table) -> None:
    table.put_item({**KEY, "status": {"S": "new"}}, condition=ALWAYS)

    updated = table.update_item(KEY, Update(remove=["status"]), condition=Attribute("status").equals("old"))

    assert updated is None
    assert table.get_item(KEY) == {**KEY, "status": {"S": "new"}}


def test_an_item_is_deleted_only_if_the_condition_holds(table: Table) -> None:
    table.put_item({**KEY, "status": {"S": "new"}}, condition=ALWAYS)

    assert not table.delete_item(KEY, condition=Attribute("status").equals("old"))
    assert table.get_item(KEY) is not None
    assert table.delete_item(KEY, condition=Attribute("status").equals("new"))
    assert table.get_item(KEY) is None


def test_a_query_returns_the_filtered_items_of_all_pages(table: Table) -> None:
    padding = {"B": b"x" * 300_000}  # a page holds 1 MB
    for number in range(10):
        item: dict[str, Any] = {"pk": {"S": "paged"}, "sk": {"S": str(number)}, "even": {"N": str((number + 1) % 2)}}
        table.put_item({**item, "padding": padding}, condition=ALWAYS)

    found = table.query(
        Attribute("pk").equals("paged") & Attribute("sk").between("1", "8"),
        filter_condition=Attribute("even").equals(1),
        consistent=True,
    )

    assert [item["sk"]["S"] for item in found] == ["2", "4", "6", "8"]
