"""Texts in an SVG."""

from __future__ import annotations

from installhub.graphs.labels import shortened, without_illegal_characters
from installhub.graphs.svg_style import FONT_SIZES
from installhub.model.text import displayed


def xml_text(text: str) -> str:
    """``text`` as the content of an element."""
    text = without_illegal_characters(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")  # a parser would read a plain one as a line feed


def label(style: str, x: int, y: int, text: str, max_width: int) -> str:
    """A single line of ``text``, shortened to fit. ``style`` is a class with a font size."""
    shown = shortened(displayed(text), max_width / FONT_SIZES[style])
    return f'<text class="{style}" x="{x}" y="{y}">{xml_text(shown)}</text>'
