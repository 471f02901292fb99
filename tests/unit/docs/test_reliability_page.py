from __future__ import annotations

import pytest

from tools.reliability import Figure, render

PAGE = "# Page\n\n<!-- begin races -->\nold\n<!-- end races -->\n\nWords.\n\n<!-- begin load -->\n<!-- end load -->\n"


def test_a_figure_is_added_to_the_table_of_its_topic_and_the_text_is_unchanged() -> None:
    page = render(PAGE, [Figure("races", "winners", "1 of 16", "40 rounds | HTTP")])
    assert "| winners | 1 of 16 | 40 rounds \\| HTTP |" in page
    assert "old" not in page
    assert "Words." in page
    assert "Not run yet." in page.partition("begin load")[2]


def test_rendering_again_changes_nothing() -> None:
    figures = [Figure("load", "requests", "5")]
    once = render(PAGE, figures)
    assert render(once, figures) == once


def test_a_figure_without_a_section_is_an_error() -> None:
    with pytest.raises(LookupError, match="soak"):
        render(PAGE, [Figure("soak", "memory", "flat")])
