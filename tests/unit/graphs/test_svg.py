"""SVG pictures: what they show, and that nothing in a name gets out of its text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installhub.graphs.graph import Graph, Node
from installhub.graphs.labels import without_illegal_characters
from installhub.graphs.palette import STYLES
from installhub.graphs.svg import MAX_ARTIFACTS, draw_svg
from installhub.model.artifact import ArtifactStatus, ArtifactType
from installhub.model.errors import ErrorCode, InstallHubError
from tests.builders import node, nodes
from tests.hostile_graphs import fan_out
from tests.unit.graphs.drawing import HOSTILE_GRAPH, drawn, hostile_graphs

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {
    "svg": {"role", "aria-labelledby", "width", "height", "viewBox"},
    "title": {"id"},
    "desc": {"id"},
    "style": set(),
    "g": {"class", "transform"},
    "rect": {"class", "x", "y", "width", "height", "rx"},
    "path": {"class", "d"},
    "text": {"class", "x", "y"},
}
"""Every element that a picture may have, and its attributes. None of them can load or run anything."""


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # our own output


def groups(svg: str) -> dict[str, ET.Element]:
    """The groups of the artifacts by the first line of their tooltips, which is the name."""
    found = {}
    for group in parsed(svg).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            found[str(title.text).split("\n")[0]] = group
    return found


def classes(group: ET.Element) -> set[str]:
    return set(group.attrib["class"].split())


def shown_texts(group: ET.Element) -> list[str]:
    return [str(text.text) for text in group.iter(f"{SVG}text")]


def for_xml(name: str) -> str:
    return without_illegal_characters(name)


@given(hostile_graphs())
@example(HOSTILE_GRAPH)
def test_names_stay_text_whatever_they_contain(graph: Graph) -> None:
    root = parsed(draw_svg(graph))

    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        assert tag in ALLOWED
        assert element.attrib.keys() <= ALLOWED[tag]
    assert root.findtext(f"{SVG}title") == for_xml(graph.title)
    tooltips = [str(title.text) for title in root.iterfind(f".//{SVG}g/{SVG}title")]
    assert len(tooltips) == len(graph.nodes)
    for artifact, tooltip in zip(graph.nodes, tooltips, strict=True):
        assert tooltip.startswith(f"{for_xml(artifact.name)}\n")
        assert f": {for_xml(artifact.id)}\n" in tooltip


@given(hostile_graphs())
def test_the_style_sheet_is_the_same_for_every_graph_and_loads_nothing(graph: Graph) -> None:
    style = parsed(draw_svg(graph)).findtext(f"{SVG}style")

    assert style == parsed(draw_svg(Graph("", (), ()))).findtext(f"{SVG}style")
    assert not re.search(r"url\(|@import|@font-face|expression", str(style))


@given(st.text(st.sampled_from("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200fab"), min_size=1))
def test_labels_cannot_reorder_what_is_shown(name: str) -> None:
    labels = shown_texts(groups(draw_svg(drawn({"x": node("x", name=name)})))[name])

    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "".join(labels))


def test_each_artifact_is_colored_and_lettered_by_its_type_and_the_legend_explains_it() -> None:
    artifacts = {kind.value: node(kind.value, kind=kind, name=kind.value.lower()) for kind in ArtifactType}
    svg = draw_svg(drawn(artifacts))

    legend = shown_texts(parsed(svg))
    for kind, style in STYLES.items():
        group = groups(svg)[kind.value.lower()]
        assert style.code in classes(group)
        assert style.code in shown_texts(group)
        assert f"{kind.value} (1)" in legend
    assert len({style.code for style in STYLES.values()}) == len(ArtifactType)


def test_the_legend_has_only_what_the_picture_shows() -> None:
    legend = shown_texts(parsed(draw_svg(drawn({"a": node("a", kind=ArtifactType.RULE_SET)}))))

    assert "RuleSet (1)" in legend
    assert not {"AtlasForm (0)", "does not exist", "not published", "part of a cycle"} & set(legend)


def test_roots_missing_and_unpublished_artifacts_and_cycles_stand_out() -> None:
    graph = drawn(
        {
            "a": node("a", "b", "c", name="first"),
            "b": node("b", "a", "lost", name="second"),
            "c": node("c", name="third", status=ArtifactStatus.DRAFT),
        }
    )
    svg = draw_svg(graph)
    found = groups(svg)

    assert {"root", "cyclic"} <= classes(found["first"])
    assert "root" not in classes(found["second"])
    assert "unpublished" in classes(found["third"])
    assert "missing" in classes(found["lost"])
    assert "draft" in shown_texts(found["third"])
    assert "missing" in shown_texts(found["lost"])
    lines = {name: [path.attrib["class"] for path in group.iter(f"{SVG}path")] for name, group in found.items()}
    assert "line in-cycle" in lines["first"]
    assert "line in-cycle" in lines["second"]
    assert "line in-cycle" not in lines["third"]
    assert {"does not exist", "root artifact", "not published", "part of a cycle"} <= set(shown_texts(parsed(svg)))
    assert "4 artifacts, 4 dependencies, 2 in a cycle, 1 draft, 1 missing." in str(parsed(svg).findtext(f"{SVG}desc"))


def test_an_artifact_that_depends_on_itself_has_a_loop() -> None:
    group = groups(draw_svg(drawn({"a": node("a", "a", name="self")})))["self"]

    assert [path.attrib["class"] for path in group.iter(f"{SVG}path")] == ["line in-cycle", "stripe"]


def test_long_names_are_cut_in_the_label_and_whole_in_the_tooltip() -> None:
    name = "Very long name of an artifact " * 20
    (group,) = groups(draw_svg(drawn({"a": node("a", name=name)}))).values()

    assert str(group.findtext(f"{SVG}title")).startswith(f"{name}\n")
    label = shown_texts(group)[1]
    assert label.endswith("…")
    assert name.startswith(label[:-1])
    assert len(label) < 40


@pytest.mark.parametrize("name", ["EmployeeOnboarding", "Rules", "i" * 36, "WWWWWWWWWWWWWW", "漢字漢字漢字漢字漢字"])
def test_boxes_are_wide_enough_for_usual_names(name: str) -> None:
    (group,) = groups(draw_svg(drawn({"a": node("a", name=name)}))).values()

    assert name in shown_texts(group)


def test_light_and_dark_color_schemes_are_supported() -> None:
    style = str(parsed(draw_svg(drawn({"a": node("a")}))).findtext(f"{SVG}style"))

    light, _, dark = style.partition("@media (prefers-color-scheme:dark){")
    for kind in STYLES.values():
        assert f".{kind.code}>.stripe{{fill:{kind.light}}}" in light
        assert f".{kind.code}>.stripe{{fill:{kind.dark}}}" in dark


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_the_letters_on_the_color_of_a_type_have_enough_contrast(style: object) -> None:
    assert contrast(style.light, "#ffffff") >= 4.5  # type: ignore[attr-defined]
    assert contrast(style.dark, "#0d1117") >= 4.5  # type: ignore[attr-defined]


def contrast(one: str, other: str) -> float:
    """The contrast of two colors (WCAG 2.2)."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_graph_that_nobody_could_read_is_refused() -> None:
    draw_svg(Graph("many", tuple(Node(str(number), "x", None) for number in range(MAX_ARTIFACTS)), ()))

    with pytest.raises(InstallHubError) as refused:
        draw_svg(drawn(nodes(fan_out(MAX_ARTIFACTS + 1))))

    assert refused.value.code is ErrorCode.PACKAGE_TOO_LARGE
    assert str(MAX_ARTIFACTS) in refused.value.problems[0].detail
