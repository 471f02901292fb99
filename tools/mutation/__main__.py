"""Mutation testing: makes small changes to the code and runs its tests. A surviving mutant is a missing test.

python -m tools.mutation [--room NAME] [--minutes 10] [--jobs 2]

It fails if a survivor is not explained in tools/mutation/survivors.toml or an explanation is out of date.
tools/mutation/rooms.toml lists the rooms (packages of the layer) and their tests. If there are more mutants than time
allows, a sample is tested, which is the same in every run, and its size is reported.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tools.mutation import cosmic_ray_operators
from tools.mutation.mutants import Mutant, generate_mutants
from tools.mutation.results import Explanation, RoomResult, Status, Verdict, evaluate, read_explanations
from tools.mutation.runner import PROJECT, SOURCES, Room, create_test_runners, run_room

ROOMS: Final = Path(__file__).with_name("rooms.toml")
SURVIVORS: Final = Path(__file__).with_name("survivors.toml")


def read_room(name: str, fields: dict[str, list[str]]) -> Room:
    """A room of the configuration. Everything it names must exist, or moved code would silently not be tested."""
    tests = [*fields["tests"], *fields.get("slow", [])]
    for place in tests:
        if not (PROJECT / place.partition("::")[0]).exists():
            raise SystemExit(f"error: {ROOMS.name} names {place} for {name}, which does not exist")
    return Room(name, tuple(fields["code"]), tuple(fields["tests"]), tuple(fields.get("slow", [])))


def find_mutants(room: Room, package: str, explained: set[tuple[str, str, str, str]]) -> list[Mutant]:
    """A room's mutants in the order in which they are tested, with the known survivors last."""
    folder = PROJECT / SOURCES / package
    found: list[Mutant] = []
    for path in _files(folder, room.code):
        source = path.read_text(encoding="utf-8")
        found += generate_mutants(
            path.relative_to(folder).as_posix(), source, cosmic_ray_operators.generate_changes(source)
        )
    return sorted(found, key=lambda mutant: (mutant.key in explained, mutant.rank))


def _files(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = folder / name
        if not path.exists():
            raise SystemExit(f"error: {ROOMS.name} names {name}, which is not in {folder.relative_to(PROJECT)}")
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def show(mutant: Mutant, package: str, why: str) -> str:
    """A survivor, its location."""
    place = (SOURCES / package / mutant.file).as_posix()
    scope = f" in {mutant.scope}" if mutant.scope else ""
    return f"{why}  {place}:{mutant.line}{scope}  ({mutant.kind})\n    - {mutant.original}\n    + {mutant.replacement}"


def build_table(results: list[RoomResult], verdict: Verdict) -> Table:
    """The results as a table with a row per room."""
    table = Table("room", "mutants", "tested", "killed", "timed out", "explained", "survived", box=None, pad_edge=False)
    unexplained = {mutant.key for mutant in verdict.survivors}
    for result in results:
        survived = sum(status is Status.SURVIVED and mutant.key in unexplained for mutant, status in result.tested)
        row = (
            len(result.mutants),
            len(result.tested),
            result.count(Status.KILLED),
            result.count(Status.TIMED_OUT),
            result.count(Status.SURVIVED) - survived,
            survived,
        )
        table.add_row(result.room, *map(str, row))
    return table


def run_rooms(rooms: list[Room], settings: dict[str, Any], explained: list[Explanation], jobs: int) -> list[RoomResult]:
    """Test the mutants of one room after the other; each room gets an equal share of the remaining time."""
    package, preload, minutes = settings["package"], settings["preload"], settings["minutes"]
    keys = {key for explanation in explained for key in explanation.keys}
    end = time.monotonic() + minutes * 60
    results = []

    def report(mutant: Mutant, status: Status) -> None:
        if status is Status.SURVIVED and mutant.key not in keys:
            print(show(mutant, package, "survived"), flush=True)

    with create_test_runners(jobs, package, preload) as runners:
        for place, room in enumerate(rooms):
            found = find_mutants(room, package, keys)
            now = time.monotonic()
            print(f"{room.name}: {len(found)} mutants", file=sys.stderr, flush=True)
            results.append(run_room(room, found, runners, now + (end - now) / (len(rooms) - place), report))
    return results


def remarks(results: list[RoomResult], verdict: Verdict, minutes: float) -> Iterator[str]:
    """Further lines of the report: failures, samples and outdated explanations."""
    for result in results:
        missing = len(result.mutants) - len(result.tested)
        if result.failure:
            yield f"failed   {result.room}: {result.failure}"
        elif missing:
            yield (
                f"sampled  {result.room}: {len(result.tested)} of "
                f"{len(result.mutants)} mutants tested in {minutes:g} minutes; set MINUTES for more"
            )
    yield from (f"stale    {text}" for text in verdict.stale)


def main() -> int:
    """Run the command."""
    settings = tomllib.loads(ROOMS.read_text(encoding="utf-8"))
    rooms = {name: read_room(name, room) for name, room in settings.pop("rooms").items()}
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--room", choices=["", *rooms], default="", help="test only this room")
    parser.add_argument("--minutes", type=float, default=settings["minutes"], help="the time limit in minutes")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="number of parallel tests")
    arguments = parser.parse_args()
    settings["minutes"] = arguments.minutes
    chosen = [rooms[arguments.room]] if arguments.room else list(rooms.values())
    explained = read_explanations(SURVIVORS)
    results = run_rooms(chosen, settings, explained, arguments.jobs)
    verdict = evaluate(results, explained)
    console = Console(width=120, soft_wrap=True, highlight=False, markup=False)
    console.print()
    console.print(build_table(results, verdict))
    for line in remarks(results, verdict, arguments.minutes):
        console.print(line)
    return 1 if verdict.survivors or verdict.stale or any(result.failure for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
