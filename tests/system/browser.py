"""Pages in a real browser, on an origin of their own."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "INSTALLHUB_BROWSER"
"""Set to `required` (as in .ci/run), this variable makes tests fail instead of being skipped without a browser."""

FETCH = """async ([url, options]) => {
    try {
        const response = await fetch(url, options);
        return {
            status: response.status,
            headers: Object.fromEntries(response.headers.entries()),
            redirected: response.redirected,
            body: Array.from(new Uint8Array(await response.arrayBuffer())),
        };
    } catch (error) {
        return {error: String(error)};
    }
}"""


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Portal</title>")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser; the test is skipped if none is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        # The sandbox does not start as root; the pages are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def page_at(browser: Browser, port: int) -> Iterator[Page]:
    """Open an empty page of the origin `http://localhost:<port>`."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _EmptyPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = browser.new_page()
        page.goto(f"http://localhost:{port}/")
        yield page
        page.close()
    finally:
        server.shutdown()
        server.server_close()


def fetch(page: Page, url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # options of fetch
    """Fetch ``url`` as a script of the page, and return what the script can read, or ``error``."""
    result: dict[str, Any] = page.evaluate(FETCH, [url, options])
    if "body" in result:
        result["body"] = bytes(result["body"])
    return result
