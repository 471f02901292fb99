"""Row 12: the cost of an export and a preview on AWS, calculated from counted calls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from bench import stub_s3
from bench.database import ARTIFACTS, PACKAGES, Database
from bench.dynamodb import count_calls
from bench.exporting import no_version_policy
from bench.harness import Outcome, load_figures, log_progress, save_figures
from bench.resolving import resolve
from bench.samples import LARGE, SMALL
from bench.signing import local_signer
from installhub.artifacts.definition_reader import DefinitionReader
from installhub.exports.commands import ExportCommand
from installhub.exports.exporter import Exporter
from installhub.model.artifact import PackageType
from installhub.packages.bundle_store import BundleStore
from installhub.packages.store import PackageStore
from installhub.resolver.plan import Limits

PRICES: Final[Mapping[str, tuple[float, str]]] = {
    "DynamoDB read unit": (0.125, "AWS price list, DynamoDB on-demand, us-east-1, November 2024"),
    "DynamoDB write unit": (0.625, "the same"),
    "S3 PUT, POST": (5.00, "AWS price list, S3 Standard, us-east-1, November 2024"),
    "S3 GET": (0.40, "the same"),
    "KMS signature": (15.00, "AWS price list, KMS, asymmetric requests except RSA 2048, us-east-1, November 2024"),
    "Lambda request": (0.20, "AWS price list, Lambda, us-east-1, November 2024"),
    "Lambda GB-second": (13.3334, "the same, arm64"),
    "API Gateway request": (3.50, "AWS price list, API Gateway REST, us-east-1, November 2024"),
}
"""US dollars per million of each unit, with source and date. Entered by hand; check before relying on them."""

MEMORY_GB: Final = {"preview": 1.0, "export": 1769 / 1024}
COUNTS: Final = (10, 100, 1_000, 5_000, 10_000)
PLOTTED: Final = (10, 100, 1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Sample:
    """The billed units of one run.

    Attributes:
        artifacts: Number of artifacts in the closure, which is the whole tenant.
        edges: Number of dependencies.
        packed: Size of the packed definitions in bytes.
        bundle: Size of the bundle in bytes; zero for a preview.
        seconds: Wall time with local services.
        units: Units by the names in :data:`PRICES`.
    """

    artifacts: int
    edges: int
    packed: int
    bundle: int
    seconds: float
    units: dict[str, float]


def run(database: Database, s3_endpoint: str) -> list[Outcome]:
    """Measure row 12."""
    found: dict[str, list[Sample]] = {"preview": [], "export": []}
    client, s3 = database.client, stub_s3.client(s3_endpoint)
    shapes = [(count, 4, SMALL) for count in COUNTS] + [(1_000, 1, SMALL), (1_000, 4, LARGE), (5_000, 4, LARGE)]
    for count, edges_each, size in shapes:
        tenant = database.tenant(count, size, edges_each)
        table = database.table
        with count_calls(client) as read:
            start = time.perf_counter()
            resolve(table, *tenant)
            seconds = time.perf_counter() - start
        units = {"DynamoDB read unit": read.read_units, "Lambda GB-second": seconds * MEMORY_GB["preview"]}
        sized = (count, tenant.edges, tenant.packed)
        found["preview"].append(Sample(*sized, 0, seconds, _with_request_units(units)))
        exporter = Exporter(
            table,
            DefinitionReader(client, ARTIFACTS, lambda: s3, "definitions"),
            PackageStore(client, PACKAGES),
            BundleStore(lambda: s3, "bundles"),
            Limits(artifacts=1_000_000),
            no_version_policy,
            local_signer(),
        )
        command = ExportCommand(
            *(tenant.name, "bench", "Cost", "1.0.0", PackageType.WORKFLOW, None, None),
            tags=(),
            roots=(tenant.nodes[0].id,),
        )
        with count_calls(client) as written, count_calls(s3) as storage:
            start = time.perf_counter()
            record = exporter.export(command, seconds_left=600).record
            seconds = time.perf_counter() - start
        units = {
            "DynamoDB read unit": written.read_units,
            "DynamoDB write unit": written.write_units,
            "S3 PUT, POST": float(storage.total),
            "KMS signature": 1.0,
            "Lambda GB-second": seconds * MEMORY_GB["export"],
        }
        found["export"].append(Sample(*sized, record.layout.size, seconds, _with_request_units(units)))
        log_progress(
            f"{count:,} artifacts, {tenant.edges:,} edges, {tenant.packed / 1e6:.1f} MB packed: preview {read.read_units:g}, "
            f"export {written.read_units:g} read units, {storage.total} S3 calls"
        )
    models = {way: _model(samples) for way, samples in found.items()}
    figures = {
        "prices": {name: {"per_million": price, "source": source} for name, (price, source) in PRICES.items()},
        "samples": {way: [asdict(sample) for sample in samples] for way, samples in found.items()},
        "models": models,
        "plotted": {way: [_predict(models[way], count) for count in PLOTTED] for way in models},
    }
    save_figures("cost", figures)
    present = load_figures("cost") == figures and all(models.values())
    worst = max(
        abs(_units(models[way]["DynamoDB read unit"], sample) / sample.units["DynamoDB read unit"] - 1)
        for way, samples in found.items()
        for sample in samples
        if sample.artifacts >= 1_000  # rounding dominates in small ones
    )
    return [
        Outcome(
            "12 cost: model",
            round(worst, 4),
            "present",
            present,
            "largest relative error of the model's read units compared with the counted ones, from 1,000 artifacts; units and prices "
            "are in docs/performance.md",
        )
    ]


def _with_request_units(units: dict[str, float]) -> dict[str, float]:
    return {**units, "Lambda request": 1.0, "API Gateway request": 1.0}


def _model(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """Each unit as a linear function of requests, artifacts, edges and megabytes, fitted to the samples."""
    rows = [(1.0, s.artifacts / 1e3, s.edges / 1e3, s.packed / 1e6) for s in samples]
    model = {}
    for name in samples[0].units:
        counted = [sample.units[name] for sample in samples]
        weights = [1 / max(units, 1.0) for units in counted]  # relative errors, so that large samples do not dominate
        request, artifacts, edges, megabytes = _least_squares(
            [[value * weight for value in row] for row, weight in zip(rows, weights, strict=True)],
            [units * weight for units, weight in zip(counted, weights, strict=True)],
        )
        model[name] = {"request": request, "artifact": artifacts / 1e3, "edge": edges / 1e3, "megabyte": megabytes}
    return model


def _least_squares(rows: list[list[float]], values: list[float]) -> list[float]:
    """Solve the normal equations, slightly regularised, by Gaussian elimination; there are few features."""
    size = len(rows[0])
    system = [
        [sum(row[i] * row[j] for row in rows) + (1e-9 if i == j else 0.0) for j in range(size)]
        + [sum(row[i] * value for row, value in zip(rows, values, strict=True))]
        for i in range(size)
    ]
    for i in range(size):
        pivot = max(range(i, size), key=lambda row: abs(system[row][i]))
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [value / system[i][i] for value in system[i]]
        for other in range(size):
            if other != i:
                factor = system[other][i]
                system[other] = [a - factor * b for a, b in zip(system[other], system[i], strict=True)]
    return [row[-1] for row in system]


def _units(model: Mapping[str, float], sample: Sample) -> float:
    return (
        model["request"]
        + model["artifact"] * sample.artifacts
        + model["edge"] * sample.edges
        + model["megabyte"] * sample.packed / 1e6
    )


def _predict(model: Mapping[str, Mapping[str, float]], artifacts: int) -> dict[str, float]:
    """Dollars per request by service, for closures with four edges and 10 KB of packed definition per artifact."""
    sample = Sample(artifacts, artifacts * 4, artifacts * 10_000, 0, 0.0, {})
    return {"artifacts": artifacts} | {
        name: max(_units(weights, sample), 0.0) * PRICES[name][0] / 1e6 for name, weights in model.items()
    }
