"""Makes moto's DynamoDB answers four times as fast, which makes tenants of 10,000 artifacts testable."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.core.serialize import ResponseSerializer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.core.model import StructureShape

Parts = dict[str, Any]


@contextmanager
def quick_moto() -> Iterator[None]:
    """An attribute value has one of ten members; moto looks at all ten of every value. Look at the one."""
    thorough = ResponseSerializer._serialize_type_structure

    def quick(self: ResponseSerializer, serialized: Parts, value: object, shape: StructureShape, key: str) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
            thorough(self, serialized, value, shape, key)
            return
        members: Parts = {}
        for member in value:
            self._serialize_structure_member(members, value, shape.members[member], member)
        self._default_serialize(serialized, members, shape, key)

    with patch.object(ResponseSerializer, "_serialize_type_structure", quick):
        yield
