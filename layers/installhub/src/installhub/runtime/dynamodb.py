"""DynamoDB expressions built from attribute names and values, and conditional access to single items.

boto3's builders (``boto3.dynamodb.conditions``) work only with its resources, and importing boto3 takes a tenth of a
cold start. These produce the parameters of botocore's low-level client.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]
    """An item in a response."""

    NewItem = dict[str, Mapping[str, Any]]
    """An item, a key or a set of attributes in a request; each value is an attribute value."""

    Value = str | int | bytes | Mapping[str, Any]
    """A value in an expression: a string, number, Boolean, binary, or an attribute value such as ``{"L": []}``."""

_SERVICE: Final = "dynamodb"
_T = TypeVar("_T")


@dataclass(slots=True)
class _Placeholders:
    """The placeholders in the expressions of one request, with the names and values they stand for.

    All names are replaced: many are reserved words in DynamoDB, such as ``status``.
    """

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def name(self, attribute_name: str) -> str:
        self.names[f"#{attribute_name}"] = attribute_name
        return f"#{attribute_name}"

    def value(self, value: Value) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = attribute_value(value)
        return placeholder


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on an item. ``a & b`` holds if both do, ``a | b`` if at least one does.

    Attributes:
        render: Returns the text of the condition, and adds its names and values to the placeholders.
        is_disjunction: Whether the outermost operator is OR, which needs parentheses as an operand of AND.
    """

    render: Callable[[_Placeholders], str]
    is_disjunction: bool = False

    def __and__(self, other: Condition) -> Condition:
        return Condition(
            lambda placeholders: f"{self._and_operand(placeholders)} AND {other._and_operand(placeholders)}"
        )

    def __or__(self, other: Condition) -> Condition:
        return Condition(
            lambda placeholders: f"{self.render(placeholders)} OR {other.render(placeholders)}", is_disjunction=True
        )

    def _and_operand(self, placeholders: _Placeholders) -> str:
        text = self.render(placeholders)
        return f"({text})" if self.is_disjunction else text


@dataclass(frozen=True, slots=True)
class Attribute:
    """A top-level attribute of an item; its methods return conditions on it.

    Attributes:
        name: Name of the attribute; only letters, digits and underscores, so that it is a valid placeholder too.
    """

    name: str

    def exists(self) -> Condition:
        """The item has the attribute."""
        return Condition(lambda placeholders: f"attribute_exists({placeholders.name(self.name)})")

    def not_exists(self) -> Condition:
        """The item does not exist, or does not have the attribute."""
        return Condition(lambda placeholders: f"attribute_not_exists({placeholders.name(self.name)})")

    def equals(self, value: Value) -> Condition:
        """The attribute equals ``value``."""
        return self._compare("=", value)

    def contains(self, element: Value) -> Condition:
        """The attribute is a list or set with ``element``, or a string that contains it."""
        return Condition(
            lambda placeholders: f"contains({placeholders.name(self.name)}, {placeholders.value(element)})"
        )

    def less_than(self, value: Value) -> Condition:
        """The attribute is less than ``value``, and of the same type."""
        return self._compare("<", value)

    def between(self, first: Value, last: Value) -> Condition:
        """The attribute is at least ``first`` and at most ``last``."""
        return Condition(
            lambda placeholders: (
                f"{placeholders.name(self.name)} BETWEEN {placeholders.value(first)} AND {placeholders.value(last)}"
            )
        )

    def begins_with(self, prefix: str) -> Condition:
        """The attribute is a string that starts with ``prefix``."""
        return Condition(
            lambda placeholders: f"begins_with({placeholders.name(self.name)}, {placeholders.value(prefix)})"
        )

    def is_in(self, values: Sequence[Value]) -> Condition:
        """The attribute equals one of ``values``: 1 to 100, the limit of DynamoDB's IN."""
        return Condition(
            lambda placeholders: (
                f"{placeholders.name(self.name)} IN ({', '.join(placeholders.value(value) for value in values)})"
            )
        )

    def _compare(self, operator: str, value: Value) -> Condition:
        return Condition(lambda placeholders: f"{placeholders.name(self.name)} {operator} {placeholders.value(value)}")


@dataclass(frozen=True, slots=True)
class Update:
    """The changes that an UpdateItem makes to an item. At least one, and each attribute at most once.

    Attributes:
        assign: New values by attribute.
        append: Lists to append to list attributes, each an attribute value; a missing attribute counts as empty.
        add: Numbers to add to number attributes; a missing attribute counts as zero.
        remove: Attributes to remove.
    """

    assign: Mapping[str, Value] = field(default_factory=dict)
    append: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Collection[str] = ()

    def render(self, placeholders: _Placeholders) -> str:
        """Return the update expression, and add its names and values to ``placeholders``."""
        name, value = placeholders.name, placeholders.value
        clauses = {
            "SET": [
                *(f"{name(attribute)} = {value(new)}" for attribute, new in self.assign.items()),
                *(
                    f"{name(attribute)} = "
                    f"list_append(if_not_exists({name(attribute)}, {value({'L': []})}), {value(new)})"
                    for attribute, new in self.append.items()
                ),
            ],
            "ADD": [f"{name(attribute)} {value(amount)}" for attribute, amount in self.add.items()],
            "REMOVE": [name(attribute) for attribute in self.remove],
        }
        return " ".join(f"{keyword} {', '.join(parts)}" for keyword, parts in clauses.items() if parts)


