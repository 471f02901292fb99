"""Log entries and metrics of exports, as CloudWatch receives them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from installhub.exports.metrics import count_export, count_sweep
from installhub.runtime import telemetry
from tests.builders import record


@pytest.fixture(autouse=True)
def _named_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.metrics.provider, "namespace", "InstallHub/test")
    monkeypatch.setattr(telemetry.metrics.provider, "service", "installhub")


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the metrics in embedded metric format."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    (metrics,) = lines
    declared: dict[str, Any] = metrics["_aws"]["CloudWatchMetrics"][0]
    return {metric["Name"]: (metric["Unit"], metrics[metric["Name"]]) for metric in declared["Metrics"]}


def test_an_export_is_counted_and_logged(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    exported = record(bundle=b"PK" * 10)
    count_export(exported)

    assert emitted(capsys) == {
        "PackagesExported": ("Count", [1.0]),
        "ArtifactsExported": ("Count", [5.0]),
        "BundleBytes": ("Bytes", [20.0]),
    }
    (entry,) = caplog.records
    fields = {name: entry.__dict__[name] for name in ("packageId", "tenantId", "artifacts", "bundleBytes")}
    assert (entry.getMessage(), fields) == (
        "package exported",
        {
            "packageId": exported.description.package_id,
            "tenantId": exported.tenant,
            "artifacts": 5,
            "bundleBytes": 20,
        },
    )


def test_a_sweep_is_counted_and_logged(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    count_sweep(2, 3)

    assert emitted(capsys) == {"OrphanedClaimsRemoved": ("Count", [2.0]), "RequestsExpired": ("Count", [3.0])}
    (entry,) = caplog.records
    assert (entry.getMessage(), entry.__dict__["claims"], entry.__dict__["requests"]) == ("sweep finished", 2, 3)
