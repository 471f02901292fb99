"""Texts that people wrote, made fit for pictures."""

from __future__ import annotations

import unicodedata
from typing import Final

from installhub.model.text import REPLACEMENT, is_legal_in_xml

_NARROW: Final = frozenset("ijlftr.,:;'|!()[]{}` ")
_BROAD: Final = frozenset("mwMW@%")
_ELLIPSIS: Final = "…"


def without_illegal_characters(text: str) -> str:
    """``text`` with a replacement for each character that XML cannot contain (XML 1.0, 2.2)."""
    if text.isprintable():
        return text
    return "".join(character if is_legal_in_xml(character) else REPLACEMENT for character in text)


def width_of(text: str) -> float:
    """The approximate width of ``text`` in a sans-serif font, as a multiple of the font size."""
    return sum(map(_width_of_character, text))


def shortened(text: str, max_width: float) -> str:
    """``text``, cut with an ellipsis if it would be wider than ``max_width`` times the font size."""
    width = 0.0
    fitting = 0  # number of characters that leave room for the ellipsis
    for index, character in enumerate(text):
        width += _width_of_character(character)
        if width > max_width:
            return text[:fitting].rstrip() + _ELLIPSIS
        if width <= max_width - 1:
            fitting = index + 1
    return text


def _width_of_character(character: str) -> float:  # noqa: PLR0911  # a table
    if character in _NARROW:
        return 0.34
    if character in _BROAD:
        return 0.9
    if "a" <= character <= "z" or "0" <= character <= "9":
        return 0.58
    if character.isascii():
        return 0.68
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.7
