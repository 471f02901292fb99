"""Runs schemathesis against a deployed stack and parses its reports."""

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

# API Gateway itself responds to requests for unknown routes, with the gateway response MISSING_AUTHENTICATION_TOKEN
# (404 here). No function is invoked, so the product cannot return 405 with an Allow header.
_NO_ROUTE: Final = "UnsupportedMethodResponse"


_FEW: Final = {"X-Tenant-Id": [TENANT], "artifactId": ["fuzzed", "~YSBmdXp6ZWQgb25l"]}
"""Few values of parameters, so that some name what exists. The sample artifacts stay as they are."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A generated request and its response.

    Attributes:
        phase: Phase of schemathesis: examples, coverage, fuzzing or stateful.
        is_valid: Whether the request is valid by the document.
        method: HTTP method.
        url: URL of the request.
        status: HTTP status of the response; None if there was none.
        body: Body of the response.
        checks: Number of checks applied to the response.
    """

    phase: str
    is_valid: bool
    method: str
    url: str
    status: int | None
    body: bytes
    checks: int

    @property
    def error_codes(self) -> set[str]:
        """The codes of all problems in the response."""
        return {problem["errorCode"] for problem in json.loads(self.body).get("errors", ())}


@dataclass(frozen=True, slots=True)
class Attack:
    """The result of a run of schemathesis.

    Attributes:
        complete: Whether the run was completed.
        failures: Type and operations of each failure, except those in responses of API Gateway itself.
        exchanges: All requests and responses.
    """

    complete: bool
    failures: list[tuple[str, list[str]]]
    exchanges: list[Exchange]

    @property
    def statuses(self) -> Counter[int | None]:
        """The number of responses by status."""
        return Counter(exchange.status for exchange in self.exchanges)


def narrowed_document() -> dict[str, Any]:
    """Return the API document with requests limited to an existing tenant and existing artifacts, so that many succeed.

    The responses are unchanged.
    """
    document: dict[str, Any] = copy.deepcopy(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    for model in ("ExportRequest", "PreviewRequest"):
        properties = document["components"]["schemas"][model]["properties"]
        properties["tenantId"] = {"enum": [TENANT]}
        properties["artifactIds"] |= {"items": {"enum": ["proc-1001", "form-2005", "ent-40"]}, "maxItems": 3}
    for model in ("ArtifactDocument", "ArtifactBatch"):
        document["components"]["schemas"][model]["properties"]["tenantId"] = {"enum": [TENANT]}
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in _FEW:
                    parameter["schema"] = {"enum": _FEW[parameter["name"]]}
    return document


def attack(
    document: dict[str, Any], url: str, folder: Path, *, token: str | None, examples: int, phases: str
) -> Attack:
    """Let schemathesis generate requests from ``document`` and send them to ``url``.

    Args:
        document: An OpenAPI document.
        url: The API's base URL.
        folder: Folder for the document and the reports.
        token: Bearer token of every request.
        examples: Maximum number of examples per operation, in each phase that has a limit.
        phases: Phases of schemathesis, separated by commas.
    """
    assert PROGRAM.exists(), "schemathesis is missing: run `make .tools/attack/.ready`"
    excluded_checks = ["positive_data_acceptance"]
    if document != json.loads(DOCUMENT.read_text(encoding="utf-8")):
        excluded_checks.append("negative_data_rejection")  # requests invalid by a narrowed document may be valid
    document_path = folder / "openapi.json"
    document_path.write_text(json.dumps(document), encoding="utf-8")
    options = [
        *("--url", url, "--phases", phases, "--checks", "all"),
        *("--exclude-checks", ",".join(excluded_checks)),
        *("--max-examples", str(examples), "--seed", str(SEED), "--generation-database", "none"),
        *("--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--no-shrink"),
        *("--report-json-path", str(folder / "report.json"), "--report-ndjson-path", str(folder / "events.ndjson")),
    ]
    if token is not None:
        options += ["--header", f"Authorization: Bearer {token}"]
    result = subprocess.run(  # noqa: S603  # fixed command
        [PROGRAM, "run", document_path, *options], cwd=folder, capture_output=True, check=False, text=True, timeout=400
    )
    assert (folder / "report.json").exists(), result.stdout + result.stderr
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert not report["errors"], result.stdout
    failures = [
        (str(failure["type"]), list(failure["operations"]))
        for failure in report["failures"]
        if failure["type"] != _NO_ROUTE
    ]
    return Attack(report["complete"], failures, _exchanges(folder / "events.ndjson"))


def _exchanges(events: Path) -> list[Exchange]:
    exchanges = []
    for line in events.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is None:
            continue
        recorder = scenario["recorder"]
        for case_id, interaction in recorder.get("interactions", {}).items():
            meta = recorder["cases"][case_id]["value"].get("meta") or {}
            response = interaction.get("response") or {}
            content = (response.get("content") or {}).get("$base64", "")
            exchanges.append(
                Exchange(
                    phase=scenario["phase"],
                    is_valid=meta.get("generation", {}).get("mode") == "positive",
                    method=interaction["request"]["method"],
                    url=interaction["request"]["uri"],
                    status=response.get("status_code"),
                    body=base64.b64decode(content),
                    checks=len(recorder["checks"].get(case_id) or ()),
                )
            )
    return exchanges
