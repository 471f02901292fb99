"""Sample artifacts, the same in every run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.definition import canonical_json, pack, sha256_hex

SMALL: Final = 1_000
LARGE: Final = 50_000
"""Sizes of definitions in bytes, from the requirements."""
TYPES = tuple(ArtifactType)
WORDS = [
    "approval",
    "request",
    "employee",
    "manager",
    "form",
    "field",
    "label",
    "required",
    "validation",
    "rule",
    "trigger",
    "action",
    "condition",
    "value",
    "email",
    "notify",
    "assign",
    "escalate",
    "timeout",
    "retry",
    "payload",
    "status",
    "comment",
    "attachment",
    "department",
    "budget",
    "invoice",
    "order",
]


def artifact_id(number: int) -> str:
    """An id of typical length."""
    return f"artifact-{number:08d}"


def node(number: int, dependencies: Sequence[int], kind: ArtifactType | None = None) -> ArtifactNode:
    """An artifact without a stored definition."""
    name = artifact_id(number)
    return ArtifactNode(
        id=name,
        type=kind or TYPES[number * 7919 % len(TYPES)],
        name=f"{WORDS[number % len(WORDS)].title()}{WORDS[number * 31 % len(WORDS)].title()} {number}",
        status=ArtifactStatus.PUBLISHED,
        dependencies=tuple(map(artifact_id, dependencies)),
        sha256=sha256_hex(name.encode()),
        size=1000,
        packed_size=400,
    )


def chain(length: int, first: int = 0) -> list[ArtifactNode]:
    """Artifacts of which each depends on the next."""
    last = first + length - 1
    return [node(number, [number + 1] if number < last else []) for number in range(first, last + 1)]


def layered(count: int, depth: int, edges_each: int = 4, first: int = 0, seed: int = 1) -> list[ArtifactNode]:
    """``count`` artifacts in ``depth`` levels, of which the root is the first, with about ``edges_each`` dependencies each.

    Every artifact is a dependency of one in the level above, so the root's closure contains all of them.
    """
    rng = random.Random(seed)  # noqa: S311  # not security-relevant
    depth = min(depth, count)
    levels = [[first]]
    rest = list(range(first + 1, first + count))
    for level in range(1, depth):
        share = -(-len(rest) // (depth - level))
        levels.append(rest[:share])
        rest = rest[share:]
    below: dict[int, list[int]] = {number: [] for number in range(first, first + count)}
    for parents, children in pairwise(levels):
        for index, child in enumerate(children):
            below[parents[index % len(parents)]].append(child)
        for parent in parents:
            wanted = min(edges_each, len(children)) - len(below[parent])
            if wanted > 0:
                below[parent] = list(dict.fromkeys(below[parent] + rng.sample(children, wanted)))
    process = ArtifactType.PROCESS_DEFINITION  # so that the root can be exported as a workflow package
    return [node(number, dependencies, process if number == first else None) for number, dependencies in below.items()]


def random_definition(rng: random.Random, size: int) -> Any:  # noqa: ANN401  # JSON
    """A process-like definition of about ``size`` bytes: repetitive keys, random ids and prose."""
    steps: list[Any] = []
    written = 100
    while written < size:
        step = {
            "id": f"{rng.getrandbits(64):016x}",
            "type": rng.choice(("form", "approval", "script", "notification", "gateway")),
            "label": " ".join(rng.choices(WORDS, k=4)).title(),
            "enabled": rng.random() > 0.1,
            "position": {"x": rng.randrange(4000), "y": rng.randrange(2000)},
            "next": [f"{rng.getrandbits(64):016x}"],
            "description": " ".join(rng.choices(WORDS, k=rng.randrange(5, 20))),
            "settings": {"timeoutSeconds": rng.choice((30, 60, 3600)), "retries": rng.randrange(5)},
        }
        steps.append(step)
        written += len(json.dumps(step, separators=(",", ":"))) + 1
    return {"schemaVersion": 3, "name": " ".join(rng.choices(WORDS, k=3)), "steps": steps}


def definitions(count: int, size: int, seed: int = 2) -> list[bytes]:
    """``count`` definitions of about ``size`` bytes as canonical JSON."""
    rng = random.Random(seed)  # noqa: S311  # not security-relevant
    return [canonical_json(random_definition(rng, size)) for _ in range(count)]


def mixed_definitions(count: int, seed: int = 2) -> list[bytes]:
    """``count`` definitions of realistic sizes: mostly 1 to 30 KB, a few of 100 KB and more."""
    rng = random.Random(seed)  # noqa: S311  # not security-relevant
    return [canonical_json(random_definition(rng, int(rng.lognormvariate(9, 1.2)))) for _ in range(count)]


def with_definitions(
    nodes: Sequence[ArtifactNode], bodies: Sequence[bytes]
) -> Iterator[tuple[ArtifactNode, bytes, bytes, int]]:
    """Nodes with definitions (assigned in turn): node, content, packed content and CRC."""
    packed = [pack(body) for body in bodies]
    digests = [sha256_hex(body) for body in bodies]
    for number, bare in enumerate(nodes):
        which = number % len(bodies)
        entry = packed[which]
        yield (
            ArtifactNode(
                bare.id,
                bare.type,
                bare.name,
                bare.status,
                bare.dependencies,
                digests[which],
                entry.size,
                entry.packed_size,
            ),
            bodies[which],
            b"".join(entry.chunks),
            entry.crc32,
        )
