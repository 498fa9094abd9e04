"""Whether JSON has the form that docs/schemas says."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


@cache
def validator(name: str) -> Draft202012Validator:
    """Validates against one of the schemas, which refer to each other by file name."""
    resources = [(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()]
    return Draft202012Validator(
        SCHEMAS[name], registry=Registry().with_resources(resources), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def complaints(name: str, content: Any) -> list[str]:
    """What is wrong with ``content`` by the schema called ``name``, each in a line."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(content)]


def strictly(text: str) -> Any:
    """``text`` as JSON that other languages read: without NaN and infinities."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)
