"""DOT and Mermaid: what they contain, and that nothing in a name gets out of its label."""

from __future__ import annotations

import html
import re

from hypothesis import example, given

from installhub.graphs.dot import draw_dot
from installhub.graphs.graph import Graph
from installhub.graphs.mermaid import draw_mermaid
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.text import displayed
from tests.builders import node
from tests.unit.graphs.drawing import HOSTILE_GRAPH, drawn, hostile_graphs

STRING = r'"((?:[^"\\]|\\.)*)"'
DOT_LINE = re.compile(
    rf"digraph \{{|\}}|  (?:graph|node|edge) \[[^\]]*\];|  label={STRING};"
    rf"|  n\d+ \[label={STRING}, tooltip={STRING}(?:, \w+=(?:\d+|\"[^\"]*\"))*\];|  n\d+ -> n\d+(?: \[[^\]]*\])?;"
)
MERMAID_LINE = re.compile(
    r"flowchart TD|  n\d+\[\"(?:[^\W_]| |#\d+;)*<br/>(?:[^\W_]| |#\d+;)*\"\]|  n\d+ --> n\d+"
    r"|  classDef \w+ [\w#:,;. -]+|  class n\d+(?:,n\d+)* \w+|  linkStyle \d+(?:,\d+)* [\w#:,-]+"
)


def lines_of_dot(label: str) -> list[str]:
    """The lines that Graphviz shows: after interpreting escapes, and then entities."""
    text = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], label)
    return [html.unescape(line) for line in text.split("\n")]


def lines_of_mermaid(label: str) -> list[str]:
    """The lines that Mermaid shows, without the invisible characters that keep it from replacing too much."""
    assert not re.search("\ufb02\u00b0|\u00b6\u00df", label)
    lines = [re.sub(r"#(\d+);", lambda found: chr(int(found[1])), line) for line in label.split("<br/>")]
    assert not re.search("\ufb02\u00b0|\u00b6\u00df", "".join(lines))
    return [line.replace("\u2060", "") for line in lines]


@given(hostile_graphs())
@example(HOSTILE_GRAPH)
def test_dot_has_nothing_but_nodes_and_edges_and_each_label_is_the_name(graph: Graph) -> None:
    dot = draw_dot(graph)

    lines = dot.removesuffix("\n").split("\n")
    assert all(DOT_LINE.fullmatch(line) for line in lines)
    labels = re.findall(rf"^  n\d+ \[label={STRING}", dot, re.MULTILINE)
    assert [lines_of_dot(label) for label in labels] == [[displayed(it.name), displayed(it.id)] for it in graph.nodes]
    assert dot.count(" -> ") == len(graph.edges) + sum(label.count(" -> ") for label in re.findall(STRING, dot))


@given(hostile_graphs())
@example(HOSTILE_GRAPH)
def test_mermaid_has_nothing_but_nodes_and_edges_and_each_label_is_the_name(graph: Graph) -> None:
    mermaid = draw_mermaid(graph)

    lines = mermaid.removesuffix("\n").split("\n")
    assert [line for line in lines if not MERMAID_LINE.fullmatch(line)] == []
    labels = re.findall(r"^  n\d+\[\"(.*)\"\]$", mermaid, re.MULTILINE)
    assert [lines_of_mermaid(label) for label in labels] == [
        [displayed(text).replace("\u2060", "") for text in (it.name, it.id)] for it in graph.nodes
    ]
    assert len(re.findall(r"^  n\d+ --> n\d+$", mermaid, re.MULTILINE)) == len(graph.edges)


def test_edges_lead_from_an_artifact_to_what_it_depends_on() -> None:
    graph = drawn({"a": node("a", "b", name="App"), "b": node("b", name="Base")})

    assert "  n0 -> n1;" in draw_dot(graph)
    assert "  n0 --> n1\n" in draw_mermaid(graph)
    assert '  n0["App<br/>a"]\n  n1["Base<br/>b"]\n' in draw_mermaid(graph)


def test_roots_missing_and_unpublished_artifacts_and_cycles_stand_out() -> None:
    graph = drawn(
        {
            "a": node("a", "b", kind=ArtifactType.APP_DEFINITION),
            "b": node("b", "a", "lost", status=ArtifactStatus.DRAFT),
        }
    )
    mermaid, dot = draw_mermaid(graph), draw_dot(graph)

    assert "  class n0 AppDefinition\n" in mermaid
    assert "  class n2 missing\n" in mermaid
    assert "  class n1 unpublished\n" in mermaid
    assert "  class n0 root\n" in mermaid
    assert "  class n0,n1 cyclic\n" in mermaid
    assert "  linkStyle 0,1 stroke:" in mermaid
    by_node = {line.split()[0]: line for line in dot.splitlines() if re.match(r"  n\d+ \[", line)}
    assert "penwidth=3" in by_node["n0"]
    assert "dashed" not in by_node["n0"]
    assert "dashed" in by_node["n1"]
    assert "dashed" in by_node["n2"]
    assert re.search(r"n0 -> n1 \[color=.*penwidth", dot)
    assert "  n1 -> n2;" in dot
