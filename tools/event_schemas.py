"""Generates the JSON schemas in docs/events from the event models.

python -m tools.event_schemas           write them
python -m tools.event_schemas --check   fail if one is out of date
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.event_models import EVENTS
from installhub.contract.event_types import SCHEMA_VERSION, data_schema
from installhub.contract.request_models import ExportRequested, RootsRequest
from installhub.contract.response_models import json_schemas
from installhub.exports.messages import EXPORT_REQUESTED

if TYPE_CHECKING:
    from pydantic import BaseModel

FOLDER: Final = Path(__file__).parents[1] / "docs" / "events"
_MODELS: Final[dict[str, type[BaseModel | RootsRequest]]] = {
    EXPORT_REQUESTED: ExportRequested,
    **{model.__name__: model for model in EVENTS.values()},
}


def schemas() -> dict[Path, dict[str, Any]]:
    """The JSON schema of each event's detail, by its file."""
    return {_file(name): _schema(name, model) for name, model in _MODELS.items()}


def _file(name: str) -> Path:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return FOLDER / f"{words}-{SCHEMA_VERSION}.schema.json"


def _schema(name: str, model: type[BaseModel | RootsRequest]) -> dict[str, Any]:
    definitions = json_schemas([model], "#/$defs/{model}")
    own = definitions.pop(model.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": data_schema(name),
        "title": name,
        **own,
        **({"$defs": definitions} if definitions else {}),
    }


def main() -> int:
    """Run the command."""
    FOLDER.mkdir(exist_ok=True)
    stale = []
    for file, schema in schemas().items():
        wanted = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        if not file.exists() or file.read_text() != wanted:
            stale.append(file.name)
            if "--check" not in sys.argv:
                file.write_text(wanted)
    if stale and "--check" in sys.argv:
        print(f"docs/events: {', '.join(stale)} out of date; run `make openapi`")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
