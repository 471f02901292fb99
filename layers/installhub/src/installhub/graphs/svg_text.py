"""Texts in an SVG."""

from __future__ import annotations

from xml.sax.saxutils import escape

from installhub.graphs.labels import displayed, shortened, without_illegal_characters
from installhub.graphs.svg_style import FONT_SIZES


def xml_text(text: str) -> str:
    """``text`` as the content of an element."""
    return escape(without_illegal_characters(text), {"\r": "&#13;"})


def label(style: str, x: int, y: int, text: str, max_width: int) -> str:
    """A single line of ``text``, shortened to fit. ``style`` is a class with a font size."""
    shown = shortened(displayed(text), max_width / FONT_SIZES[style])
    return f'<text class="{style}" x="{x}" y="{y}">{xml_text(shown)}</text>'
