"""DynamoDB: expressions built from attribute names and values, and single-item access to a table.

boto3 has its own builders (``boto3.dynamodb.conditions``), but only for its resources, and importing boto3 costs a
tenth of a cold start. These work on the low-level attribute values that botocore's client takes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from installhub.runtime.aws_errors import error_code, translate_aws_errors
from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, UniversalAttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]
    """An item as DynamoDB returns it."""

    NewItem = dict[str, UniversalAttributeValueTypeDef]
    """An item, a key or attributes as DynamoDB takes them."""

    Value = UniversalAttributeValueTypeDef | Mapping[str, Any]
    """A value of an expression: plain, or a low-level attribute value such as ``{"S": "text"}``."""

SERVICE: Final = "dynamodb"


@dataclass(slots=True)
class _Placeholders:
    """The names and values that the expressions of one request refer to."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def name(self, attribute_name: str) -> str:
        self.names[f"#{attribute_name}"] = attribute_name
        return f"#{attribute_name}"

    def value(self, value: Value) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = attribute_value(value)
        return placeholder


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on an item; ``&`` and ``|`` combine two."""

    render: Callable[[_Placeholders], str]
    is_alternative: bool = False

    def __and__(self, other: Condition) -> Condition:
        return Condition(lambda placeholders: f"{self._operand(placeholders)} AND {other._operand(placeholders)}")

    def __or__(self, other: Condition) -> Condition:
        return Condition(
            lambda placeholders: f"{self.render(placeholders)} OR {other.render(placeholders)}", is_alternative=True
        )

    def _operand(self, placeholders: _Placeholders) -> str:
        rendered = self.render(placeholders)
        return f"({rendered})" if self.is_alternative else rendered


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute in a condition."""

    name: str

    def exists(self) -> Condition:
        """The item has the attribute."""
        return Condition(lambda placeholders: f"attribute_exists({placeholders.name(self.name)})")

    def not_exists(self) -> Condition:
        """There is no item, or it lacks the attribute."""
        return Condition(lambda placeholders: f"attribute_not_exists({placeholders.name(self.name)})")

    def equals(self, value: Value) -> Condition:
        """It equals ``value``."""
        return self._compared("=", value)

    def less_than(self, value: Value) -> Condition:
        """It is smaller than ``value``."""
        return self._compared("<", value)

    def between(self, first: Value, last: Value) -> Condition:
        """It lies between ``first`` and ``last``, both included."""
        return Condition(
            lambda placeholders: (
                f"{placeholders.name(self.name)} BETWEEN {placeholders.value(first)} AND {placeholders.value(last)}"
            )
        )

    def is_in(self, values: Sequence[Value]) -> Condition:
        """It equals one of up to 100 ``values``."""
        return Condition(
            lambda placeholders: (
                f"{placeholders.name(self.name)} IN ({', '.join(placeholders.value(value) for value in values)})"
            )
        )

    def _compared(self, operator: str, value: Value) -> Condition:
        return Condition(lambda placeholders: f"{placeholders.name(self.name)} {operator} {placeholders.value(value)}")


@dataclass(frozen=True, slots=True)
class Update:
    """What to change about an item.

    Attributes:
        assign: New values by attribute.
        append: Values to append to list attributes, which may not exist yet.
        add: Numbers to add to number attributes, which may not exist yet.
        remove: Attributes to remove.
    """

    assign: Mapping[str, Value] = field(default_factory=dict)
    append: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Collection[str] = ()

    def render(self, placeholders: _Placeholders) -> str:
        """The update expression; names and values go to ``placeholders``."""
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


def attribute_value(value: Any) -> Any:  # noqa: ANN401  # one of many shapes
    """``value`` as a low-level attribute value."""
    if isinstance(value, bool):
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
    """The expression parameters of a request: only the given ones, with the names and values they use."""
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
    parameters: dict[str, Any] = {**rendered, "ExpressionAttributeNames": placeholders.names}
    if placeholders.values:
        parameters["ExpressionAttributeValues"] = placeholders.values
    return parameters


def condition_failed(error: ClientError) -> bool:
    """Whether a write was refused by its own condition."""
    return error_code(error) == "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class Table:
    """A table, an item at a time.

    Every method raises :class:`~installhub.model.errors.ServiceUnavailableError` when DynamoDB keeps failing.
    """

    client: DynamoDBClient
    name: str

    def get_item(self, key: NewItem, *, consistent: bool = True) -> Item | None:
        """The item of ``key``; as last written, unless ``consistent`` is false."""
        with translate_aws_errors(SERVICE):
            return self.client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent).get("Item")

    def put_item(self, item: NewItem, *, condition: Condition) -> bool:
        """Write a whole item. False when ``condition`` does not hold."""
        return self._when_condition_holds(
            lambda: self.client.put_item(TableName=self.name, Item=item, **expressions(condition=condition))
        )

    def update_item(self, key: NewItem, update: Update, *, condition: Condition | None = None) -> Item | None:
        """Update an item and return it as updated. None when ``condition`` does not hold."""
        updated: list[Item] = []
        self._when_condition_holds(
            lambda: updated.append(
                self.client.update_item(
                    TableName=self.name,
                    Key=key,
                    ReturnValues="ALL_NEW",
                    **expressions(update=update, condition=condition),
                )["Attributes"]
            )
        )
        return updated[0] if updated else None

    def delete_item(self, key: NewItem, *, condition: Condition) -> bool:
        """Delete an item. False when ``condition`` does not hold."""
        return self._when_condition_holds(
            lambda: self.client.delete_item(TableName=self.name, Key=key, **expressions(condition=condition))
        )

    def query(
        self,
        key_condition: Condition,
        *,
        index: str | None = None,
        filter_condition: Condition | None = None,
        consistent: bool = False,
    ) -> Iterator[Item]:
        """The items that ``key_condition`` selects and ``filter_condition`` passes, page after page."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": consistent,
            **expressions(key_condition=key_condition, filter_condition=filter_condition),
        }
        if index is not None:
            request["IndexName"] = index
        while True:
            with translate_aws_errors(SERVICE):
                page = self.client.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    @staticmethod
    def _when_condition_holds(write: Callable[[], object]) -> bool:
        try:
            with translate_aws_errors(SERVICE):
                write()
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True
