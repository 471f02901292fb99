"""Hypothesis strategies for ids with unusual characters, JSON values and dependency graphs."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from installhub.model.artifact import MAX_ID_LENGTH, ArtifactNode, ArtifactType
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.builders import node

NASTY = "aAzZ09.~%/\\:*?\"'<>| $é\u0301Éßİ\u0131ﬃ\u1e9eΣς漢😀\U000e0001"

printable_characters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
printable_texts = st.text(printable_characters | st.sampled_from(NASTY), min_size=1, max_size=40)
ids = printable_texts | st.builds(
    lambda text, times: (text * times)[:MAX_ID_LENGTH], printable_texts, st.integers(1, MAX_ID_LENGTH)
)

_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text()
json_values = st.recursive(
    _scalars | _texts, lambda values: st.lists(values) | st.dictionaries(_texts, values), max_leaves=20
)

_DEFAULTS: dict[ValueType | None, st.SearchStrategy[str | float | bool]] = {
    None: printable_texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    ValueType.STRING: printable_texts,
    ValueType.URL: printable_texts,
    ValueType.NUMBER: st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    ValueType.BOOLEAN: st.booleans(),
}


@st.composite
def _requirements(draw: st.DrawFn) -> Requirement:
    kind, value_type = draw(st.sampled_from(RequirementKind)), draw(st.none() | st.sampled_from(ValueType))
    return Requirement(
        name=draw(ids),
        kind=kind,
        description=draw(st.none() | printable_texts),
        value_type=value_type,
        default=None if kind is RequirementKind.SECRET else draw(st.none() | _DEFAULTS[value_type]),
    )


requirements = _requirements()


@st.composite
def graphs(draw: st.DrawFn, *, acyclic: bool = False, max_size: int = 12) -> dict[str, ArtifactNode]:
    """A closed graph from a dense or sparse adjacency matrix of random bits, with ids independent of its shape.

    Drawing few large values instead of many small ones makes it ten times as fast.
    """
    size = draw(st.integers(1, max_size))
    kinds = [list(ArtifactType)[number % len(ArtifactType)] for number in draw(_bytes(size))]
    cells = int.from_bytes(draw(_bytes(size * size // 8 + 1)), "big")
    if draw(st.booleans()):
        cells &= int.from_bytes(draw(_bytes(size * size // 8 + 1)), "big")
    names = [f"n{number:02}" for number in range(size)]
    Random(draw(st.integers(0, 2**16))).shuffle(names)  # noqa: S311  # not security-relevant
    graph = {}
    for row, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        columns = range(row if acyclic else size)
        graph[name] = node(
            name, *(names[column] for column in columns if cells >> (row * size + column) & 1), kind=kind
        )
    return graph


def _bytes(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)
