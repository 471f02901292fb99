"""Lists every name in the documentation that does not exist, and exits with 1 if there is any.

python -m tools.docs_check
"""

from __future__ import annotations

from pathlib import Path

from tools.docs_check.inventory import Inventory
from tools.docs_check.references import mistakes_in

ROOT = Path(__file__).parents[2]
HISTORY = "CHANGELOG.md"
"""Names what used to exist."""


def main() -> int:
    """Run the command."""
    inventory = Inventory.of_repository(ROOT)
    documents = sorted(path for path in inventory.files if path.endswith(".md") and path != HISTORY)
    found = [mistake for document in documents for mistake in mistakes_in(document, inventory)]
    for mistake in found:
        print(mistake)
    if found:
        print(f"{len(found)} names in {len(documents)} documents do not exist")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