def attribute_value(value: Value) -> Mapping[str, Any]:
    """``value`` as an attribute value, unless it is one already."""
    if isinstance(value, bool):  # before int, of which bool is a subclass
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    return {"B": value} if isinstance(value, bytes) else value


def expressions(
    *,
    update: Update | None = None,
    condition: Condition | None = None,
    key_condition: Condition | None = None,
    filter_condition: Condition | None = None,
) -> dict[str, Any]:
    """The parameters of a request that contain these expressions, and the names and values they refer to."""
    placeholders = _Placeholders()
    rendered = {
        name: expression.render(placeholders)
        for name, expression in {
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "KeyConditionExpression": key_condition,
            "FilterExpression": filter_condition,
        }.items()
        if expression is not None
    }
    referred = {
        "ExpressionAttributeNames": placeholders.names,
        "ExpressionAttributeValues": placeholders.values,
    }
    return {**rendered, **{name: values for name, values in referred.items() if values}}  # DynamoDB rejects empty ones


@dataclass(frozen=True, slots=True)
class Table:
    """Access to the items of a table.

    Every method raises :class:`~installhub.model.errors.ServiceUnavailableError` if DynamoDB is unavailable after
    botocore's retries.

    Attributes:
        client: DynamoDB.
        name: Name of the table.
    """

    client: DynamoDBClient
    name: str

    def get_item(self, key: NewItem, *, consistent: bool = True) -> Item | None:
        """The item with the primary key ``key``, or None; strongly consistent unless ``consistent`` is false."""
        with translate_aws_errors(_SERVICE):
            return self.client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent).get("Item")

    def put_item(self, item: NewItem, *, condition: Condition) -> bool:
        """Create or replace an item. False if ``condition`` does not hold for the existing one."""
        response = _write(
            lambda: self.client.put_item(TableName=self.name, Item=item, **expressions(condition=condition))
        )
        return response is not None

    def update_item(self, key: NewItem, update: Update, *, condition: Condition | None = None) -> Item | None:
        """Update or create an item, and return the whole new item. None if ``condition`` does not hold."""
        response = _write(
            lambda: self.client.update_item(
                TableName=self.name, Key=key, ReturnValues="ALL_NEW", **expressions(update=update, condition=condition)
            )
        )
        return None if response is None else response["Attributes"]

    def delete_item(self, key: NewItem, *, condition: Condition) -> bool:
        """Delete an item. False if ``condition`` does not hold."""
        response = _write(
            lambda: self.client.delete_item(TableName=self.name, Key=key, **expressions(condition=condition))
        )
        return response is not None

    def query(
        self,
        key_condition: Condition,
        *,
        index: str | None = None,
        filter_condition: Condition | None = None,
        consistent: bool = False,
    ) -> Iterator[Item]:
        """Yield the items of all pages that match ``key_condition`` and ``filter_condition``, in key order.

        Args:
            key_condition: Equality of the partition key, and optionally a condition on the sort key.
            index: Name of the index to read instead of the table.
            filter_condition: Applied by DynamoDB after reading, so items it excludes cost the same.
            consistent: Use strongly consistent reads, which a global secondary index does not support.
        """
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": consistent,
            **expressions(key_condition=key_condition, filter_condition=filter_condition),
        }
        if index is not None:
            request["IndexName"] = index
        return _pages(self.client.query, request)

    def scan(self) -> Iterator[Item]:
        """Yield all items of the table, in no particular order, with eventually consistent reads."""
        return _pages(self.client.scan, {"TableName": self.name})


def transact_write(client: DynamoDBClient, writes: Sequence[Any]) -> bool:
    """Run ``writes`` as one transaction. False if a condition does not hold, or another transaction interferes.

    Raises:
        ServiceUnavailableError: DynamoDB is unavailable after botocore's retries.
    """
    try:
        with translate_aws_errors(_SERVICE):
            client.transact_write_items(TransactItems=writes)
    except ClientError as error:
        if error_code(error) == "TransactionCanceledException":
            return False
        raise
    return True


def _pages(read: Callable[..., Any], request: dict[str, Any]) -> Iterator[Item]:
    while True:
        with translate_aws_errors(_SERVICE):
            page = read(**request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _write(call: Callable[[], _T]) -> _T | None:
    """The response to a conditional write; None if its condition does not hold."""
    try:
        with translate_aws_errors(_SERVICE):
            return call()
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return None
        raise
