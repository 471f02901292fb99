"""Dependency graphs over HTTP, and in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from xml.etree import ElementTree as ET

import pytest

from tests.system.browser import launched
from tests.system.client import TENANT, Api, export_body

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage

MEDIA_TYPES: Final = {
    "json": "application/json",
    "mermaid": "text/vnd.mermaid",
    "dot": "text/vnd.graphviz",
    "svg": "image/svg+xml",
}
SHOWN: Final = """() => ({
    root: document.documentElement.tagName,
    texts: [...document.querySelectorAll("text.name")].map(text => text.textContent),
    background: getComputedStyle(document.querySelector(".background")).fill,
    scripts: document.querySelectorAll("script").length,
    size: document.documentElement.getBoundingClientRect().width,
})"""


@pytest.fixture(scope="module")
def package_id(api: Api) -> str:
    return str(api.export(export_body("Pictures")).json()["packageId"])


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_a_graph_in_each_format_by_parameter_header_and_head(api: Api, package_id: str, name: str) -> None:
    by_parameter = api.call("GET", f"/{package_id}/graph?format={name}")
    by_header = api.call("GET", f"/{package_id}/graph", headers={"Accept": MEDIA_TYPES[name]})
    head = api.call("HEAD", f"/{package_id}/graph?format={name}")
    known = api.call("GET", f"/{package_id}/graph?format={name}", headers={"If-None-Match": head.headers["ETag"]})

    assert (by_parameter.status_code, head.status_code, known.status_code) == (200, 200, 304)
    assert by_parameter.headers["Content-Type"].startswith(MEDIA_TYPES[name])
    assert by_parameter.content == by_header.content
    assert (head.content, known.content) == (b"", b"")
    assert head.headers["ETag"] == by_parameter.headers["ETag"]
    assert "EmployeeOnboarding" in by_parameter.text


def test_an_unknown_format_names_the_known_ones(api: Api, package_id: str) -> None:
    response = api.call("GET", f"/{package_id}/graph?format=png")

    assert response.status_code == 400
    assert "json, mermaid, dot, svg" in response.json()["detail"]


def test_a_preview_with_a_cycle_is_drawn(api: Api) -> None:
    body = {"tenantId": TENANT, "artifactIds": ["proc-1020"]}
    response = api.preview(body, headers={"Accept": "image/svg+xml"})

    assert response.status_code == 200
    classes = [element.get("class", "") for element in ET.fromstring(response.content).iter()]  # noqa: S314
    assert sum("cyclic" in name.split() for name in classes) > 2


def test_a_browser_shows_the_picture_in_its_color_scheme(api: Api, package_id: str) -> None:
    svg = api.call("GET", f"/{package_id}/graph?format=svg")
    shown = {}
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        problems.append(message.text)

    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    with launched() as browser:
        for scheme in schemes:
            page = browser.new_page(color_scheme=scheme)
            page.on("console", note)
            page.route("**/*", lambda route: route.fulfill(body=svg.content, headers=dict(svg.headers)))
            page.goto("http://picture.example/graph.svg")
            shown[scheme] = page.evaluate(SHOWN)

    assert problems == []
    for found in shown.values():
        assert (found["root"], found["scripts"]) == ("svg", 0)
        assert "EmployeeOnboarding" in found["texts"]
        assert found["size"] > 400
    assert shown["light"]["background"] != shown["dark"]["background"]
