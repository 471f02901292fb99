"""Row 16: comparing two packages of 5,000 artifacts that differ in ten, against what has to be read at least."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from bench.harness import Outcome, at_most, log_progress, time_alternately
from bench.samples import definitions, layered, with_definitions
from installhub.bundler.bundle import write_bundle
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.model.artifact import PackageType
from installhub.model.definition import PackedDefinition, unpack
from installhub.model.package import PackageDescription
from installhub.packages.bundle_store import BundleStore
from installhub.packages.comparison import compare_packages
from installhub.packages.records import PackageRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_s3 import S3Client

ARTIFACTS: Final = 5_000
CHANGED: Final = range(0, ARTIFACTS, ARTIFACTS // 10)
SIZE: Final = 10_000
ROUNDS: Final = 7
_DIRECTORY_ENTRY: Final = 46  # the fixed part of an entry in a ZIP's directory


@dataclass
class _StoredBundles:
    """Objects in memory, read as from S3."""

    objects: dict[str, bytes] = field(default_factory=dict)
    requests: int = 0
    bytes_read: int = 0

    def get_object(self, *, Key: str, Range: str, **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        content = self.objects[Key][first : last + 1]
        self.requests += 1
        self.bytes_read += len(content)
        return {"Body": io.BytesIO(content)}


def run() -> list[Outcome]:
    """Measure row 16."""
    stored = _StoredBundles()
    bundles = BundleStore(lambda: cast("S3Client", stored), "bundles")
    contents = definitions(100, SIZE)
    edited = [json.dumps({"edited": content.decode(errors="replace")}).encode() for content in contents]
    old = _write(stored, "1.0.0", [contents[number % len(contents)] for number in range(ARTIFACTS)])
    new = _write(
        stored,
        "1.0.1",
        [(edited if number in CHANGED else contents)[number % len(contents)] for number in range(ARTIFACTS)],
    )
    compared = compare_packages(bundles, old, new)
    found, requests, bytes_read = len(compared.difference.changed), stored.requests, stored.bytes_read
    floor = sum(_least(stored.objects[record.bundle_key], record) for record in (old, new))
    everything = sum(map(len, stored.objects.values()))
    how = (
        f"{found} of {ARTIFACTS:,} artifacts differ: {requests} requests, {bytes_read / 1e6:.2f} of "
        f"{everything / 1e6:.1f} MB"
    )
    log_progress(how)
    manifests = [_manifest_of(stored.objects[record.bundle_key], record) for record in (old, new)]
    timed = time_alternately(
        {
            "ours": lambda: compare_packages(bundles, old, new),
            "manifests": lambda: [json.loads(manifest) for manifest in manifests],
        },
        ROUNDS,
        time.process_time,
    )
    return [
        at_most("16 comparing: requests", requests if found == len(CHANGED) else float("inf"), 24, how),
        at_most(
            "16 comparing: bytes read",
            bytes_read / floor,
            2,
            f"{how}; versus {floor / 1e6:.2f} MB of manifests, directories and the definitions that differ",
        ),
        at_most(
            "16 comparing: CPU",
            timed.ratio("ours", "manifests"),
            15,
            f"{timed.median('ours'):.3f} s, versus {timed.median('manifests'):.3f} s for parsing the two manifests",
        ),
    ]


def _write(stored: _StoredBundles, version: str, contents: Sequence[bytes]) -> PackageRecord:
    description = PackageDescription(f"pkg-{version}", "Bench", version, PackageType.WORKFLOW, None, None, ())
    pairs = list(with_definitions(layered(ARTIFACTS, 10, 4), contents))
    nodes = [node for node, *_ in pairs]
    manifest = encode_manifest(build_manifest(description, [nodes[0].id], nodes))
    packed = (PackedDefinition((data,), node.packed_size, crc32, node.size) for node, _, data, crc32 in pairs)
    bundle = io.BytesIO()
    layout = write_bundle(bundle.write, manifest, nodes, packed)
    stored.objects[f"bundles/{version}"] = bundle.getvalue()
    record = PackageRecord(
        description=description,
        tenant="bench",
        checksum="sha256:",
        bundle_key=f"bundles/{version}",
        layout=layout,
        artifact_count=ARTIFACTS,
        exported_at="2026-05-25T09:00:00Z",
        exported_by="bench",
    )
    return replace(record, checksum=f"sha256:{version}")


def _least(bundle: bytes, record: PackageRecord) -> int:
    """The bytes that have to be read of a bundle: manifest, directory and the entries that differ."""
    manifest = json.loads(_manifest_of(bundle, record))
    directory = sum(_DIRECTORY_ENTRY + len(artifact["path"]) for artifact in manifest["artifacts"])
    entry = len(bundle) / ARTIFACTS
    return int(record.layout.manifest_packed_size + directory + len(CHANGED) * entry)


def _manifest_of(bundle: bytes, record: PackageRecord) -> bytes:
    layout = record.layout
    packed = bundle[layout.manifest_offset : layout.manifest_offset + layout.manifest_packed_size]
    return unpack(packed, layout.manifest_size)
