"""Row 9: CPU time and memory of each function's cold start, compared with importing boto3 and creating a client."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

from bench.harness import PROJECT, CannotRunError, Outcome, at_most, log_progress, save_figures

BUILD: Final = PROJECT / ".local" / "bench" / "layer"
FUNCTIONS: Final = tuple(sorted(folder.name for folder in (PROJECT / "functions").iterdir() if folder.is_dir()))
ROUNDS: Final = 4
STARTS: Final = 3
"""Starts per round, of which the fastest counts, since other load can only make a start slower."""
BASELINE: Final = "import boto3; boto3.client('dynamodb')"
INIT: Final = "import app; imported = time.process_time() - started; from installhub.runtime import aws_clients; aws_clients.dynamodb()"
MEASURE: Final = """
import sys, time
started = time.process_time()
{code}
took = time.process_time() - started
import json, os, re
# the kernel's high-water mark; ru_maxrss would include the parent's pages
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
files = [(m.__file__, m.__cached__) for m in list(sys.modules.values()) if getattr(m, "__cached__", None)]
compiled = sum(f.startswith({root!r}) and not os.path.exists(c) for f, c in files)
print(json.dumps([took, peak, compiled, locals().get("imported", took) / took]))
"""

Start = tuple[float, int, int, float]
"""CPU seconds, peak memory, number of modules without bytecode, and the share of importing the handler."""


def run() -> list[Outcome]:
    """Measure row 9."""
    layer = build()
    site = sysconfig.get_paths()["purelib"]
    starts: dict[str, tuple[str, str, list[str]]] = {"baseline": (BASELINE, site, [site])}
    for name in FUNCTIONS:
        folder = PROJECT / "functions" / name
        starts[name] = (INIT, str(layer), [str(folder), str(layer)])
    _measure_start(*starts["baseline"], write=True)  # writes bytecode, as pip does on installation and uv does not
    for start in starts.values():
        _measure_start(*start)
    found: dict[str, list[Start]] = {name: [] for name in starts}
    for turn in range(ROUNDS):
        measured: dict[str, list[Start]] = {name: [] for name in starts}
        for _ in range(STARTS):
            for name, start in starts.items():
                measured[name].append(_measure_start(*start))
        for name, results in measured.items():
            found[name].append(min(results))
        log_progress(
            f"round {turn + 1} of {ROUNDS}: "
            + ", ".join(f"{name} {rounds[-1][0] * 1000:.0f} ms" for name, rounds in found.items())
        )
    cpu = {
        name: statistics.median(a[0] / b[0] for a, b in zip(taken, found["baseline"], strict=True))
        for name, taken in found.items()
    }
    memory = {
        name: statistics.median(a[1] for a in taken) / statistics.median(b[1] for b in found["baseline"])
        for name, taken in found.items()
    }
    imports = {name: statistics.median(taken[3] for taken in results) for name, results in found.items()}
    milliseconds = {name: statistics.median(taken[0] for taken in results) * 1000 for name, results in found.items()}
    compiled = {name: max(taken[2] for taken in results) for name, results in found.items() if name != "baseline"}
    save_figures("cold_start", {"cpu": cpu, "memory": memory, "milliseconds": milliseconds, "imports": imports})
    ours = {name: cpu[name] for name in FUNCTIONS}
    slowest, largest = max(ours, key=ours.__getitem__), max(FUNCTIONS, key=memory.__getitem__)
    listed = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ours.items())
    return [
        at_most(
            "9 cold-start: cpu",
            ours[slowest],
            1.1,
            f"the slowest, {slowest}: {milliseconds[slowest]:.0f} ms, versus {milliseconds['baseline']:.0f} ms of `{BASELINE}` from "
            f"an ordinary installation; fresh processes of Python {sys.version.split()[0]}, the fastest of {STARTS} in each of "
            f"{ROUNDS} rounds; built layer, no bytecode written, handler imported and DynamoDB client created; all: {listed}; "
            f"of the slowest, {imports[slowest]:.0%} is the import, which a snapshot (SnapStart) would hold",
        ),
        at_most(
            "9 cold-start: memory",
            memory[largest],
            1.1,
            "peak resident memory; the largest: "
            + largest
            + "; all: "
            + ", ".join(f"{name} {memory[name]:.2f}" for name in FUNCTIONS),
        ),
        at_most(
            "9 cold-start: modules without bytecode",
            max(compiled.values()),
            0,
            "modules of the layer that are imported without a .pyc file, the maximum of all functions",
        ),
    ]


def build(project: Path = PROJECT, folder: Path = BUILD) -> Path:
    """Build a project's layer for the current Python with the Makefile that `sam build` uses."""
    command = [
        *("make", "--silent", "-C", str(project / "layers" / "installhub"), "build-InstallHubLayer"),
        *(f"ARTIFACTS_DIR={folder}", f"INSTALLHUB_INTERPRETER={sys.executable}"),
    ]
    subprocess.run(["rm", "-rf", str(folder)], check=True)  # our own folder
    folder.mkdir(parents=True)
    if subprocess.run(command, check=False).returncode:  # our own command
        raise CannotRunError("the layer could not be built")
    return folder / "python"


def _measure_start(code: str, root: str, path: list[str], *, write: bool = False) -> Start:
    """Measure one start in a new process."""
    output = subprocess.run(  # our own command
        [sys.executable, "-S", *(() if write else ("-B",)), "-c", MEASURE.format(code=code, root=root)],
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "POWERTOOLS_SERVICE_NAME": "installhub",
            "POWERTOOLS_METRICS_NAMESPACE": "InstallHub",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    seconds, peak, compiled, imports = json.loads(output)
    return seconds, peak, compiled, imports
