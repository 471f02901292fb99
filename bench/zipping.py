"""Row 6: writing ZIPs of JSON definitions against `zipfile` at level 6."""

from __future__ import annotations

import hashlib
import time
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final

from bench.harness import Outcome, Timed, at_least, at_most, save, say, side_by_side
from bench.samples import mixed_definitions
from installhub.bundler import ArchiveWriter
from installhub.definitions import PackedDefinition, pack

COUNT: Final = 1_000


class Hashed:
    """A file that keeps nothing but its digest and size, as an upload needs them."""

    def __init__(self) -> None:
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""


def run() -> list[Outcome]:
    """All of row 6."""
    bodies = mixed_definitions(COUNT)
    total = sum(map(len, bodies))
    packed = [pack(body) for body in bodies]
    say(f"{COUNT} definitions, {total / 1e6:.1f} MB")
    timed = side_by_side(
        {
            "passthrough": lambda: copied(packed),
            "packing": lambda: [pack(body) for body in bodies],
            "zipfile": lambda: zipped(bodies),
        },
        7,
        time.process_time,
    )
    ours, peer = sum(entry.packed_size for entry in packed), sum(len(raw_deflate(body)) for body in bodies)
    archive, zip_file = copied(packed), zipped(bodies)
    figures = {name: total / timed.median(name) / 1e6 for name in timed.seconds}
    save("zipping", {"mb_per_second": figures, "size": {"ours": ours, "zipfile": peer, "json": total}})
    return [
        at_least(
            "6 zipping: passthrough",
            inverse(timed, "passthrough"),
            30,
            f"ArchiveWriter copying stored deflate {figures['passthrough']:,.0f} MB/s of JSON against ZipFile("
            f"ZIP_DEFLATED, compresslevel=6).writestr {figures['zipfile']:.0f} MB/s, both to a sink that takes the SHA-256; "
            f"{COUNT} definitions of {min(map(len, bodies)):,} to {max(map(len, bodies)):,} bytes, {total / 1e6:.1f} MB; archives of {archive:,} and {zip_file:,} bytes",
        ),
        at_least(
            "6 zipping: compressing",
            inverse(timed, "packing"),
            2,
            f"pack (libdeflate 6, with CRC) {figures['packing']:.0f} MB/s against the same zipfile",
        ),
        at_most(
            "6 zipping: compressed size",
            ours / peer,
            1.0,
            f"{ours:,} bytes against {peer:,} of zlib {zlib.ZLIB_RUNTIME_VERSION} level 6, of {total:,}",
        ),
    ]


def inverse(timed: Timed, name: str) -> float:
    """How many times faster than zipfile."""
    return 1 / timed.ratio(name, "zipfile")


def copied(packed: Sequence[PackedDefinition]) -> int:
    """The product's way; the size of the archive."""
    sink = Hashed()
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


def zipped(bodies: Sequence[bytes]) -> int:
    """What people would write; the size of the archive."""
    sink = Hashed()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:  # type: ignore[call-overload]
        for number, body in enumerate(bodies):
            archive.writestr(f"artifacts/{number}.json", body)
    return sink.size


def raw_deflate(body: bytes) -> bytes:
    """What zipfile stores."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()
