"""Strings of a definition that could be ids of other artifacts.

Whether they are is not known when the artifact is published, since others may be published later. They are found then,
because the definition is at hand, and kept small, so that no definition has to be read to check them. A string is
*like an id* if it has no blanks, and letters as well as digits or marks such as ``-``; or if it is built like the id
of the artifact or of a declared dependency, which covers ids of any other form (docs/decisions/0057).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from installhub.model.artifact import MAX_ID_LENGTH
from installhub.model.json_strings import json_pointer, json_strings

MAX_REFERENCES_BYTES: Final = 1_000
"""Maximum size of the pointers and strings of one artifact, before compression."""

MAX_VALUES: Final = 1_000_000
"""Maximum number of values of a definition that are searched, which takes a fraction of a second."""

_MAX_SHAPES: Final = 8
_MIN_COMPRESSED_BYTES: Final = 64
_PLAIN: Final = re.compile(r"\w[\w.:/#~+-]*")
_ALPHANUMERIC: Final = r"[^\W_]+"


class Reference(NamedTuple):
    """A string that could be the id of another artifact.

    Attributes:
        pointer: JSON pointer to its first occurrence in the definition (RFC 6901).
        text: The string.
    """

    pointer: str
    text: str


def find_references(definition: Any, artifact_id: str, dependencies: Sequence[str]) -> list[Reference]:  # noqa: ANN401  # any JSON value
    """The strings in ``definition`` that could be ids, except those of the artifact and its dependencies.

    Names of fields do not count. Those built like the known ids come first; each group is in the order of the document.
    """
    built_alike = _built_like([artifact_id, *islice(dependencies, 100)])
    known = {artifact_id, *dependencies}
    alike, others = _Collected(), _Collected()
    for path, text in json_strings(definition, MAX_VALUES):
        if len(text) > MAX_ID_LENGTH or text in known:
            continue
        if built_alike.fullmatch(text):
            known.add(text)
            if not alike.add(path, text):
                break
        elif others.has_room and _is_like_an_id(text):
            known.add(text)
            others.add(path, text)
    return list(_fitting(chain(alike.found, others.found)))


def pack_references(references: Iterable[Reference]) -> bytes:
    """``references`` as bytes, compressed if that is worthwhile."""
    content = json.dumps([part for reference in references for part in reference], ensure_ascii=False).encode()
    return zlib.compress(content, 9) if len(content) >= _MIN_COMPRESSED_BYTES else content


def unpack_references(packed: bytes) -> list[Reference]:
    """The inverse of :func:`pack_references`."""
    parts = iter(json.loads(packed if packed.startswith(b"[") else zlib.decompress(packed)))
    return [Reference(pointer, next(parts)) for pointer in parts]


class _Collected:
    """References of one group, up to the limit."""

    def __init__(self) -> None:
        self.found: list[Reference] = []
        self.has_room = True
        self._size = 0

    def add(self, path: Sequence[Any], text: str) -> bool:
        """Add a reference. False if the limit is reached."""
        reference = Reference(json_pointer(path), text)
        self._size += _size(reference)
        self.has_room = self._size <= MAX_REFERENCES_BYTES
        self.found.append(reference)
        return self.has_room


def _fitting(references: Iterable[Reference]) -> Iterator[Reference]:
    """The first of ``references`` that fit into the limit together."""
    size = 0
    for reference in references:
        if size + _size(reference) <= MAX_REFERENCES_BYTES:
            size += _size(reference)
            yield reference


def _size(reference: Reference) -> int:
    return len(reference.pointer.encode()) + len(reference.text.encode())


def _is_like_an_id(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not text.isalpha() and any(map(str.isalpha, text))


def _built_like(ids: Iterable[str]) -> re.Pattern[str]:
    """Matches strings that have the same marks as one of ``ids``, with other letters and digits between them."""
    shapes = islice(dict.fromkeys(map(_shape, ids)), _MAX_SHAPES)
    return re.compile("|".join(sorted(shapes)))


def _shape(artifact_id: str) -> str:
    marks = re.split(f"({_ALPHANUMERIC})", artifact_id)
    return "".join(_ALPHANUMERIC if place % 2 else re.escape(mark) for place, mark in enumerate(marks))
