"""Content negotiation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.accept import preferred_media_type

JSON, MERMAID, DOT, SVG = OFFERED = ("application/json", "text/vnd.mermaid", "text/vnd.graphviz", "image/svg+xml")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
IMAGE_ELEMENT = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ([], JSON),
        ([""], JSON),
        (["*/*"], JSON),
        (["image/svg+xml"], SVG),
        (["IMAGE/SVG+XML"], SVG),
        (["image/svg+xml; charset=utf-8"], SVG),
        (["text/vnd.graphviz, */*"], DOT),
        (["*/*, text/vnd.graphviz"], DOT),
        (["application/json;q=0.5, text/vnd.mermaid;q=0.9"], MERMAID),
        (["application/json; q=0.5", "text/vnd.mermaid"], MERMAID),
        (["application/*"], JSON),
        (["image/*"], SVG),
        (["text/*"], MERMAID),
        (["text/*, text/vnd.mermaid;q=0"], DOT),
        (["*/*, application/json;q=0"], MERMAID),
        (["image/svg+xml;q=0"], None),
        (["text/html"], None),
        (["text/html, image/svg+xml;q=0.1"], SVG),
        (["image/svg+xml;q=nan, image/svg+xml;q=2, image/svg+xml;q=x, application/json;q=0.1"], JSON),
        (["svg"], JSON),
        ([BROWSER], JSON),
        ([IMAGE_ELEMENT], SVG),
    ],
)
def test_the_most_wanted_type_is_chosen(accept: list[str], preferred: str | None) -> None:
    assert preferred_media_type(accept, OFFERED) == preferred


@given(st.lists(st.text(alphabet="image/svg+xml*;q=01., ") | st.text()))
def test_any_header_is_understood_or_ignored(accept: list[str]) -> None:
    assert preferred_media_type(accept, OFFERED) in (*OFFERED, None)
