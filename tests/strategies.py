"""Hypothesis strategies: ids as nasty as the contract allows, and dependency graphs."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from installhub.artifacts import MAX_ID_LENGTH, ArtifactNode, ArtifactType
from tests.builders import node

NASTY = "aAzZ09.~%/\\:*?\"'<>| $é\u0301Éßİıﬃ\u1e9eΣς漢😀\U000e0001"

printable_characters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
printable_texts = st.text(printable_characters | st.sampled_from(NASTY), min_size=1, max_size=40)
ids = printable_texts | st.builds(
    lambda text, times: (text * times)[:MAX_ID_LENGTH], printable_texts, st.integers(1, MAX_ID_LENGTH)
)

_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(st.characters(exclude_categories=("Cs",)))
json_values = st.recursive(
    _scalars | _texts, lambda values: st.lists(values) | st.dictionaries(_texts, values), max_leaves=20
)


@st.composite
def graphs(draw: st.DrawFn, *, acyclic: bool = False, max_size: int = 12) -> dict[str, ArtifactNode]:
    """A closed graph whose ids are in no relation to its shape; dependencies may be declared twice."""
    size = draw(st.integers(1, max_size))
    names = draw(st.permutations([f"n{number:02}" for number in range(size)]))
    found = {}
    for index, name in enumerate(names):
        candidates = names[:index] if acyclic else names
        dependencies = draw(st.lists(st.sampled_from(candidates), max_size=5)) if candidates else []
        found[name] = node(name, *dependencies, kind=draw(st.sampled_from(ArtifactType)))
    return found


def composed_and_decomposed(text: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
