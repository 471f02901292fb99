"""Graphs for the tests of pictures."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from installhub.graphs.graph import Graph, graph_of_artifacts
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.resolver.cycles import find_cycles
from tests.builders import node
from tests.strategies import graphs, printable_texts

HOSTILE = (
    '"];evil["',
    "]]><script>alert(1)</script><!--",
    "</title></svg><a href='javascript:alert(1)'>x</a>",
    "&lt;b&gt; &#60; &amp;amp;",
    "C:\\temp\\N\\",
    'ends with \\"',
    "end",
    "#quot; #35; ; style x:#f00;",
    "%%{init: {'theme': 'dark'}}%%",
    "`**bold** _x_` 1. list - item",
    "graph TD; A-->B",
    "\u202egnp.exe\u2066\u200f",
    "\ufb02\u00b0\u00b0lt\u00b6\u00df",
    "a\nb\r\nc\u2028d",
    "nul\x00 bell\x07 \ufffe\uffff \ud800",
    "漢字\u0301é😀 مرحبا שלום",
    "${x} {{y}} $(z) <%= 1 %>",
)
"""Names that have a meaning in one of the formats, or for people who look at the picture."""

texts = printable_texts | st.text() | st.sampled_from(HOSTILE)


def drawn(artifacts: dict[str, ArtifactNode], title: str = "Package 1.0.0", roots: tuple[str, ...] = ()) -> Graph:
    """The graph of ``artifacts``, of which dependencies that are not among them are missing."""
    needed = {dependency for artifact in artifacts.values() for dependency in artifact.dependencies}
    return graph_of_artifacts(
        title,
        artifacts,
        roots or tuple(artifacts)[:1],
        sorted(needed - artifacts.keys()),
        find_cycles(artifacts, artifacts),
    )


@st.composite
def hostile_graphs(draw: st.DrawFn) -> Graph:
    """Graphs of any shape and state whose title, names and ids are hostile."""
    shape = draw(graphs(max_size=6))
    names = draw(st.lists(texts, min_size=len(shape), max_size=len(shape)))
    ids = draw(st.lists(texts, min_size=len(shape), max_size=len(shape), unique=True))
    renamed = dict(zip(shape, ids, strict=True))
    artifacts = {
        renamed[old.id]: named(
            renamed[old.id],
            name,
            *(renamed[dependency] for dependency in old.dependencies),
            *(draw(st.lists(texts.filter(lambda text: text not in ids), max_size=1))),
            kind=draw(st.sampled_from(ArtifactType)),
            status=draw(st.sampled_from(ArtifactStatus)),
        )
        for old, name in zip(shape.values(), names, strict=True)
    }
    return drawn(artifacts, draw(texts))


def named(
    artifact_id: str,
    name: str,
    *dependencies: str,
    kind: ArtifactType = ArtifactType.CONFIGURATION,
    status: ArtifactStatus = ArtifactStatus.PUBLISHED,
) -> ArtifactNode:
    """An artifact whose id need not be a valid one."""
    return replace(node("x", *dependencies, kind=kind, status=status, name=name), id=artifact_id)


HOSTILE_GRAPH = drawn({name: named(name, name) for name in HOSTILE}, HOSTILE[0])
