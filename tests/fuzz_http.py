"""Starts schemathesis against a deployed stack, and reads what it sent and got from its report."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.system.client import TENANT

PROJECT: Final = Path(__file__).parents[1]
PROGRAM: Final = PROJECT / ".tools" / "attack" / "bin" / "schemathesis"
DOCUMENT: Final = PROJECT / "docs" / "openapi.json"
SEED: Final = 20_260_525

# API Gateway answers what is no route of its own accord, with the gateway response MISSING_AUTHENTICATION_TOKEN (404
# here), and never asks a function: 405 and Allow are not for this product to give.
_NO_ROUTE: Final = "UnsupportedMethodResponse"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was made up and what came back.

    Attributes:
        phase: Of schemathesis: examples, coverage, fuzzing or stateful.
        is_sound: Whether the request fits the document.
        method: HTTP method.
        url: Where it went.
        status: HTTP status of the answer; None when there was none.
        body: The answer's body.
        checks: How many checks looked at the answer.
    """

    phase: str
    is_sound: bool
    method: str
    url: str
    status: int | None
    body: bytes
    checks: int

    @property
    def error_codes(self) -> set[str]:
        """The codes of all problems in the answer."""
        return {problem["errorCode"] for problem in json.loads(self.body).get("errors", ())}


@dataclass(frozen=True, slots=True)
class Attack:
    """What a run of schemathesis reports.

    Attributes:
        complete: Whether it came to its end.
        failures: Type of failure and operations, those of API Gateway's own answers aside.
        exchanges: All it sent.
    """

    complete: bool
    failures: list[tuple[str, list[str]]]
    exchanges: list[Exchange]

    @property
    def statuses(self) -> Counter[int | None]:
        """How often each status was answered."""
        return Counter(exchange.status for exchange in self.exchanges)


def narrowed_document() -> dict[str, Any]:
    """The document with requests that name artifacts and a tenant that there are, so that many get through.

    Its answers are the product's document's.
    """
    document: dict[str, Any] = copy.deepcopy(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    for model in ("ExportRequest", "PreviewRequest"):
        properties = document["components"]["schemas"][model]["properties"]
        properties["tenantId"] = {"enum": [TENANT]}
        properties["artifactIds"] |= {"items": {"enum": ["proc-1001", "form-2005", "ent-40"]}, "maxItems": 3}
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] == "X-Tenant-Id":
                    parameter["schema"] = {"enum": [TENANT]}
    return document


def attack(
    document: dict[str, Any], url: str, folder: Path, *, token: str | None, examples: int, phases: str
) -> Attack:
    """Let schemathesis make up requests by ``document`` and send them to ``url``.

    Args:
        document: An OpenAPI document.
        url: The API's base URL.
        folder: For the document and the reports.
        token: Goes with every request.
        examples: Most examples an operation, in each phase that has a limit.
        phases: Of schemathesis, separated by commas.
    """
    assert PROGRAM.exists(), "schemathesis is missing: run `make .tools/attack/.ready`"
    unchecked = ["positive_data_acceptance"]
    if document != json.loads(DOCUMENT.read_text(encoding="utf-8")):
        unchecked.append("negative_data_rejection")  # what is unsound by a narrowed document is sound by the real one
    described = folder / "openapi.json"
    described.write_text(json.dumps(document), encoding="utf-8")
    options = [
        *("--url", url, "--phases", phases, "--checks", "all"),
        *("--exclude-checks", ",".join(unchecked)),
        *("--max-examples", str(examples), "--seed", str(SEED), "--generation-database", "none"),
        *("--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--no-shrink"),
        *("--report-json-path", str(folder / "report.json"), "--report-ndjson-path", str(folder / "events.ndjson")),
    ]
    if token is not None:
        options += ["--header", f"Authorization: Bearer {token}"]
    done = subprocess.run(  # noqa: S603  # a program of ours
        [PROGRAM, "run", described, *options], cwd=folder, capture_output=True, check=False, text=True, timeout=400
    )
    assert (folder / "report.json").exists(), done.stdout + done.stderr
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert not report["errors"], done.stdout
    failures = [
        (str(failure["type"]), list(failure["operations"]))
        for failure in report["failures"]
        if failure["type"] != _NO_ROUTE
    ]
    return Attack(report["complete"], failures, _exchanges(folder / "events.ndjson"))


def _exchanges(events: Path) -> list[Exchange]:
    found = []
    for line in events.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is None:
            continue
        recorder = scenario["recorder"]
        for case_id, interaction in recorder.get("interactions", {}).items():
            meta = recorder["cases"][case_id]["value"].get("meta") or {}
            response = interaction.get("response") or {}
            content = (response.get("content") or {}).get("$base64", "")
            found.append(
                Exchange(
                    phase=scenario["phase"],
                    is_sound=meta.get("generation", {}).get("mode") == "positive",
                    method=interaction["request"]["method"],
                    url=interaction["request"]["uri"],
                    status=response.get("status_code"),
                    body=base64.b64decode(content),
                    checks=len(recorder["checks"].get(case_id) or ()),
                )
            )
    return found
