"""Writes comparisons of packages as release notes in Markdown (CommonMark)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from installhub.changes.rules import RULES, Bump
from installhub.model.text import displayed

if TYPE_CHECKING:
    from installhub.changes.manifest_diff import ArtifactChange, ManifestEntry, RequirementChange
    from installhub.model.package import PackageDescription
    from installhub.packages.comparison import ChangedPlaces, Comparison

_MAX_LISTED: Final = 200
"""Maximum number of lines of a section, and of dependencies of a line: nobody reads or pastes more."""

_MAX_LISTED_PLACES: Final = 5
_BUMPS: Final = {
    Bump.MAJOR: "**major**: it may break what uses the package",
    Bump.MINOR: "**minor**: something was added",
    Bump.PATCH: "**patch**",
    Bump.NONE: "**none**: nothing changed",
}


def release_notes(old: PackageDescription, new: PackageDescription, comparison: Comparison) -> str:
    """What changed from ``old`` to ``new``, for people. Names are code, so that nothing in them is markup or a link."""
    difference = comparison.difference
    sections = {
        "Breaking changes": _breaking(comparison),
        "Required": map(_requirement, difference.requirements),
        "Added": map(_artifact, difference.added),
        "Changed": (_changed(change, comparison.places[change.new.id]) for change in difference.changed),
        "Removed": map(_artifact, difference.removed),
    }
    lines = [
        f"# {_code(new.name)} {_code(new.version)}",
        "",
        f"{_since(old, new)} Suggested step: {_BUMPS[comparison.suggested_bump]}.",
    ]
    for title, entries in sections.items():
        if listed := _listed([f"- {entry}" for entry in entries], "- … and {} more"):
            lines += ["", f"## {title}", "", *listed]
    if difference.unchanged:
        lines += ["", f"Unchanged: {_counted(difference.unchanged)}."]
    return "\n".join(lines) + "\n"


def _since(old: PackageDescription, new: PackageDescription) -> str:
    name = "" if old.name == new.name else f"{_code(old.name)} "
    return f"Changes since {name}{_code(old.version)}."


def _breaking(comparison: Comparison) -> Iterator[str]:
    for reason in comparison.reasons:
        rule = RULES[reason.rule]
        if rule.bump is Bump.MAJOR:
            subject = "" if reason.artifact_id is None else f"{_code(reason.artifact_id)}: "
            place = f" ({_code(reason.pointer)})" if reason.document.value == "definition" and reason.pointer else ""
            yield f"{subject}{rule.description.rstrip('.')}{place}"


def _requirement(change: RequirementChange) -> str:
    kind = change.new["kind"]
    details = ["new" if change.old is None else "changed"]
    if "default" in change.new:
        details.append(f"default {_code(json.dumps(change.new['default'], ensure_ascii=False))}")
    return f"{kind} {_code(change.name)} ({', '.join(details)})"


def _artifact(entry: ManifestEntry) -> str:
    return f"{entry.type} {_code(entry.name)} ({_code(entry.id)})"


def _changed(change: ArtifactChange, places: ChangedPlaces) -> str:
    old, new = change.old, change.new
    details: list[str] = []
    if old.type != new.type:
        details.append(f"was {old.type}")
    if old.name != new.name:
        details.append(f"was {_code(old.name)}")
    before, after = set(old.dependencies), set(new.dependencies)
    needed = [f"needs {_code(one)} now" for one in new.dependencies if one not in before]
    dropped = [f"no longer needs {_code(one)}" for one in old.dependencies if one not in after]
    details += [*_listed(needed, "needs {} more now"), *_listed(dropped, "no longer needs {} more")]
    shown = places.edits[:_MAX_LISTED_PLACES]
    details += [f"{edit.operation.value} {_code(edit.pointer or '(all)')}" for edit in shown]
    if places.is_truncated or len(places.edits) > len(shown):
        details.append("more")
    return f"{_artifact(new)}{': ' if details else ''}{', '.join(details)}"


def _listed(texts: list[str], more: str) -> list[str]:
    """The first of ``texts``, and ``more`` with the number of those left out."""
    left_out = len(texts) - _MAX_LISTED
    return [*texts[:_MAX_LISTED], more.format(f"{left_out:,}")] if left_out > 0 else texts


def _counted(count: int) -> str:
    return f"{count:,} artifact{'' if count == 1 else 's'}"


def _code(text: Any) -> str:  # noqa: ANN401  # usually a text
    """``text`` as a code span (CommonMark 6.1), in which nothing is markup."""
    shown = displayed(str(text)) or " "
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
