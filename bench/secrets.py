"""Row 19: searching artifacts for secrets when they are published, compared with packing their definitions."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.harness import Outcome, at_most, log_progress, time_alternately
from installhub.artifacts.secret_scan import find_secrets
from installhub.artifacts.validation import ArtifactInput
from installhub.model.definition import pack

ROUNDS: Final = 9
MAX_RATIO: Final = 2
_SAMPLES: Final = Path(__file__).parents[1] / "local" / "sample"
_IMAGE_BYTES: Final = 40_000


def run() -> list[Outcome]:
    """Measure row 19."""
    samples = [artifact for path in sorted(_SAMPLES.glob("*.json")) for artifact in json.loads(path.read_text())]
    rng = random.Random(19)  # noqa: S311  # not for security
    image = base64.b64encode(rng.randbytes(_IMAGE_BYTES)).decode()
    form = {**samples[0], "definition": {"id": "form-1", "logo": f"data:image/png;base64,{image}"}}
    prose = {**samples[0], "definition": {"help": json.dumps(samples)}}
    return [
        _outcome("sample tenants", samples, "the definitions of the sample tenants"),
        _outcome("images", [form] * 10, f"definitions with an image of {_IMAGE_BYTES:,} bytes in base64"),
        _outcome("long texts", [prose] * 10, "definitions with one long text of words, punctuation and ids"),
    ]


def _outcome(name: str, documents: Sequence[Any], how: str) -> Outcome:
    artifacts = [ArtifactInput.from_json(document) for document in documents] * 20
    size = sum(len(artifact.definition) for artifact in artifacts) / len(artifacts)

    def repeat(step: Callable[[ArtifactInput], object]) -> Callable[[], None]:
        def run_all() -> None:
            for artifact in artifacts:
                step(artifact)

        return run_all

    timed = time_alternately(
        {
            "packed": repeat(lambda artifact: pack(artifact.definition)),
            "searched too": repeat(lambda artifact: (pack(artifact.definition), _search(artifact))),
        },
        ROUNDS,
        time.process_time,
    )
    packed, both = (timed.median(one) / len(artifacts) * 1e6 for one in ("packed", "searched too"))
    log_progress(f"{name}: {packed:.1f} us packed, {both:.1f} us searched too")
    return at_most(
        f"19 secrets: {name}, CPU",
        timed.ratio("searched too", "packed"),
        MAX_RATIO,
        f"{how}, {size:,.0f} bytes on average: {both:.0f} µs for packing and searching one artifact, versus {packed:.0f} µs "
        f"for packing it; median of {ROUNDS} rounds",
    )


def _search(artifact: ArtifactInput) -> object:
    return find_secrets(artifact.tenant, artifact.name, artifact.requirements, artifact.definition)
