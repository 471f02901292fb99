"""Links between the pages of a list (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from installhub.contract.artifact_ids import encode_text


def next_page_link(cursor: str | None, parameters: Mapping[str, str]) -> dict[str, str]:
    """The header with the link to the next page; none if there is no next page.

    Args:
        cursor: Where the next page starts, if there is one.
        parameters: The query parameters of the request, without the cursor.
    """
    if cursor is None:
        return {}
    encoded = {name: encode_text(value) for name, value in parameters.items()}
    # Relative to the request, so that it is valid with a stage path and with a custom domain.
    return {"Link": f'<?{urlencode({**encoded, "cursor": cursor})}>; rel="next"'}
