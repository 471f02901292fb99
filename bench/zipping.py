"""Row 6: writing ZIPs of JSON definitions, compared with `zipfile` at level 6."""

from __future__ import annotations

import hashlib
import time
import zipfile
import zlib
from collections.abc import Sequence

from bench.harness import Outcome, Timed, at_least, at_most, log_progress, save_figures, time_alternately
from bench.samples import LARGE, definitions, mixed_definitions
from installhub.bundler.archive import ArchiveWriter
from installhub.model.definition import PackedDefinition, pack


class HashingSink:
    """A file object that discards its content and computes the digest and size, as an upload does."""

    def __init__(self) -> None:
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Add data to the digest."""
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing."""


def run() -> list[Outcome]:
    """Measure row 6."""
    large, mixed = definitions(300, LARGE), mixed_definitions(1_000)
    outcomes, speeds = [], {}
    for what, bodies in ((f"{LARGE // 1000} KB", large), ("mixed sizes", mixed)):
        found, speeds[what] = _measure(what, bodies)
        outcomes += found
    save_figures("zipping", speeds)
    return outcomes


def _measure(what: str, bodies: Sequence[bytes]) -> tuple[list[Outcome], dict[str, float]]:
    total = sum(map(len, bodies))
    packed = [pack(body) for body in bodies]
    sizes = f"{len(bodies):,} definitions of {min(map(len, bodies)):,} to {max(map(len, bodies)):,} bytes, {total / 1e6:.1f} MB"
    log_progress(sizes)
    timed = time_alternately(
        {
            "passthrough": lambda: write_packed(packed),
            "packing": lambda: [pack(body) for body in bodies],
            "zipfile": lambda: write_with_zipfile(bodies),
        },
        7,
        time.process_time,
    )
    ours, peer = sum(entry.packed_size for entry in packed), sum(len(raw_deflate(body)) for body in bodies)
    speed = {name: total / timed.median(name) / 1e6 for name in timed.seconds}
    outcomes = [
        at_least(
            f"6 zipping: passthrough, {what}",
            speedup(timed, "passthrough"),
            30,
            f"ArchiveWriter copying packed definitions at {speed['passthrough']:,.0f} MB/s of JSON, versus ZipFile(ZIP_DEFLATED, "
            f"compresslevel=6).writestr at {speed['zipfile']:.0f} MB/s, both into a sink that computes the SHA-256; {sizes}",
        ),
        at_least(
            f"6 zipping: compressing, {what}",
            speedup(timed, "packing"),
            2,
            f"pack (libdeflate, with CRC) at {speed['packing']:.0f} MB/s, versus the same zipfile",
        ),
        at_most(
            f"6 zipping: compressed size, {what}",
            ours / peer,
            1.0,
            f"{ours:,} bytes, versus {peer:,} with zlib {zlib.ZLIB_RUNTIME_VERSION} at level 6; {total:,} uncompressed",
        ),
    ]
    return outcomes, speed


def speedup(timed: Timed, name: str) -> float:
    """The speed as a multiple of zipfile's."""
    return 1 / timed.ratio(name, "zipfile")


def write_packed(packed: Sequence[PackedDefinition]) -> int:
    """Write packed definitions with the product; returns the size of the archive."""
    sink = HashingSink()
    archive = ArchiveWriter(sink.write)
    for number, entry in enumerate(packed):
        archive.add(
            f"artifacts/{number}.json",
            entry.chunks,
            packed_size=entry.packed_size,
            size=entry.size,
            crc32=entry.crc32,
        )
    return archive.close()


def write_with_zipfile(bodies: Sequence[bytes]) -> int:
    """Write definitions with zipfile; returns the size of the archive."""
    sink = HashingSink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:  # type: ignore[call-overload]
        for number, body in enumerate(bodies):
            archive.writestr(f"artifacts/{number}.json", body)
    return sink.size


def raw_deflate(body: bytes) -> bytes:
    """The compressed data as zipfile stores it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()
