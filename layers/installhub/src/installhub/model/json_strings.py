"""The strings of a JSON document, and the pointers to them (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def json_strings(
    document: Any,  # noqa: ANN401  # any JSON value
    max_values: int | None = None,
    *,
    names: bool = False,
) -> Iterator[tuple[list[Any], str]]:
    """Yield the strings of ``document``, each with the names and indexes that lead to it.

    The path is always the same list, whose first part is a placeholder for the document itself.

    Args:
        document: The document.
        max_values: How many of its values are visited; None for all.
        names: Whether names of fields are yielded as well, with the path to the object that they are in.
    """
    path: list[Any] = [None]  # the last part is that of the current value
    open_containers: list[Iterator[tuple[Any, Any]]] = [iter([(None, document)])]
    left = -1 if max_values is None else max_values
    while open_containers:
        for path[-1], value in open_containers[-1]:
            if left == 0:
                return
            left -= 1
            if isinstance(value, str):
                yield path, value
            elif isinstance(value, (dict, list)) and value:
                if names and isinstance(value, dict):
                    for name in value:
                        yield path, name
                open_containers.append(iter(value.items() if isinstance(value, dict) else enumerate(value)))
                path.append(None)
                break
        else:
            open_containers.pop()
            path.pop()


def json_pointer(path: Sequence[Any]) -> str:
    """The pointer to what has this path."""
    return "".join([f"/{_token(part)}" for part in path[1:]])


def _token(part: str | int) -> str | int:
    return part.replace("~", "~0").replace("/", "~1") if isinstance(part, str) else part
