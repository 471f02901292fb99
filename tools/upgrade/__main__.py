"""Compares template.yaml with that of the last release: `make check-upgrade`."""

from __future__ import annotations

import sys
from typing import Any

from cfnlint.decode.cfn_yaml import loads

from tools.upgrade.changes import problems
from tools.upgrade.release import PROJECT, last_release


def resources_of(template: str) -> dict[str, Any]:
    """The resources of a template."""
    resources: dict[str, Any] = dict(loads(template))["Resources"]
    return resources


def main() -> int:
    """Run the command."""
    release = last_release()
    if not release.is_available():
        print(
            f"not checked: this clone lacks the commit of {release.version}; run `git fetch --unshallow`",
            file=sys.stderr,
        )
        return 0
    found = list(problems(resources_of(release.template()), resources_of((PROJECT / "template.yaml").read_text())))
    for problem in found:
        print(f"template.yaml, compared with {release.version}: {problem}")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
