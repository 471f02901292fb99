"""A DynamoDB client in memory, for simulations that would take minutes with an engine.

It supports what the plans table needs: conditions of ``attribute_exists``, ``attribute_not_exists``, ``=`` and ``<``,
and the update clauses SET, ADD and REMOVE, with placeholders for all names and values. Anything else raises an
exception.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from botocore.exceptions import ClientError

Item = dict[str, Any]


class MemoryDynamoDB:
    """One table with the partition key ``customer``; the table's name is ignored."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def get_item(self, *, Key: Item, **_: object) -> Item:  # noqa: N803  # boto3's name
        item = self.items.get(Key["customer"]["S"])
        return {} if item is None else {"Item": dict(item)}

    def put_item(self, *, Item: Item, **request: Any) -> Item:  # noqa: N803, ANN401
        self._check(Item["customer"]["S"], request)
        self.items[Item["customer"]["S"]] = dict(Item)
        return {}

    def update_item(self, *, Key: Item, **request: Any) -> Item:  # noqa: N803, ANN401
        key = Key["customer"]["S"]
        self._check(key, request)
        item = self.items.setdefault(key, dict(Key))
        names, values = request["ExpressionAttributeNames"], request.get("ExpressionAttributeValues", {})
        clauses = re.split(r"\b(SET|ADD|REMOVE) ", request["UpdateExpression"])[1:]
        for keyword, parts in zip(clauses[::2], clauses[1::2], strict=True):
            for part in parts.strip().split(", "):
                match keyword, part.split():
                    case "SET", [name, "=", value]:
                        item[names[name]] = values[value]
                    case "ADD", [name, value]:
                        total = int(item.get(names[name], {"N": "0"})["N"]) + int(values[value]["N"])
                        item[names[name]] = {"N": str(total)}
                    case "REMOVE", [name]:
                        item.pop(names[name], None)
                    case _:
                        raise NotImplementedError(part)
        return {"Attributes": dict(item)}

    def delete_item(self, *, Key: Item, **request: Any) -> Item:  # noqa: N803, ANN401
        self._check(Key["customer"]["S"], request)
        self.items.pop(Key["customer"]["S"], None)
        return {}

    def scan(self, **_: object) -> Item:
        return {"Items": [dict(item) for item in self.items.values()]}

    def _check(self, key: str, request: dict[str, Any]) -> None:
        text = request.get("ConditionExpression")
        if text is not None and not _holds(text, self.items.get(key, {}), request):
            fail("ConditionalCheckFailedException")


def _holds(text: str, item: Item, request: dict[str, Any]) -> bool:
    """Whether a condition holds; AND binds more tightly than OR."""
    for alternative in re.split(r" OR ", text):
        if all(
            _holds_simply(part.strip("()") + ")" * part.count("("), item, request)
            for part in alternative.split(" AND ")
        ):
            return True
    return False


def _holds_simply(text: str, item: Item, request: dict[str, Any]) -> bool:
    names, values = request["ExpressionAttributeNames"], request.get("ExpressionAttributeValues", {})
    if match := re.fullmatch(r"(attribute_exists|attribute_not_exists)\((#\w+)\)", text):
        return (names[match[2]] in item) == (match[1] == "attribute_exists")
    if match := re.fullmatch(r"(#\w+) (=|<) (:\w+)", text):
        found, value = item.get(names[match[1]]), values[match[3]]
        if match[2] == "=" or found is None:
            return bool(found == value)
        return bool(int(found["N"]) < int(value["N"]))
    raise NotImplementedError(text)


def fail(code: str) -> NoReturn:
    """Raise an error response of AWS."""
    raise ClientError({"Error": {"Code": code, "Message": code}}, "Operation")
