"""Texts that people wrote, made fit for pictures."""

from __future__ import annotations

import unicodedata
from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_BIDI_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reorder what surrounds them, so that a label could show something else than the name (Trojan Source)."""

_LINE_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Categories of characters that end a line, or are as invisible as that."""

_NARROW: Final = frozenset("ijlftr.,:;'|!()[]{}` ")
_BROAD: Final = frozenset("mwMW@%")
_ELLIPSIS: Final = "…"


def without_illegal_characters(text: str) -> str:
    """``text`` with a replacement for each character that XML cannot contain (XML 1.0, 2.2)."""
    if text.isprintable():
        return text
    return "".join(character if _is_legal(character) else _REPLACEMENT for character in text)


def displayed(text: str) -> str:
    """``text`` as a single line in a label, where controls of the writing direction are visible."""
    if text.isprintable():
        return text
    return "".join(map(_displayed, text))


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


def _is_legal(character: str) -> bool:
    return (character >= " " or character in "\t\n\r") and not (
        "\ud800" <= character <= "\udfff" or "\ufffe" <= character <= "\uffff"
    )


def _displayed(character: str) -> str:
    if character in _BIDI_CONTROLS or not _is_legal(character):
        return _REPLACEMENT
    return " " if unicodedata.category(character) in _LINE_BREAKS else character
