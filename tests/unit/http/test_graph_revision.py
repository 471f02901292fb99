"""The entity tags of graphs change whenever the code draws another text."""

from __future__ import annotations

import hashlib
from typing import Final

from installhub.graphs.dot import draw_dot
from installhub.graphs.graph import graph_of_manifest
from installhub.graphs.mermaid import draw_mermaid
from installhub.graphs.svg import draw_svg
from installhub.http.graph_responses import REVISION
from installhub.http.responses import encode_json
from tools import examples

DIGESTS: Final = {1: "bfd38d70d8e167b3751773a399ea3a2379bf6a410da57d5cad790d1cd8fc6764"}
"""By revision. If a released revision would get another digest, increment `REVISION` and add the digest here."""


def test_another_text_needs_another_revision() -> None:
    graph = graph_of_manifest(examples.PACKAGE["manifest"])
    texts = [draw_svg(graph), draw_mermaid(graph), draw_dot(graph), encode_json(examples.GRAPH)]

    assert hashlib.sha256("\n".join(texts).encode()).hexdigest() == DIGESTS[REVISION]
    assert max(DIGESTS) == REVISION
