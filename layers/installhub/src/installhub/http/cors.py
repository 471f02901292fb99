"""Cross-origin requests from pages in browsers (the CORS protocol, https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.http.headers import IDEMPOTENCY_HEADER, PREFER_HEADER, TENANT_HEADER

if TYPE_CHECKING:
    from installhub.runtime.settings import Settings

EXPOSED_HEADERS: Final = (
    *("ETag", "Location", "Retry-After", "Content-Disposition", "Content-Range", "Repr-Digest"),
    *("Preference-Applied", "WWW-Authenticate", "Link", "Deprecation", "Deprecation-Reason"),
)
"""Response headers that a page may read, in addition to the few that browsers always allow."""

REQUEST_HEADERS: Final = (
    *("Authorization", "Content-Type", "If-Match", "If-None-Match", "If-Range", "Range"),
    *(TENANT_HEADER, PREFER_HEADER, IDEMPOTENCY_HEADER),
)
"""Request headers that a page may send."""

PREFLIGHT_SECONDS: Final = 7200
"""How long a browser may reuse the response to a preflight request; Chromium allows at most two hours."""

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
EXPOSE_HEADERS: Final = "Access-Control-Expose-Headers"


@dataclass(frozen=True, slots=True)
class CrossOriginPolicy:
    """The pages that may call the API.

    Attributes:
        allowed_origins: Their origins, compared exactly; a browser sends `scheme://host[:port]` in lower case.
    """

    allowed_origins: tuple[str, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> CrossOriginPolicy:
        """The policy in the function's settings."""
        return cls(settings.optional_string_list("ALLOWED_ORIGINS"))

    def response_headers(self, origin: str | None) -> dict[str, str]:
        """The headers of every response to a request with this ``Origin``; none if no origin is allowed at all."""
        if not self.allowed_origins:
            return {}
        vary = {"Vary": "Origin"}  # so that a cache keeps one response per origin
        if origin is None or origin not in self.allowed_origins:
            return vary
        return {**vary, ALLOW_ORIGIN: origin, EXPOSE_HEADERS: ", ".join(EXPOSED_HEADERS)}

    def preflight_headers(self, origin: str | None, methods: Iterable[str]) -> dict[str, str]:
        """The headers of the response to a preflight request for a path with these ``methods``."""
        headers = self.response_headers(origin)
        if ALLOW_ORIGIN not in headers:
            return headers
        del headers[EXPOSE_HEADERS]  # only for the actual request
        return {
            **headers,
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
