"""Runs the benchmarks of one topic or of all: `python -m bench [topic]`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from bench import (
    authorizer,
    bound_exports,
    cold_start,
    comparing,
    cost,
    exporting,
    file_drop,
    grid,
    ordering,
    over_http,
    package_lists,
    pictures,
    publishing,
    resolving,
    secrets,
    streaming,
    zipping,
)
from bench.harness import CannotRunError, Outcome, not_run, read_results, write_results
from bench.report import render_document
from bench.services import Services
from local.aws import isolate_environment

if TYPE_CHECKING:
    from collections.abc import Callable

TOPICS: dict[str, tuple[int, Callable[[Services], list[Outcome]]]] = {
    "requests": (1, lambda on: resolving.run_requests(on.database)),
    "grid": (2, lambda on: grid.run(on.database)),
    "capacity": (3, lambda on: resolving.run_capacity(on.database)),
    "resolving": (4, lambda on: resolving.run_time(on.database)),
    "ordering": (5, lambda _: ordering.run()),
    "zipping": (6, lambda _: zipping.run()),
    "exporting": (7, lambda on: exporting.run(on.database, on.s3)),
    "streaming": (8, lambda on: streaming.run(on.s3)),
    "cold-start": (9, lambda _: cold_start.run()),
    "preview": (10, lambda on: over_http.run_preview(on.deployed)),
    "download": (11, lambda on: over_http.run_download(on.deployed)),
    "cost": (12, lambda on: cost.run(on.database, on.s3)),
    "authorizer": (13, lambda _: authorizer.run()),
    "publishing": (14, lambda on: publishing.run(on.database)),
    "file-drop": (14, lambda on: file_drop.run(on.database)),
    "pictures": (15, lambda _: pictures.run()),
    "comparing": (16, lambda _: comparing.run()),
    "package-lists": (17, lambda on: package_lists.run(on.database)),
    "bound-exports": (18, lambda on: bound_exports.run(on.database)),
    "secrets": (19, lambda _: secrets.run()),
}


def main() -> int:
    """Run the command; returns 1 if a limit is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help=f"one of: {', '.join(TOPICS)}")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing, only update docs/performance.md from earlier results"
    )
    options = parser.parse_args()
    if options.render:
        render_document(read_results())
        return 0
    only = options.only
    if only and only not in TOPICS:
        parser.error(f"there is no topic {only!r}; available: {', '.join(TOPICS)}")
    isolate_environment()
    outcomes: list[Outcome] = []
    started = time.monotonic()
    with Services() as services:
        for topic, (row, run) in TOPICS.items():
            if only in ("", topic):
                print(f"[{time.monotonic() - started:4.0f} s] {row} {topic}", file=sys.stderr, flush=True)
                try:
                    found = run(services)
                except CannotRunError as error:
                    found = [not_run(f"{row} {topic}: all", "", str(error))]
                outcomes += found
                for outcome in found:
                    figure = outcome.how if outcome.ratio is None else f"{outcome.ratio} {outcome.bar}"
                    print(f"  {'met   ' if outcome.holds else 'NOT MET'}  {outcome.name}  {figure}")
    listed = write_results(outcomes, keep_others=bool(only))
    render_document(listed)
    failed = sum(not outcome.holds for outcome in outcomes)
    print(
        f"{len(outcomes) - failed} limits met, {failed} not; {time.monotonic() - started:.0f} s. See bench/results.json"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
